internal import Synchronization

/// A piece that somebody is fetching, for those who want the same one meanwhile.
final class CacheFlight: Sendable {
    typealias Outcome = Result<CacheBlock, StoreError>

    private struct State {
        var outcome: Outcome?
        var waiting: [CheckedContinuation<Outcome, Never>] = []
    }

    /// Which one it is, in the order in which they began.
    let number: UInt64
    /// What was forgotten when this began; what was forgotten since is not kept.
    let generation: UInt64
    private let state = Mutex(State())

    init(number: UInt64, generation: UInt64) {
        self.number = number
        self.generation = generation
    }

    /// Tells all who wait, and all who come later. Whoever began a flight ends it, once.
    func finish(_ outcome: Outcome) {
        let waiting = state.withLock { state in
            state.outcome = outcome
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: outcome) }
    }

    /// Waits for the end, which comes when the request of whoever fetches does.
    func outcome() async -> Outcome {
        await withCheckedContinuation { continuation in
            let known = state.withLock { state in
                if state.outcome == nil { state.waiting.append(continuation) }
                return state.outcome
            }
            if let known { continuation.resume(returning: known) }
        }
    }
}
