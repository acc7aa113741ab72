package import HifCore
import HifStore
import Synchronization

/// Where every landed blob lies: a function of the log, read from runs and, for the slots that no
/// run covers yet, from the slots themselves.
///
/// Only blobs named by landed operations are in here, never a draft that merely lies in a landed
/// pack, so it is also the set that new content may be de-duplicated against. A missing run costs
/// reading what it would have covered; it never makes a blob unknown.
package final class ObjectIndex: Sendable {
    /// Bytes of runs kept in memory.
    static let cacheBytesMax = 128 << 20

    /// Slots whose blobs are kept.
    private static let slotsMax = 4 * Int(ObjectRun.fanOut)

    private struct Cache {
        var runs: [Int: [UInt64: ObjectRun]] = [:]
        var byteCount = 0
        /// Slots that no run covers: their blobs, by epoch.
        var slots: [Epoch: [Hash: PackLocation]] = [:]
        /// Slots whose bytes were searched once. A process that asks once has no use for a table of
        /// everything; one that asks again makes it.
        var searched: Set<Epoch> = []
    }

    private let log: LogReader
    private let cache = Mutex(Cache())

    /// Where everything that slots before `completeBefore` brought lies since it was compacted. Runs that
    /// begin before that slot are not needed, and not built.
    var places: Places { log.content.places }

    package init(log: LogReader) {
        self.log = log
    }

    /// The places of those of `ids` that the project has, in slots up to `epoch`. Requests: none for
    /// runs and slots in memory, else one for each; at most 31 of each level and 31 slots.
    package func locations(
        of ids: some Sequence<Hash>, upTo epoch: Epoch
    ) async throws(ReadError) -> [Hash: PackLocation] {
        var wanted = Set(ids)
        var found: [Hash: PackLocation] = [:]
        var end = epoch + 1  // slots before this one are still to be searched
        while end > 0, !wanted.isEmpty {
            if let places = places.known, end <= places.completeBefore {
                for id in wanted {
                    if let location = places.location(of: id) { found[id] = location }
                }
                break
            }
            if let run = try await largestRun(endingAt: end) {
                for id in wanted {
                    if let location = run.location(of: id) { found[id] = location }
                }
                end -= ObjectRun.slotCount(level: run.level)
            } else if end.isMultiple(of: ObjectRun.fanOut), try await hasCompacted(before: end) {
                continue
            } else {
                found.merge(try await places(of: wanted, inSlot: end - 1)) { first, _ in first }
                end -= 1
            }
            if !found.isEmpty { wanted.subtract(found.keys) }
        }
        return found
    }

    /// Whether the run that is missing is so because of a compaction this process did not know of.
    private func hasCompacted(before end: Epoch) async throws(ReadError) -> Bool {
        do throws(StoreError) {
            return try await places.refreshed(forBlockEnding: end)
        } catch {
            throw .store(error)
        }
    }

    /// The run of the highest level that ends just before slot `end`.
    private func largestRun(endingAt end: Epoch) async throws(ReadError) -> ObjectRun? {
        var level = 0
        while level < ObjectRun.levelMax,
            end.isMultiple(of: ObjectRun.slotCount(level: level + 1))
        {
            level += 1
        }
        while level > 0 {
            let block = end / ObjectRun.slotCount(level: level) - 1
            if let run = try await run(level: level, block: block) { return run }
            level -= 1
        }
        return nil
    }

    private func run(level: Int, block: UInt64) async throws(ReadError) -> ObjectRun? {
        if let known = cache.withLock({ $0.runs[level]?[block] }) { return known }
        let key = StoreKey.objectRun(level: level, block: block)
        let object: StoredObject?
        do throws(StoreError) {
            object = try await log.store.getIfPresent(key)
        } catch {
            throw .store(error)
        }
        // A damaged run is as good as none: it is derived.
        guard let object, let run = try? ObjectRun(decoding: object.bytes), run.level == level,
            run.block == block
        else { return nil }
        remember(run)
        return run
    }

    private func remember(_ run: ObjectRun) {
        cache.withLock { cache in
            if cache.byteCount + run.byteCount > ObjectIndex.cacheBytesMax {
                cache.runs = [:]
                cache.byteCount = 0
            }
            cache.runs[run.level, default: [:]][run.block] = run
            cache.byteCount += run.byteCount
        }
    }

    /// The places of those of `ids` that slot `epoch` brought.
    private func places(
        of ids: Set<Hash>, inSlot epoch: Epoch
    ) async throws(ReadError) -> [Hash: PackLocation] {
        let isFirst = cache.withLock { cache in
            if cache.slots[epoch] != nil { return false }
            if cache.searched.count >= ObjectIndex.slotsMax { cache.searched = [] }
            return cache.searched.insert(epoch).inserted
        }
        if isFirst, let found = try await log.places(of: ids, inSlot: epoch) { return found }
        let blobs = try await blobs(ofSlot: epoch)
        var found: [Hash: PackLocation] = [:]
        for id in ids {
            if let location = blobs[id] { found[id] = location }
        }
        return found
    }

    private func blobs(ofSlot epoch: Epoch) async throws(ReadError) -> [Hash: PackLocation] {
        if let known = cache.withLock({ $0.slots[epoch] }) { return known }
        guard let slot = try await log.resolved(epoch) else {
            throw .log(.inconsistent(epoch: epoch, "is missing although later slots exist"))
        }
        remember(slot)
        return Dictionary(slot.blobLocations.map { ($0.id, $0.location) }) { first, _ in first }
    }

    /// Takes in a slot that was read or written anyway.
    package func remember(_ slot: ResolvedSlot) {
        let blobs = Dictionary(slot.blobLocations.map { ($0.id, $0.location) }) { first, _ in first
        }
        cache.withLock { cache in
            if cache.slots.count >= ObjectIndex.slotsMax { cache.slots = [:] }
            cache.slots[slot.slot.epoch] = blobs
        }
    }

    // MARK: Building

    /// Builds every run that is complete with slot `epoch` and begins at slot `first` or later. Usually
    /// there is none; every 32nd slot costs one write and the reads of what it covers that is not in
    /// memory.
    package func buildRuns(
        endingWith epoch: Epoch, from first: Epoch = 0
    ) async throws(ReadError) {
        let end = epoch + 1
        for level in 1...ObjectRun.levelMax {
            let count = ObjectRun.slotCount(level: level)
            guard end.isMultiple(of: count), end - count >= first else { return }
            _ = try await built(level: level, block: end / count - 1)
        }
    }

    /// The run, built with everything below it if it is missing.
    func built(level: Int, block: UInt64) async throws(ReadError) -> ObjectRun {
        if let run = try await run(level: level, block: block) { return run }
        let first = block * ObjectRun.fanOut
        let run: ObjectRun
        if level == 1 {
            let slots = try await log.resolvedSlots(first...first + ObjectRun.fanOut - 1)
            run = ObjectRun(
                level: 1, block: block, endSlotHash: slots.last?.hash ?? .zero,
                locations: slots.flatMap(\.blobLocations))
        } else {
            var children: [ObjectRun] = []
            for child in first..<first + ObjectRun.fanOut {
                children.append(try await built(level: level - 1, block: child))
            }
            run = ObjectRun(merging: children, level: level, block: block)
        }
        do throws(StoreError) {
            _ = try await log.store.put(
                StoreKey.objectRun(level: level, block: block), run.encode(), .ifAbsent)
        } catch {
            guard error.code == .preconditionFailed else { throw .store(error) }
        }
        remember(run)
        return run
    }
}

extension ResolvedSlot {
    /// The blobs that its operations brought, in the order of the log.
    package var blobLocations: [(id: Hash, location: PackLocation)] {
        var result: [(id: Hash, location: PackLocation)] = []
        for (record, operations) in zip(slot.records, operations) {
            guard let packs = record.landing?.packs else { continue }
            for landed in operations where !landed.isNoOp {
                guard let location = landed.location, let after = landed.operation.after else {
                    continue
                }
                result.append((after.hash, location.resolved(in: packs)))
            }
        }
        return result
    }
}
