import Glibc
import HifCore

/// Arguments are bytes, the parser wants text. Bytes that are no UTF-8 travel through it as
/// characters of the last private-use plane, one for each, and come back as what they were.
///
/// Characters of that range that are really in an argument take the same way, byte by byte, so the
/// translation is one to one.
enum ArgumentBytes {
    private static let first: UInt32 = 0x10_FF00

    /// The process's arguments without the program's name.
    static func commandLine() -> [String] {
        let count = Int(CommandLine.argc)
        return (1..<max(1, count)).compactMap { index in
            guard let argument = CommandLine.unsafeArgv[index] else { return nil }
            return encode(
                UnsafeBufferPointer(start: argument, count: strlen(argument))
                    .map(UInt8.init(bitPattern:)))
        }
    }

    static func encode(_ bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self),
            !text.unicodeScalars.contains(where: { $0.value >= first })
        {
            return text
        }
        var result = String.UnicodeScalarView()
        var index = 0
        while index < bytes.count {
            var iterator = bytes[index...].makeIterator()
            var decoder = UTF8()
            if case .scalarValue(let scalar) = decoder.decode(&iterator), scalar.value < first {
                result.append(scalar)
                index += UTF8.width(scalar)
            } else {
                result.append(Unicode.Scalar(first + UInt32(bytes[index]))!)
                index += 1
            }
        }
        return String(result)
    }

    /// The argument as it was given.
    static func bytes(_ argument: String) -> [UInt8] {
        var result: [UInt8] = []
        for scalar in argument.unicodeScalars {
            if scalar.value >= first {
                result.append(UInt8(scalar.value - first))
            } else {
                result += UTF8.encode(scalar)!
            }
        }
        return result
    }

    /// The argument as text that is kept: a goal, a note, a reason.
    ///
    /// - Throws: a usage error that names `what` when it is not UTF-8; nothing is repaired silently.
    static func text(_ argument: String, for what: String) throws -> String {
        try text(bytes(argument), for: what)
    }

    static func text(_ bytes: [UInt8], for what: String) throws -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure.usage(
                "\(what) is not UTF-8 text: '\(SafeText.escape(Array(bytes.prefix(200))))'",
                hint: "convert it first, as with: iconv -f latin1 -t utf-8")
        }
        return text
    }

    /// The argument as text, repaired where it is none.
    static func text(_ argument: String) -> String {
        String(decoding: bytes(argument), as: UTF8.self)
    }
}
