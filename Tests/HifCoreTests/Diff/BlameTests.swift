import HifCore
import Support
import Testing

struct BlameTests {
    @Test func `a line belongs to the change that brought it in`() {
        var blame = Blame<Int>(newest: Array("a\nb\nc\n".utf8))
        blame.step(older: Array("a\nc\n".utf8), changedAt: 3)
        #expect(blame.lines == [nil, 3, nil])
        blame.step(older: Array("c\n".utf8), changedAt: 2)
        #expect(blame.lines == [2, 3, nil])
        #expect(!blame.isComplete)
        blame.step(older: nil, changedAt: 1)
        #expect(blame.lines == [2, 3, 1])
        #expect(blame.isComplete)
    }

    @Test func `an empty text is complete, and steps past completion change nothing`() {
        var blame = Blame<Int>(newest: [])
        #expect(blame.isComplete)
        blame.step(older: Array("a\n".utf8), changedAt: 1)
        #expect(blame.lines.isEmpty)
    }

    @Test(arguments: UInt64(1)...UInt64(4))
    func `lines are attributed as by git blame`(seed: UInt64) throws {
        var generator = TextGenerator(seed: seed)
        var lines = generator.lines(30)
        var versions: [[UInt8]] = []
        let oracle = try GitOracle()
        var script = "git init -q . && "
        for version in 0..<12 {
            versions.append(generator.bytes(lines))
            try oracle.write(versions[version], to: "\(version).txt")
            script += """
                cp \(version).txt file && git add file &&
                git commit -q --allow-empty -m \(version) && git tag v\(version) &&

                """
            lines = generator.edited(lines, edits: 3)
        }
        script += "for i in 0 1 2 3 4 5 6 7 8 9 10 11; do git rev-parse v$i; done &&\n"
        script += "git -c diff.indentHeuristic=false blame -s -l --root file | cut -c 1-40"
        let output = try oracle.shell(script)
        let words = output.text.split(separator: "\n").map(String.init)
        try #require(output.status == 0 && words.count >= 12, "seed \(seed): \(output.text)")

        var blame = Blame<Int>(newest: versions[11])
        for version in stride(from: 11, through: 0, by: -1) {
            blame.step(older: version == 0 ? nil : versions[version - 1], changedAt: version)
        }
        #expect(blame.isComplete)
        #expect(blame.lines.map { words[$0 ?? 0] } == Array(words[12...]), "seed \(seed)")
    }
}
