package import HifCore
import HifStore
import Synchronization

/// Builds the rollup runs of a project: background work that any node may do at any time.
///
/// A run is built only when its range is finished and every slot, or every run below it, is there and
/// of one history: a run that left something out would be believed. It is a pure function of the log
/// and put if absent; losing that race is success.
///
/// Memory: building a run of level 1 holds the keys of its 32 slots, eight bytes each; a higher one is
/// merged from those below as `RollupMerge` says. No run is longer than `RollupRun.bytesMax`.
package final class RollupBuilder: Sendable {
    private let index: PathIndex
    /// Every run that is finished before this slot and belongs to its tiling was there.
    private let builtBefore = Mutex<Epoch>(0)

    package init(index: PathIndex) {
        self.index = index
    }

    /// Builds every run that is finished with slot `epoch`, which exists, and is missing. When all were
    /// there at the last call, this costs nothing until the next run is finished, and then the reads of
    /// what it covers that is not in memory, and one write. The first call of a process asks for each
    /// run of the tiling.
    ///
    /// - Throws: when something cannot be read or written; what was built until then stays. Call again.
    package func build(upTo epoch: Epoch) async throws(ReadError) {
        let start = builtBefore.withLock { $0 }
        for span in RollupSpan.tiling(before: epoch + 1).reversed()
        where span.level > 0 && span.endEpoch > start {
            _ = try await head(span)
            builtBefore.withLock { $0 = max($0, span.endEpoch) }
        }
    }

    /// Builds every run that is finished with slot `epoch` and missing, also those that a higher one
    /// makes up for. Cost: a look at each.
    package func fillHoles(upTo epoch: Epoch) async throws(ReadError) {
        for level in 1...RollupSpan.levelMax {
            for block in 0..<(epoch + 1) / RollupSpan.slotCount(level: level) {
                _ = try await head(RollupSpan(level: level, block: block))
            }
        }
    }

    /// Deletes every run and builds them anew from the slots up to `epoch`.
    package func rebuild(upTo epoch: Epoch) async throws(ReadError) {
        do throws(StoreError) {
            var page: ListPage
            repeat {
                page = try await index.log.store.list(prefix: "ix/", after: nil, limit: 1_000)
                for entry in page.objects {
                    try await index.log.store.delete(entry.key)
                    if let span = StoreKey.rollup(of: entry.key) { index.forget(span) }
                }
            } while !page.objects.isEmpty
        } catch {
            throw .store(error)
        }
        builtBefore.withLock { $0 = 0 }
        try await build(upTo: epoch)
    }

    /// The head of a run, without the rest; builds it, and first those below it, if it is missing. nil
    /// for one that is too long to be built.
    private func head(_ span: RollupSpan) async throws(ReadError) -> RollupHead? {
        if let head = try await index.reader.head(span) { return head.withoutBlocks }
        let run: RollupRun
        if span.level == 1 {
            run = try await fromSlots(span)
            guard run.bytes.count <= RollupRun.bytesMax else { return nil }
        } else {
            var heads: [RollupHead] = []
            for child in span.children {
                guard let head = try await head(child) else { return nil }
                heads.append(head)
            }
            guard let merged = try await merged(span, heads) else { return nil }
            run = merged
        }
        do throws(StoreError) {
            _ = try await index.log.store.put(StoreKey.rollup(span), run.bytes, .ifAbsent)
        } catch {
            guard error.code == .preconditionFailed else { throw .store(error) }
        }
        return try? run.head().withoutBlocks
    }

    /// The run of level 1 as its slots make it.
    package func fromSlots(_ span: RollupSpan) async throws(ReadError) -> RollupRun {
        var slots: [SlotKeys] = []
        let spans = span.children
        for case .slot(let keys)? in try await index.tiles(spans, tip: spans[spans.count - 1].block)
        {
            if let last = slots.last, keys.previous != last.hash {
                throw .log(
                    .inconsistent(epoch: keys.epoch, "is not chained to the slot before it"))
            }
            slots.append(keys)
        }
        return RollupRun(span: span, slots: slots)
    }

    /// The run as those below it make it, which `heads` begin; nil when it is too long.
    package func merged(
        _ span: RollupSpan, _ heads: [RollupHead]
    ) async throws(ReadError) -> RollupRun? {
        guard let end = try await index.log.slot(span.endEpoch - 1)?.hash else {
            throw .log(
                .inconsistent(
                    epoch: span.endEpoch - 1, "is missing although later slots exist"))
        }
        guard heads[heads.count - 1].endSlotHash == end else {
            throw .log(
                .inconsistent(epoch: span.endEpoch - 1, "ends a rollup of another history"))
        }
        var merge = RollupMerge(span, of: heads)
        return try await merge.run(index.reader)
    }
}
