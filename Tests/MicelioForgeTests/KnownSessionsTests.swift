import HifCore
import HifRepository
import HifStore
import Testing

@testable import MicelioForge

/// Open sessions as pages read them: what one knows already, and what others did meanwhile.
@Suite struct KnownSessionsTests {
    /// A node that shows sessions, and somebody else with the same store in their hands.
    private struct Fixture {
        let requests: CountingStore
        let node: Repository
        let other: Repository
        let known = KnownSessions()
        let session: SessionID

        init() async throws {
            let store = MemoryStore()
            var generator = World.system.generator
            session = SessionID(from: &generator)
            try await Repository.create(
                in: store, id: ProjectID(from: &generator), name: "ana/app",
                storeID: StoreID(from: &generator), world: .system)
            requests = CountingStore(store)
            node = Repository(store: requests, world: .system)
            other = Repository(store: store, world: .system)
        }

        /// Somebody else adds to the session.
        func tell(_ body: SessionEvent.Body) async throws {
            let event = SessionEvent(
                id: EventID(high: .random(in: 0 ... .max), low: .random(in: 0 ... .max)),
                author: Author(account: "ana", name: "Ana"), atMillis: 1, body: body)
            _ = try await other.append(event, to: session)
        }

        func start() async throws {
            try await tell(.started(goal: "Work", createdPosition: 0, key: ""))
        }

        func found() async throws -> FoundSession {
            try await known.find(session, in: "p", node, newest: try await node.newest())
        }

        func open() async throws -> OpenSession {
            guard case .open(let open) = try await found() else {
                throw ForgeError(.notFound, "not open")
            }
            return open
        }
    }

    @Test func `what somebody else adds is there for the next who looks`() async throws {
        let fixture = try await Fixture()
        try await fixture.start()
        #expect(try await fixture.open().story.messages.isEmpty)
        for number in 1...40 {
            try await fixture.tell(.note(role: "human", text: "n\(number)"))
            // Now and then, so that one look finds some, and another many.
            guard [1, 2, 3, 8, 40].contains(number) else { continue }
            let texts = try await fixture.open().story.messages.map(\.text)
            #expect(texts == (1...number).map { "n\($0)" })
        }
    }

    @Test func `a known session costs one request, and one for the newest slot`()
        async throws
    {
        let fixture = try await Fixture()
        _ = try await Lander(fixture.other).land(LandRequest.writing([("a", "a")], seed: 1))
        try await fixture.start()
        for number in 1...30 { try await fixture.tell(.note(role: "human", text: "\(number)")) }
        _ = try await fixture.open()
        fixture.requests.reset()
        #expect(try await fixture.open().story.messages.count == 30)
        #expect(fixture.requests.totals.requests == 2)
    }

    @Test func `a session that landed elsewhere is open no more`() async throws {
        let fixture = try await Fixture()
        try await fixture.start()
        _ = try await fixture.open()
        var request = try LandRequest.writing([("a", "a")], seed: 1)
        request = LandRequest(
            session: fixture.session, author: request.author, goal: "Work", startedMillis: 1,
            createdPosition: 0, eventCount: 1, operations: request.operations,
            staged: request.staged)
        _ = try await Lander(fixture.other).land(request)
        guard case .landed(1) = try await fixture.found() else {
            Issue.record("not landed")
            return
        }
        // And stays so, for who did not know it open.
        guard case .landed(1) = try await fixture.found() else {
            Issue.record("not landed")
            return
        }
    }

    @Test func `a draft is judged anew when something landed`() async throws {
        let fixture = try await Fixture()
        let mine = try LandRequest.writing([("a", "mine")], seed: 1)
        try await fixture.start()
        let pack = try await Lander(fixture.other).upload(try #require(mine.staged).bytes)
        try await fixture.tell(.changed(mine.operations, packs: [pack]))
        #expect(try await !fixture.open().isConflicted)
        let theirs = try LandRequest.writing([("a", "theirs")], seed: 2)
        _ = try await Lander(fixture.other).land(theirs)
        let open = try await fixture.open()
        #expect(open.isConflicted && open.tip == 1)
    }

    @Test func `there is no session before its first event`() async throws {
        let fixture = try await Fixture()
        await #expect(throws: ForgeError.self) { try await fixture.found() }
        try await fixture.start()
        #expect(try await fixture.open().story.goal == "Work")
    }
}
