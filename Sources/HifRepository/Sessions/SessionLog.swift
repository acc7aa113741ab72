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

    /// Appends an event and returns its number. An event with the same id that is there already is
    /// found, not written again, so repeating this after a lost answer is safe.
    ///
    /// - Parameter known: a number up to which the events are known to exist and to be others.
    package func append(
        _ event: SessionEvent, to session: SessionID, from known: UInt64 = 0
    ) async throws(ReadError) -> UInt64 {
        var number = known
        while let there = try await self.event(number, of: session) {
            if there.id == event.id { return number }
            number += 1
        }
        guard number < SessionLog.eventsMax else {
            throw .store(
                StoreError(
                    .refused, key: StoreKey.event(session, number),
                    "a session holds at most \(SessionLog.eventsMax) events"))
        }
        // An attempt at the present number ended without an outcome.
        var mayBeWritten = false
        func failure(_ error: StoreError) -> ReadError {
            guard mayBeWritten, !error.mayHaveBeenApplied else { return .store(error) }
            return .store(
                StoreError(
                    .unknown, key: error.key, "the event may have been written; try again",
                    cause: "\(error)"))
        }
        for _ in 0..<SessionLog.racesMax {
            do throws(StoreError) {
                _ = try await store.put(
                    StoreKey.event(session, number), event.encode(), .ifAbsent)
                return number
            } catch {
                switch error.code {
                case .refused, .cancelled: throw failure(error)
                default: mayBeWritten = mayBeWritten || error.mayHaveBeenApplied
                }
                // Somebody else's, or our own attempt that was applied: what is there tells.
                let there: SessionEvent?
                do throws(ReadError) {
                    there = try await self.event(number, of: session)
                } catch {
                    if case .store(let error) = error { throw failure(error) }
                    throw error
                }
                guard let there else {
                    if error.code == .preconditionFailed { throw failure(error) }
                    continue
                }
                if there.id == event.id { return number }
                // Taken by another: nothing of ours can come to lie there any more.
                mayBeWritten = false
                number += 1
            }
        }
        throw .store(
            StoreError(
                .unknown, key: StoreKey.event(session, number),
                "the event could not be placed; try again"))
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
