import HifCore
import HifRepository

/// Where a session is, for whoever follows it.
enum SessionProgress: Sendable {
    case open
    case landed(Position)
    case abandoned
}

/// Following a session: its events from a number on, and whether more may come.
extension OpenProject where Verb == Reading {
    /// The events from number `first` on, and how the session stood at a moment after they were read.
    ///
    /// - Throws: `ForgeError(.notFound)` when there is no such session.
    func follow(
        _ id: SessionID, from first: Int, createdAt position: Position?
    ) async throws -> (events: [SessionEvent], progress: SessionProgress) {
        try await working {
            var events = try await repository.sessions.events(of: id, from: UInt64(first))
            let created: Position
            if let position {
                created = position
            } else {
                created = SessionStory(first == 0 ? events : []).createdPosition
            }
            let newest = try await repository.newest()
            switch try await repository.closing(of: id, createdAt: created, newest: newest) {
            case .landed(let landed):
                // Events that were folded may be deleted: the document has them.
                let landing = try await repository.landing(
                    at: landed.position, newest: newest
                ).landing
                let folded = try await repository.document(of: landing)?.events ?? []
                events = Array(folded.dropFirst(first))
                return (events, .landed(landed.position))
            case .abandoned: return (events, .abandoned)
            case nil:
                guard first > 0 || !events.isEmpty else {
                    throw ForgeError(.notFound, "there is no session \(id)")
                }
                return (events, .open)
            }
        }
    }

    /// A place among those who watch the session.
    func watch(
        _ id: SessionID, by caller: String, from next: Int, createdAt position: Position
    ) throws(ForgeError) -> SessionFeed.Seat {
        try feed.watch(
            feedKey(id), by: caller, from: UInt64(next), createdAt: position)
    }

    func hasRead(_ id: SessionID, upTo next: Int) {
        feed.hasRead(feedKey(id), upTo: UInt64(next))
    }

    private func feedKey(_ id: SessionID) -> SessionFeed.Key {
        SessionFeed.Key(project: grant.project.storeProjectID, session: id)
    }
}
