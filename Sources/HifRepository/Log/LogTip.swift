package import HifCore

/// Everything a reader or writer knows once it has folded the log up to one slot.
package struct LogTip: Hashable, Sendable {
    package private(set) var epoch: Epoch
    /// BLAKE3 of the bytes of that slot.
    package private(set) var slotHash: Hash
    /// Position of the newest landing; 0 before the first.
    package private(set) var position: Position
    package private(set) var root: Hash
    /// Address of the node that wrote the slot; empty when it has none.
    package private(set) var writer: String
    package private(set) var control: ControlState
    package private(set) var controlEpoch: Epoch
    /// Every pack the log condemned or replaced so far.
    package private(set) var packs: CondemnedPacks
    package private(set) var checkpoints: CheckpointSchedule

    /// The tip of a log that consists of its genesis.
    package init(genesis slot: Slot, hash: Hash) throws(LogError) {
        guard slot.epoch == 0, let control = slot.control, slot.firstPosition == 1,
            slot.root == ProllyTree.empty.root, control.condemnation == Condemnation()
        else { throw .inconsistent(epoch: slot.epoch, "is not a genesis slot") }
        epoch = 0
        slotHash = hash
        position = 0
        root = slot.root
        writer = slot.writer
        self.control = control
        controlEpoch = 0
        packs = CondemnedPacks()
        checkpoints = CheckpointSchedule(lastDue: 0, operationsSince: 0)
    }

    /// The tip at a slot that was read without folding all before it: its own fields, the control
    /// state of `slot.controlEpoch`, the packs that all control records condemned, and the schedule
    /// that replaying from its checkpoint gave.
    package init(
        at slot: Slot, hash: Hash, control: ControlState, packs: CondemnedPacks,
        checkpoints: CheckpointSchedule
    ) {
        epoch = slot.epoch
        slotHash = hash
        position = slot.lastPosition
        root = slot.root
        writer = slot.writer
        self.control = control
        controlEpoch = slot.controlEpoch
        self.packs = packs
        self.checkpoints = checkpoints
    }

    /// Moves on to the next slot, whose operations the caller has applied to the tree.
    ///
    /// - Parameters:
    ///   - root: the root those operations gave.
    ///   - entryCount: entries of the tree afterwards.
    ///   - operationCount: operations that were not no-ops.
    /// - Throws: `LogError.inconsistent` when the slot does not continue this log. Nobody may write
    ///   behind such a slot; `fsck` is asked for.
    package mutating func adopt(
        _ slot: Slot, hash: Hash, root: Hash, entryCount: UInt64, operationCount: Int
    ) throws(LogError) {
        func demand(_ condition: Bool, _ what: String) throws(LogError) {
            guard condition else { throw .inconsistent(epoch: slot.epoch, what) }
        }
        try demand(slot.epoch == epoch + 1, "is not the slot after \(epoch)")
        try demand(slot.previous == slotHash, "is not chained to the slot before it")
        try demand(slot.firstPosition == position + 1, "begins at @\(slot.firstPosition)")
        try demand(slot.root == root, "names root \(slot.root), its operations give \(root)")
        try demand(
            slot.controlEpoch == (slot.control == nil ? controlEpoch : slot.epoch),
            "names control epoch \(slot.controlEpoch)")
        try demand(
            slot.checkpointEpoch == checkpoints.lastDue,
            "names checkpoint epoch \(slot.checkpointEpoch), due was \(checkpoints.lastDue)")
        if let state = slot.control {
            try demand(
                state.condemnation.previous == packs.lastEpoch,
                "names slot \(state.condemnation.previous) as the last to condemn packs")
        }
        try demand(!control.isSealed, "follows the seal of this log")
        epoch = slot.epoch
        slotHash = hash
        position = slot.lastPosition
        self.root = slot.root
        writer = slot.writer
        if let state = slot.control {
            control = state
            packs.fold(state.condemnation, at: slot.epoch)
        }
        controlEpoch = slot.controlEpoch
        checkpoints.fold(epoch: epoch, operationCount: operationCount, entryCount: entryCount)
    }
}

/// Where checkpoints are due: a pure function of the log, so that every node agrees.
///
/// After each slot, one is due when the operations since the last due one (no-ops excluded) reach
/// max(1,024, entries of the tree / 16). Any position is then at most that many operations, plus one
/// slot, from the nodes of a checkpoint.
package struct CheckpointSchedule: Hashable, Sendable {
    package static let operationsMin = 1024
    package static let entriesPerOperation: UInt64 = 16

    /// The latest slot after which a checkpoint is due; 0 is the empty tree and needs no object.
    package private(set) var lastDue: Epoch
    package private(set) var operationsSince: Int

    package init(lastDue: Epoch, operationsSince: Int) {
        self.lastDue = lastDue
        self.operationsSince = operationsSince
    }

    package mutating func fold(epoch: Epoch, operationCount: Int, entryCount: UInt64) {
        operationsSince += operationCount
        let threshold = max(
            UInt64(CheckpointSchedule.operationsMin),
            entryCount / CheckpointSchedule.entriesPerOperation)
        if UInt64(operationsSince) >= threshold {
            lastDue = epoch
            operationsSince = 0
        }
    }
}

/// What is wrong with a log, or with the way to it.
package enum LogError: Error, Sendable, CustomStringConvertible {
    /// There is no project under this prefix.
    case noProject
    /// A slot does not continue the log it stands in. Read-only from here; run fsck.
    case inconsistent(epoch: Epoch, String)
    /// The project asks for a newer program.
    case writerTooOld(needs: UInt16)
    case noSuchPosition(Position, tip: Position)

    package var description: String {
        switch self {
        case .noProject: "there is no project here"
        case .inconsistent(let epoch, let what): "slot \(epoch) of the log \(what)"
        case .writerTooOld(let version):
            "this project's log needs a program that writes format \(version) or newer"
        case .noSuchPosition(let position, let tip):
            "there is no position @\(position): the newest is @\(tip)"
        }
    }
}
