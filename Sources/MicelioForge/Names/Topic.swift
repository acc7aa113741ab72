import HifCore

/// A word that says what a project is about: lower-case letters, digits and single dashes between them.
package struct Topic: Hashable, Sendable {
    package let text: String

    package init(_ text: String) throws(ForgeError) {
        let bytes = Array(text.utf8)
        let isMade = bytes.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-")
        }
        guard isMade, (1...Limits.topicBytesMax).contains(bytes.count), !text.hasPrefix("-"),
            !text.hasSuffix("-"), !text.contains("--")
        else {
            let shown = SafeText.escape(String(text.prefix(60)))
            throw .invalid(
                "'\(shown)' cannot be a topic: it has lower-case letters a to z, digits, and single"
                    + " dashes between them, at most \(Limits.topicBytesMax)")
        }
        self.text = text
    }

    /// Several, each once.
    package static func list(_ words: [String]) throws(ForgeError) -> [Topic] {
        var topics: [Topic] = []
        for word in words {
            let topic = try Topic(word)
            if !topics.contains(topic) { topics.append(topic) }
        }
        guard topics.count <= Limits.topicsMax else {
            throw .invalid("a project has at most \(Limits.topicsMax) topics")
        }
        return topics
    }
}
