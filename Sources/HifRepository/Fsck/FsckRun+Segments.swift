import HifCore
import HifStore

extension FsckRun {
    /// Slots come in order, from the segment's first to its last; a slot that is missing makes the
    /// segment's content unknown, and is a finding of its own.
    mutating func hashForSegment(_ slot: Slot) {
        let number = slot.epoch / SegmentTable.slotCount
        if slot.epoch.isMultiple(of: SegmentTable.slotCount) { segmentHasher = Blake3() }
        segmentHasher.update(slot.encode())
        guard (slot.epoch + 1).isMultiple(of: SegmentTable.slotCount), isLogWhole else { return }
        segmentContents[number] = segmentHasher.finalize()
    }

    /// Each complete range of slots has a segment that decodes and is of this log; `deep`: that holds
    /// what the slots hold.
    mutating func checkSegments(_ progress: (FsckProgress) -> Void) async {
        let count = slotEnd / SegmentTable.slotCount
        let newest = segments.max()
        for number in 0..<count {
            progress(FsckProgress(stage: .segments, done: number, total: count))
            let key = StoreKey.segment(number)
            guard segments.contains(number) else {
                if newest.map({ number > $0 }) ?? true {
                    unbuilt(.segments, key.string)
                } else {
                    derived(key.string, "this segment is missing", "Reading history takes longer")
                }
                continue
            }
            report.segmentCount += 1
            do {
                if let wrong = try await wrong(with: number) {
                    derived(key.string, wrong, "Reading history takes longer")
                }
            } catch {
                derived(key.string, "\(error)", "Reading history takes longer")
            }
        }
        // One may have been finished since the listing began.
        for number in segments.sorted() where number > count {
            derived(
                StoreKey.segment(number).string, "holds slots that do not exist",
                "It will be wrong when they do")
        }
    }

    private func wrong(with number: UInt64) async throws -> String? {
        let key = StoreKey.segment(number)
        let range = isDeep ? ByteRange.all : .range(offset: 0, count: SegmentTable.bytesMax)
        let object = try await store.get(key, range)
        let table = try SegmentTable(decoding: object.bytes)
        guard table.number == number else { return "is another segment" }
        let lastBlock = (table.last + 1) / ObjectRun.fanOut - 1
        if let end = blockEnds[lastBlock], table.end != end { return "is of another history" }
        if table.isLeftOut || table.groups.last?.stored.upperBound == object.size {
        } else {
            return "is not as long as it says"
        }
        guard isDeep else { return nil }
        if let content = segmentContents[number], table.content != content {
            return "does not hold what the slots hold"
        }
        var hasher = Blake3()
        let zstd = Zstd()
        for group in table.groups {
            for slot in try table.slots(of: group, in: object.bytes, from: 0, using: zstd) {
                hasher.update(slot)
            }
        }
        guard table.isLeftOut || hasher.finalize() == table.content else {
            return "holds other bytes than it says"
        }
        return nil
    }
}
