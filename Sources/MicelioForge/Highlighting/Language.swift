import HifCore

/// What the lexer must know of a programming language: a row of a table, and no code.
struct Language: Hashable, Sendable {
    struct Text: Hashable, Sendable {
        let open: String
        let close: String
        /// Makes the byte behind it an ordinary one.
        let escape: UInt8?
        let isMultiline: Bool

        init(
            _ open: String, _ close: String? = nil, escape: UInt8? = 0x5C, isMultiline: Bool = false
        ) {
            self.open = open
            self.close = close ?? open
            self.escape = escape
            self.isMultiline = isMultiline
        }
    }

    struct Block: Hashable, Sendable {
        let open: String
        let close: String
        let nests: Bool

        init(_ open: String, _ close: String, nests: Bool = false) {
            self.open = open
            self.close = close
            self.nests = nests
        }
    }

    let name: String
    let extensions: [String]
    /// Names of files that say what they are without one.
    let names: [String]
    let lineComments: [String]
    let blockComments: [Block]
    /// Longer openings first.
    let texts: [Text]
    let keywords: Set<String>
    /// Bytes besides letters, digits and `_` that belong to a word.
    let wordBytes: Set<UInt8>
    let ignoresCase: Bool
    /// A word before `(` is a function's name.
    let hasCalls: Bool

    init(
        _ name: String, _ extensions: [String], names: [String] = [], line: [String] = [],
        block: [Block] = [], texts: [Text] = [Text("\""), Text("'")], words: String = "",
        wordBytes: String = "", ignoresCase: Bool = false, hasCalls: Bool = true
    ) {
        self.name = name
        self.extensions = extensions
        self.names = names
        lineComments = line
        blockComments = block
        self.texts = texts
        keywords = Set(words.split(whereSeparator: \.isWhitespace).map(String.init))
        self.wordBytes = Set(wordBytes.utf8)
        self.ignoresCase = ignoresCase
        self.hasCalls = hasCalls
    }

    /// The language of a file, by its name; nil when it is none of the table.
    static func of(_ path: RepoPath) -> Language? {
        let name = String(decoding: path.name, as: UTF8.self).lowercased()
        if let found = byName[name] { return found }
        guard let dot = name.lastIndex(of: ".") else { return nil }
        return byExtension[String(name[name.index(after: dot)...])]
    }

    private static let byExtension: [String: Language] = {
        var map: [String: Language] = [:]
        for language in all {
            for ending in language.extensions { map[ending] = language }
        }
        return map
    }()

    private static let byName: [String: Language] = {
        var map: [String: Language] = [:]
        for language in all {
            for name in language.names { map[name] = language }
        }
        return map
    }()
}
