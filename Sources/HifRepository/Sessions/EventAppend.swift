package import HifCore

/// Appends one event to a session's log, as a value: given what happened it says what to do next.
///
/// An event may be written after its session was closed, and so after the landing folded the events
/// there were; and once a landing has folded events, their objects may be deleted, so that a number
/// is free again for whoever has slept. Hence the rules, each of which a test fails without:
/// * an event is acknowledged only after a look at the log, begun after it was written, that shows
///   its session open, or shows how it was closed;
/// * in a session that landed with n events, what lies below n counts for nothing: the event is in
///   the folded document, or it is written at n or later, where it stays as an afterthought. One
///   that is in both, because its first answer was lost and its number taken by another meanwhile,
///   counts once: as folded;
/// * an event that is there already is recognised by its id and not written again;
/// * a number that an attempt without outcome was meant for is filled, by it or by another, before
///   the next one is tried.
///
/// Performs nothing: `SessionLog` carries out one effect after another, and the exhaustive check
/// runs the same type.
package struct EventAppend: Hashable, Sendable {
    package enum Incident: Hashable, Sendable {
        /// The event at the number asked for; nil when there is none (yet).
        case eventRead(SessionEvent?)
        case written(Write)
        case looked(SessionStanding)
        /// Ids of the events that the landing folded, in order.
        case foldedRead([EventID])
        case paused
    }

    package enum Write: Hashable, Sendable {
        case created
        /// There is an event already, perhaps this one.
        case exists
        /// Definitely not written, by this attempt.
        case refused
        /// It may have been written, now or later.
        case unknown
    }

    package enum Effect: Hashable, Sendable {
        case read(UInt64)
        case write(UInt64)
        /// How the session, created at this position, stands now: asked of the log's end.
        case look(createdPosition: Position)
        /// The ids of the events that the landing at this position folded.
        case readFolded(Position)
        case pause(attempt: Int)
        case finished(EventReceipt)
        case failed(Failure)
    }

    package enum Failure: Hashable, Sendable {
        /// Nothing was written.
        case refused
        case full
        /// It may have been written; asking again is safe, and recognises it.
        case unknown
    }

    private enum Phase: Hashable, Sendable {
        case finding
        case writing
        case readingBack
        case readingStart
        case looking
        case readingFolded(count: UInt64, position: Position)
        case pausing
        case done
    }

    private let event: SessionEvent
    private var number: UInt64
    private var phase = Phase.finding
    /// From event 0; nil until it is known.
    private var createdPosition: Position?
    /// An attempt ended without an outcome.
    private var mayBeWritten = false
    private var attempts = 0
    private let attemptsMax: Int
    private let weakness: Weakness

    /// - Parameters:
    ///   - known: a number up to which the events are known to exist and to be others.
    ///   - attemptsMax: rounds of writing and reading back, and numbers taken by others meanwhile.
    ///   - weakness: for tests only.
    package init(
        _ event: SessionEvent, from known: UInt64 = 0, attemptsMax: Int = SessionLog.racesMax,
        weakness: Weakness = []
    ) {
        self.event = event
        self.attemptsMax = attemptsMax
        self.weakness = weakness
        number = known
        if case .started(_, let position, _) = event.body { createdPosition = position }
    }

    package func begin() -> Effect { .read(number) }

    package mutating func step(_ incident: Incident) -> Effect {
        switch (phase, incident) {
        case (.finding, .eventRead(let found)):
            noteStart(found)
            guard let found else { return write() }
            if found.id == event.id { return look() }
            number += 1
            return find()
        case (.writing, .written(let write)):
            return written(write)
        case (.readingBack, .eventRead(let found)):
            return readBack(found)
        case (.readingStart, .eventRead(let found)):
            noteStart(found)
            // Deleted, so the session is closed; the search goes through the whole log.
            if createdPosition == nil { createdPosition = 0 }
            return look()
        case (.looking, .looked(let standing)):
            return looked(standing)
        case (.readingFolded(let count, let position), .foldedRead(let ids)):
            if let index = ids.firstIndex(of: event.id) {
                return finish(.folded(UInt64(index), position: position))
            }
            if number >= count { return finish(.afterthought(number)) }
            // Where it lies now it may be deleted as one of the folded.
            number = count
            return find()
        case (.pausing, .paused):
            return write()
        default:
            return fail(.unknown)
        }
    }

    private mutating func noteStart(_ found: SessionEvent?) {
        let isStart = phase == .readingStart || number == 0
        if isStart, createdPosition == nil, case .started(_, let position, _)? = found?.body {
            createdPosition = position
        }
    }

    private mutating func find() -> Effect {
        phase = .finding
        return number < SessionLog.eventsMax ? .read(number) : fail(.full)
    }

    private mutating func write() -> Effect {
        guard number < SessionLog.eventsMax else { return fail(.full) }
        phase = .writing
        return .write(number)
    }

    private mutating func written(_ write: Write) -> Effect {
        switch write {
        case .created:
            return look()
        case .exists:
            if weakness.contains(.existsMeansAnother) { return next() }
            // Perhaps because an attempt of ours succeeded out of sight.
            mayBeWritten = true
            phase = .readingBack
            return .read(number)
        case .unknown:
            mayBeWritten = true
            phase = .readingBack
            return .read(number)
        case .refused:
            let isCertain = !mayBeWritten || weakness.contains(.refusesDespiteUnknown)
            return fail(isCertain ? .refused : .unknown)
        }
    }

    private mutating func readBack(_ found: SessionEvent?) -> Effect {
        guard let found else {
            // After "exists": deleted in between, or a store that contradicts itself.
            if weakness.contains(.absentIsFinal) { return next() }
            attempts += 1
            guard attempts < attemptsMax else { return fail(.unknown) }
            phase = .pausing
            return .pause(attempt: attempts)
        }
        return found.id == event.id ? look() : next()
    }

    /// Taken by another. That says nothing of an earlier attempt of ours without outcome: it may have
    /// been applied, folded and deleted before the other came.
    private mutating func next() -> Effect {
        attempts += 1
        guard attempts < attemptsMax else { return fail(.unknown) }
        number += 1
        return write()
    }

    private mutating func look() -> Effect {
        if weakness.contains(.acknowledgesUnseen) { return finish(.open(number)) }
        guard let createdPosition else {
            phase = .readingStart
            return .read(0)
        }
        phase = .looking
        return .look(createdPosition: createdPosition)
    }

    private mutating func looked(_ standing: SessionStanding) -> Effect {
        switch standing {
        case .open:
            return finish(.open(number))
        case .closed(.abandoned):
            return finish(.afterthought(number))
        case .closed(.landed(let landed)):
            if weakness.contains(.belowCountIsFolded) {
                return finish(
                    number < landed.eventCount
                        ? .folded(number, position: landed.position) : .afterthought(number))
            }
            phase = .readingFolded(count: landed.eventCount, position: landed.position)
            return .readFolded(landed.position)
        case .unknown:
            return fail(.unknown)
        }
    }

    private mutating func finish(_ receipt: EventReceipt) -> Effect {
        phase = .done
        return .finished(receipt)
    }

    private mutating func fail(_ failure: Failure) -> Effect {
        phase = .done
        return .failed(failure)
    }
}

