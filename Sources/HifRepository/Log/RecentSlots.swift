import HifCore
import Synchronization

/// The slots that were read last, decoded, so that neighbouring questions (the pages of a history,
/// the newest slot again and again) decode each once. A slot never changes, so what is here is right
/// for good; that a slot is absent is never remembered.
final class RecentSlots: Sendable {
    static let countMax = 16
    /// Stored bytes; what they take in memory is some four times as much.
    static let bytesMax = 2 << 20

    struct Known {
        let slot: Slot
        let hash: Hash
        let byteCount: Int
    }

    /// In the order of use, the latest at the end.
    private let known = Mutex<[Known]>([])

    subscript(epoch: Epoch) -> Known? {
        known.withLock { known in
            guard let index = known.lastIndex(where: { $0.slot.epoch == epoch }) else { return nil }
            let found = known.remove(at: index)
            known.append(found)
            return found
        }
    }

    func keep(_ slot: Known) {
        known.withLock { known in
            known.removeAll { $0.slot.epoch == slot.slot.epoch }
            known.append(slot)
            var byteCount = known.reduce(0) { $0 + $1.byteCount }
            while known.count > 1,
                known.count > RecentSlots.countMax || byteCount > RecentSlots.bytesMax
            {
                byteCount -= known.removeFirst().byteCount
            }
        }
    }
}
