import Foundation
import HifCore
import HifRepository
import Support
import Testing

@testable import HifWorkspace

@Suite struct ApplyTests {
    private func landed(_ directory: TemporaryDirectory) async throws -> Workspace {
        let store = try await TestStore()
        let workspace = try await store.workspace(directory)
        try workspace.put("a.txt", "1\n2\n3\n4\n5\n")
        try workspace.put("d/b.txt", "b\n")
        _ = try await workspace.landAll("Begin")
        return workspace
    }

    private func write(
        _ path: String, _ text: String, kind: Leaf.Kind? = nil,
        expected: FileEdit.Expectation = .anything
    ) throws -> FileEdit {
        FileEdit(
            path: try RepoPath(path), change: .write(Array(text.utf8), kind: kind),
            expected: expected)
    }

    private func apply(
        _ workspace: Workspace, _ edits: [FileEdit], at base: Position? = nil
    ) async throws -> (paths: [String], backup: String?) {
        let (paths, label) = try await workspace.changing {
            try await workspace.apply(edits, expectingBase: base)
        }
        return (paths.map(\.description), label)
    }

    private func patch(_ text: String) throws -> [FileEdit] {
        FileEdit.edits(of: try Patch(Array(text.utf8)))
    }

    @Test func `a patch edits, adds, deletes and renames together`() async throws {
        let directory = TemporaryDirectory()
        let workspace = try await landed(directory)
        let edits = try patch(
            """
            diff --git a/a.txt b/a.txt
            --- a/a.txt
            +++ b/a.txt
            @@ -1,5 +1,5 @@
             1
             2
            -3
            +three
             4
             5
            diff --git a/d/b.txt b/moved/b
            similarity index 50%
            rename from d/b.txt
            rename to moved/b
            --- a/d/b.txt
            +++ b/moved/b
            @@ -1 +1,2 @@
             b
            +more
            diff --git a/run b/run
            new file mode 100755
            --- /dev/null
            +++ b/run
            @@ -0,0 +1 @@
            +go

            """)
        let done = try await apply(workspace, edits)
        #expect(done.paths == ["a.txt", "d/b.txt", "moved/b", "run"])
        // Everything that was there is in the project.
        #expect(done.backup == nil)
        #expect(try workspace.text("a.txt") == "1\n2\nthree\n4\n5\n")
        #expect(try workspace.text("moved/b") == "b\nmore\n")
        #expect(try workspace.text("d/b.txt") == nil)
        #expect(try workspace.fileContent(RepoPath("run"), bytesMax: 9)?.leaf.kind == .executable)
        #expect(try workspace.changes().count == 4)
    }

