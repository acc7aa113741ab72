package import HifCore
package import HifStore

/// What copying a project did.
package struct ProjectCopyReport: Hashable, Sendable {
    /// The newest slot of the copy.
    package internal(set) var epoch: Epoch = 0
    package internal(set) var position: Position = 0
    /// Objects written, and bytes of them; what an earlier copy had written is not counted.
    package internal(set) var objectCount = 0
    package internal(set) var byteCount = 0
    package internal(set) var packCount = 0
    package internal(set) var isSealed = false
}

/// Copies one project to an empty place in another store, while landings, compactions and collections go
/// on in the first.
///
/// The copy is a beginning of the log with everything that it can reach. What the log needs comes first
/// and the log, in its own order, after it; so at every moment every slot of the copy has all it names,
/// and a copy that was broken off is simply begun again: objects never change, so what is there stays.
///
/// Requests: listing everything, reading the log once, one read and one write for each object, several at
/// a time. Memory: the names of packs, and four packs or sixteen other objects.
package struct ProjectCopy: Sendable {
    /// Times that packs may be compacted and collected under it before it gives up.
    static let attemptsMax = 8
    /// Objects under way at a time: packs, which are large, and others.
    static let packsAtOnce = 4
    static let objectsAtOnce = 16

    let source: any ObjectStore
    let target: any ObjectStore
    let world: World

    /// - Parameters:
    ///   - source: a project's own part of a store.
    ///   - target: empty, or with what an earlier copy of the same project left.
    package init(from source: any ObjectStore, to target: any ObjectStore, world: World) {
        self.source = source
        self.target = target
        self.world = world
    }

    /// - Parameter isSealing: lets nobody land in the source any more, and copies all that landed
    ///   before: the project moves.
    /// - Throws: when an object of the source is missing or not what its key says: a copy that hides
    ///   damage would be worse than none.
    package func run(
        isSealing: Bool = false, progress: (ProjectCopyReport) -> Void = { _ in }
    ) async throws -> ProjectCopyReport {
        var run = ProjectCopyRun(copy: self, isSealing: isSealing)
        try await run.copyNeeded(progress)
        if isSealing {
            let end = try await run.seal()
            try await run.copyNeeded(upTo: end, progress)
        }
        try await run.copyEvents()
        try await run.copyLog(progress)
        try await run.copyDerived()
        return run.report
    }
}

private struct ProjectCopyRun {
    let copy: ProjectCopy
    let log: LogReader
    /// The copy ends before the seal of the source.
    let isSealing: Bool
    var report = ProjectCopyReport()
    /// Packs known to be in the target.
    var copied: Set<Hash> = []
    /// The log of the source up to `report.epoch`.
    var mark = CollectionMark()
    private var previous: (hash: Hash, epoch: Epoch)?

    init(copy: ProjectCopy, isSealing: Bool) {
        self.copy = copy
        self.isSealing = isSealing
        log = LogReader(store: copy.source)
    }

    // MARK: What the log needs

    /// Copies every pack that the log up to its newest slot, or up to `end`, needs.
    mutating func copyNeeded(
        upTo end: Epoch? = nil, _ progress: (ProjectCopyReport) -> Void
    ) async throws {
        if copied.isEmpty { try await listCopied() }
        for _ in 0..<ProjectCopy.attemptsMax {
            try await fold(upTo: end)
            if try await copyPacks(progress) { return }
            // A pack was compacted and collected while this went on: the newest log says into what.
        }
        throw ReadError.log(
            .inconsistent(
                epoch: report.epoch, "needs packs that are gone; check the store it is copied from")
        )
    }

    private mutating func listCopied() async throws {
        for entry in try await copy.target.listAll(prefix: "pack/") {
            if let pack = PackKey.pack(of: entry.key) { copied.insert(pack) }
        }
    }

    private mutating func fold(upTo end: Epoch?) async throws {
        var last = report.epoch
        if let end { last = max(last, end) } else { last = try await log.newestEpoch(from: last) }
        // What is copied must not be ahead of what survives in the source.
        try await copy.source.makeDurable(StoreKey.slot(last))
        let first = previous.map { $0.epoch + 1 } ?? 0
        guard first <= last else { return }
        var cursor = log.cursor(first...last)
        while let (slot, hash, _) = try await cursor.next() {
            if isSealing, slot.control?.isSealed == true { return }
            guard previous.map({ $0.hash == slot.previous }) ?? (slot.epoch == 0) else {
                throw ReadError.log(
                    .inconsistent(epoch: slot.epoch, "is not chained to the slot before it"))
            }
            previous = (hash, slot.epoch)
            mark.fold(slot)
            report.epoch = slot.epoch
            report.position = slot.lastPosition
        }
    }

