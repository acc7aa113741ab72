import Foundation
import HifCore

/// What a git command writes, read from its pipe by hand through one buffer of 256 KiB: fields are
/// parsed where they lie, and nothing becomes a `Data` or a `String` on the way.
///
/// Calls block the thread until git has written.
final class GitOutput {
    private let descriptor: Int32
    private var buffer: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0
    private var isAtEnd = false

    /// Longest field (`until`) believed; a path is at most a few kilobytes.
    static let fieldBytesMax = 1 << 20
    /// Longest piece that `piece(atMost:)` gives.
    static let pieceBytesMax = 256 << 10

    /// Reads `descriptor`, which the caller keeps open and closes.
    init(descriptor: Int32) {
        self.descriptor = descriptor
        buffer = .allocate(byteCount: GitOutput.pieceBytesMax, alignment: 16)
    }

    deinit {
        buffer.deallocate()
    }

    /// Bytes that can be looked at now.
    var buffered: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: buffer[start..<end])
    }

    /// Makes at least `count` bytes visible in `buffered`; false if the output ends before.
    func fill(_ count: Int) throws -> Bool {
        while end - start < count {
            if isAtEnd { return false }
            if start > 0, start + count > buffer.count || start == end {
                buffer.baseAddress!.copyMemory(
                    from: buffer.baseAddress! + start, byteCount: end - start)
                end -= start
                start = 0
            }
            if count > buffer.count {
                let larger = UnsafeMutableRawBufferPointer.allocate(
                    byteCount: max(count, buffer.count * 2), alignment: 16)
                larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<end]))
                buffer.deallocate()
                buffer = larger
            }
            let got = read(descriptor, buffer.baseAddress! + end, buffer.count - end)
            if got < 0 {
                if errno == EINTR { continue }
                throw GitError(
                    .system, "Reading from git failed: \(String(cString: strerror(errno))).")
            }
            if got == 0 { isAtEnd = true }
            end += got
        }
        return true
    }

    /// Passes over bytes of `buffered`.
    func skip(_ count: Int) {
        precondition(count <= end - start, "skipping what was not seen")
        start += count
    }

    /// Exactly `count` bytes, which must be there.
    func take(_ count: Int) throws -> [UInt8] {
        guard try fill(count) else { throw truncated() }
        defer { start += count }
        return Array(buffer[start..<start + count])
    }

    /// Between one byte and `count`, as many as are there without waiting.
    func piece(atMost count: Int) throws -> [UInt8] {
        guard try fill(1) else { throw truncated() }
        // A short rest in the buffer would make many small pieces of a large blob.
        let wanted = min(count, GitOutput.pieceBytesMax)
        guard try fill(wanted) else { throw truncated() }
        return try take(wanted)
    }

    /// The bytes before the next `terminator`, which is passed over; nil at the end of the output.
    func until(_ terminator: UInt8) throws -> [UInt8]? {
        var seen = 0
        while true {
            let here = buffered
            if seen < here.count,
                let found = memchr(here.baseAddress! + seen, Int32(terminator), here.count - seen)
            {
                let length = UnsafeRawPointer(found) - here.baseAddress!
                defer { skip(length + 1) }
                return Array(here[..<length])
            }
            seen = here.count
            guard seen < GitOutput.fieldBytesMax else {
                throw GitError(.damaged, "Git wrote a field of more than a megabyte.")
            }
            guard try fill(seen + 1) else {
                if seen == 0 { return nil }
                throw truncated()
            }
        }
    }

    /// Passes over `byte`, which must come next.
    func expect(_ byte: UInt8) throws {
        guard try fill(1), buffered[0] == byte else { throw truncated() }
        start += 1
    }

    /// Everything up to the end, of at most `limit` bytes.
    func rest(limit: Int) throws -> [UInt8] {
        var result: [UInt8] = []
        while try fill(1) {
            result.append(contentsOf: buffered)
            skip(buffered.count)
            guard result.count <= limit else {
                throw GitError(.damaged, "Git wrote more than \(limit) bytes.")
            }
        }
        return result
    }

    func truncated() -> GitError {
        GitError(.failed, "Git stopped in the middle of its output.")
    }
}
