import HifCore

/// A JSON value as hif writes it: keys sorted, no insignificant blanks, controls escaped, so that
/// equal values are equal bytes and a line is one value.
///
/// Our own writer rather than Foundation's: a path may be bytes that are no text, and a command that
/// prints one line should not have to load a framework for it.
enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    static func int(_ value: some BinaryInteger) -> JSON { .int(Int64(clamping: value)) }

    /// The string, or null.
    static func optional(_ value: String?) -> JSON { value.map { .string($0) } ?? .null }

    /// A moment in milliseconds since 1970, as RFC 3339 in UTC.
    static func time(_ millis: Int64) -> JSON { .string(Moment.utc(millis)) }

    /// `key` with the path as text and, where it is not UTF-8, `<key>_b64` with its bytes.
    static func path(_ bytes: [UInt8], key: String = "path") -> [String: JSON] {
        if let text = String(validating: bytes, as: UTF8.self) { return [key: .string(text)] }
        return [
            key: .string(String(decoding: bytes, as: UTF8.self)),
            key + "_b64": .string(Base64.encode(bytes)),
        ]
    }

    /// `key` with text that should be UTF-8; else as `path(_:key:)`.
    static func bytes(_ bytes: [UInt8], key: String) -> [String: JSON] { path(bytes, key: key) }

    func write(to output: inout [UInt8]) {
        switch self {
        case .null: output += Array("null".utf8)
        case .bool(let value): output += Array((value ? "true" : "false").utf8)
        case .int(let value): output += Array(String(value).utf8)
        case .string(let value): JSON.write(value, to: &output)
        case .array(let values):
            output.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                value.write(to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let fields):
            output.append(UInt8(ascii: "{"))
            for (index, field) in fields.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                JSON.write(field.key, to: &output)
                output.append(UInt8(ascii: ":"))
                field.value.write(to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    /// Escapes what JSON demands, and DEL, the C1 controls and line separators besides: the output
    /// may be looked at in a terminal after all.
    private static func write(_ text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x22: output += Array("\\\"".utf8)
            case 0x5C: output += Array("\\\\".utf8)
            case 0x0A: output += Array("\\n".utf8)
            case 0x0D: output += Array("\\r".utf8)
            case 0x09: output += Array("\\t".utf8)
            case 0x00..<0x20, 0x7F..<0xA0, 0x2028, 0x2029:
                let digits = String(scalar.value, radix: 16)
                output += Array(
                    ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
            default: output += Array(UTF8.encode(scalar)!)
            }
        }
        output.append(UInt8(ascii: "\""))
    }

    /// The value on a line of its own.
    var line: [UInt8] {
        var output: [UInt8] = []
        write(to: &output)
        output.append(UInt8(ascii: "\n"))
        return output
    }
}

extension [String: JSON] {
    /// These fields and those; theirs win.
    static func + (left: [String: JSON], right: [String: JSON]) -> [String: JSON] {
        left.merging(right) { $1 }
    }
}

/// RFC 4648, section 4.
enum Base64 {
    private static let digits = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = Swift.min(3, bytes.count - start)
            var word: UInt32 = 0
            for index in 0..<3 {
                word = word << 8 | (index < count ? UInt32(bytes[start + index]) : 0)
            }
            for index in 0..<4 {
                let digit = digits[Int(word >> UInt32(18 - 6 * index) & 63)]
                result.append(index <= count ? digit : UInt8(ascii: "="))
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
