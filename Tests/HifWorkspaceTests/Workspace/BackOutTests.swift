import HifCore
import HifRepository
import HifWorkspace
import Support
import Testing

/// Backing out when answers are lost: it lands once, whatever is run next.
@Suite struct BackOutTests {
    /// A project with "Begin" at @1 and "Bad" at @2, and a workspace of it that loses the next
    /// answers to landings.
    private static func prepared(
        losing count: Int, losesRequests: Bool = false
    ) async throws -> (store: TestStore, directory: TemporaryDirectory, workspace: Workspace) {
        let store = try await TestStore()
        let directory = TemporaryDirectory()
        let other = try await store.workspace(directory, name: "other", seed: 3)
        try other.put("f", "one\ntwo\nthree\nfour\nfive\n")
        #expect(try await other.landAll("Begin") == 1)
        try other.put("f", "one\nBAD\nthree\nfour\nfive\n")
        try other.put("extra", "x")
        #expect(try await other.landAll("Bad") == 2)
        let real = LocalRemote(store.local.repository(store.project.id))
        let workspace = try await store.workspace(
            directory, remote: ForgetfulRemote(real, losing: count, losesRequests: losesRequests))
        return (store, directory, workspace)
    }

    @Test(arguments: ["@2", "2", "@latest", "@base"])
    func `run again after a lost answer, it finds its landing`(_ word: String) async throws {
        let (store, directory, workspace) = try await Self.prepared(losing: 1)
        defer { withExtendedLifetime(directory) {} }
        await #expect(throws: WorkspaceError.self) {
            try await workspace.changing { try await workspace.backOut(word, reason: "bad") }
        }
        #expect(try workspace.text("f") == "one\nBAD\nthree\nfour\nfive\n")

        let again = try await store.open(workspace.rootPath)
        let report = try await again.changing { try await again.backOut(word, reason: "bad") }
        #expect(report.position == 3)
        #expect(report.backedOut == 2)
        #expect(report.hadLanded)
        #expect(try again.text("f") == "one\ntwo\nthree\nfour\nfive\n")
        #expect(try again.text("extra") == nil)
        #expect(try again.changes() == [])
        #expect(again.base.position == 3)
        #expect(try await again.remote.newest().position == 3)
        #expect(again.state.attempts.isEmpty)
    }

    @Test func `another command takes the lost landing in, with the edits made since`()
        async throws
    {
        let (store, directory, workspace) = try await Self.prepared(losing: 1)
        defer { withExtendedLifetime(directory) {} }
        await #expect(throws: WorkspaceError.self) {
            try await workspace.changing { try await workspace.backOut("@2", reason: "bad") }
        }
        try workspace.put("f", "one\nBAD\nthree\nfour\nFIVE\n")

        let again = try await store.open(workspace.rootPath)
        #expect(try await again.landAll("Shout") == 4)
        #expect(try again.text("f") == "one\ntwo\nthree\nfour\nFIVE\n")
        #expect(try again.text("extra") == nil)
        #expect(try again.changes() == [])
        let landing = try await again.remote.landing(at: 4)
        #expect(landing.landing.goalLine == "Shout")
        #expect(landing.operations.map(\.operation.path) == [try RepoPath("f")])
    }

    @Test func `what is backed out already is not backed out again`() async throws {
        let (store, directory, workspace) = try await Self.prepared(losing: 1)
        defer { withExtendedLifetime(directory) {} }
        await #expect(throws: WorkspaceError.self) {
            try await workspace.changing { try await workspace.backOut("@2", reason: "bad") }
        }
        let again = try await store.open(workspace.rootPath)
        _ = try await again.changing { try await again.update() }
        let error = await #expect(throws: WorkspaceError.self) {
            try await again.changing { try await again.backOut("@2", reason: "bad") }
        }
        #expect(error?.code == .nothingToDo)
        #expect(try await again.remote.newest().position == 3)
    }

    @Test func `an edit does not land in place of an inverse that is not settled`() async throws {
        let (_, directory, workspace) = try await Self.prepared(losing: 1, losesRequests: true)
        defer { withExtendedLifetime(directory) {} }
        // The inverse never arrives, so its attempt stays open.
        let error = await #expect(throws: WorkspaceError.self) {
            try await workspace.changing { try await workspace.backOut("@2", reason: "bad") }
        }
        #expect(error?.code == .network)
        #expect(workspace.state.attempts.map(\.backsOut) == [2])
        let open = try #require(workspace.state.attempts.first).session
        try workspace.put("g", "new")
        #expect(try await workspace.landAll("Add g") == 3)
        #expect(try await workspace.remote.landing(at: 3).landing.session.full != open)
        #expect(workspace.state.attempts.map(\.backsOut) == [2])
    }

    @Test func `a second inverse waits until the first one's conflicts are settled`() async throws {
        let store = try await TestStore()
        let directory = TemporaryDirectory()
        defer { withExtendedLifetime(directory) {} }
        let workspace = try await store.workspace(directory, name: "one", seed: 3)
        for text in ["one\n", "two\n", "three\n"] {
            try workspace.put("f", text)
            _ = try await workspace.landAll(text)
        }
        await #expect(throws: WorkspaceError.self) {
            try await workspace.changing { try await workspace.backOut("@2", reason: "bad") }
        }
        let marked = try workspace.text("f")
        #expect(marked?.contains("<<<<<<<") == true)
        let error = await #expect(throws: WorkspaceError.self) {
            try await workspace.changing { try await workspace.backOut("@3", reason: "bad") }
        }
        #expect(error?.code == .unresolved)
        #expect(try workspace.text("f") == marked)
        #expect(try await workspace.remote.newest().position == 3)
    }
}
