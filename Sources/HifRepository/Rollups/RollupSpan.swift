package import HifCore

/// An aligned range of slots: the one slot `block` (level 0), or what one rollup run covers.
///
/// Fan-out 32: a run of level 1 covers 32 slots, one of level 4 covers 1,048,576. Aligned on the
/// slots' numbers, so every node that builds a run builds the same one.
package struct RollupSpan: Hashable, Sendable {
    package static let fanOut: UInt64 = 32
    package static let levelMax = 4

    package let level: Int
    package let block: UInt64

    /// - Precondition: `level` is one of 0 to `levelMax`, and the range ends before 2^63.
    package init(level: Int, block: UInt64) {
        precondition((0...RollupSpan.levelMax).contains(level), "no such level")
        precondition(block < 1 << (63 - 5 * UInt64(level)), "a slot beyond all logs")
        self.level = level
        self.block = block
    }

    /// Slots covered by a span of `level`.
    package static func slotCount(level: Int) -> UInt64 { 1 << (5 * UInt64(level)) }

    package var slotCount: UInt64 { RollupSpan.slotCount(level: level) }
    package var firstEpoch: Epoch { block * slotCount }
    /// The first slot that is not covered.
    package var endEpoch: Epoch { (block + 1) * slotCount }

    /// The 32 spans of the level below, oldest first. - Precondition: not a single slot.
    package var children: [RollupSpan] {
        (block * RollupSpan.fanOut..<(block + 1) * RollupSpan.fanOut).map {
            RollupSpan(level: level - 1, block: $0)
        }
    }

    /// The fewest spans that cover slots 0 to `end - 1` exactly, newest first: at most 31 of each
    /// level below the highest.
    package static func tiling(before end: Epoch) -> [RollupSpan] {
        var spans: [RollupSpan] = []
        var end = end
        while end > 0 {
            var level = 0
            while level < levelMax, end.isMultiple(of: slotCount(level: level + 1)) { level += 1 }
            let span = RollupSpan(level: level, block: end / slotCount(level: level) - 1)
            spans.append(span)
            end = span.firstEpoch
        }
        return spans
    }
}

extension RollupSpan: CustomStringConvertible {
    package var description: String { "slots \(firstEpoch) to \(endEpoch - 1)" }
}
