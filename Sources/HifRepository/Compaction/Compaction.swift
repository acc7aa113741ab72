package import HifCore

/// Writing the content of many packs into fewer and smaller ones.
package enum Compaction {
    private static let context = Blake3Context("hif compaction v1")

    /// The session that packs of a compaction say they are of, when the newest replacement in the log
    /// was at slot `epoch`. It is closed by the next replacement: whoever was copying then has come too
    /// late, and what they wrote may go. So packs of a compaction that died are collected.
    package static func session(after epoch: Epoch) -> Hash {
        var writer = ByteWriter()
        writer.u64(epoch)
        return context.hash(writer.bytes)
    }

    /// Packs that one compaction takes in; the next takes the rest.
    package static let packsMax = 4_096
    /// Times that landings may get in between before it is left for later.
    static let attemptsMax = 8
    /// Bytes at which a new pack is sealed.
    static let packBytesTarget = 48 << 20

    /// How hard it compresses newest versions and documents; nobody waits for it.
    package static let level = 19
    /// How hard it compresses bundles of older versions at most: beyond it they take seven times as long
    /// and a fiftieth less.
    static let bundleLevelMax = 9
}

/// What a compaction found and did.
package struct CompactionReport: Hashable, Sendable {
    /// Packs whose content was copied, and bytes of them.
    package internal(set) var replacedCount = 0
    package internal(set) var replacedBytes = 0
    /// Packs that have it now, and bytes of them.
    package internal(set) var packCount = 0
    package internal(set) var packBytes = 0
    package internal(set) var contentCount = 0
    /// The slot that says so; nil when there was nothing to do.
    package internal(set) var epoch: Epoch?
    /// Why it ended without; nil when it did not. Nothing is lost then.
    package internal(set) var stopped: String?
    /// Packs are left for another round.
    package internal(set) var isPartial = false
}

/// Which packs a compaction takes.
struct CompactionChoice {
    struct Candidate {
        let pack: Hash
        let bytes: Int
        /// It was written by a compaction.
        let isCompacted: Bool
    }

    /// All that were never copied, oldest names first, and of those that were, from the smallest on, each
    /// that is no more than twice what is taken already. So a byte is copied again only when the packs it
    /// ends up in have grown by half: a logarithm of times, however often one compacts.
    static func choose(_ candidates: [Candidate], isWhole: Bool) -> (
        chosen: [Candidate], isPartial: Bool
    ) {
        let loose = candidates.filter { !$0.isCompacted }.sorted { $0.pack < $1.pack }
        var chosen = Array(loose.prefix(Compaction.packsMax))
        var bytes = chosen.reduce(0) { $0 + $1.bytes }
        let isPartial = loose.count > chosen.count
        for candidate in candidates.filter(\.isCompacted).sorted(by: {
            ($0.bytes, $0.pack) < ($1.bytes, $1.pack)
        }) {
            guard chosen.count < 2 * Compaction.packsMax - 8,
                isWhole || !chosen.isEmpty && candidate.bytes <= 2 * bytes
            else { break }
            chosen.append(candidate)
            bytes += candidate.bytes
        }
        // One small pack more or less is nothing to write a slot for.
        let isWorth = chosen.count > 1 || chosen.contains { !$0.isCompacted && $0.bytes > 1 << 20 }
        return isWorth ? (chosen, isPartial) : ([], false)
    }
}
