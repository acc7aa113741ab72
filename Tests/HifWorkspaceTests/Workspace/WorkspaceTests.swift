import HifCore
import HifRepository
import HifStore
import HifWorkspace
import Support
import Testing

@Suite struct WorkspaceTests {
    private static let lines = (1...12).map { "line \($0)\n" }

    private static func text(changing line: Int, to new: String) -> String {
        var lines = lines
        lines[line - 1] = new + "\n"
        return lines.joined()
    }

    @Test func `what one workspace lands another takes in, with its own edits merged`() async throws
    {
        let store = try await TestStore()
        let directory = TemporaryDirectory()
        let first = try await store.workspace(directory, name: "a", seed: 1)
        let second = try await store.workspace(directory, name: "b", seed: 2)
        try first.put("f.txt", Self.lines.joined())
        #expect(try await first.landAll("Begin") == 1)
        _ = try await second.changing { try await second.update() }
        #expect(try second.text("f.txt") == Self.lines.joined())

        try first.put("f.txt", Self.text(changing: 2, to: "first"))
        #expect(try await first.landAll("First") == 2)
        try second.put("f.txt", Self.text(changing: 11, to: "second"))
        let report = try await second.changing { try await second.update() }
        #expect(report.merged == [try RepoPath("f.txt")])
        var both = Self.lines
        both[1] = "first\n"
        both[10] = "second\n"
        #expect(try second.text("f.txt") == both.joined())
        #expect(try second.changes() == ["modified f.txt"])
        #expect(try await second.landAll("Second") == 3)
        #expect(try second.changes() == [])
    }

    @Test func `landing takes in what others landed, and what was not named stays an edit`()
        async throws
    {
        let store = try await TestStore()
        let directory = TemporaryDirectory()
        let first = try await store.workspace(directory, name: "a", seed: 1)
        let second = try await store.workspace(directory, name: "b", seed: 2)
        try first.put("a/one", "1")
        #expect(try await first.landAll("One") == 1)
        try second.put("b/two", "2")
        try second.put("b/three", "3")
        let path = try RepoPath("b/two")
        let report = try await second.changing { try await second.land(goal: "Two", paths: [path]) }
        #expect(report?.landed.position == 2)
        #expect(try second.text("a/one") == "1")
        #expect(try second.changes() == ["added b/three"])
        #expect(second.base.position == 2)
    }

    @Test func `a landing whose answer was lost is found, not repeated, and later edits stay`()
        async throws
    {
        let store = try await TestStore()
        let directory = TemporaryDirectory()
        let real = LocalRemote(store.local.repository(store.project.id))
        let workspace = try await store.workspace(
            directory, remote: ForgetfulRemote(real, losing: 2))
        try workspace.put("f", Self.lines.joined())
        await #expect(throws: WorkspaceError.self) { try await workspace.landAll("Lost") }
        try workspace.put("f", Self.text(changing: 3, to: "later"))
        try workspace.put("g", "new")

        let again = try await store.open(workspace.rootPath)
        _ = try await again.changing { try await again.update() }
        #expect(again.base.position == 1)
        #expect(try again.changes() == ["added g", "modified f"])
        #expect(try again.text("f") == Self.text(changing: 3, to: "later"))
        #expect(try await again.landAll("Later") == 2)
        #expect(try await real.newest().position == 2)
    }

    @Test func `a lost answer of a landing the server merged takes in the merge`() async throws {
        let store = try await TestStore()
        let directory = TemporaryDirectory()
        let other = try await store.workspace(directory, name: "other", seed: 3)
        try other.put("f", Self.lines.joined())
        #expect(try await other.landAll("Begin") == 1)
        let real = LocalRemote(store.local.repository(store.project.id))
        let workspace = try await store.workspace(
            directory, remote: ForgetfulRemote(real, losing: 2))
        try other.put("f", Self.text(changing: 2, to: "theirs"))
        #expect(try await other.landAll("Theirs") == 2)
        try workspace.put("f", Self.text(changing: 10, to: "mine"))
        await #expect(throws: WorkspaceError.self) { try await workspace.landAll("Mine") }

        let again = try await store.open(workspace.rootPath)
        _ = try await again.changing { try await again.update() }
        var both = Self.lines
        both[1] = "theirs\n"
        both[9] = "mine\n"
        #expect(try again.text("f") == both.joined())
        #expect(try again.changes() == [])
        #expect(again.base.position == 3)
    }

    @Test func `edits of the same line conflict, and are settled by resolving`() async throws {
        let store = try await TestStore()
        let directory = TemporaryDirectory()
        let first = try await store.workspace(directory, name: "a", seed: 1)
        try first.put("f", Self.lines.joined())
        #expect(try await first.landAll("Begin") == 1)
        let second = try await store.workspace(directory, name: "b", seed: 2)
        try first.put("f", Self.text(changing: 5, to: "first"))
        #expect(try await first.landAll("First") == 2)
        try second.put("f", Self.text(changing: 5, to: "second"))
        let error = await #expect(throws: WorkspaceError.self) {
            try await second.landAll("Second")
        }
        #expect(error?.code == .conflict)
        #expect(error?.conflicts.first?.landing == 2)
        #expect(try second.text("f") == Self.text(changing: 5, to: "second"))

