package import HifCore
import HifStore
import Synchronization

/// Which slots touched a path, closed a session, or hold an author's landings: answered from rollup
/// runs and, where no run is, from the slots themselves.
///
/// Every query covers its range without a hole: a run that is missing, damaged or of another history
/// is replaced by the runs below it, and those by slots. So a missing run costs requests and no answer
/// changes. An answer may name a slot too many (two things may share a key), never one too few; the
/// caller confirms what it finds in the slot.
package final class PathIndex: Sendable {
    /// Bytes of heads, small runs and slots' keys kept in memory.
    package static let cacheBytesMax = 64 << 20
    /// Slots this close to the tip are kept, for queries and for the run they will be in.
    private static let keptSlots: Epoch = 2 * RollupSpan.fanOut
    /// Requests in flight at once: a tiling's worst.
    static let parallelMax = 128
    /// Slots read for one query before it is cut short. Only where runs are missing.
    package static let slotsReadMax = 8_192

    package let log: LogReader
    package let reader: RollupReader
    private let cache: Mutex<RollupCache>

    package init(log: LogReader, cacheBytesMax: Int = PathIndex.cacheBytesMax) {
        self.log = log
        reader = RollupReader(log: log)
        cache = Mutex(RollupCache(bytesMax: cacheBytesMax))
    }

    /// Takes in a slot that was read or written anyway.
    package func remember(_ slot: ResolvedSlot) {
        let span = RollupSpan(level: 0, block: slot.slot.epoch)
        cache.withLock { $0.insert(.slot(SlotKeys(slot)), for: span) }
    }

    /// The newest slots up to `tip`, where the newest position is `position`, that match `query`.
    ///
    /// Requests for a cold index: one for each run and slot of the tiling (at most 31 of each level),
    /// in parallel; then, in parallel, one for each run that may match, as many as may be needed.
    /// Memory: `cacheBytesMax`, the tiling's heads, and a block for each run that may match.
    ///
    /// - Throws: when a slot cannot be read or is not chained to its neighbours.
    package func matches(
        _ query: RollupQuery, upTo tip: Epoch, position: Position
    ) async throws(ReadError) -> RollupMatches {
        var search = RollupSearch(index: self, query: query, tip: tip, position: position)
        return try await search.run()
    }

    // MARK: Tiles

    /// The tiles of `spans`, in their order; nil for a run that is missing or damaged. Requests go out
    /// together.
    ///
    /// - Throws: when a slot is missing: the caller knows that it exists.
    func tiles(
        _ spans: [RollupSpan], tip: Epoch
    ) async throws(ReadError) -> [RollupTile?] {
        var tiles: [RollupTile?] = cache.withLock { cache in spans.map { cache[$0] } }
        let wanted = tiles.indices.filter { tiles[$0] == nil }
        for start in stride(from: 0, to: wanted.count, by: PathIndex.parallelMax) {
            let part = wanted[start..<min(wanted.count, start + PathIndex.parallelMax)]
            let read = try await parallel(part.map { spans[$0] }) {
                [self] span throws(ReadError) in
                try await readTile(span)
            }
            for (index, tile) in zip(part, read) {
                tiles[index] = tile
                guard let tile, isKept(spans[index], tip: tip) else { continue }
                cache.withLock { $0.insert(tile, for: spans[index]) }
            }
        }
        return tiles
    }

    /// A walk over slots that no run covers must not push the runs out.
    private func isKept(_ span: RollupSpan, tip: Epoch) -> Bool {
        span.level > 0 || span.block + PathIndex.keptSlots > tip
    }

    private func readTile(_ span: RollupSpan) async throws(ReadError) -> RollupTile? {
        if span.level > 0 { return try await reader.head(span).map { .run($0) } }
        guard let slot = try await log.resolved(span.block) else {
            throw .log(
                .inconsistent(epoch: span.block, "is missing although later slots exist"))
        }
        return .slot(SlotKeys(slot))
    }

    /// Drops a run that turned out to be damaged or of another history.
    func forget(_ span: RollupSpan) {
        cache.withLock { $0.remove(span) }
    }
}

/// Runs `work` for every element at once, in the caller's task, and returns the results in order.
func parallel<Element: Sendable, Result: Sendable>(
    _ elements: [Element],
    _ work: @escaping @Sendable (Element) async throws(ReadError) -> Result
) async throws(ReadError) -> [Result] {
    if elements.count == 1 { return [try await work(elements[0])] }
    typealias Outcome = Swift.Result<Result, ReadError>
    let outcomes = await withTaskGroup(of: (Int, Outcome).self) { group in
        for (index, element) in elements.enumerated() {
            group.addTask {
                do throws(ReadError) {
                    return (index, .success(try await work(element)))
                } catch {
                    return (index, .failure(error))
                }
            }
        }
        var outcomes = [Outcome?](repeating: nil, count: elements.count)
        for await (index, outcome) in group { outcomes[index] = outcome }
        return outcomes
    }
    var results: [Result] = []
    results.reserveCapacity(elements.count)
    for case let outcome? in outcomes { results.append(try outcome.get()) }
    return results
}
