import Glibc
import HifCore

/// Whole files and standard input, as arguments name them.
enum Input {
    static let bytesMax = 1 << 30

    /// The content of `argument`: a file's path, or `-` for standard input.
    static func read(_ argument: String, bytesMax: Int = Input.bytesMax) throws -> [UInt8] {
        if argument == "-" { return try read(STDIN_FILENO, "standard input", bytesMax) }
        let path = ArgumentBytes.bytes(argument)
        let descriptor = (path.map(CChar.init(bitPattern:)) + [0]).withUnsafeBufferPointer {
            Glibc.open($0.baseAddress!, O_RDONLY | O_CLOEXEC)
        }
        let shown = SafeText.escape(path)
        guard descriptor >= 0 else {
            throw Failure(
                "not_found", .notFound,
                "cannot read '\(shown)': \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        return try read(descriptor, "'\(shown)'", bytesMax)
    }

    /// Text as a person meant it: the newline that ends its last line is the file's.
    static func withoutLastNewline(_ text: String) -> String {
        text.last?.isNewline == true ? String(text.dropLast()) : text
    }

    private static func read(_ descriptor: Int32, _ name: String, _ bytesMax: Int) throws -> [UInt8]
    {
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw Failure(
                    "io", .failed, "cannot read \(name): \(String(cString: strerror(errno)))")
            }
            if count == 0 { return result }
            result += buffer[..<count]
            guard result.count <= bytesMax else {
                throw Failure("too_large", .failed, "\(name) is larger than \(bytesMax) bytes")
            }
        }
    }
}
