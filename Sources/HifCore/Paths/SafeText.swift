/// Text from a repository made safe to show: a goal, a file name or a note may hold terminal
/// escapes, and whoever reads it must not be run over by them.
package enum SafeText {
    /// Control characters (C0, C1, DEL), direction overrides and bytes that are not UTF-8 become
    /// `\xNN` or `\u{N}`; a backslash becomes `\\`, so the result is unambiguous.
    ///
    /// - Parameter keepingLines: leave line feeds and tabs alone, for text of several lines.
    package static func escape(_ bytes: [UInt8], keepingLines: Bool = false) -> String {
        var result = ""
        var decoder = UTF8()
        var index = 0
        while index < bytes.count {
            var iterator = bytes[index...].makeIterator()
            decoder = UTF8()
            guard case .scalarValue(let scalar) = decoder.decode(&iterator) else {
                result += hexEscape(bytes[index])
                index += 1
                continue
            }
            index += UTF8.width(scalar)
            append(scalar, to: &result, keepingLines: keepingLines)
        }
        return result
    }

    package static func escape(_ text: String, keepingLines: Bool = false) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            append(scalar, to: &result, keepingLines: keepingLines)
        }
        return result
    }

    private static func append(
        _ scalar: Unicode.Scalar, to result: inout String, keepingLines: Bool
    ) {
        switch scalar.value {
        case 0x0A, 0x09:
            if keepingLines {
                result.unicodeScalars.append(scalar)
            } else {
                result += scalar.value == 0x0A ? "\\n" : "\\t"
            }
        case 0x00..<0x20, 0x7F: result += hexEscape(UInt8(scalar.value))
        case 0x5C where !keepingLines: result += "\\\\"
        case 0x80..<0xA0, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF:
            result += "\\u{" + String(scalar.value, radix: 16) + "}"
        default: result.unicodeScalars.append(scalar)
        }
    }

    private static func hexEscape(_ byte: UInt8) -> String {
        "\\x" + [byte].hex
    }
}
