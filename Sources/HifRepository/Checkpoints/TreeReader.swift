package import HifCore
import HifStore
import Synchronization

/// Gives the tree of any position: the nodes of the newest checkpoint before it, and the operations
/// since.
///
/// Nodes are kept in a cache that is dropped when it grows beyond `cacheBytesMax`; what was made by
/// replay is then made again. Tree algorithms run on what is in the cache and are run again with
/// what they said was missing, a whole level of the tree in one round.
package final class TreeReader: Sendable {
    package static let cacheBytesMax = 192 << 20
    /// Trees whose position is remembered.
    static let replayedMax = 4096

    private struct State {
        var nodes = NodeCache()
        /// Trees made by replay whose nodes are in the cache, by position.
        var replayed: [Position: ProllyTree] = [:]

        mutating func dropIfLarge() {
            if nodes.byteCount > TreeReader.cacheBytesMax {
                nodes.removeAll()
                replayed = [:]
            }
            if replayed.count > TreeReader.replayedMax { replayed = [:] }
        }
    }

    private let log: LogReader
    private let checkpoints: CheckpointReader
    private let state = Mutex(State())

    package init(log: LogReader, checkpoints: CheckpointReader) {
        self.log = log
        self.checkpoints = checkpoints
    }

    /// The tree at `position`, given the newest slot. Requests: those of finding the slot, the slots
    /// since the checkpoint before it, and the nodes that applying their operations touches.
    package func tree(
        at position: Position, newest: Slot
    ) async throws(ReadError) -> ProllyTree {
        guard position > 0 else { return .empty }
        if let known = state.withLock({ $0.replayed[position] }) { return known }
        guard position <= newest.lastPosition else {
            throw .log(.noSuchPosition(position, tip: newest.lastPosition))
        }
        let slot = try await log.slot(holding: position, newest: newest)
        return try await replay(through: position, slot)
    }

    /// The tree after slot `epoch`.
    ///
    /// - Parameter slots: slots up to that one in order, if the caller has read them anyway: those
    ///   since the checkpoint before it are then not read again.
    package func tree(
        afterSlot epoch: Epoch, slots: [ResolvedSlot] = []
    ) async throws(ReadError) -> ProllyTree {
        guard let (slot, _, _) = try await log.slot(epoch) else {
            throw .log(.inconsistent(epoch: epoch, "is missing although it is due"))
        }
        if slot.lastPosition == 0 { return .empty }
        let tree = try await replay(through: slot.lastPosition, slot, slots)
        guard tree.root == slot.root else {
            throw .log(
                .inconsistent(
                    epoch: epoch, "names root \(slot.root), its operations give \(tree.root)"))
        }
        return tree
    }

    private func replay(
        through position: Position, _ slot: Slot, _ known: [ResolvedSlot] = []
    ) async throws(ReadError) -> ProllyTree {
        if let known = state.withLock({ $0.replayed[position] }) { return known }
        let base = try await checkpoints.newestBuilt(atOrBefore: slot.checkpointEpoch)
        let slots: [ResolvedSlot]
        if known.first?.slot.epoch == base + 1, known.last?.slot.epoch == slot.epoch {
            slots = known
        } else {
            slots = try await log.resolvedSlots(base + 1...slot.epoch)
        }
        let baseRoot: ProllyTree
        if base == 0 {
            baseRoot = .empty
        } else {
            guard let (baseSlot, _, _) = try await log.slot(base) else {
                throw .log(.inconsistent(epoch: base, "is missing although later slots exist"))
            }
            baseRoot = ProllyTree(root: baseSlot.root)
        }
        let edits = ResolvedSlot.edits(of: slots, through: position)
        // Level by level with what costs little, so that the edits are planned once and not again
        // for each level that is missing.
        let paths = edits.map(\.0)
        _ = try await reading(since: base) { nodes throws(TreeError) in
            try baseRoot.get(paths, in: nodes)
        }
        let result = try await reading(since: base) { nodes throws(TreeError) in
            try baseRoot.applying(edits, in: nodes)
        }
        state.withLock { state in
            for node in result.newNodes { state.nodes.insert(node) }
            state.replayed[position] = result.tree
        }
        return result.tree
    }

    /// Makes the nodes of a tree known that somebody else computed, such as a landing's. Those
    /// known before stay: somebody may be in the middle of reading another tree.
    package func remember(_ tree: ProllyTree, at position: Position, nodes: NodeCache) {
        state.withLock { state in
            state.dropIfLarge()
            // Below a node that is here everything is here, or in a checkpoint.
            var stack = [tree.root]
            while let hash = stack.popLast() {
                guard state.nodes.node(hash) == nil, let node = nodes.node(hash) else { continue }
                state.nodes.insert(node)
                stack += node.children
            }
            state.replayed[position] = tree
        }
    }

    /// Runs `body` on the cache, fetching what it misses, until it finishes.
    ///
    /// - Parameters:
    ///   - newest: the newest slot: nodes are looked for in the checkpoints before it.
    ///   - body: pure; it may run several times.
    package func reading<Result>(
        newest: Slot, _ body: (NodeCache) throws(TreeError) -> Result
    ) async throws(ReadError) -> Result {
        try await reading(since: newest.checkpointEpoch, body)
    }

    private func reading<Result>(
        since checkpoint: Epoch, _ body: (NodeCache) throws(TreeError) -> Result
    ) async throws(ReadError) -> Result {
        // A tree has few levels and an edit few neighbours; more rounds than this mean a loop.
        for _ in 0..<10_000 {
            let nodes = state.withLock { $0.nodes }
            let missing: [Hash]
            do throws(TreeError) {
                return try body(nodes)
            } catch {
                guard case .missing(let hashes) = error else { throw .tree(error) }
                missing = hashes
            }
            try await fetch(missing, checkpoint)
        }
        throw .tree(.corrupt(node: .zero, reason: "reading it does not end"))
    }

    /// These nodes of trees at or before slot `epoch`.
    package func nodes(_ hashes: [Hash], of epoch: Epoch) async throws(ReadError) -> [TreeNode] {
        try await reading(since: epoch) { nodes throws(TreeError) in
            var found: [TreeNode] = []
            var missing: [Hash] = []
            for hash in hashes {
                if let node = nodes.node(hash) { found.append(node) } else { missing.append(hash) }
            }
            guard missing.isEmpty else { throw .missing(missing) }
            return found
        }
    }

    private func fetch(_ missing: [Hash], _ checkpoint: Epoch) async throws(ReadError) {
        let found = try await checkpoints.nodes(missing, from: checkpoint)
        state.withLock { state in
            state.dropIfLarge()
            for node in found { state.nodes.insert(node) }
        }
        var lacking = Set(missing).subtracting(found.map(\.hash))
        guard !lacking.isEmpty else { return }
        // They lie in a checkpoint that is gone, then. Replaying up to it makes its nodes again.
        for hole in try await checkpoints.missing(from: checkpoint) {
            _ = try await tree(afterSlot: hole)
        }
        state.withLock { state in
            lacking = lacking.filter { state.nodes.node($0) == nil }
        }
        if let hash = lacking.min() { throw .noContent(hash) }
    }
}
