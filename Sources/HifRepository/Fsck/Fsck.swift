import HifCore
import HifStore

/// Checks a project's objects against each other, and everything derived against the log.
///
/// The log is read once from the front. Without `deep` that is: every slot decodes and continues the
/// one before it, every session is closed once, every pack that a landing names is there, the roots
/// at checkpoints and at the tip are those that replay gives, and the derived objects are of this
/// log. `deep` also replays every operation against the leaf it names, verifies every byte of every
/// pack, finds every content, decodes every session document, and makes every derived object anew to
/// compare.
///
/// Memory: the ids of packs and sessions, the nodes of one tree (trimmed), one pack or checkpoint at
/// a time, the place index and, `deep`, some 28 bytes for each content (100 where it was compacted) and
/// 32 for each node. Writers may go on
/// meanwhile; what lands after the start is not looked at.
package struct Fsck: Sendable {
    let store: any ObjectStore
    let world: World

    package init(_ repository: Repository) {
        store = repository.store
        world = repository.world
    }

    /// - Throws: when the keys cannot be listed. Objects that cannot be read are findings.
    package func run(
        deep: Bool, progress: (FsckProgress) -> Void = { _ in }
    ) async throws(ReadError) -> FsckReport {
        var run = FsckRun(store: store, world: world, isDeep: deep)
        try await run.listKeys(progress)
        guard run.slotEnd > 0 else { throw .log(.noProject) }
        await run.checkPlaces()
        await run.checkLog(progress)
        await run.checkCheckpoints(progress)
        await run.checkObjectRuns(progress)
        await run.checkRollups(progress)
        await run.checkSegments(progress)
        await run.checkPacks(progress)
        await run.checkAdvisory()
        return run.report
    }

    /// Deletes what `report` says is derived and wrong, and makes it again from the log. Does not
    /// touch anything else.
    ///
    /// - Returns: the keys that were deleted or made.
    package func repairDerived(_ report: FsckReport) async throws(ReadError) -> [String] {
        var repaired: [String] = []
        for finding in report.findings where finding.severity == .derived {
            guard let key = ObjectKey(validating: finding.key) else { continue }
            do throws(StoreError) {
                try await store.delete(key)
            } catch {
                throw .store(error)
            }
            repaired.append(finding.key)
        }
        // What a reader remembered of the deleted objects must not be believed: all anew.
        let repository = Repository(store: store, world: world)
        let goal = UpkeepGoal(try await repository.foldedTip().tip)
        try await repository.upkeep.fillHoles(upTo: goal)
        return repaired
    }
}

/// One check under way: what is known so far. The stages are in the files beside this one.
struct FsckRun {
    let store: any ObjectStore
    let log: LogReader
    let world: World
    let isDeep: Bool
    let contentIndex: ObjectIndex
    /// For when the runs may be wrong: reads slots instead.
    let indexWithoutRuns: ObjectIndex
    var report = FsckReport()

    // What the listing found.
    /// One more than the last slot there is.
    var slotEnd: Epoch = 0
    var packs: Set<Hash> = []
    var checkpoints: Set<Epoch> = []
    var runs: Set<RunName> = []
    var rollups: Set<RollupSpan> = []
    var placeIndexes: Set<Epoch> = []
    var segments: Set<UInt64> = []
    var openMarkers: [SessionID] = []
    /// For `deep`.
    var eventKeys: [ObjectKey] = []
    var hasHint = false

    // What the log says.
    var closed: Set<SessionID> = []
    /// Packs that landings name, with the first position that does.
    var namedPacks: [Hash: Position] = [:]
    var condemned = CondemnedPacks()
    /// As `condemned`, of the whole log, known before it is read.
    var compacted = CondemnedPacks()
    /// Runs that begin before this slot are not needed: what they would say is in the place index.
    var compactedBefore: Epoch = 0
    /// For `deep`: lengths of the contents in packs of compactions.
    var copiedSizes: [Hash: Int] = [:]
    /// Due checkpoints, ascending, with the root after their slot.
    var due: [(epoch: Epoch, root: Hash)] = []
    /// For `deep`: the nodes each due checkpoint has to hold.
    var dueNodes: [Epoch: Set<Hash>] = [:]
    /// Hash of the last slot of each block of 32.
    var blockEnds: [UInt64: Hash] = [:]
    /// For `deep`: the bytes of the slots of the segment under way, hashed, and of those before.
    var segmentHasher = Blake3()
    var segmentContents: [UInt64: Hash] = [:]
    /// For `deep`: runs that were compared while the log was read.
    var comparedRuns: Set<RunName> = []
    var isLogWhole = true
    /// Kinds of derived objects whose builder is behind.
    var unbuiltKinds: Set<FsckProgress.Stage> = []

    struct RunName: Hashable {
        let level: Int
        let block: UInt64
    }

    init(store: any ObjectStore, world: World, isDeep: Bool) {
        self.store = store
        self.world = world
        self.isDeep = isDeep
        log = LogReader(store: store)
        contentIndex = ObjectIndex(log: log)
        indexWithoutRuns = ObjectIndex(log: LogReader(store: WithoutRuns(base: store)))
    }

    mutating func damage(
        _ key: String, _ problem: String, _ consequence: String,
        advice: String = "Restore this object from a copy of the store"
    ) {
        report.add(
            FsckFinding(.damage, key: key, problem, consequence: consequence, advice: advice))
    }

    mutating func derived(_ key: String, _ problem: String, _ consequence: String) {
        report.add(
            FsckFinding(
                .derived, key: key, problem, consequence: consequence,
                advice: "Let fsck make it again from the log"))
    }

    /// An object is due and not there, and neither is any of its kind after it: its builder has not
    /// come that far, or ended before. Counted; the first of a kind is a note.
    mutating func unbuilt(_ stage: FsckProgress.Stage, _ key: String) {
        report.unbuiltCount += 1
        guard unbuiltKinds.insert(stage).inserted else { return }
        report.add(
            FsckFinding(
                .note, key: key, "from here on \(stage.words) are not built yet",
                consequence: "What they are for takes longer until then",
                advice: "Whoever lands next builds them, and so does upkeep"))
    }

    mutating func note(_ key: String, _ problem: String) {
        report.add(
            FsckFinding(
                .note, key: key, problem, consequence: "Nothing reads it",
                advice: "Delete it if you know where it comes from"))
    }
}
