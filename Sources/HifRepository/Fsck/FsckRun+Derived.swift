import HifCore
import HifStore

extension FsckRun {
    // MARK: Checkpoints

    /// Each due checkpoint is there, decodes, and holds with those before it the whole tree.
    mutating func checkCheckpoints(_ progress: (FsckProgress) -> Void) async {
        // Every node of the checkpoints so far.
        var held: Set<Hash> = []
        var isChainWhole = true
        // A later one is in the way of a note: they come into being in order.
        let newestBuilt = checkpoints.max() ?? 0
        for (index, (epoch, root)) in due.enumerated() {
            progress(
                FsckProgress(
                    stage: .checkpoints, done: UInt64(index), total: UInt64(due.count)))
            let key = StoreKey.checkpoint(epoch).string
            guard checkpoints.contains(epoch) else {
                if epoch > newestBuilt {
                    unbuilt(.checkpoints, key)
                } else {
                    derived(key, "this checkpoint is missing", "Reading old positions takes longer")
                }
                isChainWhole = false
                continue
            }
            report.checkpointCount += 1
            guard let nodes = await checkpointNodes(epoch) else {
                isChainWhole = false
                continue
            }
            held.formUnion(nodes.keys)
            if let expected = dueNodes[epoch], expected != Set(nodes.keys) {
                derived(
                    key, "it does not hold exactly the nodes that are new in its tree",
                    "Trees that need the rest cannot be read")
            } else if isChainWhole {
                let isComplete = nodes.values.allSatisfy { children in
                    children.allSatisfy(held.contains)
                }
                if !isComplete || !(held.contains(root) || root == .zero) {
                    derived(
                        key, "nodes of its tree are in no checkpoint",
                        "Trees that need them cannot be read")
                }
            }
        }
        let known = Set(due.map(\.epoch))
        for epoch in checkpoints.sorted() where !known.contains(epoch) {
            // Without replaying nobody knows whether one is due right at the tip, and one that was
            // written meanwhile is of no concern.
            guard isLogWhole, epoch < slotEnd - 1 || isDeep && epoch < slotEnd else { continue }
            derived(
                StoreKey.checkpoint(epoch).string, "no checkpoint is due at this slot",
                "It takes space")
        }
    }

    /// The nodes of a checkpoint with their children; nil, and a finding, if it is damaged.
    private mutating func checkpointNodes(_ epoch: Epoch) async -> [Hash: [Hash]]? {
        let key = StoreKey.checkpoint(epoch)
        do {
            let bytes = try await store.get(key).bytes
            let pack = try PackReader(bytes)
            let zstd = Zstd()
            try pack.verify(id: Blake3.hash(bytes), using: zstd)
            var nodes: [Hash: [Hash]] = [:]
            for entry in pack.footer.entriesByOffset() {
                guard entry.kind == .node else {
                    throw FormatError("checkpoint", at: Int(entry.offset), "a record of no node")
                }
                let node = try TreeNode(decoding: try pack.content(of: entry, using: zstd))
                nodes[entry.id] = node.children
            }
            return nodes
        } catch {
            derived(key.string, "\(error)", "Reading positions after it may fail")
            return nil
        }
    }

    // MARK: Object runs

    /// Each finished block has a run that decodes and belongs to this log; `deep`: that says what
    /// the slots say.
    mutating func checkObjectRuns(_ progress: (FsckProgress) -> Void) async {
        var wanted: [RunName] = []
        for level in 1...ObjectRun.levelMax {
            let count = slotEnd / ObjectRun.slotCount(level: level)
            for block in 0..<count { wanted.append(RunName(level: level, block: block)) }
        }
        for (index, name) in wanted.enumerated() where !comparedRuns.contains(name) {
            progress(
                FsckProgress(
                    stage: .objectRuns, done: UInt64(index), total: UInt64(wanted.count)))
            await checkObjectRun(name, expected: nil)
        }
        for name in runs.sorted(by: { ($0.level, $0.block) < ($1.level, $1.block) })
        where !wanted.contains(name) {
            // A block may have been finished since the listing began.
            let end = (name.block + 1) &* ObjectRun.slotCount(level: name.level)
            guard end > slotEnd + ObjectRun.fanOut else { continue }
            derived(
                StoreKey.objectRun(level: name.level, block: name.block).string,
                "covers slots that do not exist", "It will be wrong when they do")
        }
    }

    /// - Parameter expected: the run as the slots make it, if that is known.
    mutating func checkObjectRun(_ name: RunName, expected: ObjectRun?) async {
        comparedRuns.insert(name)
        let key = StoreKey.objectRun(level: name.level, block: name.block)
        guard runs.contains(name) else {
            if name.block * ObjectRun.slotCount(level: name.level) < compactedBefore { return }
            if !runs.contains(where: { $0.level == name.level && $0.block > name.block }) {
                return unbuilt(.objectRuns, key.string)
            }
            return derived(key.string, "this object run is missing", "Finding content takes longer")
        }
        report.objectRunCount += 1
        do {
            let run = try ObjectRun(decoding: try await store.get(key).bytes)
            guard run.level == name.level, run.block == name.block else {
                return derived(key.string, "is another run", "Content may not be found")
            }
            let lastBlock = run.endEpoch / ObjectRun.fanOut - 1
            if let end = blockEnds[lastBlock], run.endSlotHash != end {
                return derived(
                    key.string, "was made from another history", "Content may not be found")
            }
            if let expected, run != expected {
                derived(
                    key.string, "does not say where the slots say content lies",
                    "Content may not be found")
            }
        } catch {
            derived(key.string, "\(error)", "Finding content takes longer")
        }
    }

    // MARK: Sessions

    /// `deep`: every event decodes.
    private mutating func checkEvents() async {
        guard isDeep else { return }
        for key in eventKeys {
            do {
                guard let object = try await store.getIfPresent(key) else { continue }
                _ = try SessionEvent(decoding: object.bytes)
            } catch {
                damage(
                    key.string, "\(error)", "Readers of the session see nothing from here on")
            }
        }
    }

    // MARK: Advisory objects

    /// The hint and the markers of open sessions.
    mutating func checkAdvisory() async {
        if hasHint {
            let object = try? await store.getIfPresent(StoreKey.hint)
            let hint = object.flatMap { TipHint(decoding: $0.bytes) }
            // Somebody may have landed since the keys were listed, but not that much.
            if hint.map({ $0.epoch > slotEnd + 100_000 }) ?? true {
                derived(
                    StoreKey.hint.string, "names no slot of this log",
                    "Opening the project takes a few requests more")
            }
        }
        await checkEvents()
        for session in openMarkers {
            if let object = try? await store.getIfPresent(StoreKey.openMarker(session)),
                object.size > 0
            {
                note(StoreKey.openMarker(session).string, "holds bytes where there are none")
            }
            if closed.contains(session) {
                // What a crash right after a landing leaves, and a landing while we look.
                report.add(
                    FsckFinding(
                        .note, key: StoreKey.openMarker(session).string,
                        "this session is closed, and marked as open",
                        consequence: "Listing open sessions takes a request more",
                        advice: "It goes away when somebody lists them"))
            } else {
                report.openSessionCount += 1
            }
        }
    }
}
