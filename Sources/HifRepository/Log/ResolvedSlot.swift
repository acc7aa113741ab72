package import HifCore

/// A slot with the operations of its landings at hand, wherever they were stored.
package struct ResolvedSlot: Hashable, Sendable {
    package let slot: Slot
    /// BLAKE3 of the slot's bytes.
    package let hash: Hash
    package let byteCount: Int
    /// For each of `slot.records`, its operations with no-ops marked; empty for an abandon.
    package let operations: [[LandedOperation]]

    package init(slot: Slot, hash: Hash, byteCount: Int, operations: [[LandedOperation]]) {
        precondition(operations.count == slot.records.count, "operations for every record")
        self.slot = slot
        self.hash = hash
        self.byteCount = byteCount
        self.operations = operations
    }

    /// For each record, the position of its landing; an abandon has that of the landing after it.
    package var positions: [Position] {
        var next = slot.firstPosition
        return slot.records.map { record in
            defer { if record.landing != nil { next += 1 } }
            return next
        }
    }

    /// Operations that changed something.
    package var effectiveOperationCount: Int {
        operations.reduce(0) { $0 + $1.count { !$0.isNoOp } }
    }

    /// What later requests for the sessions closed here are answered.
    var closings: [(SessionID, Closing)] {
        zip(slot.records, positions).map { record, position in
            switch record {
            case .landing(let landing): (landing.session, .landed(Landed(landing, at: position)))
            case .abandon(let abandon): (abandon.session, .abandoned)
            }
        }
    }

    /// The landings up to and including `last` as edits of a tree: per path the newest leaf, paths
    /// ascending. A path that was changed back is there too, which costs nothing.
    package static func edits(
        of slots: [ResolvedSlot], through last: Position = .max
    ) -> [(RepoPath, Leaf?)] {
        var newest: [RepoPath: Leaf?] = [:]
        for slot in slots {
            for (position, operations) in zip(slot.positions, slot.operations)
            where position <= last {
                for landed in operations where !landed.isNoOp {
                    newest[landed.operation.path] = .some(landed.operation.after)
                }
            }
        }
        return newest.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
