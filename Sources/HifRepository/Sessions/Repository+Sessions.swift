package import HifCore

/// The part of sessions that needs the log as well as their events.
extension Repository {
    /// Appends an event to a session and says what became of it. Never lost once it is acknowledged,
    /// whatever closes the session meanwhile: see `EventAppend`.
    ///
    /// Requests: one to write, one that finds nothing after `known`, one look at the log's end, and
    /// event 0 where `known` is not 0.
    package func append(
        _ event: SessionEvent, to session: SessionID, from known: UInt64 = 0
    ) async throws(ReadError) -> EventReceipt {
        let isFirst = known == 0
        if isFirst { try await sessions.markOpen(session) }
        let receipt = try await sessions.append(event, to: session, from: known) {
            position throws(ReadError) in
            try await standing(of: session, createdAt: position)
        } folded: { position throws(ReadError) in
            let landing = try await landing(at: position, newest: try await newest()).landing
            return try await document(of: landing)?.events.map(\.id) ?? []
        } pause: { attempt in
            // 10 ms, doubling, up to a second.
            await world.pause(min(1_000, UInt64(5) << UInt64(min(attempt, 10))))
        }
        if isFirst {
            switch receipt {
            case .open: break
            // It was closed, and the mark that said so is back.
            case .folded, .afterthought: try? await sessions.unmarkOpen(session)
            }
        }
        return receipt
    }

    /// How a session stands at some moment after this was called. A process that lands asks its
    /// sequencer, which remembers closings; another one reads the slots since the session began.
    package func standing(
        of session: SessionID, createdAt position: Position
    ) async throws(ReadError) -> SessionStanding {
        if let sequencer = warmSequencer {
            return await sequencer.standing(of: session, createdAt: position)
        }
        let newest = try await newest()
        let closing = try await closing(of: session, createdAt: position, newest: newest)
        return closing.map(SessionStanding.closed) ?? .open
    }
}
