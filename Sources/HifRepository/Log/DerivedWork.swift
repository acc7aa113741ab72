import HifCore
import HifStore

/// What follows a commit and is awaited by nobody's answer: checkpoints, index runs, the hint. All of
/// it can be rebuilt from the log, so a failure here is reported to the observer and otherwise
/// ignored; the next writer builds what is missing.
package struct DerivedWork: Sendable {
    /// The hint is written when the tip has moved this far since; galloping bridges the rest.
    static let hintEpochs: Epoch = 64

    private let log: LogReader
    private let trees: TreeReader
    private let index: ObjectIndex
    private let checkpoints: CheckpointBuilder
    /// Told of failures, for a log.
    private let report: @Sendable (String) -> Void

    package init(
        log: LogReader, trees: TreeReader, index: ObjectIndex, checkpoints: CheckpointBuilder,
        report: @escaping @Sendable (String) -> Void
    ) {
        self.log = log
        self.trees = trees
        self.index = index
        self.checkpoints = checkpoints
        self.report = report
    }

    func slotCommitted(_ slot: ResolvedSlot, tip: LogTip, nodes: NodeCache) async {
        let epoch = slot.slot.epoch
        index.remember(slot)
        trees.remember(ProllyTree(root: tip.root), at: tip.position, nodes: nodes)
        do throws(ReadError) {
            if tip.checkpoints.lastDue == epoch, epoch > 0 {
                try await checkpoints.build(dueAt: epoch)
            }
            try await index.buildRuns(endingWith: epoch)
            if epoch.isMultiple(of: DerivedWork.hintEpochs) {
                try await writeHint(tip)
            }
        } catch {
            report("after slot \(epoch): \(error)")
        }
    }

    private func writeHint(_ tip: LogTip) async throws(ReadError) {
        do throws(StoreError) {
            _ = try await log.store.put(StoreKey.hint, TipHint(epoch: tip.epoch).encode(), .none)
        } catch {
            throw .store(error)
        }
    }
}

/// Where the tip was a while ago. Advisory: a wrong or missing hint costs requests, nothing else.
struct TipHint: Hashable, Sendable {
    var epoch: Epoch

    func encode() -> [UInt8] {
        var writer = ByteWriter()
        writer.u64(epoch)
        writer.hash(Blake3.hash(writer.bytes))
        return writer.bytes
    }

    init(epoch: Epoch) {
        self.epoch = epoch
    }

    init?(decoding bytes: [UInt8]) {
        var reader = ByteReader(bytes, format: "hint")
        guard let epoch = try? reader.u64(), let hash = try? reader.hash(),
            hash == Blake3.hash(bytes, range: 0..<8)
        else { return nil }
        self.epoch = epoch
    }
}
