import HifCore
import HifRemote
import HifRepository
import HifWorkspace
import Support
import Testing

/// One story told to a project in memory and to one behind a forge: every answer is the same, apart
/// from what the clock and chance have a part in.
@Suite struct RemoteContractTests {
    @Test func `a forge answers what a store on this machine answers`() async throws {
        let local = try await Story.tell(to: TestProject.local())
        try await ForgeFixture.with { fixture in
            try await fixture.connected(fixture.ana) { remote in
                let lines = try await Story.tell(to: remote)
                for (there, here) in zip(lines, local) { #expect(there == here) }
                #expect(lines.count == local.count)
            }
        }
    }

    @Test func `and so it does through a cache`() async throws {
        let local = try await Story.tell(to: TestProject.local())
        try await ForgeFixture.with { fixture in
            try await fixture.connected(fixture.ana) { remote in
                let world = TestProject.world(seed: 3)
                let caching = CachingRemote(
                    remote,
                    cache: try ContentCache(
                        directory: fixture.directory.path + "/cache", random: world.random))
                #expect(try await Story.tell(to: caching) == local)
            }
        }
    }
}

/// Does something of everything that a remote can do, and writes down what it hears.
private struct Story {
    private let remote: any Remote
    private var lines: [String] = []

    static func tell(to remote: any Remote) async throws -> [String] {
        var story = Story(remote: remote)
        try await story.beginning()
        try await story.landing()
        try await story.conflict()
        try await story.sessions()
        try await story.history()
        try await story.content()
        return story.lines
    }

    private mutating func note(_ line: String) {
        lines.append(line)
    }

    /// Whether something is refused; how, depends on the layer that refuses.
    private mutating func noteRefusal(
        _ what: String, _ work: () async throws -> Void
    ) async {
        do {
            try await work()
            note("\(what): allowed")
        } catch {
            note("\(what): refused")
        }
    }

    private mutating func beginning() async throws {
        let tip = try await remote.newest()
        note("tip @\(tip.position) \(tip.root) epoch \(tip.epoch)")
        note("has its slot: \(try await remote.hasSlot(tip.epoch, hash: tip.slotHash))")
        note("has another: \(try await remote.hasSlot(tip.epoch, hash: .zero))")
        note("has a later: \(try await remote.hasSlot(tip.epoch + 7, hash: tip.slotHash))")
        note("empty: \(try await remote.tree(at: 0).root)")
        note("tags: \(try await remote.tags())")
        note("landings: \(try await remote.landings(LandingQuery(limit: 5)).entries.count)")
        let remote = remote
        await noteRefusal("a position to come") { _ = try await remote.tree(at: 3) }
        await noteRefusal("a landing to come") { _ = try await remote.landing(at: 3) }
    }

    private mutating func land(_ request: LandRequest, _ what: String) async throws {
        switch try await remote.land(request) {
        case .landed(let landed):
            note(
                "\(what): @\(landed.position) \(landed.sourceDigest) \(landed.landedDigest)"
                    + " events \(landed.eventCount) merged \(landed.mergedPaths)")
        case .conflict(let conflicts, let position):
            note("\(what): conflict up to @\(position)")
            for conflict in conflicts { note("  \(conflict)") }
        case .lacking(let hashes): note("\(what): lacking \(hashes)")
        case .abandoned: note("\(what): abandoned")
        case .refused(let why): note("\(what): refused, \(why)")
        case .unknown(let why): note("\(what): unknown, \(why)")
        }
    }

    private static let text = Array("1\n2\n3\n4\n5\n6\n7\n8\n".utf8)

    private mutating func landing() async throws {
        let first = try TestProject.writing(
            ["a.txt": Story.text, "src/b.txt": [], "src/deep/c": Array("c\n".utf8)], seed: 1)
        try await land(first, "first")
        try await land(first, "first again")
        var generator = SeededGenerator(seed: 2)
        let large = generator.bytes(1_400_000)
        let (leaf, packs) = try await TestProject.upload(
            large, to: remote, seed: 3, packBytes: 600_000)
        var second = try TestProject.writing(["d": Array("d\n".utf8)], seed: 4, at: 1)
        second.operations.append(
            HifCore.Operation(path: try RepoPath("large"), before: nil, after: leaf))
        second.uploadedPacks = packs
        try await land(second, "second, uploaded in \(packs.count)")
        var lacking = try TestProject.writing(["e": Array("e\n".utf8)], seed: 5, at: 2)
        lacking.staged = nil
        try await land(lacking, "without its content")
    }