        let report = try await second.changing { try await second.update() }
        #expect(report.conflicts == [try RepoPath("f")])
        #expect(
            try second.text("f")?.contains("<<<<<<< yours\nsecond\n=======\nfirst\n>>>>>>> @2\n")
                == true)
        let refused = await #expect(throws: WorkspaceError.self) { try await second.landAll("x") }
        #expect(refused?.code == .unresolved)
        #expect(throws: WorkspaceError.self) { try second.resolve([], force: false) }
        try second.put("f", Self.text(changing: 5, to: "both"))
        #expect(try second.resolve([], force: false) == [try RepoPath("f")])
        #expect(try await second.landAll("Both") == 3)
    }

    @Test func `going to a position refuses to lose an edit and keeps a copy when forced`()
        async throws
    {
        let store = try await TestStore()
        let directory = TemporaryDirectory()
        let workspace = try await store.workspace(directory)
        try workspace.put("f", "one\n")
        try workspace.put("keep", "k\n")
        #expect(try await workspace.landAll("One") == 1)
        try workspace.put("f", "two\n")
        #expect(try await workspace.landAll("Two") == 2)
        try workspace.put("keep", "edited\n")
        _ = try await workspace.changing { try await workspace.go(to: 1, force: false) }
        #expect(try workspace.text("f") == "one\n")
        #expect(try workspace.text("keep") == "edited\n")
        try workspace.put("f", "mine\n")
        await #expect(throws: WorkspaceError.self) {
            try await workspace.changing { try await workspace.go(to: 2, force: false) }
        }
        #expect(try workspace.text("f") == "mine\n")
        let report = try await workspace.changing { try await workspace.go(to: 2, force: true) }
        #expect(try workspace.text("f") == "two\n")
        let label = try #require(report.backupLabel)
        #expect(try workspace.text("keep") == "edited\n")
        let backup = try DirectoryHandle(
            path: Array("\(workspace.rootPath)/.hif/backup/\(label)".utf8))
        #expect(try backup.contents(Array("f".utf8)) == Array("mine\n".utf8))
    }

    @Test func `backing out lands the inverse and keeps what came after`() async throws {
        let store = try await TestStore()
        let directory = TemporaryDirectory()
        let workspace = try await store.workspace(directory)
        try workspace.put("f", Self.lines.joined())
        #expect(try await workspace.landAll("Begin") == 1)
        try workspace.put("f", Self.text(changing: 2, to: "bad"))
        try workspace.put("new", "n")
        #expect(try await workspace.landAll("Bad") == 2)
        var later = Self.lines
        later[1] = "bad\n"
        later[10] = "good\n"
        try workspace.put("f", later.joined())
        #expect(try await workspace.landAll("Good") == 3)
        let backedOut = try await workspace.changing {
            try await workspace.backOut("@2", reason: "it was bad")
        }
        #expect(backedOut.position == 4)
        later[1] = "line 2\n"
        #expect(try workspace.text("f") == later.joined())
        #expect(try workspace.text("new") == nil)
        #expect(try workspace.changes() == [])
    }

    @Test func `a session folds its conversation into the landing, and a key finds it again`()
        async throws
    {
        let store = try await TestStore()
        let directory = TemporaryDirectory()
        let workspace = try await store.workspace(directory)
        let started = try await workspace.changing {
            try await workspace.startSession(goal: "Add a greeting", key: "greet")
        }
        let again = try await workspace.changing {
            try await workspace.startSession(goal: "Add a greeting", key: "greet")
        }
        #expect(again.id == started.id)
        _ = try await workspace.changing {
            try await workspace.addEvent(.note(role: "human", text: "French?"))
        }
        _ = try await workspace.changing {
            try await workspace.addEvent(.decision(text: "English only", why: "scope"))
        }
        try workspace.put("hello", "hi")
        // What is said when a session lands joins its conversation.
        #expect(try await workspace.landAll("And it is short") == 1)
        let detail = try await workspace.remote.landing(at: 1)
        #expect(detail.landing.goalLine == "Add a greeting")
        #expect(detail.landing.eventCount == 4)
        #expect(
            detail.document?.events.map(\.body).suffix(2) == [
                .decision(text: "English only", why: "scope"),
                .note(role: "human", text: "And it is short"),
            ])
        #expect(try await workspace.remote.openSessions(limit: 10) == [])
    }

    @Test func `blame names the landing of each line`() async throws {
        let store = try await TestStore()
        let directory = TemporaryDirectory()
        let workspace = try await store.workspace(directory)
        try workspace.put("f", "a\nb\nc\n")
        _ = try await workspace.landAll("Begin")
        try workspace.put("f", "a\nB\nc\n")
        _ = try await workspace.landAll("Change b")
        try workspace.put("other", "x")
        _ = try await workspace.landAll("Other")
        try workspace.put("f", "a\nB\nc\nd\n")
        _ = try await workspace.landAll("Add d")
        let blame = try await FileBlame(try RepoPath("f"), at: 4, remote: workspace.remote)
        #expect(blame.positions == [1, 2, 1, 4])
        #expect(blame.landings[2]?.goalLine == "Change b")
    }

    @Test func `large files land in chunks and come back whole`() async throws {
        let store = try await TestStore()
        let directory = TemporaryDirectory()
        let workspace = try await store.workspace(directory, name: "a")
        var generator = SeededGenerator(seed: 5)
        let big = generator.bytes(3 << 20)
        try workspace.writeFile(try RepoPath("big.bin"), big)
        try workspace.put("small", "s")
        #expect(try await workspace.landAll("Big") == 1)
        let other = try await store.workspace(directory, name: "b")
        #expect(try other.fileContent(try RepoPath("big.bin"), bytesMax: 1 << 23)?.bytes == big)
    }
}
