package import HifCore
package import HifRepository

/// A session that has not landed, as far as the forge knows it.
package struct OpenSession: Sendable {
    package let id: SessionID
    package let story: SessionStory
    /// What would become of its draft if it landed now.
    package let verdicts: [DraftVerdict]
    package let tip: Position

    init(
        _ id: SessionID, _ story: SessionStory, _ verdicts: [DraftVerdict], at newest: Slot
    ) {
        self.id = id
        self.story = story
        self.verdicts = verdicts
        tip = newest.lastPosition
    }

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
            try await knownSessions.find(
                id, in: grant.project.storeProjectID, repository,
                newest: try await repository.newest())
        }
    }

    /// The open sessions, the one worked on last first; at most `Limits.sessionsShownMax`.
    package func openSessionStories() async throws -> [OpenSession] {
        try await working {
            let newest = try await repository.newest()
            let ids = try await repository.sessions.openSessions(limit: Limits.sessionsShownMax)
            var found: [OpenSession] = []
            for id in ids {
                // The list is advisory: what was closed a moment ago may still be on it, and what has
                // no event yet.
                do {
                    guard
                        case .open(let session) = try await knownSessions.find(
                            id, in: grant.project.storeProjectID, repository, newest: newest)
                    else { continue }
                    found.append(session)
                } catch let error as ForgeError where error.code == .notFound {
                    continue
                }
            }
            return found.sorted { $0.story.lastMillis > $1.story.lastMillis }
        }
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
