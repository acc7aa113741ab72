import HifCore
import HifRepository

/// A log that some run of the explored protocol has written, with everything the checks need to
/// know of it. Logs form a tree: each is another with one slot more.
struct ExploredLog {
    let slots: [ResolvedSlot]
    /// What folding the slots gives: what a writer that starts now knows.
    let tip: LogTip
    /// The files, by replaying the operations one by one: the model that roots are held against.
    let files: [RepoPath: Leaf]
    let closings: [SessionID: Closing]
    /// What the landings name.
    let packs: Set<Hash>
    /// The nodes of the tree.
    let nodes: NodeCache

    init() throws {
        let slot = Slot(
            epoch: 0, firstPosition: 1, previous: .zero, root: ProllyTree.empty.root,
            batch: BatchID(high: 0, low: 0), clock: 0, controlEpoch: 0, checkpointEpoch: 0,
            writer: "", records: [],
            control: ControlState(
                originStore: StoreID(high: 1, low: 1), project: ProjectID(high: 2, low: 2),
                name: "explored"))
        let bytes = slot.encode()
        let hash = Slot.hash(ofBytes: bytes)
        slots = [ResolvedSlot(slot: slot, hash: hash, byteCount: bytes.count, operations: [])]
        tip = try LogTip(genesis: slot, hash: hash)
        files = [:]
        closings = [:]
        packs = []
        nodes = NodeCache()
    }

    /// The log with one slot more.
    ///
    /// - Throws: `Broken` when that slot breaks what a log promises.
    init(_ log: ExploredLog, appending bytes: [UInt8]) throws {
        let slot = try Slot(decoding: bytes)
        var files = log.files
        var closings = log.closings
        var packs = log.packs
        var operations: [[LandedOperation]] = []
        var position = slot.firstPosition
        for record in slot.records {
            if closings[record.session] != nil {
                throw Broken("session \(record.session) is closed twice")
            }
            switch record {
            case .abandon:
                closings[record.session] = .abandoned
                operations.append([])
            case .landing(let landing):
                closings[record.session] = .landed(Landed(landing, at: position))
                position += 1
                for pack in landing.packs {
                    let here = slot.control?.condemnation.condemned ?? []
                    guard !here.contains(pack), !log.tip.packs.isCondemned(pack) else {
                        throw Broken("@\(position - 1) names a pack that was condemned")
                    }
                    packs.insert(pack)
                }
                guard case .inline(let list) = landing.operations else {
                    throw Broken("operations are not in the slot")
                }
                operations.append(list)
                for landed in list {
                    let operation = landed.operation
                    let found = files[operation.path]
                    let expected = landed.isNoOp ? operation.after : operation.before
                    guard found == expected else {
                        throw Broken("a lost update of \(operation.path) at @\(position - 1)")
                    }
                    if !landed.isNoOp { files[operation.path] = operation.after }
                    // Contents are sets, and nobody takes anything away.
                    if let before = operation.before?.hash.word0,
                        before & ~(operation.after?.hash.word0 ?? 0) != 0
                    {
                        throw Broken("merging at @\(position - 1) dropped what had landed")
                    }
                }
            }
        }
        var nodes = NodeCache()
        let tree = try ProllyTree.build(files.sorted { $0.key < $1.key }.map { ($0, $1) }) {
            nodes.insert($0)
        }
        guard tree.root == slot.root else {
            throw Broken("slot \(slot.epoch) names another root than replay gives")
        }
        if let tags = slot.control?.tags.keys,
            log.tip.control.tags.keys.contains(where: { !tags.contains($0) })
        {
            throw Broken("a change of the settings is lost")
        }
        if let condemned = slot.control?.condemnation.condemned {
            // That none is forgotten is the chain's affair, which the tip checks.
            if condemned.contains(where: { packs.contains($0) }) {
                throw Broken("a pack is condemned that a landing needs")
            }
        }
        let resolved = ResolvedSlot(
            slot: slot, hash: Slot.hash(ofBytes: bytes), byteCount: bytes.count,
            operations: operations)
        var tip = log.tip
        do {
            try tip.adopt(
                slot, hash: resolved.hash, root: tree.root,
                entryCount: try tree.totals(in: nodes).entryCount,
                operationCount: resolved.effectiveOperationCount)
        } catch {
            throw Broken("\(error)")
        }
        slots = log.slots + [resolved]
        self.tip = tip
        self.files = files
        self.closings = closings
        self.packs = packs
        self.nodes = nodes
    }
}

/// Something the protocol promises did not hold.
struct Broken: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
