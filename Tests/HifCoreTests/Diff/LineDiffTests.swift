import HifCore
import Support
import Testing

struct LineDiffTests {
    private static func hunks(_ old: String, _ new: String) -> [LineDiff.Hunk] {
        LineDiff(Array(old.utf8), Array(new.utf8)).hunks
    }

    /// One line a letter.
    private static func letters(_ old: String, _ new: String) -> [LineDiff.Hunk] {
        hunks(old.map { "\($0)\n" }.joined(), new.map { "\($0)\n" }.joined())
    }

    @Test func `an empty text has no line and an unfinished last line is one`() {
        #expect(TextLines([]).count == 0)
        #expect(TextLines(Array("\n".utf8)).count == 1)
        #expect(TextLines(Array("a\nb".utf8)).count == 2)
        #expect(Array(TextLines(Array("a\nb".utf8))[1]) == Array("b".utf8))
    }

    @Test func `content with a NUL among its first 8,000 bytes is binary`() {
        let text = [UInt8](repeating: 65, count: 8000)
        #expect(TextLines.isText([]))
        #expect(TextLines.isText(text + [0]))
        #expect(!TextLines.isText(text.dropLast() + [0]))
    }

    @Test func `equal texts have no hunk`() {
        #expect(Self.letters("abc", "abc").isEmpty)
        #expect(Self.hunks("", "").isEmpty)
    }

    @Test func `a change, an insertion and a deletion each have their hunk`() {
        #expect(Self.letters("abc", "aXc") == [.init(old: 1..<2, new: 1..<2)])
        #expect(Self.letters("abc", "abXc") == [.init(old: 2..<2, new: 2..<3)])
        #expect(Self.letters("abc", "ac") == [.init(old: 1..<2, new: 1..<1)])
        #expect(Self.letters("", "ab") == [.init(old: 0..<0, new: 0..<2)])
    }

    @Test func `a missing final line feed is a change of the last line`() {
        #expect(Self.hunks("a\nb\n", "a\nb") == [.init(old: 1..<2, new: 1..<2)])
    }

    @Test func `an insertion that could stand in several places stands in the last`() {
        #expect(Self.letters("aab", "aaab") == [.init(old: 2..<2, new: 2..<3)])
        #expect(Self.letters("xabcabcy", "xabcabcabcy") == [.init(old: 7..<7, new: 7..<10)])
    }

    @Test func `hunks with little between them are shown together`() {
        let diff = LineDiff(
            Array("a\n1\n2\n3\nb\n1\n2\n3\n4\nc\n".utf8),
            Array("A\n1\n2\n3\nB\n1\n2\n3\n4\nC\n".utf8))
        #expect(diff.hunks.count == 3)
        #expect(diff.groups(context: 0).map(\.count) == [1, 1, 1])
        #expect(diff.groups(context: 1).map(\.count) == [1, 1, 1])
        #expect(diff.groups(context: 2).map(\.count) == [3])
        #expect(LineDiff([], []).groups(context: 3).isEmpty)
    }

    @Test(arguments: UInt64(1)...UInt64(150))
    func `applying the hunks to the old text gives the new one`(seed: UInt64) {
        var generator = TextGenerator(seed: seed)
        let base = generator.lines(generator.below(120))
        let old = TextLines(generator.bytes(base))
        let edits = generator.below(20)
        let new = TextLines(generator.bytes(generator.edited(base, edits: edits)))
        check(LineDiff(old, new), old, new, "seed \(seed)")
    }

    @Test(arguments: UInt64(1)...UInt64(8))
    func `texts with little in common give a correct diff at bounded cost`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        func text(_ count: Int, _ kinds: Int) -> TextLines {
            TextLines(
                (0..<count).flatMap { _ in
                    Array("\(Int.random(in: 0..<kinds, using: &random))\n".utf8)
                })
        }
        let kinds = [2, 3, 50, 2000][Int(seed) % 4]
        let old = text(2500, kinds)
        let new = text(2500, kinds)
        check(LineDiff(old, new), old, new, "seed \(seed)")
    }

    @Test func `the longest possible slides end`() {
        let old = TextLines(Array(String(repeating: "x\n", count: 20_000).utf8))
        let new = TextLines(Array(String(repeating: "x\n", count: 20_100).utf8))
        let diff = LineDiff(old, new)
        #expect(diff.hunks == [.init(old: 20_000..<20_000, new: 20_000..<20_100)])
    }

    @Test func `lines added and removed are counted, except of binary files`() {
        let stat = DiffStat(old: Array("a\nb\nc\n".utf8), new: Array("a\nX\nY\nc\n".utf8))
        #expect(stat == DiffStat(addedLineCount: 2, removedLineCount: 1))
        #expect(DiffStat(old: nil, new: Array("a\n".utf8))?.addedLineCount == 1)
        #expect(DiffStat(old: [0], new: []) == nil)
    }

    private func check(
        _ diff: LineDiff, _ old: TextLines, _ new: TextLines, _ comment: Comment
    ) {
        var result: [UInt8] = []
        var line = 0
        for hunk in diff.hunks {
            #expect(!hunk.old.isEmpty || !hunk.new.isEmpty, comment)
            #expect(line == 0 || hunk.old.lowerBound > line, comment)
            result += old[line..<hunk.old.lowerBound]
            #expect(TextLines(result).count == hunk.new.lowerBound, comment)
            result += new[hunk.new]
            line = hunk.old.upperBound
        }
        result += old[line..<old.count]
        #expect(result == new.bytes, comment)
    }
}
