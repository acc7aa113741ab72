import HifCore
import HifRepository

/// Something that search finds: a file of a project, or a session.
struct SearchDocument: Hashable, Sendable {
    enum Kind: Int, Hashable, Sendable {
        case file = 0
        case session = 1
    }

    let kind: Kind
    /// A file's path; the hash of a session.
    let key: [UInt8]
    /// The path as text; the goal's first line.
    let name: String
    /// Empty for a file that is found by its name only.
    let text: String
    /// Of a session: `d1:4 m1:9`, which part begins on which of its lines, counted from 0.
    let parts: String
    /// The landing that brought it; 0 for a session that is open.
    let position: Position
    /// How many events of an open session are in it.
    let events: Int

    /// A file.
    ///
    /// - Parameter content: nil for what is no text or too long: then it is found by its name.
    init(path: RepoPath, content: [UInt8]?, position: Position) {
        kind = .file
        key = path.bytes
        name = SearchDocument.storable(path.string ?? path.description)
        let isText = content.map(TextLines.isText) ?? false
        text = isText ? SearchDocument.storable(String(decoding: content ?? [], as: UTF8.self)) : ""
        parts = ""
        self.position = position
        events = 0
    }

    /// A session: what was wanted, decided and said. What is most worth finding comes first, for of a long
    /// session only the beginning is kept.
    init(_ id: SessionID, goal: String, _ story: SessionStory, position: Position, bytesMax: Int) {
        kind = .session
        key = id.hash.bytes
        name = SearchDocument.storable(LandRequest.goalLine(goal))
        self.position = position
        events = story.eventCount
        var pieces = [(id: "goal", text: goal)]
        pieces += story.decisions.map { ("d\($0.number)", $0.text + "\n" + $0.why) }
        pieces += story.comments.map { ("c\($0.number)", $0.text) }
        pieces += story.verdicts.filter { !$0.text.isEmpty }.map { ("v\($0.number)", $0.text) }
        pieces += story.messages.map { ("m\($0.number)", $0.text) }
        var text = ""
        var parts: [String] = []
        var line = 0
        for piece in pieces {
            let words = SearchDocument.storable(piece.text) + "\n"
            guard text.utf8.count + words.utf8.count <= bytesMax else { break }
            parts.append("\(piece.id):\(line)")
            line += words.utf8.count { $0 == UInt8(ascii: "\n") }
            text += words
        }
        self.text = text
        self.parts = parts.joined(separator: " ")
    }

    /// As it was stored.
    init(
        kind: Kind, key: [UInt8], name: String, text: String, parts: String, position: Position,
        events: Int
    ) {
        self.kind = kind
        self.key = key
        self.name = name
        self.text = text
        self.parts = parts
        self.position = position
        self.events = events
    }

    /// The same, to be found by its name only.
    var withoutText: SearchDocument {
        SearchDocument(
            kind: kind, key: key, name: name, text: "", parts: "", position: position,
            events: events)
    }

    /// A NUL would end a text in SQLite.
    private static func storable(_ text: String) -> String {
        text.utf8.contains(0) ? text.replacing("\0", with: "\u{FFFD}") : text
    }

    /// Which part of a session a line belongs to.
    ///
    /// - Parameter line: from 0.
    func part(ofLine line: Int) -> String? {
        var found: String?
        for word in parts.split(separator: " ") {
            let pair = word.split(separator: ":")
            guard pair.count == 2, let first = Int(pair[1]), first <= line else { break }
            found = String(pair[0])
        }
        return found
    }
}
