import HifCore
import HifStore

/// Says now and then where the tip is.
struct HintJob: UpkeepJob {
    /// The hint is written when the tip has moved this far since; galloping bridges the rest.
    static let hintEpochs: Epoch = 64

    let log: LogReader

    var name: String { "the hint" }

    func step(after done: Epoch?, to goal: UpkeepGoal) async throws(ReadError) -> Epoch {
        let isDue: Bool
        if let done {
            isDue = goal.epoch / HintJob.hintEpochs > done / HintJob.hintEpochs
        } else {
            let last = try await hinted()
            isDue = goal.epoch >= HintJob.hintEpochs && goal.epoch - HintJob.hintEpochs >= last
        }
        if isDue { try await fillHoles(upTo: goal) }
        return goal.epoch
    }

    private func hinted() async throws(ReadError) -> Epoch {
        do throws(StoreError) {
            let object = try await log.store.getIfPresent(StoreKey.hint)
            return object.flatMap { TipHint(decoding: $0.bytes) }?.epoch ?? 0
        } catch {
            throw .store(error)
        }
    }

    func fillHoles(upTo goal: UpkeepGoal) async throws(ReadError) {
        do throws(StoreError) {
            _ = try await log.store.put(
                StoreKey.hint, TipHint(epoch: goal.epoch).encode(), .none)
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
