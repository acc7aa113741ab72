import HifCore
import HifRepository

/// The open sessions that were read lately, so that the next one who looks asks the store only for what
/// is new: events are written once and never changed, and how a session stands changes with the newest
/// slot or with its events.
final class KnownSessions: Sendable {
    private struct Key: Hashable, Sendable {
        /// The project's id in the store.
        let project: String
        let session: SessionID
    }

    private struct Known: Sendable {
        let events: [SessionEvent]
        let story: SessionStory
        /// How it stood at this slot.
        let epoch: Epoch
        let verdicts: [DraftVerdict]
    }

    /// Events that are read at once when many are.
    private static let eventsAtOnceMax = 32

    private let known = Kept<Key, Known>(bytesMax: Limits.knownSessionsBytesMax)

    /// The session as it is, at `newest` or later.
    ///
    /// Requests: one that finds nothing behind the events that are known, and one for each that is not;
    /// when it changed or something landed, those of looking for its end and of judging its draft.
    func find(
        _ id: SessionID, in project: String, _ repository: Repository, newest: Slot
    ) async throws -> FoundSession {
        let key = Key(project: project, session: id)
        let known = known[key]
        let new = try await KnownSessions.events(
            of: id, from: known?.events.count ?? 0, in: repository)
        if let known, new.isEmpty, known.epoch == newest.epoch {
            return .open(OpenSession(id, known.story, known.verdicts, at: newest))
        }
        let events = (known?.events ?? []) + new
        let story = if let known, new.isEmpty { known.story } else { SessionStory(events) }
        let closing = try await repository.closing(
            of: id, createdAt: story.createdPosition, newest: newest)
        if closing != nil || events.isEmpty { self.known.forget(key) }
        switch closing {
        case .landed(let landed): return .landed(landed.position)
        case .abandoned: return .abandoned(story)
        case nil: break
        }
        guard !events.isEmpty else {
            throw ForgeError(.notFound, "there is no session \(id)")
        }
        let verdicts =
            if let draft = story.draft {
                try await repository.judge(draft.operations, packs: draft.packs, newest: newest)
            } else { [DraftVerdict]() }
        self.known.keep(
            Known(events: events, story: story, epoch: newest.epoch, verdicts: verdicts),
            for: key, bytes: events.reduce(0) { $0 + KnownSessions.bytes(of: $1) })
        return .open(OpenSession(id, story, verdicts, at: newest))
    }

    /// One after the other at first, then more and more at once: who waits for a long session does not
    /// wait for each of its events.
    private static func events(
        of session: SessionID, from first: Int, in repository: Repository
    ) async throws -> [SessionEvent] {
        var events: [SessionEvent] = []
        var width = 1
        while first + events.count < Int(SessionLog.eventsMax) {
            let next = UInt64(first + events.count)
            let read = try await withThrowingTaskGroup(of: (UInt64, SessionEvent?).self) { group in
                for number in next..<next + UInt64(width) {
                    group.addTask {
                        (number, try await repository.sessions.event(number, of: session))
                    }
                }
                return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            for number in next..<next + UInt64(width) {
                // One behind a gap was written after the gap was looked at.
                guard let event = read[number] else { return events }
                events.append(event)
            }
            width = min(2 * width, eventsAtOnceMax)
        }
        return events
    }

    /// About what an event takes in memory: it is there twice, in the list and in the story.
    private static func bytes(of event: SessionEvent) -> Int {
        500 + 2 * event.encode().count
    }
}
