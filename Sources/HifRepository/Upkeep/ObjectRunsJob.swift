import HifCore
import HifStore

/// Builds the object runs of blocks of slots that are complete, of the lowest level first.
struct ObjectRunsJob: UpkeepJob {
    let log: LogReader
    let index: ObjectIndex

    var name: String { "object runs" }

    func step(after done: Epoch?, to goal: UpkeepGoal) async throws(ReadError) -> Epoch {
        guard let done else { return try await fillEnds(upTo: goal) }
        // One block at a time; what ends with it of higher levels comes along.
        let end = (done + 1) / ObjectRun.fanOut * ObjectRun.fanOut + ObjectRun.fanOut
        guard end <= goal.epoch + 1 else { return goal.epoch }
        // Somebody may have compacted meanwhile; only runs of higher levels reach back that far.
        if end.isMultiple(of: ObjectRun.slotCount(level: 2)) { try await findCompaction() }
        try await index.buildRuns(endingWith: end - 1, from: compactedBefore)
        return end - 1
    }

    /// The place index, if a compaction died before it wrote it. Then for each level, goes back from the
    /// newest complete block to one that is there, and builds those behind it.
    private func fillEnds(upTo goal: UpkeepGoal) async throws(ReadError) -> Epoch {
        try await findCompaction()
        if !index.places.isStored(asOf: goal.replacedEpoch) {
            try await PlaceBuilder(store: log.store).buildIfMissing(index.places)
        }
        for level in 1...ObjectRun.levelMax {
            let count = ObjectRun.slotCount(level: level)
            let blocks = (goal.epoch + 1) / count
            let oldest = (compactedBefore + count - 1) / count
            var first = blocks
            while first > oldest, try await !exists(level: level, block: first - 1) { first -= 1 }
            for block in first..<max(first, blocks) {
                _ = try await index.built(level: level, block: block)
            }
        }
        return goal.epoch
    }

    func fillHoles(upTo goal: UpkeepGoal) async throws(ReadError) {
        try await PlaceBuilder(store: log.store).buildIfMissing(index.places)
        try await findCompaction()
        var end = ObjectRun.fanOut
        while end <= goal.epoch + 1 {
            try await index.buildRuns(endingWith: end - 1, from: compactedBefore)
            end += ObjectRun.fanOut
        }
    }

    /// What slots before this one brought is found without runs.
    private var compactedBefore: Epoch { index.places.known?.completeBefore ?? 0 }

    private func findCompaction() async throws(ReadError) {
        do throws(StoreError) {
            _ = try await index.places.refresh()
        } catch {
            throw .store(error)
        }
    }

    private func exists(level: Int, block: UInt64) async throws(ReadError) -> Bool {
        try await log.exists(StoreKey.objectRun(level: level, block: block))
    }
}
