import HifCore
import HifStore

extension FsckRun {
    /// What replaying the log has come to; nil in `FsckRun` once it cannot go on.
    struct Replay {
        var tip: LogTip
        var nodes = NodeCache()
        /// Nodes of checkpoints before.
        var held: Set<Hash> = []
        /// What the runs of the present block will say, by level from 1; level 0 are blobs.
        var blobs: [(id: Hash, location: PackLocation)] = []
        var children: [[ObjectRun]] = Array(repeating: [], count: ObjectRun.levelMax + 1)
    }

    /// Reads every slot in order.
    mutating func checkLog(_ progress: (FsckProgress) -> Void) async {
        var previous: (slot: Slot, hash: Hash)?
        var replay: Replay?
        for epoch in 0..<slotEnd {
            progress(FsckProgress(stage: .log, done: epoch, total: slotEnd))
            guard let (slot, hash, byteCount) = await read(epoch) else {
                isLogWhole = false
                previous = nil
                replay = nil
                continue
            }
            take(slot, hash)
            if epoch == 0 {
                do throws(LogError) {
                    let tip = try LogTip(genesis: slot, hash: hash)
                    if isDeep { replay = Replay(tip: tip) }
                } catch {
                    damage(key(0), "\(error)", "This is not the start of a project's log")
                }
            } else {
                if let previous { checkChain(slot, after: previous.slot, hash: previous.hash) }
                if isDeep {
                    await replayed(slot, hash, byteCount, &replay)
                } else {
                    noteDue(slot)
                }
            }
            previous = (slot, hash)
        }
        if let tip = previous?.slot, !isDeep, isLogWhole { await checkRoots(tip) }
    }

    private func key(_ epoch: Epoch) -> String { StoreKey.slot(epoch).string }

    private mutating func read(_ epoch: Epoch) async -> (slot: Slot, hash: Hash, byteCount: Int)? {
        do throws(ReadError) {
            // A missing one is a finding of the listing.
            return try await log.slot(epoch)
        } catch {
            damage(
                key(epoch), "\(error)",
                "Its landings cannot be read, and nobody can write behind it"
            )
            return nil
        }
    }

    /// Collects what later stages compare with.
    private mutating func take(_ slot: Slot, _ hash: Hash) {
        if isDeep { hashForSegment(slot) }
        if (slot.epoch + 1).isMultiple(of: ObjectRun.fanOut) {
            blockEnds[slot.epoch / ObjectRun.fanOut] = hash
        }
        if let lists = slot.control?.condemnation { take(lists, slot.epoch) }
        for record in slot.records where !closed.insert(record.session).inserted {
            damage(
                key(slot.epoch), "closes session \(record.session.full), which was closed before",
                "The session's changes may be in the history twice")
        }
        for (position, landing) in slot.landings {
            report.landingCount += 1
            for pack in landing.packs {
                if condemned.isCondemned(pack) {
                    damage(
                        key(slot.epoch), "@\(position) names pack \(pack), which was condemned",
                        "What it brought may be deleted, or is",
                        advice: "Do not collect; restore the pack from a copy if it is gone")
                }
                if namedPacks[pack] == nil { namedPacks[pack] = position }
            }
        }
    }

    /// The lists of a control record continue those before, and condemn nothing that is needed.
    private mutating func take(_ lists: Condemnation, _ epoch: Epoch) {
        if lists.previous != condemned.lastEpoch {
            damage(
                key(epoch),
                "names slot \(lists.previous) as the last that condemned packs, it was "
                    + "\(condemned.lastEpoch)",
                "Condemned packs may be landed with again",
                advice: "Restore this slot, or the one before it, from a copy of the store")
        }
        condemned.fold(lists, at: epoch)
        for pack in lists.condemned where condemned.replaced[pack] == nil {
            guard let position = namedPacks[pack] else { continue }
            damage(
                key(epoch), "condemns pack \(pack), which @\(position) names",
                "What that landing brought may be deleted, or is",
                advice: "Do not collect; restore the pack from a copy if it is gone")
        }
    }

    private mutating func checkChain(_ slot: Slot, after previous: Slot, hash: Hash) {
        func demand(_ holds: Bool, _ what: String) {
            guard !holds else { return }
            isLogWhole = false
            damage(
                key(slot.epoch), what, "The log from here on is not the one that was written",
                advice: "Restore this slot, or the one before it, from a copy of the store")
        }
        demand(slot.previous == hash, "is not chained to the slot before it")
        demand(
            slot.firstPosition == previous.lastPosition + 1,
            "begins at @\(slot.firstPosition), the slot before it ends at @\(previous.lastPosition)"
        )
        demand(
            slot.controlEpoch == (slot.control == nil ? previous.controlEpoch : slot.epoch),
            "names control epoch \(slot.controlEpoch)")
        demand(
            slot.checkpointEpoch == previous.checkpointEpoch
                || slot.checkpointEpoch == previous.epoch,
            "names checkpoint epoch \(slot.checkpointEpoch)")
        demand(previous.control?.isSealed != true, "follows the seal of this log")
    }

    private mutating func noteDue(_ slot: Slot) {
        let epoch = slot.checkpointEpoch
        guard epoch > 0, due.last?.epoch != epoch else { return }
        due.append((epoch, .zero))
    }

