import HifCore
import HifRepository
import HifStore
import Support
import Testing

/// Events that come while their session is being closed, or after.
@Suite struct AfterthoughtTests {
    private static let session = TestProject.session(1)

    /// A session that began at @0, with `count` notes after its start.
    private static func started(
        _ project: TestProject, notes count: UInt64 = 1
    ) async throws {
        let start = SessionEvent(
            id: EventID(high: 7, low: 1_000), author: TestProject.ana, atMillis: 1,
            body: .started(goal: "Change things", createdPosition: 0, key: ""))
        #expect(try await project.repository.append(start, to: session) == .open(0))
        for number in 0..<count {
            let receipt = try await project.repository.append(
                SessionLogTests.event(number), to: session, from: 1)
            #expect(receipt == .open(number + 1))
        }
    }

    private static func land(_ project: TestProject, events: UInt64) async throws -> LandOutcome {
        var request = try TestProject.request(1, [("a", nil, "a")])
        request.eventCount = events
        return try await Lander(project.repository).land(request)
    }

    @Test func `an event after the landing is an afterthought, and stays`() async throws {
        let project = try await TestProject()
        try await AfterthoughtTests.started(project)
        #expect(try await AfterthoughtTests.land(project, events: 2).position == 1)
        for repository in [project.repository, project.reopened()] {
            let receipt = try await repository.append(
                SessionLogTests.event(5), to: AfterthoughtTests.session, from: 2)
            #expect(receipt == .afterthought(2))
        }
        let events = try await project.reopened().sessions.events(
            of: AfterthoughtTests.session, from: 2)
        #expect(events == [SessionLogTests.event(5)])
        #expect(try await project.repository.sessions.openSessions(limit: 10) == [])
    }

    @Test func `a repeated event that was folded is said to be folded`() async throws {
        let project = try await TestProject()
        try await AfterthoughtTests.started(project)
        _ = try await AfterthoughtTests.land(project, events: 2)
        let receipt = try await project.reopened().append(
            SessionLogTests.event(0), to: AfterthoughtTests.session)
        #expect(receipt == .folded(1, position: 1))
    }

    @Test func `a number that is free again counts for nothing`() async throws {
        let project = try await TestProject()
        try await AfterthoughtTests.started(project, notes: 2)
        _ = try await AfterthoughtTests.land(project, events: 3)
        // What was folded is deleted, as collection does.
        for number in UInt64(0)...2 {
            try await project.store.delete(StoreKey.event(AfterthoughtTests.session, number))
        }
        // A node that has slept knows of event 0, and of nothing that happened since.
        let new = try await project.reopened().append(
            SessionLogTests.event(9), to: AfterthoughtTests.session, from: 1)
        #expect(new == .afterthought(3))
        // And one that repeats an event which the document holds.
        let old = try await project.reopened().append(
            SessionLogTests.event(1), to: AfterthoughtTests.session, from: 1)
        #expect(old == .folded(2, position: 1))
    }

    @Test func `a session whose events are gone has landed, and says so`() async throws {
        let project = try await TestProject()
        try await AfterthoughtTests.started(project)
        _ = try await AfterthoughtTests.land(project, events: 2)
        for number in UInt64(0)...1 {
            try await project.store.delete(StoreKey.event(AfterthoughtTests.session, number))
        }
        var request = try TestProject.request(1, [("a", nil, "a")])
        request.eventCount = 2
        #expect(try await Lander(project.reopened()).land(request).position == 1)
    }

    @Test func `an event of an abandoned session is an afterthought`() async throws {
        let project = try await TestProject()
        try await AfterthoughtTests.started(project)
        _ = try await project.repository.submit(TestIntent.abandon(1))
        let receipt = try await project.repository.append(
            SessionLogTests.event(5), to: AfterthoughtTests.session, from: 2)
        #expect(receipt == .afterthought(2))
    }

    @Test func `no event is acknowledged while nobody can say whether its session is open`()
        async throws
    {
        let base = MemoryStore()
        let project = try await TestProject(store: base)
        try await AfterthoughtTests.started(project)
        let faulty = FaultyStore(
            base,
            script: [.init(.get, prefix: "log/", occurrences: 1...1_000, .fails(.unknown))])
        let repository = Repository(store: faulty, world: TestProject.world(seed: 4))
        await #expect(throws: ReadError.self) {
            try await repository.append(
                SessionLogTests.event(3), to: AfterthoughtTests.session, from: 2)
        }
        // Asked again where the log can be read, it is found.
        let receipt = try await project.repository.append(
            SessionLogTests.event(3), to: AfterthoughtTests.session, from: 2)
        #expect(receipt == .open(2))
    }
}
