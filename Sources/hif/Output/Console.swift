import Glibc
import HifCore

/// Where a command's words go: data to standard output, talk to standard error, and with `--json`
/// nothing but the one envelope.
final class Console {
    let isJSON: Bool
    let isQuiet: Bool
    let isOutputTerminal: Bool
    let isErrorTerminal: Bool
    /// Escape sequences may be written: a terminal, and `NO_COLOR` is not set.
    let hasColor: Bool
    private var buffer: [UInt8] = []
    private var pager: UnsafeMutablePointer<FILE>?
    /// Standard output takes no more: its reader went away, or it failed.
    private(set) var isClosed = false
    /// Why it failed, as an error number; nil where the reader just went away.
    private var failure: Int32?
    private static let bufferBytes = 1 << 16

    init(isJSON: Bool, isQuiet: Bool) {
        self.isJSON = isJSON
        self.isQuiet = isQuiet
        isOutputTerminal = isatty(STDOUT_FILENO) == 1
        isErrorTerminal = isatty(STDERR_FILENO) == 1
        hasColor =
            isOutputTerminal && (Environment["NO_COLOR"] ?? "").isEmpty
            && Environment["TERM"] != "dumb"
        signal(SIGPIPE, SIG_IGN)
    }

    // MARK: Data

    /// A line for people on standard output. Text from outside must have been escaped.
    func line(_ text: String = "") {
        guard !isJSON else { return }
        put(Array(text.utf8) + [0x0A])
    }

    /// Content from a project: as it is into a pipe or file, made harmless on a terminal.
    func content(_ bytes: [UInt8]) {
        guard !isJSON else { return }
        put(harmless(bytes))
    }

    /// Content that is part of a line of ours.
    func harmless(_ bytes: [UInt8]) -> [UInt8] {
        isOutputTerminal ? Array(SafeText.escape(bytes, keepingLines: true).utf8) : bytes
    }

    /// Bytes of ours, as they are; also with `--json`.
    func raw(_ bytes: [UInt8]) { put(bytes) }

    // MARK: Talk

    /// A sentence on standard error; not with `--json` or `--quiet`.
    func note(_ text: String) {
        guard !isJSON, !isQuiet else { return }
        flush()
        Console.write(Array((text + "\n").utf8), to: STDERR_FILENO)
    }

    /// Replaces what was shown this way before on the same line of a terminal.
    func transient(_ text: String) {
        Console.write(Array(("\r\u{1B}[K" + text).utf8), to: STDERR_FILENO)
    }

    /// What went wrong, whatever the options.
    func complain(_ text: String) {
        flush()
        Console.write(Array((text + "\n").utf8), to: STDERR_FILENO)
    }

    // MARK: Colours

    enum Style: String {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case cyan = "36"
    }

    func styled(_ text: String, _ style: Style) -> String {
        hasColor ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }

    // MARK: Pager

    /// Sends what follows through a pager when a person is looking. `less -F` ends by itself when
    /// everything fits on the screen.
    func startPager() {
        guard isOutputTerminal, !isJSON, pager == nil else { return }
        let command = Environment["HIF_PAGER"] ?? Environment["PAGER"] ?? "less -FRXK"
        guard !command.isEmpty, command != "cat" else { return }
        flush()
        pager = popen(command, "w")
    }

    /// Writes everything out; call once at the end.
    ///
    /// - Returns: the exit code: `status`, unless something of the output was lost.
    func finish(_ status: ExitStatus) -> ExitStatus {
        flush()
        if let pager { pclose(pager) }
        pager = nil
        guard let failure else { return status }
        complain("hif: cannot write to standard output: \(String(cString: strerror(failure)))")
        return status == .ok ? .failed : status
    }

    func flush() {
        guard !buffer.isEmpty else { return }
        if let pager {
            if fwrite(buffer, 1, buffer.count, pager) < buffer.count { isClosed = true }
        } else if let number = Console.write(buffer, to: STDOUT_FILENO) {
            isClosed = true
            failure = number == EPIPE ? nil : number
        }
        buffer.removeAll(keepingCapacity: true)
    }

    private func put(_ bytes: [UInt8]) {
        guard !isClosed else { return }
        buffer += bytes
        if buffer.count >= Console.bufferBytes || isOutputTerminal && pager == nil { flush() }
    }

    /// Writes all of it; an error number when that was not possible.
    @discardableResult
    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
        var start = 0
        while start < bytes.count {
            let count = bytes[start...].withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0 {
                if errno == EINTR || errno == EAGAIN { continue }
                return errno
            }
            start += count
        }
        return nil
    }
}
