import HifCore

/// What a part of a line is.
enum TokenKind: String, Hashable, Sendable {
    case keyword = "k"
    case text = "s"
    case comment = "c"
    case number = "n"
    case function = "f"
}

/// A part of a line that is coloured: offsets in the line.
struct Token: Hashable, Sendable {
    let range: Range<Int>
    let kind: TokenKind
}

/// Cuts the lines of a text into tokens, by the table of its language: one pass, each byte looked at
/// a bounded number of times, nothing backwards. It colours, and does not judge: whatever the bytes
/// are, every line comes out as it went in.
struct Lexer: Sendable {
    private enum State: Hashable, Sendable {
        case plain
        case text(Int)
        case comment(Int, depth: Int)
    }

    private struct Rule: Sendable {
        let open: [UInt8]
        let close: [UInt8]
        let escape: UInt8?
        let isMultiline: Bool
        let nests: Bool
    }

    private let language: Language
    private let lineComments: [[UInt8]]
    private let texts: [Rule]
    private let comments: [Rule]
    /// Bytes with which a comment or a text may begin: most bytes need no closer look.
    private let begins: [Bool]
    private var state = State.plain

    init(_ language: Language) {
        self.language = language
        lineComments = language.lineComments.map { Array($0.utf8) }
        texts = language.texts.map {
            Rule(
                open: Array($0.open.utf8), close: Array($0.close.utf8), escape: $0.escape,
                isMultiline: $0.isMultiline, nests: false)
        }
        comments = language.blockComments.map {
            Rule(
                open: Array($0.open.utf8), close: Array($0.close.utf8), escape: nil,
                isMultiline: true, nests: $0.nests)
        }
        var begins = [Bool](repeating: false, count: 256)
        let openings = lineComments + texts.map(\.open) + comments.map(\.open)
        for opening in openings {
            if let first = opening.first { begins[Int(first)] = true }
        }
        self.begins = begins
    }

    /// The tokens of every line of a text; an empty list when the language is not known.
    static func tokens(of lines: TextLines, _ language: Language?) -> [[Token]] {
        guard let language else { return [] }
        var lexer = Lexer(language)
        return (0..<lines.count).map { lexer.next(lines[$0]) }
    }

    /// The tokens of the next line.
    mutating func next(_ line: ArraySlice<UInt8>) -> [Token] {
        var tokens: [Token] = []
        let start = line.startIndex
        var index = start
        func note(_ from: Int, _ to: Int, _ kind: TokenKind) {
            if to > from { tokens.append(Token(range: from - start..<to - start, kind: kind)) }
        }
        while index < line.endIndex {
            let from = index
            switch state {
            case .comment(let rule, let depth):
                index = endOfComment(line, index, rule, depth)
                note(from, index, .comment)
            case .text(let rule):
                index = endOfText(line, index, rule)
                note(from, index, .text)
            case .plain:
                let mayBegin = begins[Int(line[index])]
                if mayBegin, let rule = beginning(comments, line, index) {
                    state = .comment(rule, depth: 1)
                    index = endOfComment(line, index + comments[rule].open.count, rule, 1)
                    note(from, index, .comment)
                } else if mayBegin,
                    lineComments.contains(where: { line[index...].starts(with: $0) })
                {
                    note(from, line.endIndex, .comment)
                    index = line.endIndex
                } else if mayBegin, let rule = beginning(texts, line, index) {
                    state = .text(rule)
                    index = endOfText(line, index + texts[rule].open.count, rule)
                    note(from, index, .text)
                } else if Lexer.isDigit(line[index]) {
                    while index < line.endIndex, isWord(line[index]) || line[index] == 0x2E {
                        index += 1
                    }
                    note(from, index, .number)
                } else if isWord(line[index]) {
                    while index < line.endIndex, isWord(line[index]) { index += 1 }
                    if let kind = kind(of: line[from..<index], before: line[index...]) {
                        note(from, index, kind)
                    }
                } else {
                    index += 1
                }
            }
        }
        // A text that ends with its line ended there, whether or not it was closed.
        if case .text(let rule) = state, !texts[rule].isMultiline { state = .plain }
        return tokens
    }

    private func beginning(_ rules: [Rule], _ line: ArraySlice<UInt8>, _ index: Int) -> Int? {
        rules.firstIndex { line[index...].starts(with: $0.open) }
    }

    private mutating func endOfComment(
        _ line: ArraySlice<UInt8>, _ start: Int, _ number: Int, _ depth: Int
    ) -> Int {
        let rule = comments[number]
        var index = start
        var depth = depth
        while index < line.endIndex {
            if line[index...].starts(with: rule.close) {
                index += rule.close.count
                depth -= 1
                if depth == 0 {
                    state = .plain
                    return index
                }
            } else if rule.nests, line[index...].starts(with: rule.open) {
                index += rule.open.count
                depth += 1
            } else {
                index += 1
            }
        }
        state = .comment(number, depth: depth)
        return index
    }

    private mutating func endOfText(
        _ line: ArraySlice<UInt8>, _ start: Int, _ number: Int
    ) -> Int {
        let rule = texts[number]
        var index = start
        while index < line.endIndex {
            if line[index] == rule.escape {
                index = min(index + 2, line.endIndex)
            } else if line[index...].starts(with: rule.close) {
                state = .plain
                return index + rule.close.count
            } else {
                index += 1
            }
        }
        return index
    }

    /// Words are short; a longer one is none that a language has.
    private static let wordBytesMax = 40

    private func kind(
        of word: ArraySlice<UInt8>, before rest: ArraySlice<UInt8>
    ) -> TokenKind? {
        guard word.count <= Lexer.wordBytesMax else { return nil }
        var text = String(decoding: word, as: UTF8.self)
        if language.ignoresCase { text = text.lowercased() }
        if language.keywords.contains(text) { return .keyword }
        return language.hasCalls && rest.first == UInt8(ascii: "(") ? .function : nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte)
    }

    private func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: language.wordBytes.contains(byte)
        }
    }
}
