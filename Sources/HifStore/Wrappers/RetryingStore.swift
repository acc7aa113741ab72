/// Waiting, handed in: the clock of a process, or the virtual one of a simulation.
package protocol Sleeper: Sendable {
    /// Returns after `duration`, or at once with `CancellationError` when the task is cancelled.
    func sleep(for duration: Duration) async throws(CancellationError)
}

/// Repeats requests to another store where a repetition cannot make the answer wrong.
///
/// | request | repeated after |
/// | --- | --- |
/// | get, list, makeDurable | throttled, unknown, conflict, corrupt |
/// | delete | throttled, unknown, conflict |
/// | put, `none` or `ifAbsent`, of a key that `repeatsPut` accepts | throttled, unknown, conflict |
/// | every other put | never |
///
/// A put is only repeated for keys whose content cannot differ from writer to writer (named by
/// their hash), since an attempt that was given up may still be applied after the call returned
/// and after somebody else's write. Log slots do not qualify: whoever lands needs to know about
/// each single attempt.
///
/// Once an attempt of a put may have been applied, the wrapper never answers `preconditionFailed`
/// or `refused`: the object that exists may be our own, and what was refused was only the
/// repetition. It answers `unknown`, and the caller reads the object back.
package struct RetryingStore: ObjectStore {
    /// How often and how slowly: at most `attempts` in all; before repetition n a random part of
    /// `base` · 2ⁿ, at most `cap` ("full jitter", M. Brooker, Exponential Backoff And Jitter, 2015).
    package struct Policy: Sendable {
        package var attempts: Int
        package var base: Duration
        package var cap: Duration

        package init(
            attempts: Int = 5, base: Duration = .milliseconds(50), cap: Duration = .seconds(2)
        ) {
            precondition(attempts >= 1)
            self.attempts = attempts
            self.base = base
            self.cap = cap
        }

        /// The wait before repetition `repetition`, counted from 0; `fraction` is in 0...1.
        func delay(repetition: Int, fraction: Double) -> Duration {
            // 30 doublings are more than any cap.
            min(cap, base * (1 << min(repetition, 30))) * fraction
        }
    }

    private let base: any ObjectStore
    private let policy: Policy
    private let sleeper: any Sleeper
    private let randomFraction: @Sendable () -> Double
    private let repeatsPut: @Sendable (ObjectKey) -> Bool

    /// `randomFraction` gives a number in 0...1 for each wait; `repeatsPut` says whether all
    /// writers of a key write the same bytes.
    package init(
        _ base: any ObjectStore, policy: Policy = Policy(), sleeper: any Sleeper,
        randomFraction: @escaping @Sendable () -> Double,
        repeatsPut: @escaping @Sendable (ObjectKey) -> Bool
    ) {
        self.base = base
        self.policy = policy
        self.sleeper = sleeper
        self.randomFraction = randomFraction
        self.repeatsPut = repeatsPut
    }

    package func get(
        _ key: ObjectKey, _ range: ByteRange
    ) async throws(StoreError) -> StoredObject {
        var repetition = 0
        while true {
            do {
                return try await base.get(key, range)
            } catch {
                try await wait(&repetition, after: error, alsoCorrupt: true)
            }
        }
    }

    package func list(
        prefix: String, after: ObjectKey?, limit: Int
    ) async throws(StoreError) -> ListPage {
        var repetition = 0
        while true {
            do {
                return try await base.list(prefix: prefix, after: after, limit: limit)
            } catch {
                try await wait(&repetition, after: error, alsoCorrupt: true)
            }
        }
    }

    package func makeDurable(_ key: ObjectKey) async throws(StoreError) {
        var repetition = 0
        while true {
            do {
                return try await base.makeDurable(key)
            } catch {
                try await wait(&repetition, after: error, alsoCorrupt: true)
            }
        }
    }

    package func distrust(_ key: ObjectKey) -> Bool { base.distrust(key) }

    package func delete(_ key: ObjectKey) async throws(StoreError) {
        var repetition = 0
        var mayBeApplied = false
        while true {
            do {
                return try await base.delete(key)
            } catch {
                guard error.mayHaveBeenApplied else { throw hedged(error, mayBeApplied) }
                mayBeApplied = true
                try await wait(&repetition, after: error, alsoCorrupt: false)
            }
        }
    }

    package func put(
        _ key: ObjectKey, _ bytes: [UInt8], _ condition: WriteCondition
    ) async throws(StoreError) -> ETag {
        if case .ifMatch = condition { return try await base.put(key, bytes, condition) }
        guard repeatsPut(key) else { return try await base.put(key, bytes, condition) }
        var repetition = 0
        var mayBeApplied = false
        while true {
            do {
                return try await base.put(key, bytes, condition)
            } catch {
                guard error.mayHaveBeenApplied else { throw hedged(error, mayBeApplied) }
                mayBeApplied = true
                try await wait(&repetition, after: error, alsoCorrupt: false)
            }
        }
    }

    /// `error`, or `unknown` in its place if an earlier attempt leaves the outcome open.
    private func hedged(_ error: StoreError, _ mayBeApplied: Bool) -> StoreError {
        guard mayBeApplied && !error.mayHaveBeenApplied else { return error }
        return StoreError(
            .unknown, key: error.key,
            "an earlier attempt may have been applied: read the object back",
            cause: error.description)
    }

    /// Waits before the next attempt, or throws `error` if it is not one to repeat after or no
    /// attempt is left.
    private func wait(
        _ repetition: inout Int, after error: StoreError, alsoCorrupt: Bool
    ) async throws(StoreError) {
        switch error.code {
        case .throttled, .unknown, .conflict: break
        case .corrupt where alsoCorrupt: break
        default: throw error
        }
        guard repetition + 1 < policy.attempts else { throw error }
        let delay = policy.delay(repetition: repetition, fraction: randomFraction())
        repetition += 1
        do {
            try await sleeper.sleep(for: delay)
        } catch {
            throw StoreError(
                .cancelled, key: nil, "cancelled while waiting to repeat a request")
        }
    }
}
