import Foundation
import HTTPTypes
import HifCore
import HifRemote
import HifRepository
import HifStore
import HifWorkspace
import NIOCore
import NIOPosix
import Support
import Testing

@testable import MicelioForge

/// Two servers on one store, of which the first keeps the accounts.
@Suite struct NodesTests {
    /// - Parameter clock: the second node's.
    private func with(
        clock: TestClock? = nil,
        _ body: @escaping @Sendable (_ keeper: TestServer, _ node: TestServer) async throws -> Void
    ) async throws {
        let store = MemoryStore()
        let ports = [try await freePort(), try await freePort()]
        let keeping: @Sendable (inout ForgeConfiguration) -> Void = {
            $0.rpc = HostPort(host: "127.0.0.1", port: ports[0])
            $0.node = $0.rpc
        }
        let now: @Sendable () -> Int64 =
            if let clock { { clock.now } } else { ForgeServer.systemClock }
        try await TestServer.with(store: store, now: ForgeServer.systemClock, keeping) { keeper in
            let asking: @Sendable (inout ForgeConfiguration) -> Void = {
                $0.rpc = HostPort(host: "127.0.0.1", port: ports[1])
                $0.node = $0.rpc
                $0.accountsKeeper = HostPort(host: "127.0.0.1", port: ports[0])
                let tls = keeper.directory.path + "/data/tls"
                $0.encryption = .files(certificate: tls + "/cert.pem", key: tls + "/key.pem")
            }
            try await TestServer.with(store: store, now: now, asking) { node in
                try await body(keeper, node)
            }
        }
    }

    /// A port that was free a moment ago: nodes have to know each other's before they listen. Below those
    /// that the system gives away by itself, to connections and to the servers of other tests.
    private func freePort() async throws -> Int {
        for _ in 0..<100 {
            let port = Int.random(in: 20_000..<30_000)
            let channel = try? await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .bind(host: "127.0.0.1", port: port).get()
            guard let channel else { continue }
            try await channel.close()
            return port
        }
        throw ForgeError(.unavailable, "no port is free")
    }

    private func writing(
        _ path: String, _ text: String, seed: UInt64, position: Position = 0
    ) throws -> LandRequest {
        var generator = SeededGenerator(seed: seed)
        let session = SessionID(from: &generator)
        var writer = PackWriter(
            session: session.hash,
            nonce: PackNonce(high: generator.next(), low: generator.next()))
        let bytes = Array(text.utf8)
        let entry = writer.add(.blob, bytes)
        let leaf = Leaf(kind: .file, size: UInt64(bytes.count), hash: entry.id)
        return LandRequest(
            session: session, author: Author(account: "x", name: "X"), goal: "Write \(path)",
            startedMillis: 1, createdPosition: position,
            operations: [
                HifCore.Operation(path: try RepoPath(path), before: nil, after: leaf)
            ], staged: try PackReader(writer.finish().bytes))
    }

    private func position(_ outcome: LandOutcome) -> Position? {
        if case .landed(let landed) = outcome { landed.position } else { nil }
    }

    private func refused(_ work: () async throws -> Void) async -> WorkspaceError.Code? {
        do {
            try await work()
            return nil
        } catch {
            return (error as? WorkspaceError)?.code
        }
    }

    @Test func `every node answers for the same projects, whichever of them lands`()
        async throws
    {
        try await with { keeper, node in
            let token = try await keeper.token("ana")
            let project = try await keeper.makeProject("ana/app")
            try await keeper.connected(token) { first in
                try await node.connected(token) { second in
                    let here = try keeper.remote("ana/app", first)
                    let there = try node.remote("ana/app", second)
                    let one = try await here.land(writing("one", "1", seed: 1))
                    let two = try await there.land(writing("two", "2", seed: 2))
                    let three = try await here.land(writing("three", "3", seed: 3))
                    #expect([one, two, three].map(position) == [1, 2, 3])
                    #expect(try await there.newest().position == 3)
                    let repository = keeper.forge.repositories.repository(project.storeProjectID)
                    // Which of them is a matter of time: a node that is slow to take a landing is
                    // done without.
                    let nodes = ["127.0.0.1:\(keeper.rpcPort)", "127.0.0.1:\(node.rpcPort)"]
                    for epoch: Epoch in 1...3 {
                        let slot = try await repository.log.slot(epoch)?.slot
                        #expect(nodes.contains(slot?.writer ?? ""))
                        // By whom the token says, also through another node.
                        #expect(slot?.landings.first?.landing.author.account == "ana")
                    }
                }
            }
        }
    }

    @Test func `a project can be made through any node, and strangers see nothing`() async throws {
        try await with { keeper, node in
            let ana = try await keeper.token("ana")
            let ben = try await keeper.token("ben")
            let made = try await ForgeClientFixture.create("ana/app", at: node, token: ana)
            #expect(made == "ana/app")
            for (token, code) in [
                (ana, nil), (ben, WorkspaceError.Code.notFound), (nil, .notFound),
            ] {
                let found = await refused {
                    try await node.connected(token) {
                        _ = try await node.remote("ana/app", $0).newest()
                    }
                }
                #expect(found == code)
            }
        }
    }

    @Test func `a revoked token is refused by every node after ten seconds`() async throws {
        let clock = TestClock()
        try await with(clock: clock) { keeper, node in
            let token = try await keeper.token("ana")
            _ = try await keeper.makeProject("ana/app")
            func ask() async -> WorkspaceError.Code? {
                await refused {
                    try await node.connected(token) {
                        _ = try await node.remote("ana/app", $0).newest()
                    }
                }
            }
            #expect(await ask() == nil)
            try await keeper.forge.revoke(token)
            clock.advance(millis: Limits.accountsCacheMillis - 1)
            #expect(await ask() == nil)
            clock.advance(millis: 1)
            #expect(await ask() == .unauthenticated)
            // A refusal is not remembered, nor is a clock that goes back believed.
            clock.advance(millis: -Limits.accountsCacheMillis * 2)
            #expect(await ask() == .unauthenticated)
        }
    }

    @Test func `pages of accounts are the keeper's`() async throws {
        try await with { keeper, node in
            let there = try await keeper.http(.get, "/device").status
            #expect(there == 200)
            for (path, status) in [
                ("/device", 404), ("/readyz", 200), ("/.well-known/micelio", 200),
            ] {
                let answer = try await node.http(.get, path).status
                #expect(answer == status, "\(path)")
            }
        }
    }
}

/// Making a project as hif does.
private enum ForgeClientFixture {
    static func create(
        _ name: String, at server: TestServer, token: String
    ) async throws -> String {
        let client = ForgeClient(
            file: CredentialsFile(path: server.directory.path + "/credentials"), token: nil,
            deviceName: "test", cacheDirectory: server.directory.path + "/cache")
        _ = try await client.login(
            server.run.http, token: token, certificateAuthority: nil, show: { _ in })
        return try await client.createProject(
            name, description: "", isPublic: false, at: server.run.http
        ).name
    }
}
