import Foundation
import HifCore
import HifRepository
import HifWorkspace
import Support
import Testing

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
}
