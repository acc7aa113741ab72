import Synchronization

/// What every caller has left of an allowance. A bucket is one moment: when it will be full again
/// (the "generic cell rate algorithm", ATM Forum UNI 3.1; here a request takes several cells). So it
/// costs one number, and nothing has to run to fill it.
///
/// At most `countMax` callers are remembered. When there are more, those that were not heard of for
/// longest are forgotten, half of them at a time, and have a full bucket when they come again.
final class RateBuckets<Key: Hashable & Sendable>: Sendable {
    private struct State {
        /// Of those heard of since the last time that some were forgotten: in microseconds since 1970.
        var young: [Key: Int64] = [:]
        var old: [Key: Int64] = [:]
    }

    let allowance: Allowance
    private let countMax: Int
    private let state = Mutex(State())

    init(_ allowance: Allowance, countMax: Int = Limits.rateBucketsMax) {
        self.allowance = allowance
        self.countMax = max(2, countMax)
    }

    /// Takes `cost` units of what `key` has, or nothing when there are fewer.
    ///
    /// - Parameter now: milliseconds since 1970. A clock that was set back gives nobody more than a full
    ///   bucket, and keeps nobody waiting for longer than an empty one takes.
    func take(_ cost: Int, of key: Key, now: Int64) -> RateVerdict {
        let now = now * 1_000
        let window = Int64(allowance.seconds) * 1_000_000
        // What costs more than there can be is let through when the bucket is full.
        let span = min(
            window, Int64(max(0, cost)) * window / Int64(allowance.units))
        let (isAllowed, fullAt) = state.withLock { state -> (Bool, Int64) in
            let known = state.young[key] ?? state.old[key] ?? now
            let fullAt = min(max(known, now), now + window)
            let isAllowed = fullAt + span - now <= window
            if state.young[key] == nil, state.young.count >= countMax / 2 {
                state.old = state.young
                state.young = [:]
            }
            state.young[key] = isAllowed ? fullAt + span : fullAt
            return (isAllowed, isAllowed ? fullAt + span : fullAt)
        }
        let left = (window - (fullAt - now)) * Int64(allowance.units) / window
        return RateVerdict(
            isAllowed: isAllowed, allowance: allowance, left: Int(left),
            fullInSeconds: RateBuckets.seconds(fullAt - now),
            retryInSeconds: isAllowed
                ? 0 : max(1, RateBuckets.seconds(fullAt + span - now - window)))
    }

    /// Callers that are remembered.
    var count: Int { state.withLock { $0.young.count + $0.old.count } }

    /// Rounded up, so that nobody comes too early.
    private static func seconds(_ micros: Int64) -> Int {
        Int((micros + 999_999) / 1_000_000)
    }
}

/// What became of a request's cost.
struct RateVerdict: Hashable, Sendable {
    let isAllowed: Bool
    let allowance: Allowance
    /// Units that are left.
    let left: Int
    /// After which the bucket is full again.
    let fullInSeconds: Int
    /// After which the same request will be let through; 0 when it was.
    let retryInSeconds: Int
}
