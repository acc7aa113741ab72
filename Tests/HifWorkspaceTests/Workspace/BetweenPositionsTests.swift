import Foundation
import HifCore
import HifRepository
import HifWorkspace
import Support
import Testing

@Suite struct BetweenPositionsTests {
    /// A workspace with four landings, and the same through a remote that compares trees.
    private static func workspaces(
        _ directory: TemporaryDirectory
    ) async throws -> [Workspace] {
        let store = try await TestStore()
        let workspace = try await store.workspace(directory)
        try workspace.put("src/a.txt", "a\n")
        try workspace.put("src/b.txt", "b\n")
        try workspace.put("top", "t\n")
        _ = try await workspace.landAll("Begin")
        try workspace.put("src/a.txt", "a\nand more\n")
        _ = try await workspace.landAll("Edit a")
        try workspace.put("src/deep/c.txt", "c\n")
        try workspace.put("src.txt", "beside\n")
        _ = try await workspace.landAll("Add c")
        try workspace.put("src/a.txt", "a\n")
        try workspace.put("top", "T\n")
        _ = try await workspace.landAll("Back to a")
        let comparing = ForgetfulRemote(
            LocalRemote(store.local.repository(store.project.id)), losing: 0)
        return [workspace, try await store.open(workspace.rootPath, remote: comparing)]
    }

    @Test func `what differs between positions is the same, by operations and by trees`()
        async throws
    {
        let directory = TemporaryDirectory()
        let workspaces = try await Self.workspaces(directory)
        let wanted = try [
            [], ["src"], ["src/a.txt"], ["src", "top"], ["src/deep/c.txt", "src.txt"],
        ]
        .map { try $0.map { try RepoPath($0) } }
        for from in Position(0)...4 {
            for to in Position(0)...4 {
                for paths in wanted {
                    let changes = try await workspaces[0].changes(from: from, to: to, below: paths)
                    let others = try await workspaces[1].changes(from: from, to: to, below: paths)
                    #expect(changes == others, "@\(from) to @\(to) of \(paths)")
                }
            }
        }
        #expect(
            try await workspaces[0].changes(from: 1, to: 4).map(\.path.description)
                == ["src.txt", "top", "src/deep/c.txt"])
    }

    @Test func `a diff of one file between positions shows that file, with its contents`()
        async throws
    {
        let directory = TemporaryDirectory()
        for workspace in try await Self.workspaces(directory) {
            var seen: [String] = []
            try await workspace.differences(
                from: 1, to: 2, below: [try RepoPath("src/a.txt")]
            ) { difference in
                seen.append("\(difference.path)")
                #expect(difference.old == Array("a\n".utf8))
                #expect(difference.new == Array("a\nand more\n".utf8))
            }
            #expect(seen == ["src/a.txt"])
        }
    }

    @Test func `a question about history reads no more of the index than where it stands`()
        async throws
    {
        let directory = TemporaryDirectory()
        let store = try await TestStore()
        let workspace = try await store.workspace(directory)
        try workspace.put("a", "1")
        _ = try await workspace.landAll("Begin")
        let hif = try DirectoryHandle(path: workspace.root + Array("/.hif".utf8))
        var bytes = try #require(try hif.contents(Array("index".utf8)))
        bytes[bytes.count - 1] ^= 1
        try FileBytes.write(bytes, to: workspace.rootPath + "/.hif/index")
        // The columns are damaged: history is none of their business, files are.
        let again = try await store.open(workspace.rootPath)
        #expect(again.base.position == 1)
        #expect(try await again.remote.landings(LandingQuery(limit: 5)).entries.count == 1)
        #expect(throws: WorkingCopyError.self) { try again.status() }
        bytes[20] ^= 1
        try FileBytes.write(bytes, to: workspace.rootPath + "/.hif/index")
        await #expect(throws: WorkingCopyError.self) { try await store.open(workspace.rootPath) }
    }
}

private enum FileBytes {
    static func write(_ bytes: [UInt8], to path: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }
}
