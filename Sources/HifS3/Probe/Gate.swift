import Synchronization

/// Opens when so many have come, or when no more come for a while: a store that takes fewer connections
/// at a time must not keep them all waiting.
final class Gate: Sendable {
    private struct State {
        var missing: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>
    private let patience: Duration

    init(_ count: Int, patience: Duration = .seconds(3)) {
        state = Mutex(State(missing: count))
        self.patience = patience
    }

    /// Counts the caller and waits for the others.
    func wait() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.waitForAll() }
            group.addTask {
                try? await Task.sleep(for: self.patience)
                self.open()
            }
            await group.next()
            group.cancelAll()
        }
    }

    /// Counts somebody who does not wait.
    func arrive() {
        release { state in
            state.missing -= 1
            return state.missing <= 0
        }
    }

    private func open() {
        release { state in
            state.missing = 0
            return true
        }
    }

    private func waitForAll() async {
        await withCheckedContinuation { continuation in
            release { state in
                state.missing -= 1
                state.waiting.append(continuation)
                return state.missing <= 0
            }
        }
    }

    /// Resumes those who wait, outside of the lock, when `change` says so.
    private func release(_ change: (inout State) -> Bool) {
        let resumed = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard change(&state) else { return [] }
            let waiting = state.waiting
            state.waiting = []
            return waiting
        }
        for continuation in resumed { continuation.resume() }
    }
}
