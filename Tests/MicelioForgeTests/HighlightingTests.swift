import HifCore
import Support
import Testing

@testable import MicelioForge

/// Colours of code: what is cut where, and that nothing is lost.
@Suite struct HighlightingTests {
    private func kinds(_ text: String, _ path: String) throws -> [[String]] {
        let lines = TextLines(Array(text.utf8))
        let tokens = Lexer.tokens(of: lines, Language.of(try RepoPath(path)))
        return tokens.enumerated().map { index, list in
            let line = Array(lines[index])
            return list.map {
                "\($0.kind.rawValue):\(String(decoding: line[$0.range], as: UTF8.self))"
            }
        }
    }

    @Test func `words, texts, numbers and comments are told apart`() throws {
        #expect(
            try kinds("let a = f(\"x\\\"y\", 12) // end\n", "a.swift") == [
                ["k:let", "f:f", "s:\"x\\\"y\"", "n:12", "c:// end\n"]
            ])
        #expect(
            try kinds("/* a\n/* b */\n*/ x = 1", "a.swift") == [
                ["c:/* a\n"], ["c:/* b */\n"],
                ["c:*/", "n:1"],
            ])
        #expect(try kinds("x = '''a\nb''' # c", "a.py") == [["s:'''a\n"], ["s:b'''", "c:# c"]])
        #expect(try kinds("SELECT 'a' from t", "q.sql") == [["k:SELECT", "s:'a'", "k:from"]])
        #expect(try kinds("all: # x", "Makefile") == [["c:# x"]])
        #expect(try kinds("s := `a\nb` + \"c", "a.go").map(\.count) == [1, 2])
        #expect(try kinds("fn f()", "a.rs") == [["k:fn", "f:f"]])
        #expect(try kinds("no language", "a.unknown").isEmpty)
    }

    @Test func `a text that is not closed ends with its line`() throws {
        #expect(try kinds("a = \"b\nlet c", "a.swift") == [["s:\"b\n"], ["k:let"]])
    }

    @Test func `every byte of a line is in its markup, whatever it is`() {
        for seed in UInt64(0)..<300 {
            var generator = SeededGenerator(seed: seed)
            let bytes = generator.bytes(Int.random(in: 0...120, using: &generator)).map {
                $0 % 4 == 0 ? Array("\"'/*#`\\ (<&>".utf8)[Int($0) % 12] : $0
            }.filter { $0 != 0x0A && $0 != 0x0D }
            for language in Language.all {
                var lexer = Lexer(language)
                let tokens = lexer.next(bytes[...])
                var end = 0
                for token in tokens {
                    #expect(token.range.lowerBound >= end && token.range.upperBound <= bytes.count)
                    end = token.range.upperBound
                }
                let half = bytes.count / 2
                let marked = CodeHTML.line(bytes[...], tokens, mark: half..<bytes.count)
                let plain = marked.text.strippingTags
                // Cut at tokens, a damaged character may be escaped in two parts; for plain bytes
                // nothing differs.
                if bytes.allSatisfy({ $0 < 0x80 }) {
                    #expect(
                        plain == HTML(escaping: bytes[...]).text, "\(language.name) seed \(seed)")
                }
            }
        }
    }

    @Test func `lines made to exhaust take one pass`() {
        let line = Array(String(repeating: "\"\\", count: 500_000).utf8)
        for language in Language.all {
            var lexer = Lexer(language)
            _ = lexer.next(line[...])
        }
        let html = CodeHTML.line(line[...], [])
        #expect(html.text.utf8.count < 40_000 && html.text.contains("more bytes"))
    }

    @Test func `the part of a line that changed is marked by words`() {
        func marks(_ old: String, _ new: String) -> [String] {
            let left = Array(old.utf8)
            let right = Array(new.utf8)
            guard let found = CodeHTML.marks(left[...], right[...]) else { return [] }
            return [
                String(decoding: left[found.old], as: UTF8.self),
                String(decoding: right[found.new], as: UTF8.self),
            ]
        }
        #expect(marks("let limit = 10", "let limit = 20") == ["10", "20"])
        #expect(marks("a(b, errFuture)", "a(b, errClock)") == ["errFuture", "errClock"])
        #expect(marks("a b c d", "a b x c d") == ["", "x "])
        #expect(marks("all of it", "nothing like that at all, is it?").isEmpty)
        #expect(CodeHTML.line(Array("a b".utf8)[...], [], mark: 2..<3).text == "a <ins>b</ins>")
    }
}

extension String {
    fileprivate var strippingTags: String {
        var result = ""
        var isInTag = false
        for character in self {
            if character == "<" { isInTag = true }
            if !isInTag { result.append(character) }
            if character == ">" { isInTag = false }
        }
        return result
    }
}
