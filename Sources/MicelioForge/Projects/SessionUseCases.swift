package import HifCore
package import HifRepository

/// A session that has not landed, as far as the forge knows it.
package struct OpenSession: Sendable {
    package let id: SessionID
    package let story: SessionStory
    /// What would become of its draft if it landed now.
    package let verdicts: [DraftVerdict]
    package let tip: Position

    /// Whether something of the draft cannot land as it is.
    package var isConflicted: Bool {
        verdicts.contains { verdict in
            if case .conflicts = verdict.outcome { true } else { false }
        }
    }
}

/// Where a session is found.
package enum FoundSession: Sendable {
    case open(OpenSession)
    case landed(Position)
    case abandoned(SessionStory)
}

/// Reading sessions.
extension OpenProject where Verb == Reading {
    /// A session by its full id.
    ///
    /// - Throws: `ForgeError(.notFound)` when there is none.
    package func session(_ id: SessionID) async throws -> FoundSession {
        try await working {
            let newest = try await repository.newest()
            let events = try await repository.sessions.events(of: id)
            let story = SessionStory(events)
            let closing = try await repository.closing(
                of: id, createdAt: story.createdPosition, newest: newest)
            switch closing {
            case .landed(let landed): return .landed(landed.position)
            case .abandoned: return .abandoned(story)
            case nil: break
            }
            guard !events.isEmpty else {
                throw ForgeError(.notFound, "there is no session \(id)")
            }
            return .open(try await open(id, story, newest))
        }
    }

    /// The open sessions, the one worked on last first; at most `Limits.sessionsShownMax`.
    package func openSessionStories() async throws -> [OpenSession] {
        try await working {
            let newest = try await repository.newest()
            let ids = try await repository.sessions.openSessions(limit: Limits.sessionsShownMax)
            var found: [OpenSession] = []
            for id in ids {
                let events = try await repository.sessions.events(of: id)
                // The list is advisory: what was closed a moment ago may still be on it.
                guard !events.isEmpty else { continue }
                let story = SessionStory(events)
                let standing = try await repository.standing(
                    of: id, createdAt: story.createdPosition)
                guard case .open = standing else { continue }
                found.append(try await open(id, story, newest))
            }
            return found.sorted { $0.story.lastMillis > $1.story.lastMillis }
        }
    }

    private func open(
        _ id: SessionID, _ story: SessionStory, _ newest: Slot
    ) async throws -> OpenSession {
        let verdicts =
            if let draft = story.draft {
                try await repository.judge(
                    draft.operations, packs: draft.packs, newest: newest)
            } else { [DraftVerdict]() }
        return OpenSession(
            id: id, story: story, verdicts: verdicts, tip: newest.lastPosition)
    }

    /// How many decisions each of these landings made; those that wrote no event are left out. One
    /// request for each of the others.
    package func decisionCounts(
        _ entries: [LandingPage.Entry]
    ) async throws -> [Position: Int] {
        try await working {
            var counts: [Position: Int] = [:]
            for entry in entries where entry.landing.eventCount > 1 {
                guard let document = try await repository.document(of: entry.landing) else {
                    continue
                }
                counts[entry.position] = SessionStory(document.events).decisions.count
            }
            return counts
        }
    }
}
