import Foundation
import HifCore
import HifRepository
import HifWorkspace
import Support
import Testing

/// What was checked out is not what is there any more: in `.hif`, or in the project.
@Suite struct MishapTests {
    @Test func `nothing lands in a history that is not the one checked out`() async throws {
        let store = try await TestStore()
        let directory = TemporaryDirectory()
        let workspace = try await store.workspace(directory)
        try workspace.put("f", "one\n")
        #expect(try await workspace.landAll("Begin") == 1)

        // Another project in its place, with as many landings, none of which touches `g`.
        let replaced = try await TestStore()
        let other = try await replaced.workspace(directory, name: "other", seed: 3)
        try other.put("f", "another\n")
        #expect(try await other.landAll("Instead") == 1)

        let remote = LocalRemote(replaced.local.repository(replaced.project.id))
        let again = try await store.open(workspace.rootPath, remote: remote)
        try again.put("g", "new\n")
        let error = await #expect(throws: WorkspaceError.self) { try await again.landAll("Add g") }
        #expect(error?.code == .historyReplaced)
        #expect(try await remote.newest().position == 1)
        #expect(try again.changes() == ["added g"])
        let undone = await #expect(throws: WorkspaceError.self) {
            try await again.changing { try await again.backOut("@1", reason: "wrong") }
        }
        #expect(undone?.code == .historyReplaced)
    }

    @Test(arguments: [MovePolicy.refuse, .merge])
    func `a move that was cut short is finished around what was edited since`(
        _ policy: MovePolicy
    ) async throws {
        let store = try await TestStore()
        let directory = TemporaryDirectory()
        let workspace = try await store.workspace(directory)
        let names = ["done", "todo", "edited", "both", "d/gone"]
        for name in names { try workspace.put(name, "one\nsame\nsame\nlast\n") }
        #expect(try await workspace.landAll("Begin") == 1)
        let first = workspace.base.tree.root
        for name in names { try workspace.put(name, "two\nsame\nsame\nlast\n") }
        try workspace.put("added", "two\n")
        #expect(try await workspace.landAll("Go on") == 2)

        // `hif goto @1`, killed when one file was there; then somebody goes on working.
        try Journal(hifDirectory: DirectoryHandle(path: workspace.root + Array("/.hif".utf8)))
            .begin(
                JournalEntry(
                    operation: "goto", fromPosition: 2, fromRoot: workspace.base.tree.root,
                    toPosition: 1, toRoot: first, note: policy.rawValue, startedSeconds: 1))
        try workspace.put("done", "one\nsame\nsame\nlast\n")
        try workspace.put("edited", "two\nsame\nsame\nmine\n")
        try workspace.put("both", "mine\nsame\nsame\nlast\n")
        try workspace.put("untracked", "mine\n")
        let path = workspace.rootPath + "/d"
        try FileManager.default.removeItem(atPath: path)
        try Data("a file now\n".utf8).write(to: URL(fileURLWithPath: path))

        let again = try await store.open(workspace.rootPath)
        _ = try await again.changing { again.base.position }
        #expect(again.base.position == 1)
        #expect(try again.text("todo") == "one\nsame\nsame\nlast\n")
        #expect(try again.text("added") == nil)
        #expect(try again.text("edited") == "one\nsame\nsame\nmine\n")
        let both = try #require(try again.text("both"))
        #expect(both.contains("mine\n") && both.contains("one\n"))
        #expect(try again.text("d") == "a file now\n")
        #expect(
            try again.changes() == [
                "added d", "added untracked", "deleted d/gone", "modified both", "modified edited",
            ])
        // Nothing is begun any more: it can go elsewhere.
        _ = try await again.changing {
            try await again.move(to: 2, operation: "goto", policy: .force)
        }
        #expect(try again.text("both") == "two\nsame\nsame\nlast\n")
    }

    @Test(arguments: [20, -40])
    func `a damaged index is made again, and edits are found`(_ place: Int) async throws {
        let store = try await TestStore()
        let directory = TemporaryDirectory()
        let workspace = try await store.workspace(directory)
        try workspace.put("f", "one\n")
        try workspace.put("d/g", "two\n")
        #expect(try await workspace.landAll("Begin") == 1)
        try workspace.put("f", "edited\n")
        try workspace.put("new", "new\n")

        let path = workspace.rootPath + "/.hif/index"
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        bytes[place < 0 ? bytes.count + place : place] ^= 1
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let error = await #expect(throws: WorkingCopyError.self) {
            try await store.open(workspace.rootPath).status()
        }
        #expect(error?.code == .indexCorrupt)

        let again = try await Workspace(
            root: workspace.root, author: workspace.author, world: TestStore.world(seed: 9),
            isRepairing: true
        ) { _ in LocalRemote(store.local.repository(store.project.id)) }
        #expect(try await again.repairIndex())
        #expect(try again.changes() == ["added new", "modified f"])
        #expect(try await again.check().problems == [])
        let damaged = try Data(contentsOf: URL(fileURLWithPath: path + ".damaged"))
        #expect([UInt8](damaged) == bytes)
        #expect(try await !again.repairIndex())
        #expect(try await again.landAll("Edit") == 2)
    }
}