    @Test func `one edit that does not fit, and nothing changes`() async throws {
        let directory = TemporaryDirectory()
        let workspace = try await landed(directory)
        let misfits: [(edits: [FileEdit], says: String)] = [
            (
                try patch("--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-one\n+ONE\n"),
                "line 3 of the patch"
            ),
            (try patch("--- a/gone\n+++ b/gone\n@@ -1 +1 @@\n-x\n+y\n"), "'gone' is not there"),
            (try patch("--- /dev/null\n+++ b/a.txt\n@@ -0,0 +1 @@\n+x\n"), "is there already"),
            (
                try patch("--- a/a.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-1\n"),
                "holds more than the patch deletes"
            ),
            ([try write("a.txt", "x", expected: .absent)], "'a.txt' is not what"),
            (
                [try write("a.txt", "x", expected: .content(Blake3.hash(Array("other".utf8))))],
                "'a.txt' is not what"
            ),
            ([FileEdit(path: try RepoPath("gone"), change: .delete)], "not there to be deleted"),
        ]
        for misfit in misfits {
            let error = await #expect(throws: WorkspaceError.self) {
                _ = try await apply(workspace, [try write("new", "new\n")] + misfit.edits)
            }
            #expect(error?.code == .doesNotApply)
            #expect(error?.message.contains(misfit.says) == true, "\(error?.message ?? "")")
            #expect(try workspace.changes().isEmpty)
        }
        let stands = await #expect(throws: WorkspaceError.self) {
            _ = try await apply(workspace, [try write("new", "new\n")], at: 7)
        }
        #expect(stands?.message.contains("stands at @1, not at @7") == true)
    }

    @Test func `what is replaced and did not land is kept`() async throws {
        let directory = TemporaryDirectory()
        let workspace = try await landed(directory)
        try workspace.put("a.txt", "mine\n")
        try workspace.put("untracked", "mine too\n")
        let hash = Blake3.hash(Array("mine\n".utf8))
        let done = try await apply(
            workspace,
            [
                try write("a.txt", "theirs\n", expected: .content(hash)),
                FileEdit(path: try RepoPath("untracked"), change: .delete),
                try write("d/b.txt", "B\n"),
            ], at: 1)
        let label = try #require(done.backup)
        let kept = workspace.rootPath + "/.hif/backup/" + label
        #expect(try String(contentsOfFile: kept + "/a.txt", encoding: .utf8) == "mine\n")
        #expect(try String(contentsOfFile: kept + "/untracked", encoding: .utf8) == "mine too\n")
        #expect(!FileManager.default.fileExists(atPath: kept + "/d"))
        #expect(try workspace.text("a.txt") == "theirs\n")
    }

    @Test func `links and directories are not written through`() async throws {
        let directory = TemporaryDirectory()
        let workspace = try await landed(directory)
        let outside = directory.path + "/outside"
        try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: workspace.rootPath + "/link", withDestinationPath: outside)
        for path in ["link/x", "d", "a.txt/x"] {
            let error = await #expect(throws: WorkspaceError.self) {
                _ = try await apply(workspace, [try write("new", "n\n"), try write(path, "x\n")])
            }
            #expect(error?.code == .inTheWay)
            #expect(try workspace.text("new") == nil)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: outside).isEmpty)
        // The link itself may be replaced.
        _ = try await apply(workspace, [try write("link", "a file now\n")])
        #expect(try workspace.text("link") == "a file now\n")
    }

    @Test func `the same edits again are nothing to do`() async throws {
        let directory = TemporaryDirectory()
        let workspace = try await landed(directory)
        let edits = [try write("d/b.txt", "B\n"), try write("run", "go\n", kind: .executable)]
        _ = try await apply(workspace, edits)
        let error = await #expect(throws: WorkspaceError.self) {
            _ = try await apply(workspace, edits)
        }
        #expect(error?.code == .nothingToDo)
    }

    /// As a process leaves it that died after some of the files.
    @Test func `edits that were cut short are finished, and what was edited since stays`()
        async throws
    {
        let directory = TemporaryDirectory()
        defer { withExtendedLifetime(directory) {} }
        let workspace = try await landed(directory)
        var contents: [Hash: [UInt8]] = [:]
        func leaf(_ text: String) -> Leaf {
            let bytes = Array(text.utf8)
            let leaf = Leaf(kind: .file, size: UInt64(bytes.count), hash: Blake3.hash(bytes))
            contents[leaf.hash] = bytes
            return leaf
        }
        let targets = try [
            ("a.txt", leaf("1\n2\n3\n4\n5\n"), leaf("new a\n")),
            ("d/b.txt", leaf("b\n"), leaf("new b\n")), ("e.txt", nil, leaf("new e\n")),
            ("f.txt", nil, leaf("new f, all of it\n")), ("g.txt", nil, leaf("new g\n")),
        ].map { TargetChange(path: try RepoPath($0.0), expected: $0.1, new: $0.2) }
        let journal = EditJournal(targets: targets, contents: contents)
        let path = URL(fileURLWithPath: workspace.rootPath + "/.hif/applying")
        try Data(journal.encoded()).write(to: path)
        try workspace.put("a.txt", "new a\n")
        try workspace.put("f.txt", "new f")
        try workspace.put("g.txt", "somebody was here\n")
        #expect(try workspace.hasPendingEdits())
        #expect(try await workspace.check().problems.contains { $0.contains("hif apply") })

        _ = try await workspace.changing { try await workspace.update() }
        #expect(try !workspace.hasPendingEdits())
        #expect(try workspace.text("a.txt") == "new a\n")
        #expect(try workspace.text("d/b.txt") == "new b\n")
        #expect(try workspace.text("e.txt") == "new e\n")
        #expect(try workspace.text("f.txt") == "new f, all of it\n")
        #expect(try workspace.text("g.txt") == "somebody was here\n")
    }

    @Test func `what came in the way of edits that were cut short stops nothing`() async throws {
        let directory = TemporaryDirectory()
        defer { withExtendedLifetime(directory) {} }
        let workspace = try await landed(directory)
        let content = Array("new\n".utf8)
        let leaf = Leaf(kind: .file, size: 4, hash: Blake3.hash(content))
        let targets = try ["dir", "link/x", "z.txt"].map {
            TargetChange(path: try RepoPath($0), expected: nil, new: leaf)
        }
        let journal = EditJournal(targets: targets, contents: [leaf.hash: content])
        try Data(journal.encoded()).write(
            to: URL(fileURLWithPath: workspace.rootPath + "/.hif/applying"))
        try workspace.put("dir/mine", "mine\n")
        try FileManager.default.createSymbolicLink(
            atPath: workspace.rootPath + "/link", withDestinationPath: "/")
        _ = try await workspace.changing { try await workspace.update() }
        #expect(try !workspace.hasPendingEdits())
        #expect(try workspace.text("dir/mine") == "mine\n")
        #expect(try workspace.text("z.txt") == "new\n")
    }

    @Test func `a journal of edits that is damaged is an error, whatever the byte`() async throws {
        let content = Array("new\n".utf8)
        let leaf = Leaf(kind: .file, size: 4, hash: Blake3.hash(content))
        let journal = EditJournal(
            targets: [TargetChange(path: try RepoPath("a"), expected: nil, new: leaf)],
            contents: [leaf.hash: content])
        let bytes = journal.encoded()
        #expect(try EditJournal(decoding: bytes).contents == [leaf.hash: content])
        for index in bytes.indices {
            var altered = bytes
            altered[index] ^= 1
            #expect(throws: FormatError.self) { try EditJournal(decoding: altered) }
            #expect(throws: FormatError.self) {
                try EditJournal(decoding: Array(bytes.prefix(index)))
            }
        }
    }
}