    /// - Returns: false when one that is needed is gone.
    private mutating func copyPacks(_ progress: (ProjectCopyReport) -> Void) async throws -> Bool {
        var needed = mark.named.union(mark.packs.replacing)
        needed.subtract(mark.packs.condemned)
        var others: Set<Hash> = []
        for entry in try await copy.source.listAll(prefix: "pack/") {
            // Those of open sessions; what was condemned must not come back.
            if let pack = PackKey.pack(of: entry.key), !mark.packs.isCondemned(pack) {
                others.insert(pack)
            }
        }
        // What was replaced and is still there is found in its new place, too.
        let optional = others.subtracting(needed).union(needed.filter(isReplaced))
        let missing = try await copyPacks(needed.subtracting(optional), progress)
        guard missing.isEmpty else { return false }
        _ = try await copyPacks(optional.filter { !isReplaced($0) }, progress)
        return true
    }

    private func isReplaced(_ pack: Hash) -> Bool { mark.packs.replaced[pack] != nil }

    /// - Returns: those that are not there.
    private mutating func copyPacks(
        _ packs: Set<Hash>, _ progress: (ProjectCopyReport) -> Void
    ) async throws -> [ObjectKey] {
        let wanted = packs.subtracting(copied).sorted()
        var missing: [ObjectKey] = []
        for start in stride(from: 0, to: wanted.count, by: ProjectCopy.packsAtOnce) {
            let part = wanted[start..<min(wanted.count, start + ProjectCopy.packsAtOnce)]
            let gone = try await copyObjects(part.map(PackKey.key)) {
                key, bytes throws(ReadError) in
                let actual = Blake3.hash(bytes)
                guard PackKey.pack(of: key) == actual else {
                    throw .damaged(
                        key.string, FormatError("pack", at: 0, "the bytes hash to \(actual)"))
                }
            }
            missing += gone
            for pack in part where !gone.contains(PackKey.key(of: pack)) {
                copied.insert(pack)
                report.packCount += 1
            }
            progress(report)
        }
        return missing
    }

    // MARK: Sessions and the log

    mutating func copyEvents() async throws {
        for prefix in ["ses/", "open/"] {
            try await copyAll(prefix: prefix) { _ in true }
        }
    }

    /// The slots in their order, a few at a time.
    mutating func copyLog(_ progress: (ProjectCopyReport) -> Void) async throws {
        var have: Epoch = 0
        if try await copy.target.getIfPresent(StoreKey.slot(0)) != nil {
            have = try await LogReader(store: copy.target).newestEpoch(from: 0)
            // The first and the last that are there: a log is chained in between.
            for epoch in [0, have] {
                let there = try await copy.target.get(StoreKey.slot(epoch)).bytes
                guard epoch <= report.epoch,
                    try await copy.source.get(StoreKey.slot(epoch)).bytes == there
                else {
                    throw ReadError.log(
                        .inconsistent(epoch: epoch, "is another one in the place to copy to"))
                }
            }
            have += 1
        }
        // A copy that died may have left holes in what it was writing at that moment.
        var next =
            have > Epoch(2 * ProjectCopy.objectsAtOnce)
            ? have - Epoch(2 * ProjectCopy.objectsAtOnce) : 0
        while next <= report.epoch {
            let end = min(report.epoch, next + Epoch(ProjectCopy.objectsAtOnce) - 1)
            let gone = try await copyObjects((next...end).map(StoreKey.slot)) {
                key, bytes throws(ReadError) in
                do throws(FormatError) {
                    let slot = try Slot(decoding: try StoredSlot.unpacked(bytes))
                    guard StoreKey.slot(slot.epoch) == key else {
                        throw FormatError("slot", at: 8, "says epoch \(slot.epoch)")
                    }
                } catch {
                    throw .damaged(key.string, error)
                }
            }
            if let key = gone.first { throw ReadError.store(StoreError(.notFound, key: key, "")) }
            progress(report)
            next = end + 1
        }
    }

