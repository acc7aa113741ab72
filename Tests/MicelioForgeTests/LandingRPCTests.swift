import Foundation
import HifCore
import HifRemote
import HifRepository
import HifWorkspace
import Support
import Testing

@testable import MicelioForge

/// A project over the wire: what hif's own remote does against a real server on a real directory.
@Suite struct LandingRPCTests {
    private func landed(_ outcome: LandOutcome) throws -> Landed {
        guard case .landed(let landed) = outcome else {
            throw ForgeError.invalid("not landed: \(outcome)")
        }
        return landed
    }

    /// The code of the error that `work` throws.
    private func refused(_ work: () async throws -> Void) async -> WorkspaceError.Code? {
        do {
            try await work()
            return nil
        } catch let error as WorkspaceError {
            return error.code
        } catch {
            Issue.record("\(error)")
            return nil
        }
    }

    @Test func `what lands over the wire is read back, verified`() async throws {
        try await TestServer.with { server in
            let ana = try await server.token("ana")
            _ = try await server.makeProject("ana/app")
            try await server.connected(ana) { connection in
                let remote = try server.remote("ana/app", connection)
                let empty = try await remote.newest()
                #expect(empty.position == 0)

                let request = try LandRequest.writing(
                    [("src/a.txt", "one\n"), ("b.txt", "two\n")], seed: 1)
                let answer = try landed(try await remote.land(request))
                #expect(answer.position == 1 && answer.sourceDigest == request.sourceDigest)
                // A lost answer: the same again is the same.
                #expect(try landed(try await remote.land(request)) == answer)

                let tip = try await remote.newest()
                #expect(tip.position == 1)
                #expect(try await remote.hasSlot(tip.epoch, hash: tip.slotHash))
                #expect(try await !remote.hasSlot(tip.epoch, hash: .zero))
                #expect(try await remote.tree(at: 1).root == tip.root)
                #expect(try await remote.tree(at: 0) == .empty)

                let nodes = try await remote.nodes([tip.root], at: 1)
                let leaf = try ProllyTree(root: tip.root).get(
                    RepoPath("src/a.txt"), in: NodeCache(nodes))
                #expect(leaf == request.operations.last?.after)

                var contents: [Hash: [UInt8]] = [:]
                let ids = request.operations.compactMap { $0.after?.hash }
                try await remote.contents(ids, at: 1) { contents[$0.id, default: []] += $0.bytes }
                #expect(contents.values.sorted { $0.count < $1.count }.count == 2)
                #expect(ids.allSatisfy { contents[$0].map { Blake3.hash($0) } == $0 })
                #expect(try await remote.lacking(ids + [.zero]) == [.zero])

                let page = try await remote.landings(LandingQuery(limit: 10))
                #expect(page.next == nil && page.entries.map(\.position) == [1])
                // The account is who signed in, whatever the client says.
                #expect(page.entries.first?.landing.author.account == "ana")
                let detail = try await remote.landing(at: 1)
                #expect(detail.operations.map(\.operation) == request.operations)
                #expect(detail.document?.goal == "Write files")
                #expect(try await remote.tags().isEmpty)
            }
        }
    }

    @Test func `a large file goes up in packs and comes down in pieces`() async throws {
        try await TestServer.with { server in
            let ana = try await server.token("ana")
            _ = try await server.makeProject("ana/app")
            try await server.connected(ana) { connection in
                let remote = try server.remote("ana/app", connection)
                var generator = SeededGenerator(seed: 5)
                let content = generator.bytes(5 << 20)
                var nonces = SeededGenerator(seed: 6)
                var writer = ContentWriter(
                    packs: PackSequence(packBytesTarget: 2 << 20) {
                        PackNonce(high: nonces.next(), low: nonces.next())
                    })
                let stored = try writer.add(content)
                writer.packs.seal()
                var packs: [Hash] = []
                while let pack = writer.packs.takeSealed() {
                    packs.append(try await remote.upload(pack))
                }
                #expect(packs.count > 1)
                let leaf = Leaf(kind: .file, size: stored.size, hash: stored.id)
                let outcome = try await remote.land(
                    LandRequest(
                        session: SessionID(from: &generator), author: Author(account: "", name: ""),
                        goal: "Large", startedMillis: 1, createdPosition: 0,
                        operations: [
                            HifCore.Operation(path: try RepoPath("big"), before: nil, after: leaf)
                        ], uploadedPacks: packs))
                _ = try landed(outcome)
                var back: [UInt8] = []
                var pieceCount = 0
                try await remote.contents([stored.id], at: 1) { piece in
                    back += piece.bytes
                    pieceCount += 1
                }
                #expect(back == content && pieceCount > 4)
            }
        }
    }