    private mutating func conflict() async throws {
        let base = ["a.txt": Leaf.file(Story.text)]
        func changed(_ line: Int, _ text: String) -> [UInt8] {
            var lines = (1...8).map { "\($0)" }
            lines[line - 1] = text
            return Array((lines.joined(separator: "\n") + "\n").utf8)
        }
        try await land(
            TestProject.writing(["a.txt": changed(1, "ONE")], over: base, seed: 6, at: 2), "line 1")
        try await land(
            TestProject.writing(["a.txt": changed(8, "EIGHT")], over: base, seed: 7, at: 2),
            "line 8")
        try await land(
            TestProject.writing(["a.txt": changed(1, "uno")], over: base, seed: 8, at: 2),
            "line 1 again")
        try await land(
            TestProject.writing(["a.txt/x": Array("x".utf8)], seed: 9, at: 2), "below a file")
        try await land(
            TestProject.writing(["d": nil], over: ["d": .file(Array("d\n".utf8))], seed: 10, at: 4),
            "removal")
    }

    private mutating func sessions() async throws {
        var generator = SeededGenerator(seed: 20)
        var request = try TestProject.writing(["s": Array("s\n".utf8)], seed: 21, at: 5)
        let session = request.session
        let bodies: [SessionEvent.Body] = [
            .started(goal: "Write files", createdPosition: 5, key: ""),
            .note(role: "human", text: "what about \u{1B}[31mred?"),
            .decision(text: "no", why: "scope"),
        ]
        for (index, body) in bodies.enumerated() {
            let event = SessionEvent(
                id: EventID(from: &generator), author: TestProject.author,
                atMillis: Int64(index), body: body)
            let known = UInt64(index)
            note("event: \(try await remote.appendEvent(event, to: session, from: known))")
            note("again: \(try await remote.appendEvent(event, to: session, from: known))")
        }
        note("events: \(try await remote.events(of: session, from: 1))")
        note("none: \(try await remote.events(of: session, from: 9).count)")
        note("open: \(try await remote.openSessions(limit: 10) == [session])")
        note("closing: \(String(describing: try await remote.closing(of: session, createdAt: 5)))")
        request.eventCount = 3
        try await land(request, "session")
        note("open: \(try await remote.openSessions(limit: 10).count)")
        note("closing: \(String(describing: try await remote.closing(of: session, createdAt: 5)))")

        let other = SessionID(from: &generator)
        let event = SessionEvent(
            id: EventID(from: &generator), author: TestProject.author, atMillis: 1,
            body: .started(goal: "Nothing", createdPosition: 6, key: "k"))
        _ = try await remote.appendEvent(event, to: other, from: 0)
        let abandon = Abandon(
            session: other, author: TestProject.author, reason: "no", atMillis: 5)
        note("abandon: \(try await remote.abandon(abandon, createdPosition: 6))")
        note("again: \(try await remote.abandon(abandon, createdPosition: 6))")
        note("closing: \(String(describing: try await remote.closing(of: other, createdAt: 6)))")
        note("open: \(try await remote.openSessions(limit: 10).count)")
    }

