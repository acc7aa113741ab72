import Foundation
import HifCore
import HifRepository
import HifWorkspace
import MicelioForge
import Support
import Synchronization
import Testing

@testable import HifRemote

/// A workspace's way to its project, as the command line opens it.
@Suite struct OpeningTests {
    private func client(_ directory: String, token: String?) -> ForgeClient {
        ForgeClient(
            file: CredentialsFile(path: directory + "/config/credentials"), token: token,
            deviceName: "laptop", cacheDirectory: directory + "/cache",
            limits: ForgeFixture.limits)
    }

    @Test func `what was read once is there when the forge is gone, signed in or not`() async throws
    {
        let directory = TemporaryDirectory()
        let kept = Mutex<(WorkspaceConfig, Hash, Hash)?>(nil)
        try await ForgeFixture.with { fixture in
            let client = client(directory.path, token: fixture.ana)
            let config = try await client.find("ana/app", at: fixture.run.http)
            let remote = try await client.open(config)
            let request = try TestProject.writing(["a": Array("one\n".utf8)], seed: 1)
            _ = try await remote.land(request).landed()
            let root = try await remote.tree(at: 1).root
            _ = try await remote.nodes([root], at: 1)
            let id = try #require(request.operations[0].after?.hash)
            _ = try await remote.all([id], at: 1)
            await remote.close()
            kept.withLock { $0 = (config, root, id) }
        }
        let (config, root, id) = try #require(kept.withLock { $0 })
        let remote = try await client(directory.path, token: nil).open(config)
        #expect(try await remote.tree(at: 1).root == root)
        #expect(try await remote.nodes([root], at: 1).map(\.hash) == [root])
        #expect(try await remote.all([id], at: 1) == [id: Array("one\n".utf8)])
        #expect(await refused { _ = try await remote.newest() } == .network)
        await remote.close()
    }

    @Test func `what is said with a landing is kept when the forge is gone`() async throws {
        let directory = TemporaryDirectory()
        let root = directory.path + "/work"
        try FileManager.default.createDirectory(
            atPath: root, withIntermediateDirectories: true)
        try await ForgeFixture.with { fixture in
            let client = client(directory.path, token: fixture.ana)
            let config = try await client.find("ana/app", at: fixture.run.http)
            try Workspace.create(at: Array(root.utf8), config: config)
            let remote = try await client.open(config)
            let workspace = try await open(root, remote)
            try workspace.writeFile(RepoPath("a"), Array("one\n".utf8))
            _ = try await workspace.changing { try await workspace.land(goal: "Begin") }
            _ = try await workspace.changing {
                try await workspace.startSession(goal: "Work", key: nil)
            }
            await remote.close()
        }
        let config = try #require(try WorkspaceConfig.load(root: Array(root.utf8)))
        let remote = try await client(directory.path, token: nil).open(config)
        let workspace = try await open(root, remote)
        try workspace.writeFile(RepoPath("a"), Array("two\n".utf8))
        for _ in 0..<2 {
            let code = await refused {
                _ = try await workspace.changing { try await workspace.land(goal: "hey") }
            }
            #expect(code == .network)
        }
        let session = try #require(try await open(root, remote).state.session)
        let events = try session.waitingEvents.map { try SessionEvent(decoding: $0).body }
        #expect(events == [.note(role: "human", text: "hey")])
        await remote.close()
    }

    private func open(_ root: String, _ remote: any Remote) async throws -> Workspace {
        let world = World(
            now: { 1_700_000_000_000 }, random: { .random(in: 0...(.max)) }, pause: { _ in })
        return try await Workspace(
            root: Array(root.utf8), author: Author(account: "ana", name: "Ana"), world: world
        ) { _ in remote }
    }
}
