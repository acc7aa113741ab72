import Glibc
import HifCore
import Support
import Testing

@testable import HifWorkspace

@Suite struct IgnoreRulesTests {
    struct Classic: Sendable, CustomTestStringConvertible {
        var lines: String
        var ignored: [String]
        var kept: [String]
        var testDescription: String { lines }
    }

    /// A path that ends with a slash is a directory.
    static let classics = [
        Classic(lines: "*.o", ignored: ["a.o", "x/y.o", ".o"], kept: ["a.oo", "o"]),
        Classic(lines: "build/", ignored: ["build/", "x/build/", "build/a"], kept: ["build"]),
        Classic(lines: "/build", ignored: ["build", "build/"], kept: ["x/build"]),
        Classic(lines: "a/b", ignored: ["a/b"], kept: ["x/a/b", "b"]),
        Classic(lines: "**/b", ignored: ["b", "a/b", "a/x/b"], kept: ["ab", "a/bb"]),
        Classic(lines: "a/**", ignored: ["a/b", "a/b/c"], kept: ["a/", "b"]),
        Classic(lines: "a/**/b", ignored: ["a/b", "a/x/b", "a/x/y/b"], kept: ["ab", "a/xb"]),
        Classic(lines: "*.c\n!keep.c", ignored: ["a.c"], kept: ["keep.c", "x/keep.c"]),
        Classic(lines: "d/\n!d/keep", ignored: ["d/keep"], kept: ["e/keep"]),
        Classic(lines: "/*\n!/src", ignored: ["a", "b/"], kept: ["src", "src/a"]),
        Classic(lines: "# no\n\\#yes", ignored: ["#yes"], kept: ["# no"]),
        Classic(lines: "\\!x", ignored: ["!x"], kept: ["x"]),
        Classic(lines: "x  \ny\\ ", ignored: ["x", "y "], kept: ["x  ", "y"]),
        Classic(lines: "[a-c]?[!0-9]", ignored: ["axx", "c1_"], kept: ["dxx", "ax1", "a/x"]),
        Classic(lines: "[]-]", ignored: ["]", "-"], kept: ["x"]),
        Classic(lines: "[[:digit:][:upper:]]", ignored: ["3", "Q"], kept: ["q", ":"]),
        Classic(lines: "[abc", ignored: [], kept: ["a", "[abc"]),
        Classic(lines: "a\\", ignored: [], kept: ["a", "a\\"]),
        Classic(lines: "\u{FEFF}bom\r\nend\r", ignored: ["bom", "end"], kept: ["end\r"]),
        Classic(lines: "foo*/bar", ignored: ["foo/bar", "fooz/bar"], kept: ["foo/x/bar"]),
        Classic(lines: "", ignored: [".hif/", ".GIT", "a/.hif"], kept: [".hifx", "hif"]),
    ]

    static func isIgnored(_ rules: IgnoreRules, _ path: String) -> Bool {
        let isDirectory = path.hasSuffix("/")
        let names = path.utf8.split(separator: UInt8(ascii: "/")).map(Array.init)
        for depth in 1...names.count {
            let prefix = Array(names[..<depth].joined(separator: [UInt8(ascii: "/")]))
            if rules.isIgnored(prefix, isDirectory: depth < names.count || isDirectory) {
                return true
            }
        }
        return false
    }

