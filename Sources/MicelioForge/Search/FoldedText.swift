import Glibc

/// A text as search compares it: without case, in UTF-8. Scalar for scalar, so a scalar's number here is
/// its number in the text.
///
/// Only a scalar that has one lower-case scalar is changed (`ß` and `İ` stay as they are), and accents
/// count: who wants more would have to give up that places are the same. Changing what this does
/// is another version of the index (`SearchIndex.version`).
struct FoldedText: Hashable, Sendable {
    /// With a NUL behind it and none within, for C's search, which is linear.
    private let bytes: [UInt8]

    init(_ text: String) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 1)
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x41...0x5A: bytes.append(UInt8(scalar.value) | 0x20)
            case 1..<0x80: bytes.append(UInt8(scalar.value))
            default: bytes += FoldedText.lower(scalar)
            }
        }
        bytes.append(0)
        self.bytes = bytes
    }

    private static func lower(_ scalar: Unicode.Scalar) -> [UInt8] {
        if scalar.value == 0 { return Array("\u{FFFD}".utf8) }
        let lower = scalar.properties.lowercaseMapping
        return Array((lower.unicodeScalars.count == 1 ? lower : String(scalar)).utf8)
    }

    /// Bytes of the text.
    var count: Int { bytes.count - 1 }
    var isEmpty: Bool { count == 0 }
    var text: String { String(decoding: bytes.dropLast(), as: UTF8.self) }

    func contains(_ word: FoldedText) -> Bool { offset(of: word, from: 0) != nil }

    /// Where `word` begins next, at or after a byte.
    func offset(of word: FoldedText, from start: Int) -> Int? {
        guard start <= count else { return nil }
        return bytes.withUnsafeBufferPointer { text in
            word.bytes.withUnsafeBufferPointer { word in
                text.withMemoryRebound(to: CChar.self) { text in
                    word.withMemoryRebound(to: CChar.self) { word in
                        guard let base = text.baseAddress, let word = word.baseAddress,
                            let found = strstr(base + start, word)
                        else { return nil }
                        return UnsafePointer(found) - base
                    }
                }
            }
        }
    }

    /// Where the next line feed is, at or after a byte; the text's end when there is none.
    func lineEnd(from start: Int) -> Int {
        bytes[start..<count].firstIndex(of: UInt8(ascii: "\n")) ?? count
    }

    /// How many scalars begin in these bytes.
    func scalarCount(_ range: Range<Int>) -> Int {
        bytes[range].count { $0 & 0xC0 != 0x80 }
    }

    /// Every three scalars in a row, each once.
    var trigrams: [String] {
        let scalars = Array(text.unicodeScalars)
        var found: [String] = []
        var seen: Set<String> = []
        for start in scalars.indices.dropLast(2) {
            var text = ""
            text.unicodeScalars.append(contentsOf: scalars[start..<start + 3])
            if seen.insert(text).inserted { found.append(text) }
        }
        return found
    }
}
