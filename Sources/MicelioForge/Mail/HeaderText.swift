/// The text of a mail's header: on one line whatever somebody wrote, and in ASCII (RFC 2047).
struct HeaderText: Hashable, Sendable, ExpressibleByStringInterpolation {
    let text: String

    /// Control characters become question marks: with an end of line a name would begin headers of its own.
    init(_ text: String) {
        self.text = String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .lineSeparator, .paragraphSeparator: "?"
                    default: scalar
                    }
                }))
    }

    init(stringLiteral text: String) {
        self.init(text)
    }

    /// As the header has it: as it is where it is plain and short, else in encoded words, of which each holds
    /// whole characters and stands on a line of its own.
    var encoded: String {
        let isPlain = text.utf8.allSatisfy { (0x20..<0x7F).contains($0) } && !text.contains("=?")
        guard !isPlain || text.utf8.count > HeaderText.lineBytesMax else { return text }
        var words: [[UInt8]] = [[]]
        for character in text.unicodeScalars {
            let bytes = Array(String(character).utf8)
            if words[words.count - 1].count + bytes.count > HeaderText.wordBytesMax {
                words.append([])
            }
            words[words.count - 1] += bytes
        }
        return words.map { "=?UTF-8?B?\(Base64.encode($0))?=" }.joined(separator: "\r\n ")
    }

    private static let lineBytesMax = 60
    /// An encoded word has at most 75 characters, 12 of them around what it says.
    private static let wordBytesMax = 45
}
