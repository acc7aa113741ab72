import HifCore
import HifRepository
import Testing

/// Kind and content of a path are merged separately.
@Suite struct LeafMergeTests {
    static let text = "one\ntwo\nthree\nfour\nfive\n"
    static let mine = "ONE\ntwo\nthree\nfour\nfive\n"
    static let yours = "one\ntwo\nthree\nfour\nFIVE\n"
    static let both = "ONE\ntwo\nthree\nfour\nFIVE\n"

    static func leaf(_ text: String?, _ kind: Leaf.Kind = .file) -> Leaf? {
        text.map { TestProject.leaf($0, kind: kind) }
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let name: String
        let base: Leaf?
        let ours: Leaf?
        let theirs: Leaf?
        /// nil where the contents have to be merged.
        let result: Leaf??
        var isConflict = false

        var testDescription: String { name }
    }

    static let rows: [Row] = [
        Row(
            name: "only ours", base: leaf(text), ours: leaf(mine), theirs: leaf(text),
            result: leaf(mine)),
        Row(
            name: "only theirs", base: leaf(text), ours: leaf(text), theirs: leaf(yours),
            result: leaf(yours)),
        Row(
            name: "both alike", base: leaf(text), ours: leaf(mine), theirs: leaf(mine),
            result: leaf(mine)),
        Row(name: "both deleted", base: leaf(text), ours: nil, theirs: nil, result: .some(nil)),
        Row(
            name: "deleted and untouched", base: leaf(text), ours: nil, theirs: leaf(text),
            result: .some(nil)),
        Row(
            name: "deleted and changed", base: leaf(text), ours: nil, theirs: leaf(yours),
            result: nil, isConflict: true),
        Row(
            name: "changed and deleted", base: leaf(text), ours: leaf(mine), theirs: nil,
            result: nil, isConflict: true),
        Row(
            name: "both changed", base: leaf(text), ours: leaf(mine), theirs: leaf(yours),
            result: nil),
        Row(
            name: "our bit, their text", base: leaf(text), ours: leaf(text, .executable),
            theirs: leaf(yours), result: leaf(yours, .executable)),
        Row(
            name: "our text, their bit", base: leaf(text), ours: leaf(mine),
            theirs: leaf(text, .executable), result: leaf(mine, .executable)),
        Row(
            name: "same text, our bit", base: leaf(text), ours: leaf(mine, .executable),
            theirs: leaf(mine), result: leaf(mine, .executable)),
        Row(
            name: "our link, their text", base: leaf(text), ours: leaf("to", .symlink),
            theirs: leaf(yours), result: nil, isConflict: true),
        Row(
            name: "two links", base: leaf("a", .symlink), ours: leaf("b", .symlink),
            theirs: leaf("c", .symlink), result: nil, isConflict: true),
        Row(
            name: "both added, alike", base: nil, ours: leaf(mine), theirs: leaf(mine),
            result: leaf(mine)),
        Row(
            name: "both added, another bit", base: nil, ours: leaf(mine),
            theirs: leaf(mine, .executable), result: nil, isConflict: true),
        Row(
            name: "our directory, their file", base: nil, ours: .explicitDirectory,
            theirs: leaf(text), result: nil, isConflict: true),
        Row(
            name: "their derived directory", base: leaf(text), ours: leaf(mine), theirs: .directory,
            result: nil, isConflict: true),
    ]

    @Test(arguments: rows)
    func `what needs no content`(row: Row) {
        switch LeafMerge.withoutContent(base: row.base, ours: row.ours, theirs: row.theirs) {
        case .leaf(let leaf): #expect(row.result == .some(leaf))
        case .conflict: #expect(row.isConflict)
        case .content: Issue.record("content from nowhere")
        case nil: #expect(row.result == nil && !row.isConflict)
        }
    }

    @Test func `content is merged by line and keeps either side's bit`() {
        let labels = ThreeWayMerge.Labels(ours: "o", theirs: "t")
        func merged(
            _ base: (Leaf.Kind, String)?, _ ours: (Leaf.Kind, String), _ theirs: (Leaf.Kind, String)
        ) -> LeafMerge.Outcome {
            LeafMerge.contents(
                base: base.map { ($0.0, Array($0.1.utf8)) }, ours: (ours.0, Array(ours.1.utf8)),
                theirs: (theirs.0, Array(theirs.1.utf8)), labels: labels)
        }
        let (text, mine, yours) = (LeafMergeTests.text, LeafMergeTests.mine, LeafMergeTests.yours)
        guard
            case .content(let bytes, .executable) = merged(
                (.file, text), (.executable, mine), (.file, yours))
        else { return fail("not merged") }
        #expect(String(decoding: bytes, as: UTF8.self) == LeafMergeTests.both)
        guard
            case .conflict(let hunks, let marked, .executable) = merged(
                (.file, text), (.file, mine), (.executable, "1\ntwo\nthree\nfour\nfive\n"))
        else { return fail("no conflict") }
        #expect(hunks == [.init(base: 0..<1, ours: 0..<1, theirs: 0..<1)])
        #expect(marked.map { String(decoding: $0, as: UTF8.self).contains("<<<<<<< o") } == true)
        for (base, ours, theirs) in [
            ((Leaf.Kind.file, text), (Leaf.Kind.file, "a\0b"), (Leaf.Kind.file, yours)),
            ((.file, text), (.executable, mine), (.symlink, yours)),
        ] {
            guard case .conflict([], nil, _) = merged(base, ours, theirs) else {
                Issue.record("merged")
                continue
            }
        }
        guard case .conflict = merged(nil, (.file, mine), (.file, yours)) else {
            return fail("two additions merged")
        }
    }

    @Test func `long contents are not merged by line`() {
        func long(_ number: UInt64) -> Leaf {
            Leaf(
                kind: .file, size: UInt64(LeafMerge.bytesMax) + 1,
                hash: Hash(word0: number, word1: 0, word2: 0, word3: 0))
        }
        guard
            case .conflict? = LeafMerge.withoutContent(
                base: long(1), ours: long(2), theirs: long(3))
        else { return fail("merged") }
    }
}
