import Foundation
import GRPCCore
import HTTPTypes
import HifAPI
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
                    let one = try await here.land(LandRequest.writing([("one", "1")], seed: 1))
                    let two = try await there.land(LandRequest.writing([("two", "2")], seed: 2))
                    let three = try await here.land(LandRequest.writing([("three", "3")], seed: 3))
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

    @Test func `many landings through the other node are handed on together`() async throws {
        try await with { keeper, node in
            let ana = try await keeper.token("ana")
            let ben = try await keeper.token("ben")
            let project = try await keeper.makeProject("ana/app")
            try await keeper.forge.accounts.setMember(
                Handle("ben"), of: project, role: .write)
            try await keeper.connected(ana) { first in
                // The keeper has written the newest slot, so it is the one that writes.
                _ = try await keeper.remote("ana/app", first).land(
                    LandRequest.writing([("first", "1")], seed: 1))
            }
            try await node.connected(ana) { anas in
                try await node.connected(ben) { bens in
                    let remotes = [
                        try node.remote("ana/app", anas), try node.remote("ana/app", bens),
                    ]
                    let outcomes = try await withThrowingTaskGroup(of: LandOutcome.self) { group in
                        for number in 0..<20 {
                            group.addTask {
                                try await remotes[number % 2].land(
                                    LandRequest.writing(
                                        [("file\(number)", "2")], seed: 100 + UInt64(number)))
                            }
                        }
                        return try await group.reduce(into: []) { $0.append($1) }
                    }
                    #expect(Set(outcomes.compactMap(position)) == Set(2...21))
                }
            }
            let repository = keeper.forge.repositories.repository(project.storeProjectID)
            let newest = try await repository.newest()
            var accounts: [String: Int] = [:]
            try await repository.landingsBackwards(newest: newest) { _, landing, operations in
                let number = operations.first?.operation.path.description.dropFirst(4) ?? ""
                // Each in the name of who asked, though they came together.
                if let number = Int(number) {
                    #expect(landing.author.account == ["ana", "ben"][number % 2])
                }
                accounts[landing.author.account, default: 0] += 1
                return true
            }
            #expect(accounts == ["ana": 11, "ben": 10])
        }
    }

    @Test func `what a stranger hands on is refused`() async throws {
        try await with { keeper, node in
            let token = try await keeper.token("ana")
            let project = try await keeper.makeProject("ana/app")
            let proof = try #require(keeper.forge.nodeProof)
            var generator = SeededGenerator(seed: 4)
            let abandon = Intent.abandon(
                Abandon(
                    session: SessionID(from: &generator),
                    author: Author(account: "root", name: "Root"), reason: "", atMillis: 1),
                createdPosition: 0)
            let store = keeper.forge.storeID
            let rows: [(Data, String, String, RPCError.Code?)] = [
                (proof.wire, project.storeProjectID, store, nil),
                (Data(), project.storeProjectID, store, .permissionDenied),
                (Data(count: 32), project.storeProjectID, store, .permissionDenied),
                (proof.wire + [0], project.storeProjectID, store, .permissionDenied),
                (proof.wire, "../../x", store, .invalidArgument),
                (proof.wire, project.storeProjectID, "another", .invalidArgument),
            ]
            for metadata in [[:], ["authorization": "Bearer \(token)"]] as [Metadata] {
                for (proof, project, store, expected) in rows {
                    var found: RPCError.Code?
                    do {
                        try await node.rpc { client in
                            let nodes = Micelio_V1_Nodes.Client(wrapping: client)
                            try await nodes.forward(metadata: metadata) { writer in
                                var message = Micelio_V1_ForwardRequest()
                                message.header.proof = proof
                                message.header.projectID = project
                                message.header.storeID = store
                                message.submission =
                                    Micelio_V1_SubmitRequest.submission(
                                        of: [abandon], isHandedOn: true)[0]
                                try await writer.write(message)
                            } onResponse: { response in
                                for try await _ in response.messages {}
                            }
                        }
                    } catch let error as RPCError {
                        found = error.code
                    }
                    #expect(found == expected, "\(proof.count) \(project) \(store)")
                }
            }
        }
    }

    @Test func `every node finds what landed through another, names are the keeper's`()
        async throws
    {
        try await with { keeper, node in
            let token = try await keeper.token("ana")
            _ = try await keeper.makeProject("ana/app")
            for (number, server) in [keeper, node].enumerated() {
                try await server.land(
                    "ana/app", token: token, goal: "Go on", [("f\(number)", "walnut")])
                for asked in [keeper, node] {
                    let found = try await asked.found("walnut", token: token)
                    #expect(found.count == number + 1)
                    #expect(try await asked.search("walnut").status == 404)
                }
            }
            let names = "/api/v1/search?q=app"
            #expect(try await keeper.call(.get, names, token: token).status == 200)
            #expect(try await node.call(.get, names, token: token).status == 503)
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
