package import HifCore
package import HifStore

/// The event logs of open sessions: `ses/<session>/<n>`, numbered without holes, each written once.
package struct SessionLog: Sendable {
    /// Events of one session. A session that needs more starts a follow-up.
    package static let eventsMax: UInt64 = 100_000
    /// Times the next free number is looked for again when others append at the same moment.
    static let racesMax = 1_000

    private let store: any ObjectStore

    package init(store: any ObjectStore) {
        self.store = store
    }

    /// Every event from number `first` on, in order. One request each, and one that finds nothing.
    package func events(
        of session: SessionID, from first: UInt64 = 0
    ) async throws(ReadError) -> [SessionEvent] {
        var events: [SessionEvent] = []
        var number = first
        while number < SessionLog.eventsMax, let event = try await event(number, of: session) {
            events.append(event)
            number += 1
        }
        return events
    }

    package func event(
        _ number: UInt64, of session: SessionID
    ) async throws(ReadError) -> SessionEvent? {
        let key = StoreKey.event(session, number)
        let object: StoredObject?
        do throws(StoreError) {
            object = try await store.getIfPresent(key)
        } catch {
            throw .store(error)
        }
        guard let object else { return nil }
        do throws(FormatError) {
            return try SessionEvent(decoding: object.bytes)
        } catch {
            throw .damaged(key.description, error)
        }
    }

    /// Appends an event by the rules of `EventAppend`. An event with the same id that is there already
    /// is found, not written again, so repeating this after a lost answer is safe.
    ///
    /// - Parameters:
    ///   - known: a number up to which the events are known to exist and to be others.
    ///   - standing: how the session, created at this position, stands at some moment after the call.
    ///   - folded: ids of the events that the landing at this position folded.
    ///   - pause: waits, longer with each attempt.
    /// - Throws: `ReadError.store` with `refused` when nothing was written; anything else is found out
    ///   by asking again.
    package func append(
        _ event: SessionEvent, to session: SessionID, from known: UInt64 = 0,
        standing: (Position) async throws(ReadError) -> SessionStanding,
        folded: (Position) async throws(ReadError) -> [EventID],
        pause: (_ attempt: Int) async -> Void
    ) async throws(ReadError) -> EventReceipt {
        var append = EventAppend(event, from: known)
        var effect = append.begin()
        /// What the store said last, for whoever asks why.
        var cause = ""
        while true {
            switch effect {
            case .read(let number):
                let there = try await self.event(number, of: session)
                // A killed process may have left it seen and not yet on the disk.
                if there?.id == event.id { try await makeDurable(number, of: session) }
                effect = append.step(.eventRead(there))
            case .write(let number):
                let (write, words) = await write(event, number, session)
                cause = words
                effect = append.step(.written(write))
            case .look(let position):
                let found = try await standing(position)
                if case .unknown(let reason) = found { cause = reason }
                effect = append.step(.looked(found))
            case .readFolded(let position):
                effect = append.step(.foldedRead(try await folded(position)))
            case .pause(let attempt):
                await pause(attempt)
                effect = append.step(.paused)
            case .finished(let receipt):
                return receipt
            case .failed(let failure):
                throw .store(SessionLog.error(failure, session, cause))
            }
        }
    }

    private func write(
        _ event: SessionEvent, _ number: UInt64, _ session: SessionID
    ) async -> (EventAppend.Write, words: String) {
        do throws(StoreError) {
            _ = try await store.put(StoreKey.event(session, number), event.encode(), .ifAbsent)
            return (.created, "")
        } catch {
            if error.code == .preconditionFailed { return (.exists, "\(error)") }
            return (error.mayHaveBeenApplied ? .unknown : .refused, "\(error)")
        }
    }

    private static func error(
        _ failure: EventAppend.Failure, _ session: SessionID, _ cause: String
    ) -> StoreError {
        switch failure {
        case .refused:
            StoreError(.refused, "the event could not be written", cause: cause)
        case .full:
            StoreError(.refused, "a session holds at most \(SessionLog.eventsMax) events")
        case .unknown:
            StoreError(.unknown, "the event may have been written; try again", cause: cause)
        }
    }

    private func makeDurable(
        _ number: UInt64, of session: SessionID
    ) async throws(ReadError) {
        do throws(StoreError) {
            try await store.makeDurable(StoreKey.event(session, number))
        } catch {
            throw .store(error)
        }
    }

    /// Lists `session` as open. Durable before its first event is acknowledged; advisory.
    package func markOpen(_ session: SessionID) async throws(ReadError) {
        do throws(StoreError) {
            _ = try await store.put(StoreKey.openMarker(session), [], .none)
        } catch {
            throw .store(error)
        }
    }

    package func unmarkOpen(_ session: SessionID) async throws(ReadError) {
        do throws(StoreError) {
            try await store.delete(StoreKey.openMarker(session))
        } catch {
            throw .store(error)
        }
    }

    /// Sessions marked as open; some may have been closed a moment ago. One request per 1,000.
    package func openSessions(limit: Int) async throws(ReadError) -> [SessionID] {
        do throws(StoreError) {
            var sessions: [SessionID] = []
            var after: ObjectKey?
            repeat {
                let page = try await store.list(prefix: "open/", after: after, limit: 1_000)
                sessions += page.objects.compactMap {
                    SessionID(String($0.key.description.dropFirst(5)))
                }
                after = page.next
            } while after != nil && sessions.count < limit
            return Array(sessions.prefix(limit))
        } catch {
            throw .store(error)
        }
    }
}