    // MARK: Roots, without replaying everything

    /// Replays from each due checkpoint to the next and to the tip.
    private mutating func checkRoots(_ tip: Slot) async {
        let reader = CheckpointReader(log: log)
        let trees = TreeReader(log: log, checkpoints: reader)
        for epoch in due.map(\.epoch) + [tip.epoch] {
            do throws(ReadError) {
                _ = try await trees.tree(afterSlot: epoch)
            } catch {
                // A damaged checkpoint has a finding of its own.
                if case .damaged(let key, _) = error, key.hasPrefix("ckpt/") { continue }
                damage(
                    key(epoch), "the tree after it cannot be made: \(error)",
                    "Positions from here on cannot be read",
                    advice: "Run a deep check: it names the landing")
            }
        }
        for index in due.indices {
            let slot = try? await log.slot(due[index].epoch)
            due[index].root = slot?.slot.root ?? .zero
        }
    }

    // MARK: Replaying everything

    private mutating func replayed(
        _ slot: Slot, _ hash: Hash, _ byteCount: Int, _ replay: inout Replay?
    ) async {
        let resolved: ResolvedSlot
        do throws(ReadError) {
            guard let found = try await log.resolved(slot.epoch) else { return }
            resolved = found
        } catch {
            damage(
                key(slot.epoch), "the operations of a landing in it cannot be read: \(error)",
                "Positions from @\(slot.firstPosition) on cannot be read")
            isLogWhole = false
            replay = nil
            return
        }
        report.operationCount += UInt64(resolved.effectiveOperationCount)
        await checkContents(of: resolved)
        guard var state = replay else { return }
        replay = nil
        do {
            let tree = try applied(resolved, &state)
            let entries = try tree.totals(in: state.nodes).entryCount
            try state.tip.adopt(
                slot, hash: hash, root: tree.root, entryCount: entries,
                operationCount: resolved.effectiveOperationCount)
        } catch {
            isLogWhole = false
            damage(
                key(slot.epoch), "\(error)",
                "Trees from @\(slot.firstPosition) on are not what was landed; replay ends here",
                advice: "Restore this slot, or the one before it, from a copy of the store")
            return
        }
        if state.tip.checkpoints.lastDue == slot.epoch {
            due.append((slot.epoch, slot.root))
            let nodes = state.newNodes(of: slot.root)
            dueNodes[slot.epoch] = nodes
            state.held.formUnion(nodes)
        }
        state.blobs += resolved.blobLocations
        if (slot.epoch + 1).isMultiple(of: ObjectRun.fanOut) {
            await closeBlock(slot.epoch, hash, &state)
        }
        if state.nodes.byteCount > LandingMachine.nodeBytesMax {
            state.nodes = state.nodes.reachable(from: [state.tip.root])
        }
        replay = state
    }

    /// The tree after a slot, each operation compared with what it says it replaces.
    private mutating func applied(
        _ slot: ResolvedSlot, _ state: inout Replay
    ) throws -> ProllyTree {
        var tree = ProllyTree(root: state.tip.root)
        for (position, operations) in zip(slot.positions, slot.operations) where !operations.isEmpty
        {
            let found = try tree.get(operations.map(\.operation.path), in: state.nodes)
            for (landed, leaf) in zip(operations, found) {
                let operation = landed.operation
                // A derived directory counts as nothing.
                let current = leaf == .directory ? nil : leaf
                let expected = landed.isNoOp ? operation.after : operation.before
                if current != expected {
                    damage(
                        key(slot.slot.epoch),
                        "@\(position) changes \(operation.path) from what was not there",
                        "An update by an earlier landing is lost",
                        advice: "Compare this position with the one before it")
                }
            }
            let edits = operations.filter { !$0.isNoOp }.map {
                (path: $0.operation.path, leaf: $0.operation.after)
            }
            let result = try tree.applying(edits, in: state.nodes)
            for node in result.newNodes { state.nodes.insert(node) }
            tree = result.tree
        }
        return tree
    }

    /// Makes the runs that end with this slot as they have to be, and compares.
    private mutating func closeBlock(
        _ epoch: Epoch, _ hash: Hash, _ state: inout Replay
    ) async {
        var block = epoch / ObjectRun.fanOut
        var run = ObjectRun(level: 1, block: block, endSlotHash: hash, locations: state.blobs)
        state.blobs = []
        var level = 1
        while true {
            await checkObjectRun(RunName(level: level, block: block), expected: run)
            state.children[level].append(run)
            guard (block + 1).isMultiple(of: ObjectRun.fanOut), level < ObjectRun.levelMax,
                state.children[level].count == Int(ObjectRun.fanOut)
            else { return }
            block /= ObjectRun.fanOut
            run = ObjectRun(merging: state.children[level], level: level + 1, block: block)
            state.children[level] = []
            level += 1
        }
    }
}

extension FsckRun.Replay {
    /// The nodes of a tree that no earlier checkpoint has.
    func newNodes(of root: Hash) -> Set<Hash> {
        var found: Set<Hash> = []
        var stack = [root]
        while let hash = stack.popLast() {
            guard !held.contains(hash), found.insert(hash).inserted, let node = nodes.node(hash)
            else { continue }
            stack += node.children
        }
        return found
    }
}
