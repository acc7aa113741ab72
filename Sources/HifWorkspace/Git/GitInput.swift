import Foundation

/// The standard input of a git command, written through a buffer of 64 KiB.
///
/// A git that has died makes a write fail with an error; the signal that would end this process
/// is held back for the length of the call.
final class GitInput {
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private static let bufferBytes = 64 << 10

    init(descriptor: Int32) {
        self.descriptor = descriptor
        buffer.reserveCapacity(GitInput.bufferBytes * 2)
    }

    func write(_ bytes: some Collection<UInt8>) throws {
        if bytes.count >= GitInput.bufferBytes {
            try flush()
            try writeAll(Array(bytes))
        } else {
            buffer.append(contentsOf: bytes)
            if buffer.count >= GitInput.bufferBytes { try flush() }
        }
    }

    func write(_ text: String) throws {
        try write(text.utf8)
    }

    func flush() throws {
        try writeAll(buffer)
        buffer.removeAll(keepingCapacity: true)
    }

    private func writeAll(_ bytes: [UInt8]) throws {
        guard !bytes.isEmpty else { return }
        #if os(Linux)
        var pipeSignal = sigset_t()
        var before = sigset_t()
        var pending = sigset_t()
        sigemptyset(&pipeSignal)
        sigaddset(&pipeSignal, SIGPIPE)
        sigpending(&pending)
        let wasPending = sigismember(&pending, SIGPIPE) == 1
        pthread_sigmask(SIG_BLOCK, &pipeSignal, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        #else
        _ = fcntl(descriptor, F_SETNOSIGPIPE, 1)
        #endif
        let failure = bytes.withUnsafeBytes { raw -> Int32 in
            var rest = raw
            while !rest.isEmpty {
                let count = Foundation.write(descriptor, rest.baseAddress!, rest.count)
                if count < 0 {
                    if errno == EINTR { continue }
                    return errno
                }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
            return 0
        }
        guard failure != 0 else { return }
        #if os(Linux)
        if failure == EPIPE, !wasPending {
            var now = timespec()
            _ = sigtimedwait(&pipeSignal, nil, &now)
        }
        #endif
        throw GitError(.failed, "Git stopped reading: \(String(cString: strerror(failure))).")
    }
}
