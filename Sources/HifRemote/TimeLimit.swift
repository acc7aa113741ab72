import Synchronization

/// A deadline that moves while work makes progress.
final class TimeLimit: Sendable {
    private let deadline: Mutex<ContinuousClock.Instant?>

    fileprivate init(_ duration: Duration) {
        deadline = Mutex(.now + duration)
    }

    /// There was progress: the other side has this long from now.
    func set(_ duration: Duration) {
        deadline.withLock { $0 = .now + duration }
    }

    /// It is not the other side that is waited for now.
    func lift() {
        deadline.withLock { $0 = nil }
    }

    fileprivate var current: ContinuousClock.Instant? { deadline.withLock { $0 } }
}

/// The other side said nothing for too long.
struct SilenceError: Error, Hashable {
    let seconds: Int64
}

/// Runs `body` until it ends or its limit, at first `duration`, passes; then cancels it and throws
/// `SilenceError`.
func withTimeLimit<Result: Sendable>(
    _ duration: Duration, _ body: @escaping @Sendable (TimeLimit) async throws -> Result
) async throws -> Result {
    let limit = TimeLimit(duration)
    let seconds = duration.components.seconds
    return try await withThrowingTaskGroup(of: Result.self) { group in
        group.addTask { try await body(limit) }
        group.addTask {
            let clock = ContinuousClock()
            while true {
                // No limit at present: there will be none before `duration` has passed, as whoever
                // lifts it sets one again.
                let deadline = limit.current ?? clock.now + .milliseconds(500)
                guard limit.current == nil || clock.now < deadline else {
                    throw SilenceError(seconds: seconds)
                }
                try await clock.sleep(until: deadline)
            }
        }
        defer { group.cancelAll() }
        return try await group.next()!
    }
}
