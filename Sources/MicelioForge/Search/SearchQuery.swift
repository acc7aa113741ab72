/// What somebody looks for: words, all of which have to be there, in any case and as parts of longer words.
/// `"Several words"` in quotes stand together, `path:docs/` is for what is named so. Nothing else means
/// anything: no sign is an operator, so whatever somebody types is looked for as it stands.
struct SearchQuery: Hashable, Sendable {
    /// As it was typed.
    let text: String
    let words: [FoldedText]
    /// Parts of a file's path.
    let paths: [FoldedText]

    /// - Throws: `invalid` when it is too long.
    init(_ text: String) throws(ForgeError) {
        guard text.unicodeScalars.count <= Limits.searchQueryLengthMax else {
            throw .invalid("a search has at most \(Limits.searchQueryLengthMax) characters")
        }
        self.text = text
        var words: [FoldedText] = []
        var paths: [FoldedText] = []
        var rest = text.unicodeScalars[...]
        while let first = rest.first {
            if first.properties.isWhitespace {
                rest.removeFirst()
                continue
            }
            let isPath = rest.starts(with: SearchQuery.pathMark)
            if isPath { rest.removeFirst(SearchQuery.pathMark.count) }
            let word = SearchQuery.takeWord(&rest)
            guard !JSONShape.isBlank(word) else { continue }
            if isPath { paths.append(FoldedText(word)) } else { words.append(FoldedText(word)) }
        }
        self.words = words
        self.paths = paths
    }

    private static let pathMark = Array("path:".unicodeScalars)

    /// Up to the next white space or, of what begins with a quote, up to the next quote.
    private static func takeWord(_ rest: inout Substring.UnicodeScalarView) -> String {
        let isQuoted = rest.first == "\""
        if isQuoted { rest.removeFirst() }
        let word = rest.prefix { isQuoted ? $0 != "\"" : !$0.properties.isWhitespace }
        rest.removeFirst(word.count)
        if isQuoted, !rest.isEmpty { rest.removeFirst() }
        return String(String.UnicodeScalarView(word))
    }

    /// Whether there is anything to be looked for among documents of that kind.
    func isEmpty(for kind: SearchDocument.Kind) -> Bool {
        words.isEmpty && (kind == .session || paths.isEmpty)
    }

    /// Whether a name alone has all that is asked for.
    func matches(name: FoldedText, of kind: SearchDocument.Kind) -> Bool {
        words.allSatisfy(name.contains) && takes(name, of: kind)
    }

    /// Whether name and text together have all that is asked for.
    func matches(name: FoldedText, text: FoldedText, of kind: SearchDocument.Kind) -> Bool {
        takes(name, of: kind) && words.allSatisfy { name.contains($0) || text.contains($0) }
    }

    private func takes(_ name: FoldedText, of kind: SearchDocument.Kind) -> Bool {
        kind == .session || paths.allSatisfy(name.contains)
    }

    /// For FTS5: what has all words has all of these. Each is quoted, so nothing in it is syntax. Nil when
    /// no word has three scalars.
    func trigrams(for kind: SearchDocument.Kind) -> String? {
        let looked = kind == .session ? words : words + paths
        let quoted = looked.flatMap(\.trigrams).map { "\"\($0.replacing("\"", with: "\"\""))\"" }
        return quoted.isEmpty ? nil : quoted.joined(separator: " ")
    }
}
