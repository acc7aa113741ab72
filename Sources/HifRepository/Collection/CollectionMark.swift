package import HifCore

/// What a log up to one slot needs: which packs landings name, and which sessions are closed.
///
/// Every position is kept, so every landing counts, the oldest, too. Open sessions are whatever is
/// not closed: their packs are no candidates.
package struct CollectionMark: Hashable, Sendable {
    /// The slot it was marked at.
    package private(set) var epoch: Epoch = 0
    package private(set) var named: Set<Hash> = []
    package private(set) var closed: Set<SessionID> = []
    package private(set) var packs = CondemnedPacks()

    package init() {}

    /// Takes in the next slot.
    package mutating func fold(_ slot: Slot) {
        epoch = slot.epoch
        for record in slot.records {
            closed.insert(record.session)
            if let landing = record.landing { named.formUnion(landing.packs) }
        }
        guard let lists = slot.control?.condemnation else { return }
        if !lists.replaced.isEmpty {
            // Whoever was copying since the replacement before has come too late.
            closed.insert(SessionID(Compaction.session(after: packs.lastReplacedEpoch)))
            named.formUnion(lists.replaced.map(\.by))
        }
        packs.fold(lists, at: slot.epoch)
    }

    /// Whether a pack that no landing names, and that says it is of this session, may go. Packs that
    /// belong to no session may be a part of work that is under way.
    package func mayGo(packOf session: Hash) -> Bool {
        session != .zero && closed.contains(SessionID(session))
    }
}
