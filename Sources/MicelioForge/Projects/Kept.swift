import HifStore
import Synchronization

/// Values that pages are made of, kept in memory up to a number of bytes: for what is asked for again
/// and again, and cannot change or is compared with the store when it is used.
///
/// Which ones go is decided by `CacheQueue`. Two callers that miss the same value both make it.
final class Kept<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct State {
        var queue: CacheQueue<Key>
        var values: [Key: Value] = [:]
    }

    private let state: Mutex<State>

    init(bytesMax: Int) {
        state = Mutex(State(queue: CacheQueue(costMax: bytesMax)))
    }

    subscript(key: Key) -> Value? {
        state.withLock { state in
            state.queue.use(key) ? state.values[key] : nil
        }
    }

    /// Keeps `value` in place of what `key` had before, while there is room.
    ///
    /// - Parameter bytes: about how much memory it takes.
    func keep(_ value: Value, for key: Key, bytes: Int) {
        state.withLock { state in
            state.values[key] = value
            for gone in state.queue.insert(key, cost: bytes) { state.values[gone] = nil }
        }
    }

    func forget(_ key: Key) {
        state.withLock { state in
            state.queue.remove(key)
            state.values[key] = nil
        }
    }

    var count: Int { state.withLock { $0.values.count } }
}