    /// Ends the log of the source.
    ///
    /// - Returns: the last slot before the seal.
    mutating func seal() async throws -> Epoch {
        let repository = Repository(store: copy.source, world: copy.world)
        for _ in 0..<ProjectCopy.attemptsMax {
            // Asked anew, since a writer that sealed its log answers nothing any more.
            let newest = try await repository.newest()
            if newest.control?.isSealed == true {
                report.isSealed = true
                return newest.epoch - 1
            }
            _ = try await repository.submit(.control(.seal))
        }
        throw ReadError.log(
            .inconsistent(epoch: report.epoch, "could not be sealed: run it again"))
    }

    // MARK: What is derived

    /// Copies what is derived from the part of the log that was copied, kind by kind in its order, so that
    /// nobody has to build it again. What a compaction takes away meanwhile is built anew.
    mutating func copyDerived() async throws {
        let end = report.epoch + 1
        try await copyAll(prefix: "ckpt/") { key in
            key.segments.last.flatMap { Epoch($0, radix: 16) }.map { $0 < end } ?? false
        }
        try await copyAll(prefix: "seg/") { key in
            key.segments.last.flatMap { UInt64($0, radix: 16) }
                .map { $0 < end / SegmentTable.slotCount } ?? false
        }
        try await copyAll(prefix: "ix/") { key in
            StoreKey.rollup(of: key).map { $0.endEpoch <= end } ?? false
        }
        let compacted = mark.packs.lastReplacedEpoch
        try await copyAll(prefix: "obj/") { key in
            if let epoch = StoreKey.placeIndexEpoch(of: key) { return epoch == compacted }
            return StoreKey.objectRun(of: key).map {
                ($0.block + 1) * ObjectRun.slotCount(level: $0.level) <= end
            } ?? false
        }
        let repository = Repository(store: copy.target, world: copy.world)
        try await repository.upkeep.fillHoles(
            upTo: UpkeepGoal(try await repository.foldedTip().tip))
    }

    // MARK: Objects

    private mutating func copyAll(
        prefix: String, where isWanted: (ObjectKey) -> Bool
    ) async throws {
        var after: ObjectKey?
        repeat {
            let page = try await copy.source.list(prefix: prefix, after: after, limit: 1_000)
            let there = Set(
                try await copy.target.list(
                    prefix: prefix, after: after, limit: 1_000
                ).objects.map(\.key))
            let wanted = page.objects.map(\.key).filter { isWanted($0) && !there.contains($0) }
            for start in stride(from: 0, to: wanted.count, by: ProjectCopy.objectsAtOnce) {
                // Gone since the listing: markers of sessions that closed, runs that were compacted.
                _ = try await copyObjects(
                    Array(wanted[start..<min(wanted.count, start + ProjectCopy.objectsAtOnce)]))
            }
            after = page.next
        } while after != nil
    }

    /// Copies these objects at once.
    ///
    /// - Parameter check: throws for bytes that are not what the key says.
    /// - Returns: those that are not there.
    private mutating func copyObjects(
        _ keys: [ObjectKey],
        _ check: @escaping @Sendable (ObjectKey, [UInt8]) throws(ReadError) -> Void = { _, _ in }
    ) async throws -> [ObjectKey] {
        let (source, target) = (copy.source, copy.target)
        return try await withThrowingTaskGroup(of: (ObjectKey, Int?).self) { group in
            for key in keys {
                group.addTask {
                    guard let object = try await source.getIfPresent(key) else {
                        return (key, nil)
                    }
                    try check(key, object.bytes)
                    do throws(StoreError) {
                        _ = try await target.put(key, object.bytes, .ifAbsent)
                        return (key, object.bytes.count)
                    } catch {
                        // It is there, from a copy before; the same, since objects never change.
                        guard error.code == .preconditionFailed else { throw error }
                        return (key, -1)
                    }
                }
            }
            var missing: [ObjectKey] = []
            for try await (key, count) in group {
                guard let count else {
                    missing.append(key)
                    continue
                }
                guard count >= 0 else { continue }
                report.objectCount += 1
                report.byteCount += count
            }
            return missing.sorted()
        }
    }
}
