import HifCore
import HifRepository
import HifStore

/// Which packs landings name, which ones the log condemns, and which are gone.
///
/// A pack that a landing names stays for good (I11). A pack is condemned only when nobody can need
/// it, of a closed session and named by no landing (I12), and only what is condemned is deleted.
struct PackWitness {
    private var named: [Hash: Position] = [:]
    private var condemned: [Hash: Epoch] = [:]
    private var deleted: Set<Hash> = []

    var deletedCount: Int { deleted.count }

    /// What a new slot condemns; before its landings are looked at.
    ///
    /// - Returns: what is wrong; nil for nothing. So do the functions below.
    mutating func condemned(
        by slot: Slot, _ isClosed: (SessionID) -> Bool, in bucket: Bucket
    ) -> String? {
        for pack in slot.control?.condemnation.condemned ?? [] where condemned[pack] == nil {
            condemned[pack] = slot.epoch
            if let position = named[pack] {
                return "I12: slot \(slot.epoch) condemns pack \(pack), which @\(position) names"
            }
            guard let bytes = bucket.peek(PackKey.key(of: pack)) else { continue }
            guard let header = try? PackHeader(bytes), header.session != .zero,
                isClosed(SessionID(header.session))
            else { return "I12: slot \(slot.epoch) condemns pack \(pack) of an open session" }
        }
        return nil
    }

    mutating func named(
        by landing: Landing, at position: Position, in bucket: Bucket
    ) -> String? {
        for pack in landing.packs {
            if let epoch = condemned[pack] {
                return "I12: @\(position) names pack \(pack), which slot \(epoch) condemned"
            }
            guard bucket.peek(PackKey.key(of: pack)) != nil else {
                return "I11: @\(position) names pack \(pack), which does not exist"
            }
            named[pack] = named[pack] ?? position
        }
        return nil
    }

    mutating func deleted(_ pack: Hash) -> String? {
        deleted.insert(pack)
        if let position = named[pack] {
            return "I11: pack \(pack) was deleted, and @\(position) names it"
        }
        return condemned[pack] == nil
            ? "I12: pack \(pack) was deleted, and no slot condemns it" : nil
    }

    /// The log ends at this slot and position now.
    mutating func powerWasCut(_ epoch: Epoch, _ position: Position, in bucket: Bucket) -> String? {
        named = named.filter { $0.value <= position }
        condemned = condemned.filter { $0.value <= epoch }
        for pack in deleted.sorted()
        where condemned[pack] == nil && bucket.peek(PackKey.key(of: pack)) == nil {
            return "I12: a power cut took the slot that condemned pack \(pack), which is deleted"
        }
        return nil
    }

    func missing(from bucket: Bucket) -> String? {
        named.keys.filter { bucket.peek(PackKey.key(of: $0)) == nil }.min()
            .map { "I11: pack \($0), which a landing names, is not there" }
    }
}
