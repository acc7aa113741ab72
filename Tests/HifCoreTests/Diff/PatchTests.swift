import HifCore
import Support
import Testing

@Suite struct PatchTests {
    private static func patch(_ text: String) throws -> Patch { try Patch(Array(text.utf8)) }

    private static func applied(_ text: String, to old: String) throws -> String {
        let patch = try patch(text)
        return String(decoding: try patch.files[0].apply(to: Array(old.utf8)), as: UTF8.self)
    }

    /// What is wrong with a patch, and where.
    private static func error(_ text: String, on old: String? = nil) -> PatchError? {
        do throws(PatchError) {
            let patch = try Patch(Array(text.utf8))
            if let old { _ = try patch.files[0].apply(to: Array(old.utf8)) }
            return nil
        } catch {
            return error
        }
    }

    /// The tree that a patch makes of `state`.
    private static func apply(
        _ patch: Patch, to state: ChangeGenerator.State
    ) throws -> ChangeGenerator.State {
        var result = state
        for change in patch.files {
            if let old = change.old, !change.isCopy { result[old] = nil }
            guard let new = change.new else { continue }
            let old = change.old.flatMap { state[$0] }
            let mode = change.newMode ?? old?.mode ?? .file
            result[new] = UnifiedDiff.File(
                path: new, mode: mode, content: try change.apply(to: old?.content ?? []))
        }
        return result
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `what we write is read, and makes the other state`(seed: UInt64) throws {
        var generator = ChangeGenerator(seed: seed)
        let (old, new) = try generator.states()
        var bytes: [UInt8] = []
        let removedFirst = Set(old.keys).union(new.keys).sorted {
            (new[$0] != nil ? 1 : 0, $0) < (new[$1] != nil ? 1 : 0, $1)
        }
        for path in removedFirst { bytes += UnifiedDiff().patch(from: old[path], to: new[path]) }
        #expect(try Self.apply(Patch(bytes), to: old) == new, "seed \(seed)")
    }

    @Test(arguments: 0..<12 as Range<UInt64>)
    func `what git writes is read, renames and all`(seed: UInt64) throws {
        let git = try GitOracle()
        var text = TextGenerator(seed: seed)
        let lines = (0..<120).map { Array("line \($0)\n".utf8) }
        func file() -> [UInt8] {
            var kept = lines.filter { _ in text.below(9) > 0 }.flatMap { $0 }
            if text.below(3) == 0 { kept.removeLast() }
            return kept
        }
        let (before, after) = (file(), file())
        try git.write(before, to: "a name")
        try git.shell("git init -q . && git add -A && git commit -qm 1 && mkdir d")
        try git.write(after, to: "d/other")
        try git.shell("rm 'a name' && git add -A")
        for options in ["-M20%", "--no-renames", "-U1 -M20%"] {
            let output = try git.shell("git diff --cached \(options)")
            let patch = try Patch(output.bytes)
            let mode = GitFileMode.file
            let old = try RepoPath("a name")
            let new = try RepoPath("d/other")
            let made = try Self.apply(
                patch, to: [old: UnifiedDiff.File(path: old, mode: mode, content: before)])
            #expect(
                made == [new: UnifiedDiff.File(path: new, mode: mode, content: after)],
                "seed \(seed), \(options)")
        }
    }

    @Test func `a hunk is found where its lines moved to, and nowhere else`() throws {
        let hunk = "--- a/f\n+++ b/f\n@@ -2,3 +2,3 @@\n b\n-c\n+C\n d\n"
        #expect(try Self.applied(hunk, to: "a\nb\nc\nd\ne\n") == "a\nb\nC\nd\ne\n")
        #expect(try Self.applied(hunk, to: "x\nx\nx\na\nb\nc\nd\n") == "x\nx\nx\na\nb\nC\nd\n")
        let error = Self.error(hunk, on: "a\nb\nc\nD\n")
        #expect(error?.code == .doesNotFit && error?.line == 3)
        #expect(Self.error(hunk, on: "")?.code == .doesNotFit)
    }

    @Test func `a hunk at an end of a file stays there`() throws {
        let begins = "--- a/f\n+++ b/f\n@@ -1,2 +1,3 @@\n+new\n a\n b\n"
        #expect(try Self.applied(begins, to: "a\nb\n") == "new\na\nb\n")
        #expect(Self.error(begins, on: "x\na\nb\n")?.code == .doesNotFit)
        let ends = "--- a/f\n+++ b/f\n@@ -2,2 +2,3 @@\n a\n b\n+new\n"
        #expect(try Self.applied(ends, to: "x\na\nb\n") == "x\na\nb\nnew\n")
        #expect(Self.error(ends, on: "a\nb\nx\n")?.code == .doesNotFit)
    }

    @Test func `missing line feeds at the end are part of a line`() throws {
        let patch = "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"
        #expect(try Self.applied(patch, to: "a") == "a\n")
        #expect(Self.error(patch, on: "a\n")?.code == .doesNotFit)
    }

    @Test(arguments: [
        ("", "no change"), ("hello\nworld\n", "no change"),
        ("@@ -1 +1 @@\n-a\n+b\n", "names its file"),
        ("--- a/f\n+++ b/f\n", "no hunk"),
        ("--- a/f\n+++ b/f\n@@ -1,2 +1 @@\n-a\n", "cut short"),
        ("--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n*b\n", "begins with"),
        ("--- a/f\n+++ b/f\n@@ -x +1 @@\n-a\n+b\n", "which lines"),
        ("--- a/f\n+++ b/f\n@@ -99999999999999999999 +1 @@\n-a\n+b\n", "which lines"),
        ("--- a/../f\n+++ b/../f\n@@ -1 +1 @@\n-a\n+b\n", "line 1"),
        ("--- a/.git/x\n+++ b/.git/x\n@@ -1 +1 @@\n-a\n+b\n", "line 1"),
        ("--- \"a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n", "quotation marks"),
        ("--- \"a/\\9\"\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n", "quoted as git"),
        ("--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-a\n+b\n", "both sides"),
        ("diff --git a/f b/f\nold mode 100600\nnew mode 100755\n", "mode"),
        ("diff --git a/f b/f\nrename from f\n", "one of two"),
        ("diff --git a/f b/f\nindex 1..2\nBinary files a/f and b/f differ\n", "not how"),
        ("diff --git a/f b/f\nGIT binary patch\ndelta 3\nKcmZQzU|?ckU;\n\n", "file whole"),
        ("diff --git what\n", "which file"),
    ])
    func `what is no patch is refused with its line`(text: String, says: String) {
        let error = Self.error(text)
        #expect(error?.code == .malformed, "\(text)")
        #expect(error.map { "\($0)".contains(says) } == true, "\(String(describing: error))")
    }

    @Test func `no damage to a patch traps`() throws {
        var generator = ChangeGenerator(seed: 5)
        let (old, new) = try generator.states()
        var bytes: [UInt8] = []
        for (path, file) in new.sorted(by: { $0.key < $1.key }) {
            bytes += UnifiedDiff().patch(from: old[path], to: file)
        }
        bytes = Array(bytes.prefix(6_000))
        var random = SeededGenerator(seed: 6)
        for cut in stride(from: 0, to: bytes.count, by: 7) {
            _ = try? Patch(Array(bytes[..<cut]))
            var flipped = bytes
            flipped[cut] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            guard let patch = try? Patch(flipped) else { continue }
            for file in patch.files { _ = try? file.apply(to: old.first?.value.content ?? []) }
        }
    }
}