    @Test(arguments: classics)
    func `classic lines mean what they mean to git`(classic: Classic) {
        var rules = IgnoreRules()
        rules.add(Array(classic.lines.utf8), in: [])
        for path in classic.ignored { #expect(Self.isIgnored(rules, path), "\(path)") }
        for path in classic.kept { #expect(!Self.isIgnored(rules, path), "\(path)") }
    }

    @Test func `deeper files decide over shallower ones, and hif's over git's`() throws {
        let directory = TemporaryDirectory()
        directory.write(".gitignore", "*.log\nb/only\n")
        directory.write("a/.gitignore", "!keep.log\n/here\n")
        directory.write("a/.hifignore", "keep.log\n!x.log\n")
        directory.write(".git/info/exclude", "excluded\n*.txt\n")
        directory.write(".hifignore", "!a.txt\n")
        directory.makeDirectory("a/b")
        let root = try directory.root
        func isIgnored(_ name: String) throws -> Bool {
            try IgnoreRules.isIgnored(path(name), isDirectory: false, root: root)
        }
        #expect(try isIgnored("x.log"))
        #expect(try isIgnored("a/keep.log"))
        #expect(try !isIgnored("a/x.log"))
        #expect(try isIgnored("a/here"))
        #expect(try !isIgnored("a/b/here"))
        #expect(try isIgnored("b/only"))
        #expect(try !isIgnored("a/b/only"))
        #expect(try isIgnored("a/b/excluded"))
        #expect(try isIgnored("b.txt"))
        #expect(try !isIgnored("a.txt"))
    }

    @Test func `no pattern takes exponential time`() {
        var rules = IgnoreRules()
        let deep = String(repeating: "**/a*a*a*", count: 60)
        rules.add(Array("\(deep)\n\(String(repeating: "*a", count: 200))b\n".utf8), in: [])
        let path = String(repeating: "aaaaaaaaaaaaaaaaaaaaaaa/", count: 40) + "c"
        #expect(!rules.isIgnored(Array(path.utf8), isDirectory: false))
    }

    /// Git itself as the oracle: random lines at the root and in a directory, every path below.
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `random rules ignore what git check-ignore says`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let pieces = [
            "a", "b", "ab", "*", "**", "?", "/", "/", "[ab]", "[!a]", "\\a", "!", " ",
            "[[:alpha:]]",
            "[a-", "c", "a*", "**/", "/**", "\\", "]",
        ]
        func lines() -> String {
            (0..<6).map { _ in
                (0..<Int.random(in: 1...5, using: &generator)).map { _ in
                    pieces.randomElement(using: &generator)!
                }.joined()
            }.joined(separator: "\n") + "\n"
        }
        let names = ["a", "b", "ab", "c", "a b"]
        var ignoredCount = 0
        for round in 0..<8 {
            let directory = TemporaryDirectory()
            var paths: [String] = []
            for first in names {
                if first.count == 1 || round.isMultiple(of: 2) {
                    for second in names.prefix(4) {
                        for third in ["a", "ab", "c"] {
                            if second == "c" { continue }
                            let name = "\(first)/\(second)/\(third)"
                            directory.write(name, "")
                            paths.append(name)
                        }
                        if second == "c" {
                            directory.write("\(first)/c", "")
                            paths.append("\(first)/c")
                        } else {
                            paths.append("\(first)/\(second)")
                        }
                    }
                } else {
                    directory.write(first, "")
                }
                paths.append(first)
            }
            let root = lines()
            let inner = lines()
            directory.write(".gitignore", root)
            directory.write("a/.gitignore", inner)
            directory.write("paths", paths.map { $0 + "\0" }.joined())
            let command =
                "cd \(directory.path) && git init -q . && git check-ignore --no-index -z --stdin"
                + " < paths > ignored 2>/dev/null"
            system(command)
            let output = try #require(directory.read("ignored"))
            let expected = Set(output.split(separator: "\0").map(String.init))
            ignoredCount += expected.count
            let handle = try directory.root
            for name in paths {
                var raw = stat()
                lstat(directory.path + "/" + name, &raw)
                let ours = try IgnoreRules.isIgnored(
                    path(name), isDirectory: raw.st_mode & S_IFMT == S_IFDIR, root: handle)
                #expect(
                    ours == expected.contains(name),
                    "seed \(seed), '\(name)' with root \(root.debugDescription), a/ \(inner.debugDescription)"
                )
            }
        }
        #expect(ignoredCount > 0, "git answered nothing")
    }
}
