import HifCore
import HifRepository
import HifStore

/// Which packs landings name, which ones the log replaces and condemns, and which are gone.
///
/// A pack that a landing names stays until the log replaces it (I11). Nobody lands with one that is
/// replaced. A pack is condemned only when nobody can need it: replaced, or of a closed session and
/// named by nobody (I12); and only what is condemned is deleted.
struct PackWitness {
    private var named: [Hash: Position] = [:]
    private var condemned: [Hash: Epoch] = [:]
    private var deleted: Set<Hash> = []
    private var replaced: [Hash: Epoch] = [:]
    /// Packs that have the content of replaced ones, since these slots.
    private var homes: [Hash: Epoch] = [:]
    /// Slots that replaced packs, ascending.
    private var replacements: [Epoch] = []

    var deletedCount: Int { deleted.count }
    var replacedCount: Int { replaced.count }

    /// What a new slot replaces and condemns; before its landings are looked at.
    ///
    /// - Returns: what is wrong; nil for nothing. So do the functions below.
    mutating func closed(
        by slot: Slot, _ isClosed: (SessionID) -> Bool, in bucket: Bucket
    ) -> String? {
        guard let lists = slot.control?.condemnation else { return nil }
        for replacement in lists.replaced {
            if let wrong = replaced(by: slot.epoch, replacement, in: bucket) { return wrong }
        }
        if !lists.replaced.isEmpty, replacements.last != slot.epoch {
            replacements.append(slot.epoch)
        }
        for pack in lists.condemned where condemned[pack] == nil {
            condemned[pack] = slot.epoch
            if replaced[pack] != nil { continue }
            if let position = named[pack] {
                return "I12: slot \(slot.epoch) condemns pack \(pack), which @\(position) names"
            }
            if let epoch = homes[pack] {
                return
                    "I12: slot \(slot.epoch) condemns pack \(pack), which slot \(epoch) put others into"
            }
            guard let bytes = bucket.peek(PackKey.key(of: pack)) else { continue }
            guard let header = try? PackHeader(bytes), header.session != .zero,
                isClosed(SessionID(header.session)) || isOfOldCompaction(header.session)
            else { return "I12: slot \(slot.epoch) condemns pack \(pack) of an open session" }
        }
        return nil
    }

    private mutating func replaced(
        by epoch: Epoch, _ replacement: Condemnation.Replacement, in bucket: Bucket
    ) -> String? {
        let pack = replacement.pack
        guard named[pack] != nil || homes[pack] != nil else {
            return "I12: slot \(epoch) replaces pack \(pack), which nobody names"
        }
        guard condemned[pack] == nil, replaced[pack] == nil else {
            return "I12: slot \(epoch) replaces pack \(pack), which was closed before"
        }
        guard bucket.peek(PackKey.key(of: replacement.by)) != nil,
            condemned[replacement.by] == nil, replaced[replacement.by] == nil
        else { return "I11: slot \(epoch) puts content into pack \(replacement.by), which is gone" }
        replaced[pack] = epoch
        homes[replacement.by] = homes[replacement.by] ?? epoch
        return nil
    }

    /// Whether it is the session that a compaction's packs say they are of, which another has overtaken.
    private func isOfOldCompaction(_ session: Hash) -> Bool {
        ([0] + replacements).dropLast().contains { Compaction.session(after: $0) == session }
    }

    mutating func named(
        by landing: Landing, at position: Position, in bucket: Bucket
    ) -> String? {
        for pack in landing.packs {
            if let epoch = condemned[pack] {
                return "I12: @\(position) names pack \(pack), which slot \(epoch) condemned"
            }
            if let epoch = replaced[pack] {
                return "I12: @\(position) names pack \(pack), which slot \(epoch) replaced"
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
        if let position = named[pack], replaced[pack] == nil {
            return "I11: pack \(pack) was deleted, and @\(position) names it"
        }
        return condemned[pack] == nil
            ? "I12: pack \(pack) was deleted, and no slot condemns it" : nil
    }

    /// The log ends at this slot and position now.
    mutating func powerWasCut(_ epoch: Epoch, _ position: Position, in bucket: Bucket) -> String? {
        named = named.filter { $0.value <= position }
        condemned = condemned.filter { $0.value <= epoch }
        replaced = replaced.filter { $0.value <= epoch }
        homes = homes.filter { $0.value <= epoch }
        replacements.removeAll { $0 > epoch }
        for pack in deleted.sorted()
        where condemned[pack] == nil && bucket.peek(PackKey.key(of: pack)) == nil {
            return "I12: a power cut took the slot that condemned pack \(pack), which is deleted"
        }
        return nil
    }

    func missing(from bucket: Bucket) -> String? {
        (Array(named.keys) + homes.keys).filter {
            replaced[$0] == nil && bucket.peek(PackKey.key(of: $0)) == nil
        }.min().map { "I11: pack \($0), in which something is that landed, is not there" }
    }

    /// Whether the content of this pack lies elsewhere now.
    func isReplaced(_ pack: Hash) -> Bool { replaced[pack] != nil }
}