    private mutating func history() async throws {
        let answers = try await remote.submit([
            .control(.setTags(["v1": 1, "v2": 2])),
            .control(.setTags(["v1": Position?.none, "v3": 3])),
        ])
        note("tagged: \(answers.count)")
        note("tags: \(try await remote.tags().sorted { $0.key < $1.key })")
        var byPath = LandingQuery(path: try RepoPath("a.txt"), limit: 10)
        var queries = [LandingQuery(limit: 3), LandingQuery(from: 3, limit: 10), byPath]
        byPath.downTo = 4
        queries.append(byPath)
        queries.append(LandingQuery(author: "ana", limit: 2))
        queries.append(LandingQuery(author: "nobody", limit: 2))
        for query in queries {
            let page = try await remote.landings(query)
            note("page, then \(page.next.map { "@\($0)" } ?? "no more")")
            for entry in page.entries {
                let landing = entry.landing
                note(
                    "  @\(entry.position) \(landing.session) \(landing.author) "
                        + "\(landing.goalLine) \(landing.startedMillis) \(landing.sourceDigest) "
                        + "\(landing.createdPosition) \(landing.eventCount) "
                        + "\(landing.mergedPaths) document \(landing.document != nil)")
            }
        }
        for position in Position(1)...6 {
            let detail = try await remote.landing(at: position)
            note("landing @\(detail.position) packs \(detail.landing.packs.count)")
            for operation in detail.operations {
                note("  \(operation.operation) no-op \(operation.isNoOp)")
            }
            guard let document = detail.document else { continue }
            note("  \(document.goal): \(document.events.map(\.body))")
        }
        try await details()
        try await operations()
    }

    /// Several landings at once are what each is alone.
    private mutating func details() async throws {
        let newest = try await remote.newest().position
        for (first, limit) in [(1, 100), (2, 3), (5, 1), (0, 2), (7, 5), (1, 0)] {
            let first = Position(first)
            let details = try await remote.details(from: first, limit: limit)
            note("details from @\(first), \(limit): \(details.map(\.position))")
            #expect(
                details.count == (first > newest ? 0 : min(limit, Int(newest - max(first, 1)) + 1)))
            for detail in details {
                let alone = try await remote.landing(at: detail.position)
                #expect(detail.operations == alone.operations)
                #expect(detail.document == alone.document)
                #expect(detail.landing.session == alone.landing.session)
                #expect(detail.landing.packs == alone.landing.packs)
            }
        }
    }

    /// What landings did together, with a bound.
    private mutating func operations() async throws {
        let all = try await remote.details(from: 1, limit: 100).map { detail in
            detail.operations.filter { !$0.isNoOp }.map(\.operation)
        }
        for (first, last) in [(1, all.count), (2, 4), (3, 3), (4, 3)] {
            let wanted = first > last ? [] : all[(first - 1)..<last].flatMap { $0 }
            for operationsMax in [1, wanted.count, 1_000_000] where operationsMax > 0 {
                let found = try await remote.operations(
                    from: Position(first), through: Position(last), operationsMax: operationsMax)
                #expect(found == (wanted.count > operationsMax ? nil : wanted))
            }
        }
        let remote = remote
        await noteRefusal("operations to come") {
            _ = try await remote.operations(
                from: 1, through: Position(all.count + 1), operationsMax: 9)
        }
    }

    private mutating func content() async throws {
        let tip = try await remote.newest()
        note("tip @\(tip.position) \(tip.root)")
        for position in Position(0)...tip.position {
            let tree = try await remote.tree(at: position)
            note("tree @\(position) \(tree.root)")
            guard tree != .empty else { continue }
            let nodes = try await remote.nodes([tree.root], at: position)
            note("  \(nodes.map { "\($0.hash) \($0.entryCount) \($0.byteCount)" })")
        }
        let remote = remote
        await noteRefusal("an unknown node") { _ = try await remote.nodes([.zero], at: 1) }
        var ids: [Hash] = []
        for position in Position(1)...6 {
            ids += try await remote.landing(at: position).operations
                .compactMap { $0.operation.after?.hash }
        }
        let contents = try await remote.all(ids, at: tip.position)
        note("contents: \(contents.mapValues(\.count).sorted { $0.key < $1.key })")
        note("verified: \(contents.allSatisfy { Blake3.hash($0.value) == $0.key })")
        await noteRefusal("unknown content") {
            _ = try await remote.all(ids + [.zero], at: tip.position)
        }
        note("lacking: \(try await remote.lacking(ids + [.zero]))")
        note("nothing asked: \(try await remote.lacking([]).count)")
        note("nothing read: \(try await remote.all([], at: 1).count)")
    }
}

extension Leaf {
    fileprivate static func file(_ bytes: [UInt8]) -> Leaf {
        Leaf(kind: .file, size: UInt64(bytes.count), hash: Blake3.hash(bytes))
    }
}
