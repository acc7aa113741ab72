import HifCore
import Support
import Testing

struct UnifiedDiffTests {
    private static func file(
        _ path: String, _ content: String, _ mode: GitFileMode = .file
    ) throws -> UnifiedDiff.File {
        UnifiedDiff.File(path: try RepoPath(path), mode: mode, content: Array(content.utf8))
    }

    private static func patch(_ old: UnifiedDiff.File?, _ new: UnifiedDiff.File?) -> String {
        String(decoding: UnifiedDiff().patch(from: old, to: new), as: UTF8.self)
    }

    @Test func `an edit is printed as git prints it`() throws {
        let old = try Self.file("a b.txt", "func f\n1\n2\n3\n4\n5\n")
        let new = try Self.file("a b.txt", "func f\n1\n2\n3\n4\nfive")
        let ids = [old, new].map { GitBlobID.hash(of: $0.content).hex }
        #expect(
            Self.patch(old, new) == """
                diff --git a/a b.txt b/a b.txt
                index \(ids[0])..\(ids[1]) 100644
                --- a/a b.txt\t
                +++ b/a b.txt\t
                @@ -3,4 +3,4 @@ func f
                 2
                 3
                 4
                -5
                +five
                \\ No newline at end of file

                """)
    }

    @Test func `added, deleted and empty files have their headers`() throws {
        let empty = try Self.file("e", "")
        let id = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
        let zero = String(repeating: "0", count: 40)
        #expect(
            Self.patch(nil, empty)
                == "diff --git a/e b/e\nnew file mode 100644\nindex \(zero)..\(id)\n")
        let link = try Self.file("l", "t", .symlink)
        #expect(
            Self.patch(link, nil) == """
                diff --git a/l b/l
                deleted file mode 120000
                index \(GitBlobID.hash(of: link.content).hex)..\(zero)
                --- a/l
                +++ /dev/null
                @@ -1 +0,0 @@
                -t
                \\ No newline at end of file

                """)
    }

    @Test func `nothing changed prints nothing and a mode alone prints no content`() throws {
        let file = try Self.file("x", "1\n")
        #expect(Self.patch(file, file).isEmpty)
        #expect(Self.patch(nil, nil).isEmpty)
        #expect(
            Self.patch(file, try Self.file("x", "1\n", .executable))
                == "diff --git a/x b/x\nold mode 100644\nnew mode 100755\n")
    }

    @Test func `a rename names both paths`() throws {
        #expect(
            Self.patch(try Self.file("x", "1\n"), try Self.file("d/\"y", "1\n")) == """
                diff --git a/x "b/d/\\"y"
                similarity index 100%
                rename from x
                rename to "d/\\"y"

                """)
    }

    @Test func `paths are quoted as git quotes them`() {
        func quoted(_ path: [UInt8], _ nonASCII: Bool = true) -> String {
            let bytes = GitPathQuoting.quote(path, prefix: "a/", quotesNonASCII: nonASCII)
            return String(decoding: bytes, as: UTF8.self)
        }
        #expect(quoted(Array("plain name".utf8)) == "a/plain name")
        #expect(quoted(Array("\u{7}\u{8}\t\n\u{b}\u{c}\r\"\\".utf8)) == #""a/\a\b\t\n\v\f\r\"\\""#)
        #expect(quoted([1, 0x7F, 0xFF]) == #""a/\001\177\377""#)
        #expect(quoted(Array("ä".utf8)) == #""a/\303\244""#)
        #expect(quoted(Array("ä".utf8), false) == "a/ä")
    }

    @Test func `binary contents may be left out`() throws {
        var printer = UnifiedDiff()
        printer.includesBinary = false
        let new = try Self.file("b", "\0")
        let text = String(decoding: printer.patch(from: nil, to: new), as: UTF8.self)
        #expect(text.hasSuffix("\nBinary files /dev/null and b/b differ\n"))
    }

    @Test func `a submodule that holds no commit id does not break the patch`() throws {
        let text = Self.patch(nil, try Self.file("s", "not\nan id", .submodule))
        let zero = String(repeating: "0", count: 40)
        #expect(text.hasSuffix("@@ -0,0 +1 @@\n+Subproject commit \(zero)\n"))
    }

    @Test func `hunks, context and headings are those of git diff`() throws {
        let oracle = try GitOracle()
        let seeds = UInt64(1)...UInt64(80)
        var expected: [[UInt8]] = []
        var script = ""
        for seed in seeds {
            var generator = TextGenerator(seed: seed)
            let base = generator.lines(generator.below(150))
            let old = generator.bytes(base)
            let edits = generator.below(12) + 1
            let new = generator.bytes(generator.edited(base, edits: edits))
            try oracle.write(old, to: "\(seed).old")
            try oracle.write(new, to: "\(seed).new")
            let context = [3, 3, 0, 1, 5, 200][generator.below(6)]
            let lines = (TextLines(old), TextLines(new))
            var printer = UnifiedDiff()
            printer.context = context
            let path = try RepoPath("f")
            let patch = printer.patch(
                from: .init(path: path, mode: .file, content: old),
                to: .init(path: path, mode: .file, content: new))
            let all = TextLines(patch)
            let isShown = old != new && !LineDiff(lines.0, lines.1).isEmpty
            expected.append(isShown ? Array(all[4..<all.count]) : [])
            script += """
                git diff --no-index --no-indent-heuristic -U\(context) \(seed).old \(seed).new |
                  tail -n +5 > \(seed).patch

                """
        }
        try oracle.shell(script)
        for (seed, patch) in zip(seeds, expected) {
            #expect(patch == (try oracle.read("\(seed).patch")), "seed \(seed)")
        }
    }

    @Test func `git takes over a submodule's new commit`() throws {
        let oracle = try GitOracle()
        let (one, two) = (String(repeating: "1", count: 40), String(repeating: "2", count: 40))
        let old = try Self.file("sub", one, .submodule)
        let new = try Self.file("sub", two + "\n", .submodule)
        try oracle.write(UnifiedDiff().patch(from: nil, to: old), to: "add")
        try oracle.write(UnifiedDiff().patch(from: old, to: new), to: "change")
        try oracle.write(UnifiedDiff().patch(from: new, to: nil), to: "delete")
        let output = try oracle.shell(
            """
            git init -q . && git apply --cached add && git ls-files -s &&
            git apply --cached change && git ls-files -s &&
            git apply --cached delete && git ls-files -s
            """)
        #expect(output.text == "160000 \(one) 0\tsub\n160000 \(two) 0\tsub\n")
    }

    @Test(arguments: UInt64(1)...UInt64(12))
    func `git applies a patch of many changes, and takes it back`(seed: UInt64) throws {
        var world = ChangeGenerator(seed: seed)
        let (old, new) = try world.states()
        let context = [3, 3, 1, 8][Int(seed) % 4]
        var printer = UnifiedDiff()
        printer.context = context
        printer.quotesNonASCII = seed % 3 != 0
        var patch: [UInt8] = []
        for path in Set(old.keys).union(new.keys).sorted() {
            patch += printer.patch(from: old[path], to: new[path])
        }
        let oracle = try GitOracle()
        try oracle.shell("mkdir tree && git init -q tree")
        let files = RawFiles(root: oracle.path("tree"))
        for file in old.values { try files.write(file) }
        try oracle.write(patch, to: "patch")

        let forward = try oracle.shell("cd tree && git apply --whitespace=nowarn ../patch")
        #expect(forward.status == 0, "seed \(seed): \(forward.text)")
        #expect(try files.readAll() == new, "seed \(seed)")
        let back = try oracle.shell("cd tree && git apply -R --whitespace=nowarn ../patch")
        #expect(back.status == 0, "seed \(seed): \(back.text)")
        #expect(try files.readAll() == old, "seed \(seed)")
    }

    @Test func `git applies renames with and without edits`() throws {
        let oracle = try GitOracle()
        try oracle.shell("mkdir tree && git init -q tree")
        let files = RawFiles(root: oracle.path("tree"))
        let old = [
            try Self.file("a one", "1\n2\n3\n"), try Self.file("b\ttwo", "\0\u{1}", .executable),
            try Self.file("c", "same\n"),
        ]
        let new = [
            try Self.file("x/a \"one\"", "1\n2\n3\n4\n"), try Self.file("y", "\0\u{2}"),
            try Self.file("z z", "same\n", .executable),
        ]
        for file in old { try files.write(file) }
        let patch = zip(old, new).flatMap { UnifiedDiff().patch(from: $0, to: $1) }
        try oracle.write(patch, to: "patch")
        let output = try oracle.shell("cd tree && git apply ../patch")
        #expect(output.status == 0, "\(output.text)")
        #expect(try files.readAll() == Dictionary(uniqueKeysWithValues: new.map { ($0.path, $0) }))
        let back = try oracle.shell("cd tree && git apply -R ../patch")
        #expect(back.status == 0, "\(back.text)")
        #expect(try files.readAll() == Dictionary(uniqueKeysWithValues: old.map { ($0.path, $0) }))
    }
}
