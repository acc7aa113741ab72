import Synchronization

/// Zstandard contexts between one use and the next. A first use costs a table of some 200 KB, to be
/// allocated and cleared; what follows costs neither, which is most of the work for a small pack.
package final class ZstdPool: Sendable {
    /// Contexts kept; more at once are made and let go.
    private static let idleMax = 16

    /// A context that nobody uses. Whoever handed it over has it no longer, and it is taken out by
    /// one, under the lock: it never has two owners.
    private struct Idle: @unchecked Sendable {
        let zstd: Zstd
    }

    private let idle = Mutex<[Idle]>([])

    package init() {}

    /// A context for the caller alone.
    package func take() -> Zstd { idle.withLock { $0.popLast() }?.zstd ?? Zstd() }

    /// Gives one back. Not giving it back loses the context and nothing else.
    package func give(_ zstd: sending Zstd) {
        let kept = Idle(zstd: zstd)
        idle.withLock { idle in
            if idle.count < ZstdPool.idleMax { idle.append(kept) }
        }
    }
}