    @Test func `a conflict comes back with the landing that won`() async throws {
        try await TestServer.with { server in
            let ana = try await server.token("ana")
            _ = try await server.makeProject("ana/app")
            try await server.connected(ana) { connection in
                let remote = try server.remote("ana/app", connection)
                let first = try LandRequest.writing(
                    [("a.txt", "1\n2\n3\n4\n5\n6\n7\n8\n")], seed: 1)
                _ = try landed(try await remote.land(first))
                let base = ["a.txt": try #require(first.operations[0].after)]
                _ = try landed(
                    try await remote.land(
                        LandRequest.writing(
                            [("a.txt", "ONE\n2\n3\n4\n5\n6\n7\n8\n")], base: base, seed: 2,
                            position: 1)))
                // Another place of the same file merges.
                let merged = try landed(
                    try await remote.land(
                        LandRequest.writing(
                            [("a.txt", "1\n2\n3\n4\n5\n6\n7\nEIGHT\n")], base: base, seed: 3,
                            position: 1)))
                #expect(try merged.mergedPaths == [RepoPath("a.txt")])
                // The same place does not.
                let outcome = try await remote.land(
                    LandRequest.writing(
                        [("a.txt", "uno\n2\n3\n4\n5\n6\n7\n8\n")], base: base, seed: 4, position: 1)
                )
                guard case .conflict(let conflicts, let position) = outcome else {
                    Issue.record("no conflict: \(outcome)")
                    return
                }
                #expect(position == 3 && conflicts.count == 1)
                #expect(conflicts.first?.operation.path.description == "a.txt")
                #expect(conflicts.first?.landing == 3)
                #expect(conflicts.first?.hunks.isEmpty == false)
            }
        }
    }

    @Test func `twenty at once get twenty positions`() async throws {
        try await TestServer.with { server in
            let ana = try await server.token("ana")
            _ = try await server.makeProject("ana/app")
            try await server.connected(ana) { connection in
                let remote = try server.remote("ana/app", connection)
                let positions = try await withThrowingTaskGroup(of: Position.self) { group in
                    for index in 0..<20 {
                        group.addTask {
                            let request = try LandRequest.writing(
                                [("f\(index).txt", "\(index)\n")], seed: UInt64(100 + index))
                            return try landed(try await remote.land(request)).position
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(positions.sorted() == (1...20).map { Position($0) })
                #expect(try await remote.newest().position == 20)
            }
        }
    }

    @Test func `sessions are written, read, closed and abandoned`() async throws {
        try await TestServer.with { server in
            let ana = try await server.token("ana")
            _ = try await server.makeProject("ana/app")
            try await server.connected(ana) { connection in
                let remote = try server.remote("ana/app", connection)
                var generator = SeededGenerator(seed: 9)
                let session = SessionID(from: &generator)
                let forged = Author(account: "root", agent: "robot", name: "Root")
                let events = [
                    SessionEvent(
                        id: EventID(from: &generator), author: forged, atMillis: 1,
                        body: .started(goal: "Try", createdPosition: 0, key: "")),
                    SessionEvent(
                        id: EventID(from: &generator), author: forged, atMillis: 2,
                        body: .decision(text: "English only", why: "scope")),
                ]
                for (index, event) in events.enumerated() {
                    let number = try await remote.appendEvent(
                        event, to: session, from: UInt64(index))
                    #expect(number == UInt64(index))
                }
                #expect(try await remote.appendEvent(events[1], to: session, from: 0) == 1)
                let back = try await remote.events(of: session, from: 0)
                #expect(back.map(\.body) == events.map(\.body))
                #expect(
                    back.allSatisfy { $0.author.account == "ana" && $0.author.agent == "robot" })
                #expect(try await remote.openSessions(limit: 10) == [session])
                #expect(try await remote.closing(of: session, createdAt: 0) == nil)

                let answer = try await remote.abandon(
                    Abandon(session: session, author: forged, reason: "no", atMillis: 3),
                    createdPosition: 0)
                #expect(answer == .abandoned)
                #expect(try await remote.closing(of: session, createdAt: 0) == .abandoned)
                #expect(try await remote.openSessions(limit: 10).isEmpty)
            }
        }
    }

    @Test func `content opens only to who may read the project it is in`() async throws {
        try await TestServer.with { server in
            let ana = try await server.token("ana")
            let eve = try await server.token("eve")
            let secret = try await server.makeProject("ana/secret")
            _ = try await server.makeProject("eve/own")
            let request = try LandRequest.writing([("key.txt", "the secret\n")], seed: 1)
            let hash = try #require(request.operations[0].after?.hash)
            try await server.connected(ana) { connection in
                _ = try landed(
                    try await server.remote("ana/secret", connection).land(request))
            }
            try await server.connected(eve) { connection in
                let theirs = try server.remote("ana/secret", connection)
                let own = try server.remote("eve/own", connection)
                // The hash alone opens nothing, also under a project of one's own.
                for remote in [theirs, own] {
                    #expect(
                        await refused { try await remote.contents([hash], at: 0) { _ in } }
                            == .notFound)
                    #expect(await refused { _ = try await remote.landing(at: 1) } == .notFound)
                }
                #expect(try await own.lacking([hash]) == [hash])
                #expect(await refused { _ = try await theirs.newest() } == .notFound)
                #expect(await refused { _ = try await theirs.lacking([hash]) } == .notFound)
                #expect(await refused { _ = try await theirs.land(request) } == .notFound)
                // Claiming to have it already does not bring it in.
                let claim = LandRequest(
                    session: request.session, author: request.author, goal: "Mine",
                    startedMillis: 1, createdPosition: 0, operations: request.operations)
                guard case .lacking(let lacking) = try await own.land(claim) else {
                    Issue.record("the content was taken from elsewhere")
                    return
                }
                #expect(lacking == [hash])
            }
            try await server.forge.accounts.setMember(Handle("eve"), of: secret, role: .read)
            try await server.connected(eve) { connection in
                let remote = try server.remote("ana/secret", connection)
                try await remote.contents([hash], at: 1) { #expect($0.id == hash) }
                let write = try LandRequest.writing([("mine.txt", "x\n")], seed: 2, position: 1)
                #expect(await refused { _ = try await remote.land(write) } == .forbidden)
            }
            try await server.connected(nil) { connection in
                let remote = try server.remote("ana/secret", connection)
                #expect(await refused { _ = try await remote.newest() } == .notFound)
            }
        }
    }

    @Test func `prepared intents land in order, and lies about packs do not`() async throws {
        try await TestServer.with { server in
            let ana = try await server.token("ana")
            _ = try await server.makeProject("ana/app")
            try await server.connected(ana) { connection in
                let remote = try server.remote("ana/app", connection)
                var generator = SeededGenerator(seed: 11)
                var writer = PackWriter(
                    nonce: PackNonce(high: generator.next(), low: generator.next()))
                let one = writer.add(.blob, Array("one\n".utf8))
                let two = writer.add(.blob, Array("two\n".utf8))
                let pack = writer.finish()
                func intent(
                    _ seed: UInt64, _ path: String, _ entry: PackEntry, offset: UInt32? = nil,
                    packs: [Hash]? = nil, hasPlace: Bool = true
                ) throws -> Intent {
                    var generator = SeededGenerator(seed: seed)
                    let session = SessionID(from: &generator)
                    let operation = HifCore.Operation(
                        path: try RepoPath(path), before: nil,
                        after: Leaf(kind: .file, size: UInt64(entry.rawBytes), hash: entry.id))
                    return .land(
                        LandIntent(
                            session: session,
                            author: Author(
                                account: "", name: "Git Author", email: "git@example.test"),
                            goalLine: "A commit", startedMillis: 1, landedMillis: 2,
                            sourceDigest: Operation.digest(session: session, [operation]),
                            createdPosition: 0, packs: packs ?? [pack.id],
                            operations: [
                                LandedOperation(
                                    operation,
                                    location: hasPlace
                                        ? LandedLocation(
                                            packOrdinal: 0, offset: offset ?? entry.offset,
                                            storedBytes: entry.storedBytes) : nil)
                            ]))
                }
                // Before the pack is there, nothing is believed.
                #expect(
                    await refused { _ = try await remote.submit([intent(1, "a", one)]) } == .usage)
                _ = try await remote.upload(pack)
                let lies = [
                    try intent(2, "a", one, offset: two.offset),
                    try intent(3, "a", one, packs: []),
                    try intent(4, "a", one, hasPlace: false),
                ]
                for lie in lies {
                    #expect(await refused { _ = try await remote.submit([lie]) } == .usage)
                }
                #expect(try await remote.newest().position == 0)
                let answers = try await remote.submit([
                    intent(5, "a", one), intent(6, "b", two), .control(.setTags(["v1": 1])),
                ])
                guard case .landed(let first) = answers[0], case .landed(let second) = answers[1],
                    case .controlled = answers[2]
                else {
                    Issue.record("\(answers)")
                    return
                }
                #expect(first.position == 1 && second.position == 2)
                #expect(try await remote.tags() == ["v1": 1])
                let detail = try await remote.landing(at: 2)
                #expect(
                    detail.landing.author
                        == Author(account: "", name: "Git Author", email: "git@example.test"))
            }
        }
    }

    /// Intents as an import prepares them: each with one operation.
    private struct Prepared {
        let session: UInt64
        let path: String
        var before: PackEntry?
        let after: PackEntry
        var hasPlace = true
        var position: Position?

        func intent(_ pack: Hash) throws -> Intent {
            var generator = SeededGenerator(seed: session)
            let session = SessionID(from: &generator)
            func leaf(_ entry: PackEntry) -> Leaf {
                Leaf(kind: .file, size: UInt64(entry.rawBytes), hash: entry.id)
            }
            let operation = HifCore.Operation(
                path: try RepoPath(path), before: before.map(leaf), after: leaf(after))
            let place = LandedLocation(
                packOrdinal: 0, offset: after.offset, storedBytes: after.storedBytes)
            return .land(
                LandIntent(
                    session: session, author: Author(account: "", name: "Git Author", email: ""),
                    goalLine: "A commit", startedMillis: 1, landedMillis: 2,
                    sourceDigest: HifCore.Operation.digest(session: session, [operation]),
                    createdPosition: 0, packs: hasPlace ? [pack] : [],
                    operations: [LandedOperation(operation, location: hasPlace ? place : nil)],
                    position: position))
        }
    }

    private func preparedPack() -> (pack: SealedPack, one: PackEntry, two: PackEntry) {
        var generator = SeededGenerator(seed: 21)
        var writer = PackWriter(nonce: PackNonce(high: generator.next(), low: generator.next()))
        let one = writer.add(.blob, Array("one\n".utf8))
        let two = writer.add(.blob, Array("two\n".utf8))
        return (writer.finish(), one, two)
    }

    @Test func `an intent may name content that one before it in the batch brings`() async throws {
        try await TestServer.with { server in
            let ana = try await server.token("ana")
            _ = try await server.makeProject("ana/app")
            try await server.connected(ana) { connection in
                let remote = try server.remote("ana/app", connection)
                let (pack, one, two) = preparedPack()
                _ = try await remote.upload(pack)
                // The one that names it comes first: then nobody has brought it.
                let brings = try Prepared(session: 1, path: "a", after: one).intent(pack.id)
                let names = try Prepared(session: 2, path: "b", after: one, hasPlace: false)
                    .intent(pack.id)
                #expect(
                    await refused { _ = try await remote.submit([names, brings]) } == .usage)
                #expect(try await remote.newest().position == 0)
                // Content of the batch, and none that only lies in the pack.
                let other = try Prepared(session: 3, path: "c", after: two, hasPlace: false)
                    .intent(pack.id)
                #expect(
                    await refused { _ = try await remote.submit([brings, other]) } == .usage)

                let answers = try await remote.submit([brings, names])
                #expect(answers.map(position) == [1, 2])
                var text: [UInt8] = []
                try await remote.contents([one.id], at: 2) { text += $0.bytes }
                #expect(text == Array("one\n".utf8))
                #expect(
                    try await remote.landing(at: 2).operations[0].operation.after?.hash == one.id)
            }
        }
    }

    @Test func `an intent lands at the position it names or not at all`() async throws {
        try await TestServer.with { server in
            let ana = try await server.token("ana")
            _ = try await server.makeProject("ana/app")
            try await server.connected(ana) { connection in
                let remote = try server.remote("ana/app", connection)
                let (pack, one, two) = preparedPack()
                _ = try await remote.upload(pack)
                func submit(_ prepared: Prepared...) async throws -> [Position?] {
                    try await remote.submit(prepared.map { try $0.intent(pack.id) }).map(position)
                }
                // Nothing is there yet, so the next landing is the first.
                let early = Prepared(session: 1, path: "a", after: one, position: 2)
                #expect(try await submit(early) == [nil])
                #expect(try await remote.newest().position == 0)
                let first = Prepared(session: 2, path: "a", after: one, position: 1)
                let second = Prepared(
                    session: 3, path: "a", before: one, after: two, position: 2)
                #expect(try await submit(first, second) == [1, 2])
                // Taken. One that landed there is told so again.
                let late = Prepared(session: 4, path: "b", after: one, position: 2)
                #expect(try await submit(late, first) == [nil, 1])
                #expect(try await submit(Prepared(session: 5, path: "b", after: one)) == [3])
                #expect(try await remote.newest().position == 3)
            }
        }
    }

    private func position(_ answer: LandingAnswer) -> Position? {
        if case .landed(let landed) = answer { landed.position } else { nil }
    }

    @Test func `a landing for another store, and a position beyond the tip, are refused`()
        async throws
    {
        try await TestServer.with { server in
            let ana = try await server.token("ana")
            _ = try await server.makeProject("ana/app")
            try await server.connected(ana) { connection in
                let stranger = ForgeRemote(
                    connection, owner: "ana", name: "app", storeID: StoreID(high: 1, low: 2))
                let request = try LandRequest.writing([("a", "x")], seed: 1)
                #expect(
                    await refused { _ = try await stranger.land(request) } == .historyReplaced)
                let remote = try server.remote("ana/app", connection)
                #expect(await refused { _ = try await remote.tree(at: 7) } == .notFound)
                #expect(await refused { _ = try await remote.landing(at: 7) } == .notFound)
                #expect(
                    await refused { try await remote.contents([.zero], at: 7) { _ in } }
                        == .notFound)
            }
        }
    }

    @Test func `another key than the pinned one is told apart from no answer`() async throws {
        try await TestServer.with { server in
            var policy = RetryLimits()
            policy.attempts = 2
            policy.pauseMillis = 1
            let other = "sha256:" + String(repeating: "0", count: 64)
            try await server.connected(nil, pin: other, limits: policy) { connection in
                let remote = try server.remote("ana/app", connection)
                #expect(await refused { _ = try await remote.newest() } == .certificateChanged)
            }
            // Nobody listens on port 1.
            try await ForgeConnection.with(
                ForgeDiscovery(host: "127.0.0.1", port: 1, pin: nil, storeID: ""),
                credentials: FixedToken(nil), limits: policy
            ) { connection in
                let remote = try server.remote("ana/app", connection)
                #expect(await refused { _ = try await remote.newest() } == .network)
            }
        }
    }
}
