import HifCore

/// How sessions were closed, as a writer remembers it: in two halves, of which the older is forgotten
/// when the younger is full. So the newest are always at hand, also right after something was
/// forgotten; what is not is searched for in the log.
struct Closings: Hashable, Sendable {
    private var young: [SessionID: Closing] = [:]
    private var old: [SessionID: Closing] = [:]
    private var youngSince: Position
    /// Every closing of a session that was created at or after this position is here.
    private(set) var since: Position

    /// Those in slots after the newest landing, at `position`; none yet.
    init(after position: Position) {
        // Not `position`: slots that only abandon do not move it.
        youngSince = position + 1
        since = position + 1
    }

    subscript(session: SessionID) -> Closing? { young[session] ?? old[session] }

    /// Takes in what a search has found.
    mutating func merge(_ found: [SessionID: Closing]) {
        young.merge(found) { known, _ in known }
    }

    /// Takes in a slot, the log's newest, and forgets what is then too much.
    ///
    /// - Parameter countMax: of what is kept beside that slot.
    /// - Returns: whether something was forgotten.
    mutating func remember(_ slot: ResolvedSlot, countMax: Int) -> Bool {
        let isFull = young.count + slot.slot.records.count > countMax / 2
        if isFull {
            let next = slot.slot.lastPosition + 1
            let isKept = young.count <= countMax / 2
            old = isKept ? young : [:]
            since = isKept ? youngSince : next
            young = [:]
            youngSince = next
        }
        for (session, closing) in slot.closings { young[session] = closing }
        return isFull
    }
}
