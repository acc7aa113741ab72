import HifCore
import HifStore

extension FsckRun {
    /// Each finished range has a rollup that decodes and belongs to this log; `deep`: that is, byte for
    /// byte, what its slots or the rollups below make.
    mutating func checkRollups(_ progress: (FsckProgress) -> Void) async {
        let total = (1...RollupSpan.levelMax).reduce(0) {
            $0 + slotEnd / RollupSpan.slotCount(level: $1)
        }
        var done: UInt64 = 0
        // Those in which nothing was found: good enough to make the next level from.
        var good: Set<RollupSpan> = []
        for level in 1...RollupSpan.levelMax {
            let count = slotEnd / RollupSpan.slotCount(level: level)
            let newest = rollups.filter { $0.level == level }.map(\.block).max()
            for block in 0..<count {
                progress(FsckProgress(stage: .rollups, done: done, total: total))
                done += 1
                let span = RollupSpan(level: level, block: block)
                if !rollups.contains(span), newest.map({ $0 < block }) ?? true {
                    unbuilt(.rollups, StoreKey.rollup(span).string)
                } else if await isGood(span, good) {
                    good.insert(span)
                }
            }
        }
        for span in rollups.sorted(by: { ($0.level, $0.block) < ($1.level, $1.block) })
        // A range may have been finished since the listing began.
        where span.endEpoch > slotEnd + RollupSpan.fanOut {
            derived(
                StoreKey.rollup(span).string, "covers slots that do not exist",
                "It will be wrong when they do")
        }
    }

    private mutating func isGood(_ span: RollupSpan, _ good: Set<RollupSpan>) async -> Bool {
        let key = StoreKey.rollup(span)
        guard rollups.contains(span) else {
            derived(key.string, "this rollup is missing", "Searching the history takes longer")
            return false
        }
        report.rollupCount += 1
        do {
            let run = try RollupRun(decoding: try await store.get(key).bytes)
            let head = try run.head()
            guard head.span == span else {
                derived(key.string, "is another rollup", "Searching the history takes longer")
                return false
            }
            if let end = blockEnds[span.endEpoch / RollupSpan.fanOut - 1], head.endSlotHash != end {
                derived(
                    key.string, "was made from another history",
                    "Searching the history takes longer")
                return false
            }
            if isDeep, let expected = await remade(span, good), run != expected {
                derived(
                    key.string, "does not say what its slots say",
                    "Searching the history may leave landings out")
                return false
            }
            return true
        } catch {
            derived(key.string, "\(error)", "Searching the history takes longer")
            return false
        }
    }

    /// The rollup as it has to be; nil where what it is made from is damaged, which is a finding of its
    /// own.
    private func remade(_ span: RollupSpan, _ good: Set<RollupSpan>) async -> RollupRun? {
        let builder = RollupBuilder(index: PathIndex(log: log))
        if span.level == 1 { return try? await builder.fromSlots(span) }
        var heads: [RollupHead] = []
        for child in span.children {
            guard good.contains(child),
                let head = try? await RollupReader(log: log).head(child)
            else { return nil }
            heads.append(head.withoutBlocks)
        }
        return try? await builder.merged(span, heads)
    }
}
