import HifCore
import Support
import Testing

struct ThreeWayMergeTests {
    private static let labels = ThreeWayMerge.Labels(ours: "ours", theirs: "theirs")

    private static func merge(_ base: String, _ ours: String, _ theirs: String) -> ThreeWayMerge {
        ThreeWayMerge(
            base: Array(base.utf8), ours: Array(ours.utf8), theirs: Array(theirs.utf8),
            labels: labels)
    }

    private static func text(_ merge: ThreeWayMerge) -> String {
        String(decoding: merge.bytes, as: UTF8.self)
    }

    @Test func `edits in different places are both taken`() {
        let merge = Self.merge("a\nb\nc\nd\n", "A\nb\nc\nd\n", "a\nb\nc\nD\n")
        #expect(merge.isClean)
        #expect(Self.text(merge) == "A\nb\nc\nD\n")
    }

    @Test func `the same edit on both sides is taken once`() {
        let merge = Self.merge("a\nb\nc\n", "a\nX\nY\nc\n", "a\nX\nY\nc\n")
        #expect(merge.isClean)
        #expect(Self.text(merge) == "a\nX\nY\nc\n")
    }

    @Test func `different edits of one line are a conflict that names its lines`() {
        let merge = Self.merge("a\nb\nc\n", "a\nX\nc\n", "0\na\nY\nc\n")
        #expect(
            Self.text(merge)
                == "0\na\n<<<<<<< ours\nX\n=======\nY\n>>>>>>> theirs\nc\n")
        let conflict = try! #require(merge.conflicts.first)
        #expect(merge.conflicts.count == 1)
        #expect(conflict.base == 1..<2)
        #expect(conflict.ours == 1..<2)
        #expect(conflict.theirs == 2..<3)
        #expect(conflict.merged == 2..<7)
    }

    @Test func `an unfinished last line never runs into a marker`() {
        let merge = Self.merge("a\nb", "a\nX", "a\nY")
        #expect(Self.text(merge) == "a\n<<<<<<< ours\nX\n=======\nY\n>>>>>>> theirs\n")
    }

    @Test func `a line feed in a label cannot break its marker`() {
        let merge = ThreeWayMerge(
            base: [], ours: Array("x\n".utf8), theirs: Array("y\n".utf8),
            labels: ThreeWayMerge.Labels(ours: "a\nb", theirs: "t"))
        #expect(Self.text(merge) == "<<<<<<< a b\nx\n=======\ny\n>>>>>>> t\n")
    }

    @Test func `merges are those of git merge-file, byte for byte`() throws {
        let oracle = try GitOracle()
        let seeds = UInt64(1)...UInt64(200)
        var texts: [UInt64: [[UInt8]]] = [:]
        for seed in seeds {
            let three = Self.threeTexts(seed)
            texts[seed] = three
            for (name, bytes) in zip(["base", "ours", "theirs"], three) {
                try oracle.write(bytes, to: "\(seed).\(name)")
            }
        }
        let script = """
            i=\(seeds.lowerBound)
            while [ $i -le \(seeds.upperBound) ]; do
              git merge-file -p -q -L ours -L base -L theirs $i.ours $i.base $i.theirs > $i.merged
              echo $?
              i=$((i + 1))
            done
            """
        let statuses = try oracle.shell(script).text.split(separator: "\n").map { Int($0) ?? -1 }
        try #require(statuses.count == seeds.count)
        for (seed, status) in zip(seeds, statuses) {
            let three = try #require(texts[seed])
            let merge = ThreeWayMerge(
                base: three[0], ours: three[1], theirs: three[2], labels: Self.labels)
            #expect(merge.bytes == (try oracle.read("\(seed).merged")), "seed \(seed)")
            #expect(min(merge.conflicts.count, 127) == status, "seed \(seed)")
        }
    }

    @Test(arguments: UInt64(1)...UInt64(150))
    func `no line that a side added is lost`(seed: UInt64) {
        let three = Self.threeTexts(seed)
        let merge = ThreeWayMerge(
            base: three[0], ours: three[1], theirs: three[2], labels: Self.labels)
        let merged = Self.countedLines(merge.bytes)
        for side in [three[1], three[2]] {
            let lines = TextLines(side)
            for hunk in LineDiff(three[0], side).hunks {
                let added = Self.countedLines(Array(lines[hunk.new]))
                for (line, count) in added {
                    #expect(merged[line, default: 0] >= count, "seed \(seed)")
                }
            }
        }
    }

    @Test(arguments: UInt64(1)...UInt64(60))
    func `swapping the sides of a clean merge changes nothing`(seed: UInt64) {
        let three = Self.threeTexts(seed)
        let merge = ThreeWayMerge(
            base: three[0], ours: three[1], theirs: three[2], labels: Self.labels)
        let swapped = ThreeWayMerge(
            base: three[0], ours: three[2], theirs: three[1], labels: Self.labels)
        #expect(merge.isClean == swapped.isClean, "seed \(seed)")
        if merge.isClean { #expect(merge.bytes == swapped.bytes, "seed \(seed)") }
    }

    @Test(arguments: UInt64(1)...UInt64(60))
    func `a conflict's ranges point at its lines`(seed: UInt64) {
        let three = Self.threeTexts(seed)
        let merge = ThreeWayMerge(
            base: three[0], ours: three[1], theirs: three[2], labels: Self.labels)
        let merged = TextLines(merge.bytes)
        for conflict in merge.conflicts {
            let inside = (conflict.merged.lowerBound + 1)..<(conflict.merged.upperBound - 1)
            #expect(inside.count == conflict.ours.count + conflict.theirs.count + 1)
            #expect(merged[conflict.merged.lowerBound].starts(with: Array("<<<<<<< ours".utf8)))
            #expect(merged[inside.upperBound].starts(with: Array(">>>>>>> theirs".utf8)))
            let ours = merged[inside.prefix(conflict.ours.count)]
            #expect(ours.starts(with: TextLines(three[1])[conflict.ours]), "seed \(seed)")
        }
    }

    private static func threeTexts(_ seed: UInt64) -> [[UInt8]] {
        var generator = TextGenerator(seed: seed)
        let base = generator.lines(generator.below(60))
        let edits = generator.below(6) + 1
        var ours = generator.edited(base, edits: edits)
        var theirs = generator.edited(base, edits: edits)
        if generator.below(3) == 0 {
            // Something both sides did alike.
            let common = generator.edited(base, edits: 2)
            ours = generator.edited(common, edits: generator.below(3))
            theirs = generator.edited(common, edits: generator.below(3))
        }
        return [generator.bytes(base), generator.bytes(ours), generator.bytes(theirs)]
    }

    /// How often each line occurs, an unfinished one counting as finished.
    private static func countedLines(_ bytes: [UInt8]) -> [[UInt8]: Int] {
        let lines = TextLines(bytes)
        var result: [[UInt8]: Int] = [:]
        for index in 0..<lines.count {
            let line = lines[index].filter { $0 != 10 && $0 != 13 }
            result[Array(line), default: 0] += 1
        }
        return result
    }
}
