import HifCore
import HifStore

/// Copies slots into segments, each when its last slot exists.
struct SegmentsJob: UpkeepJob {
    let log: LogReader

    var name: String { "segments" }

    func step(after done: Epoch?, to goal: UpkeepGoal) async throws(ReadError) -> Epoch {
        let complete = (goal.epoch + 1) / SegmentTable.slotCount
        var next = complete
        if let done {
            next = (done + 1) / SegmentTable.slotCount
        } else {
            while next > 0, try await !log.exists(StoreKey.segment(next - 1)) { next -= 1 }
        }
        guard next < complete else { return goal.epoch }
        try await build(next)
        return next + 1 == complete ? goal.epoch : (next + 1) * SegmentTable.slotCount - 1
    }

    func fillHoles(upTo goal: UpkeepGoal) async throws(ReadError) {
        for number in 0..<(goal.epoch + 1) / SegmentTable.slotCount
        where try await !log.exists(StoreKey.segment(number)) {
            try await build(number)
        }
    }

    private func build(_ number: UInt64) async throws(ReadError) {
        var writer = SegmentWriter(number: number)
        let first = number * SegmentTable.slotCount
        let end = first + SegmentTable.slotCount
        var previous: Hash?
        var epoch = first
        while epoch < end {
            let upTo = min(end, epoch + Epoch(LogCursor.parallelMax))
            for (slot, hash, _) in try await log.slots(epoch..<upTo) {
                // A damaged history is not copied.
                guard previous.map({ $0 == slot.previous }) ?? true else {
                    throw .log(
                        .inconsistent(
                            epoch: slot.epoch, "is not chained to the slot before it"))
                }
                let bytes = slot.encode()
                guard Slot.hash(ofBytes: bytes) == hash else {
                    throw .log(.inconsistent(epoch: slot.epoch, "is spelled in another way"))
                }
                writer.add(bytes)
                previous = hash
            }
            epoch = upTo
        }
        do throws(StoreError) {
            _ = try await log.store.put(
                StoreKey.segment(number), writer.finish().bytes, .ifAbsent)
        } catch {
            guard error.code == .preconditionFailed else { throw .store(error) }
        }
    }
}
