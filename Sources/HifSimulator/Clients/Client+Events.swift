import HifCore
import HifRepository

extension Client {
    /// Writes a few events, each through any node, repeated until it is acknowledged or patience
    /// ends; somebody else may write into the same session at the same time.
    func talk(in session: inout OpenSession) async {
        let id = session.id
        let count = dice.within(1...4)
        var acked: [(UInt64, EventID)] = []
        if dice.chance(300) {
            let half = EventTalk(self, id, count: count)
            let other = EventTalk(self, id, count: 1)
            async let first = half.run()
            async let second = other.run()
            acked = await first + second
        } else {
            acked = await EventTalk(self, id, count: count).run()
        }
        for (number, event) in acked {
            if let known = session.events[number], known != event {
                simulation.violate("I3: event \(number) of \(id) is two events")
            }
            session.events[number] = event
            witness.acknowledged(id, event: number, event)
        }
        // Numbers have no holes, so all up to the highest are there.
        if let highest = session.events.keys.max() { session.eventCount = highest + 1 }
    }
}

/// Events of one speaker, one after the other.
private struct EventTalk: Sendable {
    let client: Client
    let session: SessionID
    let count: Int

    init(_ client: Client, _ session: SessionID, count: Int) {
        self.client = client
        self.session = session
        self.count = count
    }

    func run() async -> [(UInt64, EventID)] {
        var acked: [(UInt64, EventID)] = []
        for _ in 0..<count {
            let event = SessionEvent(
                id: EventID(from: &client.dice), author: client.author, atMillis: 1,
                body: .note(role: "human", text: "note"))
            for _ in 0..<5 where !client.simulation.isOver {
                let session = session
                let number = try? await client.simulation.call(client.anyNode) { repository in
                    try await repository.sessions.markOpen(session)
                    return try await repository.append(event, to: session).number
                }
                if let number {
                    acked.append((number, event.id))
                    break
                }
                await client.simulation.executor.sleep(100_000)
            }
        }
        return acked
    }
}
