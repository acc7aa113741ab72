import HifCore
import HifRepository
import HifStore
import Support
import Testing

/// The numbered events of a session, under races and faults.
@Suite struct SessionLogTests {
    static func event(_ number: UInt64) -> SessionEvent {
        SessionEvent(
            id: EventID(high: 7, low: number), author: TestProject.ana, atMillis: 1,
            body: .note(role: "assistant", text: "note \(number)"))
    }

    let session = TestProject.session(1)

    @Test func `events are numbered in the order of their appending`() async throws {
        let log = SessionLog(store: MemoryStore())
        for number in 0..<UInt64(5) {
            #expect(try await log.append(SessionLogTests.event(number), to: session) == number)
        }
        let events = try await log.events(of: session)
        #expect(events == (0..<5).map { SessionLogTests.event(UInt64($0)) })
        #expect(try await log.events(of: session, from: 3) == Array(events[3...]))
        #expect(try await log.events(of: TestProject.session(2)) == [])
    }

    @Test func `the same event again is found, not written`() async throws {
        let store = MemoryStore()
        let log = SessionLog(store: store)
        for number in 0..<UInt64(3) {
            _ = try await log.append(SessionLogTests.event(number), to: session)
        }
        #expect(try await log.append(SessionLogTests.event(1), to: session) == 1)
        #expect(try await log.append(SessionLogTests.event(1), to: session, from: 1) == 1)
        #expect(try await log.events(of: session).count == 3)
    }

    @Test func `a session that a dead process left listed as open is taken off when asked about`()
        async throws
    {
        let project = try await TestProject()
        let ended = TestProject.session(1)
        let other = TestProject.session(2)
        _ = try await project.land(1, [("a", nil, "a")])
        for session in [ended, other] { try await project.repository.sessions.markOpen(session) }

        let repository = project.reopened()
        let newest = try await repository.newest()
        #expect(try await repository.closing(of: other, createdAt: 0, newest: newest) == nil)
        #expect(try await repository.sessions.openSessions(limit: 9).count == 2)
        #expect(try await repository.closing(of: ended, createdAt: 0, newest: newest) != nil)
        #expect(try await repository.sessions.openSessions(limit: 9) == [other])
    }

    @Test func `many at once get a number each`() async throws {
        let store = MemoryStore()
        let numbers = try await withThrowingTaskGroup(of: UInt64.self) { group in
            for number in 0..<UInt64(40) {
                group.addTask {
                    try await SessionLog(store: store).append(
                        SessionLogTests.event(number), to: session)
                }
            }
            var numbers: [UInt64] = []
            for try await number in group { numbers.append(number) }
            return numbers
        }
        #expect(numbers.sorted() == Array(0..<40))
        let events = try await SessionLog(store: store).events(of: session)
        #expect(Set(events.map(\.id)).count == 40)
    }

    @Test func `no event is lost or written twice, whatever goes wrong on the way`() async throws {
        for seed: UInt64 in 1...30 {
            let memory = MemoryStore()
            let faulty = FaultyStore(
                memory, generator: SeededGenerator(seed: seed), perThousand: 150,
                faults: [
                    .lost, .answerLost, .duplicated, .repeatedInside, .late(after: 2),
                    .fails(.throttled), .fails(.conflict), .appliedBut(.conflict),
                ])
            var acknowledged: [UInt64: EventID] = [:]
            for number in 0..<UInt64(12) {
                let event = SessionLogTests.event(number)
                // A client that got no answer asks again.
                for _ in 0..<500 {
                    if let place = try? await SessionLog(store: faulty).append(event, to: session) {
                        #expect(acknowledged.updateValue(event.id, forKey: place) == nil)
                        break
                    }
                }
            }
            await faulty.applyLate()
            let events = try await SessionLog(store: memory).events(of: session)
            for (place, id) in acknowledged {
                #expect(Int(place) < events.count && events[Int(place)].id == id, "seed \(seed)")
            }
            #expect(Set(events.map(\.id)).count == events.count, "seed \(seed): one twice")
            #expect(acknowledged.count == 12, "seed \(seed)")
        }
    }

    @Test func `a refusal after a try without outcome is not taken for "not written"`() async throws
    {
        let faulty = FaultyStore(
            MemoryStore(),
            script: [
                .init(.put, nth: 1, .late(after: 6)), .init(.put, nth: 2, .fails(.refused)),
            ])
        do {
            _ = try await SessionLog(store: faulty).append(SessionLogTests.event(1), to: session)
            Issue.record("acknowledged")
        } catch {
            guard case .store(let error) = error else { throw error }
            #expect(error.mayHaveBeenApplied, "\(error)")
        }
    }

    @Test func `open sessions are listed until they are closed`() async throws {
        let log = SessionLog(store: MemoryStore())
        for number in 0..<UInt64(5) { try await log.markOpen(TestProject.session(number)) }
        try await log.markOpen(TestProject.session(3))
        try await log.unmarkOpen(TestProject.session(2))
        try await log.unmarkOpen(TestProject.session(2))
        let open = try await log.openSessions(limit: 100)
        #expect(Set(open) == Set([0, 1, 3, 4].map { TestProject.session($0) }))
        #expect(try await log.openSessions(limit: 2).count == 2)
    }
}

extension SessionLog {
    /// Appends to a session that is open all the time.
    fileprivate func append(
        _ event: SessionEvent, to session: SessionID, from known: UInt64 = 0
    ) async throws(ReadError) -> UInt64 {
        try await append(
            event, to: session, from: known, standing: { _ in .open }, folded: { _ in [] },
            pause: { _ in }
        ).number
    }
}