/// What an event's writer may rely on: it is never lost.
package enum EventReceipt: Hashable, Sendable {
    /// Written in an open session. A landing under way may still be without it; it is an
    /// afterthought then.
    case open(UInt64)
    /// The session has landed with it.
    case folded(UInt64, position: Position)
    /// The session is closed without it; it stays beside it, under this number.
    case afterthought(UInt64)

    package var number: UInt64 {
        switch self {
        case .open(let number), .folded(let number, _), .afterthought(let number): number
        }
    }
}

/// How a session stands, at a moment after it was asked.
package enum SessionStanding: Hashable, Sendable {
    case open
    case closed(Closing)
    /// It could not be found out.
    case unknown(String)
}

extension EventAppend {
    /// Rules that a test may switch off, to see that the checker notices. Nowhere else.
    package struct Weakness: OptionSet, Hashable, Sendable {
        package let rawValue: Int

        package init(rawValue: Int) {
            self.rawValue = rawValue
        }

        /// An event is acknowledged when it is written, whether or not its session is open.
        package static let acknowledgesUnseen = Weakness(rawValue: 1 << 0)
        /// Whatever lies below the folded count is taken to be in the document.
        package static let belowCountIsFolded = Weakness(rawValue: 1 << 1)
        /// "It exists already" is taken for "another one's".
        package static let existsMeansAnother = Weakness(rawValue: 1 << 2)
        /// A number that is free after an unknown outcome is taken to stay free.
        package static let absentIsFinal = Weakness(rawValue: 1 << 3)
        /// The last attempt's refusal is believed although an earlier one has no outcome yet.
        package static let refusesDespiteUnknown = Weakness(rawValue: 1 << 4)
    }
}
