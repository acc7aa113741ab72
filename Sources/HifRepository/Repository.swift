package import HifCore
package import HifStore
import Synchronization

/// One project on an object store: what can be read at any position, and the way to land.
///
/// Safe to share; everything it caches is derived. Reads go to the store's truth: `newest()` probes,
/// the rest is told which slot is the newest, so that several questions get one consistent answer.
package final class Repository: Sendable {
    /// The project's own part of the store.
    package let store: any ObjectStore
    package let log: LogReader
    package let content: ContentReader
    package let sessions: SessionLog
    package let index: ObjectIndex
    package let rollups: PathIndex
    package let trees: TreeReader
    package let world: World
    /// For packs that are made while somebody waits.
    let zstd = ZstdPool()
    /// Builds what is derived, driven by a task of whoever opened the project.
    package let upkeep: Upkeep
    private let writerAddress: String
    private let weakness: LandingMachine.Weakness
    private let peers: (any PeerTransport)?
    private let newestKnown = Mutex<Epoch>(0)
    private let remembered = Mutex<(epoch: Epoch, hash: Hash)?>(nil)
    private let writerHint = Mutex(WriterHint())
    private let sequencerKept = Mutex<Sequencer?>(nil)

    /// Opens the project whose keys lie in `store`. No request is made.
    ///
    /// - Parameters:
    ///   - writer: address at which this process can be asked, for the slots it writes; may be empty.
    ///   - peers: the way to those whose addresses stand in slots; without it everything lands here.
    ///   - report: told, in a sentence, of background work that failed.
    ///   - upkeepDue: told when there is background work, for whoever drives several projects.
    ///   - weakness: for tests only.
    package init(
        store: any ObjectStore, world: World, writer: String = "",
        peers: (any PeerTransport)? = nil,
        report: @escaping @Sendable (String) -> Void = { _ in },
        upkeepDue: @escaping @Sendable (Upkeep) -> Void = { _ in },
        weakness: LandingMachine.Weakness = []
    ) {
        self.store = store
        self.world = world
        writerAddress = writer
        self.peers = peers
        self.weakness = weakness
        log = LogReader(store: store)
        content = log.content
        sessions = SessionLog(store: store)
        index = ObjectIndex(log: log)
        rollups = PathIndex(log: log)
        let checkpoints = CheckpointReader(log: log)
        trees = TreeReader(log: log, checkpoints: checkpoints)
        let builder = CheckpointBuilder(log: log, reader: checkpoints, trees: trees)
        upkeep = Upkeep(
            jobs: [
                HintJob(log: log), CheckpointsJob(builder: builder),
                ObjectRunsJob(log: log, index: index), SegmentsJob(log: log),
                RollupsJob(builder: RollupBuilder(index: rollups)),
            ], pacing: 1, index: index, rollups: rollups, trees: trees,
            report: report, announce: upkeepDue)
    }

    /// Writes the genesis of a new project into `store`.
    ///
    /// - Throws: `ReadError.store` with `preconditionFailed` when there is a project already.
    package static func create(
        in store: any ObjectStore, id: ProjectID, name: String, storeID: StoreID, world: World
    ) async throws(ReadError) {
        var generator = world.generator
        let slot = Slot(
            epoch: 0, firstPosition: 1, previous: .zero, root: ProllyTree.empty.root,
            batch: BatchID(from: &generator), clock: UInt64(max(0, world.now())) << 16,
            controlEpoch: 0, checkpointEpoch: 0, writer: "", records: [],
            control: ControlState(originStore: storeID, project: id, name: name))
        do throws(StoreError) {
            _ = try await store.put(StoreKey.slot(0), slot.encode(), .ifAbsent)
        } catch {
            throw .store(error)
        }
    }

    // MARK: Reading

    /// The newest slot, asked of the store now: one request when this process knew it already.
    package func newest() async throws(ReadError) -> Slot {
        var known = newestKnown.withLock { $0 }
        if known == 0 { known = await recalled() }
        if known == 0 { known = await hinted() }
        let epoch = try await log.newestEpoch(from: known)
        guard let (slot, _, _) = try await log.slot(epoch) else {
            throw .log(.inconsistent(epoch: epoch, "was there a moment ago and is gone"))
        }
        writerHint.withLock { $0.learn(epoch: epoch, address: slot.writer) }
        if epoch > newestKnown.withLock({ $0 }) {
            // Seen is not yet durable: whoever is told of a position must find it after a power cut.
            do throws(StoreError) {
                try await store.makeDurable(StoreKey.slot(epoch))
            } catch {
                throw .store(error)
            }
            newestKnown.withLock { $0 = max($0, epoch) }
        }
        return slot
    }

    /// Tells of a slot that was read here before, and was durable then: a search for the newest begins
    /// there, and it need not be made durable again.
    package func remember(_ epoch: Epoch, hash: Hash) {
        remembered.withLock { $0 = (epoch, hash) }
    }

    /// That slot, if the log still has it; 0 otherwise. One request, once.
    private func recalled() async -> Epoch {
        let slot = remembered.withLock { remembered in
            defer { remembered = nil }
            return remembered
        }
        guard let slot, let found = try? await log.slot(slot.epoch), found.hash == slot.hash
        else { return 0 }
        newestKnown.withLock { $0 = max($0, slot.epoch) }
        return slot.epoch
    }

    /// The hash of slot `epoch`'s bytes, by which a client recognises the history it knows; nil when
    /// there is no such slot.
    package func slotHash(_ epoch: Epoch) async throws(ReadError) -> Hash? {
        try await log.slot(epoch)?.hash
    }

    /// A slot to gallop from. A hint that names a slot which does not exist is not believed.
    private func hinted() async -> Epoch {
        guard let object = try? await store.getIfPresent(StoreKey.hint),
            let hint = TipHint(decoding: object.bytes),
            (try? await log.exists(hint.epoch)) == true
        else { return 0 }
        return hint.epoch
    }

    /// The tree at `position`, which is at most that of `newest`.
    package func tree(at position: Position, newest: Slot) async throws(ReadError) -> ProllyTree {
        try await trees.tree(at: position, newest: newest)
    }

    /// The landing at `position` with its operations.
    package func landing(
        at position: Position, newest: Slot
    ) async throws(ReadError) -> (landing: Landing, operations: [LandedOperation]) {
        guard position > 0, position <= newest.lastPosition else {
            throw .log(.noSuchPosition(position, tip: newest.lastPosition))
        }
        let slot = try await log.slot(holding: position, newest: newest)
        guard let found = slot.landings.first(where: { $0.position == position }) else {
            throw .log(.inconsistent(epoch: slot.epoch, "does not hold @\(position)"))
        }
        return (found.landing, try await log.operations(of: found.landing))
    }

    /// Visits landings from `newest` or `from` backwards, until `visit` returns false or the first
    /// landing was visited. One request for each slot, and one for each operation list in a pack.
    ///
    /// - Parameter wantsOperations: without it, operation lists in packs are not read and `visit` gets
    ///   none for such a landing.
    package func landingsBackwards(
        from: Position? = nil, newest: Slot, wantsOperations: Bool = true,
        _ visit: (Position, Landing, [LandedOperation]) async throws -> Bool
    ) async throws {
        let start = min(from ?? newest.lastPosition, newest.lastPosition)
        guard start > 0 else { return }
        let last = try await log.slot(holding: start, newest: newest).epoch
        guard last > 0 else { return }
        var cursor = log.cursor(1...last, backwards: true)
        while let (slot, _, _) = try await cursor.next() {
            for (position, landing) in slot.landings.reversed() where position <= start {
                let operations: [LandedOperation]
                if case .inline(let list) = landing.operations {
                    operations = list
                } else {
                    operations = wantsOperations ? try await log.operations(of: landing) : []
                }
                guard try await visit(position, landing, operations) else { return }
            }
        }
    }

    /// The document of a landed session; nil for a landing that has none.
    package func document(of landing: Landing) async throws(ReadError) -> SessionDocument? {
        guard let reference = landing.document else { return nil }
        let bytes = try await log.record(reference, of: landing, kind: .sessionDocument)
        do throws(FormatError) {
            return try SessionDocument(decoding: bytes)
        } catch {
            throw .damaged("session document \(reference.id)", error)
        }
    }

    /// The project's control state at `newest`: at most one request.
    package func control(at newest: Slot) async throws(ReadError) -> ControlState {
        if let control = newest.control { return control }
        guard let control = try await log.slot(newest.controlEpoch)?.slot.control else {
            throw .log(.inconsistent(epoch: newest.controlEpoch, "holds no control record"))
        }
        return control
    }

    /// The content of a blob the project has at or before `newest`, when it is at most `bytesMax`
    /// long. Larger content is streamed: `index.locations`, then `content.stream`.
    ///
    /// - Throws: `ReadError.noContent` when the project does not have it.
    package func blob(
        _ id: Hash, newest: Slot, bytesMax: Int
    ) async throws -> [UInt8] {
        guard let location = try await index.locations(of: [id], upTo: newest.epoch)[id] else {
            throw ReadError.noContent(id)
        }
        return try await content.blob(id, at: location, bytesMax: bytesMax)
    }

    // MARK: Writing

    /// Submits an intent: to the node that wrote the newest slot, if there is one and it answers, else
    /// here. The first call of a process that lands something folds the log since its last checkpoint.
    package func submit(_ intent: Intent) async throws(ReadError) -> LandingAnswer {
        try await submit([intent])[0]
    }

    /// As `submit(_:)`, for several intents in order.
    ///
    /// - Parameter isForwarded: another node handed them on, so they are judged here whatever a slot says.
    package func submit(
        _ intents: [Intent], isForwarded: Bool = false
    ) async throws(ReadError) -> [LandingAnswer] {
        var isOpenElsewhere = false
        if !isForwarded {
            switch await forwarding(intents) {
            case .answered(let answers): return answers
            case .leftOpen: isOpenElsewhere = true
            case .notTried: break
            }
        }
        let sequencer = try await sequencer()
        let answers = await sequencer.submit(intents)
        let tip = await sequencer.tip
        writerHint.withLock { $0.learn(epoch: tip.epoch, address: tip.writer) }
        return isOpenElsewhere ? answers.map(\.besideAnOpenOne) : answers
    }

    /// Hands intents to the node that wrote the newest slot, if that is another.
    private func forwarding(_ intents: [Intent]) async -> Forwarding {
        guard let peers else { return .notTried }
        // A process that has just begun asks who writes, rather than race whoever does.
        if writerHint.withLock({ $0.epoch }) == 0 { _ = try? await newest() }
        let address = writerHint.withLock { $0.address }
        guard !address.isEmpty, address != writerAddress,
            intents.allSatisfy(\.isForwardable)
        else { return .notTried }
        guard let answers = await peers.submit(intents, to: address), answers.areSettled,
            answers.count == intents.count
        else {
            writerHint.withLock { $0.forget(address) }
            return .leftOpen
        }
        return .answered(answers)
    }

    /// How a session was closed, searching the slots since it was created; nil while it is open.
    /// Requests: as `PathIndex.closings` says.
    ///
    /// Takes a closed session off the list of open ones: a process that died between closing it and
    /// doing that left it there, and this is what is asked when an answer was lost.
    package func closing(
        of session: SessionID, createdAt position: Position, newest: Slot
    ) async throws(ReadError) -> Closing? {
        let closing = try await rollups.closings(
            of: [session], since: position, upTo: newest.epoch, position: newest.lastPosition
        )[session]
        if closing != nil { try? await sessions.unmarkOpen(session) }
        return closing
    }

    /// The writer of this process, if it has landed anything.
    var warmSequencer: Sequencer? { sequencerKept.withLock { $0 } }

    /// Opens the project for writing if it is not; the newest slot that its writer knows.
    func tipForWriting() async throws(ReadError) -> LogTip {
        await (try await sequencer()).tip
    }

    private func sequencer() async throws(ReadError) -> Sequencer {
        if let kept = sequencerKept.withLock({ $0 }) { return kept }
        let tip = try await foldedTip()
        let made = Sequencer(
            log: log, trees: trees, rollups: rollups, upkeep: upkeep, tip: tip.tip,
            nodes: tip.nodes, writer: writerAddress, world: world, weakness: weakness)
        // Makes up for a writer that died between its commit and what follows from it.
        upkeep.opened(at: tip.tip)
        // Two callers may have folded at once; one sequencer batches for both.
        return sequencerKept.withLock { kept in
            if let kept { return kept }
            kept = made
            return made
        }
    }

    /// Builds now what is derived and missing at the end of the log, whoever wrote it. Folds the log
    /// since its last checkpoint.
    ///
    /// - Returns: whether all of it exists; otherwise `report` was told why.
    @discardableResult
    package func keepUp() async throws(ReadError) -> Bool {
        upkeep.opened(at: try await foldedTip().tip)
        await upkeep.catchUp()
        return upkeep.isUpToDate
    }

    /// The tip with everything a writer must have checked: chain of the newest slots, and the root,
    /// by replay from the last checkpoint.
    package func foldedTip() async throws(ReadError) -> (tip: LogTip, nodes: NodeCache) {
        let newest = try await newest()
        do throws(StoreError) {
            try await store.makeDurable(StoreKey.slot(newest.epoch))
        } catch {
            throw .store(error)
        }
        guard let (_, hash, _) = try await log.slot(newest.epoch) else {
            throw .log(.inconsistent(epoch: newest.epoch, "was there a moment ago and is gone"))
        }
        if newest.epoch == 0 {
            do throws(LogError) {
                return (try LogTip(genesis: newest, hash: hash), NodeCache())
            } catch {
                throw .log(error)
            }
        }
        let slots = try await log.resolvedSlots(newest.checkpointEpoch + 1...newest.epoch)
        for (earlier, later) in zip(slots, slots.dropFirst())
        where later.slot.previous != earlier.hash {
            throw .log(
                .inconsistent(
                    epoch: later.slot.epoch, "is not chained to the slot before it"))
        }
        let tree = try await trees.tree(afterSlot: newest.epoch, slots: slots)
        let (totals, nodes) = try await trees.reading(newest: newest) { nodes throws(TreeError) in
            (try tree.totals(in: nodes), nodes)
        }
        var schedule = CheckpointSchedule(
            lastDue: newest.checkpointEpoch,
            operationsSince: slots.dropLast().reduce(0) { $0 + $1.effectiveOperationCount })
        schedule.fold(
            epoch: newest.epoch, operationCount: slots.last?.effectiveOperationCount ?? 0,
            entryCount: totals.entryCount)
        let control = try await control(at: newest)
        let packs = try await condemnedPacks(at: newest)
        return (
            LogTip(
                at: newest, hash: hash, control: control, packs: packs, checkpoints: schedule),
            nodes
        )
    }

    /// Every pack that was condemned or replaced up to `newest`: one request for each slot that did.
    package func condemnedPacks(at newest: Slot) async throws(ReadError) -> CondemnedPacks {
        try await log.condemnedPacks(at: newest)
    }
}
