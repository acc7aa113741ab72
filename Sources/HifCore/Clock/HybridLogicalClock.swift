/// A hybrid logical clock (Kulkarni, Demirbas, Madappa, Avva and Leone, "Logical Physical Clocks",
/// OPODIS 2014): timestamps that never run backwards, stay close to the wall clock, and put an
/// effect behind its cause across machines.
///
/// Advisory only: history is ordered by position, never by these. The clock is a value and reads no
/// time itself; physical milliseconds since 1970 are handed in. Rules beyond the paper's:
///
/// - When the 16-bit counter of one millisecond is used up, the timestamp borrows the next
///   millisecond. It runs ahead of the wall clock then, by one millisecond each 65,536 events.
/// - A remote timestamp more than `aheadMillisMax` beyond the local wall clock is refused and leaves
///   the clock as it was: one machine with a wrong date must not drag all others along.
/// - Physical time before 1970 counts as 1970, and beyond 48 bits (the year 10889) as the last
///   millisecond. At the very last timestamp the clock stands still.
package struct HybridLogicalClock: Hashable, Sendable {
    /// How far ahead of the local wall clock a remote timestamp may lie: a minute.
    package static let aheadMillisMax: UInt64 = 60_000

    /// The latest timestamp given or received; persist it to never run backwards over a restart.
    package private(set) var latest: HybridTimestamp

    /// - Parameter latest: the value of this property when the clock was last stored.
    package init(latest: HybridTimestamp = HybridTimestamp(packed: 0)) {
        self.latest = latest
    }

    /// The timestamp of a local event, or of a message about to be sent: greater than every one
    /// before.
    package mutating func tick(now milliseconds: Int64) -> HybridTimestamp {
        latest = max(latest.successor, HybridTimestamp(milliseconds: milliseconds))
        return latest
    }

    /// The timestamp of the receipt of a message: greater than `remote` and every local one before.
    ///
    /// - Throws: `RemoteTimestampAhead`, when `remote` is too far ahead; the clock is unchanged.
    ///   The message may still be used, only its timestamp is not to be believed.
    package mutating func receive(
        _ remote: HybridTimestamp, now milliseconds: Int64
    ) throws(RemoteTimestampAhead) -> HybridTimestamp {
        let local = HybridTimestamp(milliseconds: milliseconds)
        if remote.milliseconds > local.milliseconds {
            let ahead = remote.milliseconds - local.milliseconds
            guard ahead <= Self.aheadMillisMax else {
                throw RemoteTimestampAhead(aheadMillis: ahead)
            }
        }
        latest = max(latest.successor, remote.successor, local)
        return latest
    }
}

/// A timestamp of a `HybridLogicalClock`: 48 bits of milliseconds since 1970, then 16 bits that
/// count events within one. Its packed order is its order.
package struct HybridTimestamp: Hashable, Comparable, Sendable {
    /// Milliseconds in the upper 48 bits, the counter in the lower 16.
    package let packed: UInt64

    package init(packed: UInt64) {
        self.packed = packed
    }

    /// The first timestamp of a millisecond; time out of range becomes the nearest in range.
    package init(milliseconds: Int64) {
        let bounded = min(UInt64(max(0, milliseconds)), UInt64.max >> 16)
        packed = bounded << 16
    }

    /// Milliseconds since 1970, as far as this clock's neighbours agree about them.
    package var milliseconds: UInt64 { packed >> 16 }

    /// How many timestamps of the same millisecond came before.
    package var counter: UInt16 { UInt16(truncatingIfNeeded: packed) }

    /// The next greater one. A full counter carries into the milliseconds.
    fileprivate var successor: HybridTimestamp {
        HybridTimestamp(packed: packed == .max ? packed : packed + 1)
    }

    package static func < (left: HybridTimestamp, right: HybridTimestamp) -> Bool {
        left.packed < right.packed
    }
}

extension HybridTimestamp: CustomStringConvertible {
    package var description: String { "\(milliseconds).\(counter)" }
}

/// A remote timestamp lies further ahead than clocks drift.
package struct RemoteTimestampAhead: Error, Hashable, Sendable {
    /// How far ahead of the local wall clock.
    package let aheadMillis: UInt64

    package init(aheadMillis: UInt64) {
        self.aheadMillis = aheadMillis
    }
}
