/// How git writes a path into a patch: plain if every byte is harmless, else between double quotes
/// with C escapes, so that a line of the patch stays a line whatever the file is called.
package enum GitPathQuoting {
    /// `prefix` and `path` as one word, quoted if need be.
    ///
    /// `quotesNonASCII` is git's `core.quotePath`: bytes from 0x80 up become octal escapes. Without
    /// it they are written as they are, which is readable but leaves invalid UTF-8 in the patch.
    package static func quote(
        _ path: [UInt8], prefix: String = "", quotesNonASCII: Bool = true
    ) -> [UInt8] {
        let bytes = Array(prefix.utf8) + path
        guard bytes.contains(where: { needsEscape($0, quotesNonASCII) }) else { return bytes }
        var result: [UInt8] = [UInt8(ascii: "\"")]
        for byte in bytes {
            guard needsEscape(byte, quotesNonASCII) else {
                result.append(byte)
                continue
            }
            result.append(UInt8(ascii: "\\"))
            if let letter = letter(for: byte) {
                result.append(letter)
            } else {
                for shift: UInt8 in [6, 3, 0] {
                    result.append(UInt8(ascii: "0") + (byte >> shift & 7))
                }
            }
        }
        result.append(UInt8(ascii: "\""))
        return result
    }

    /// The path that `written` stands for: as it is, or between double quotes with C escapes.
    ///
    /// - Returns: nil for quotes that do not end where the word ends, and for unknown escapes.
    package static func unquote(_ written: ArraySlice<UInt8>) -> [UInt8]? {
        guard written.first == UInt8(ascii: "\"") else { return Array(written) }
        guard end(of: written) == written.endIndex else { return nil }
        var result: [UInt8] = []
        var rest = written.dropFirst().dropLast()
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                result.append(byte)
                continue
            }
            guard let escape = rest.popFirst() else { return nil }
            if let digit = octal(escape) {
                guard let second = rest.popFirst().flatMap(octal),
                    let third = rest.popFirst().flatMap(octal), digit < 4
                else { return nil }
                result.append(digit << 6 | second << 3 | third)
            } else if let meant = (0..<0x20).first(where: { letter(for: $0) == escape })
                ?? (letter(for: escape) == escape ? escape : nil)
            {
                result.append(meant)
            } else {
                return nil
            }
        }
        return result
    }

    /// The index behind the closing quote of a word that begins with one; nil when it has none.
    static func end(of word: ArraySlice<UInt8>) -> Int? {
        var index = word.startIndex + 1
        while index < word.endIndex {
            switch word[index] {
            case UInt8(ascii: "\\"): index += 2
            case UInt8(ascii: "\""): return index + 1
            default: index += 1
            }
        }
        return nil
    }

    private static func octal(_ byte: UInt8) -> UInt8? {
        (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(byte) ? byte - UInt8(ascii: "0") : nil
    }

    private static func needsEscape(_ byte: UInt8, _ quotesNonASCII: Bool) -> Bool {
        switch byte {
        case 0..<0x20, 0x7F, UInt8(ascii: "\""), UInt8(ascii: "\\"): true
        case 0x80...: quotesNonASCII
        default: false
        }
    }

    private static func letter(for byte: UInt8) -> UInt8? {
        switch byte {
        case 0x07: UInt8(ascii: "a")
        case 0x08: UInt8(ascii: "b")
        case 0x09: UInt8(ascii: "t")
        case 0x0A: UInt8(ascii: "n")
        case 0x0B: UInt8(ascii: "v")
        case 0x0C: UInt8(ascii: "f")
        case 0x0D: UInt8(ascii: "r")
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): byte
        default: nil
        }
    }
}
