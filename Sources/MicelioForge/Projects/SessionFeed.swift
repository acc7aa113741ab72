import HifCore
import HifRepository
import Synchronization

/// Wakes those who watch sessions. It carries no events: whoever is woken reads on from where they
/// are, so a wake-up too many costs a read, and none that counts is lost.
final class SessionFeed: Sendable {
    struct Key: Hashable, Sendable {
        /// The project's id in the store.
        let project: String
        let session: SessionID
    }

    private struct Watcher {
        let wake: AsyncStream<Void>.Continuation
        /// There may be something to read; else the wake-up is for saying that one is there.
        var hasNews = true
    }

    private struct Watched {
        /// Up to here the furthest watcher has read.
        var next: UInt64
        let createdPosition: Position
        var watchers: [UInt64: Watcher] = [:]
    }

    private struct State {
        var watched: [Key: Watched] = [:]
        var countOf: [String: Int] = [:]
        var count = 0
        var serial: UInt64 = 0
    }

    private let state = Mutex(State())
    /// Holds a value when somebody has come to watch.
    private let arrivals: AsyncStream<Void>
    private let arrived: AsyncStream<Void>.Continuation

    init() {
        (arrivals, arrived) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Somebody's place among those who watch a session; given up when it is let go.
    final class Seat: Sendable {
        /// A value for each time that there may be something to read, and for each beat; several may
        /// be one.
        let wakes: AsyncStream<Void>
        /// Whether there may be something to read, since it was asked last.
        let takeNews: @Sendable () -> Bool
        private let leave: @Sendable () -> Void

        fileprivate init(
            _ wakes: AsyncStream<Void>, takeNews: @escaping @Sendable () -> Bool,
            leave: @escaping @Sendable () -> Void
        ) {
            self.wakes = wakes
            self.takeNews = takeNews
            self.leave = leave
        }

        deinit { leave() }

        /// Gives the place up at once; `wakes` ends.
        func giveUp() { leave() }
    }

    /// - Parameters:
    ///   - caller: whoever's streams count together.
    ///   - next: the first event that the caller has not read.
    /// - Throws: when the caller, or all together, watch as much as they may.
    func watch(
        _ key: Key, by caller: String, from next: UInt64, createdAt position: Position
    ) throws(ForgeError) -> Seat {
        let (wakes, wake) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let serial = state.withLock { state -> UInt64? in
            guard state.count < Limits.streamsMax,
                state.countOf[caller, default: 0] < Limits.streamsOfOneMax
            else { return nil }
            state.count += 1
            state.countOf[caller, default: 0] += 1
            state.serial += 1
            var watched =
                state.watched[key] ?? Watched(next: next, createdPosition: position)
            watched.next = max(watched.next, next)
            watched.watchers[state.serial] = Watcher(wake: wake)
            state.watched[key] = watched
            return state.serial
        }
        guard let serial else {
            throw ForgeError(
                .rateLimited, "too many streams are open",
                hint: "close some: \(Limits.streamsOfOneMax) at once are for one")
        }
        arrived.yield()
        wake.yield()
        return Seat(wakes) { [weak self] in
            self?.takeNews(key, serial) ?? false
        } leave: { [weak self] in
            self?.leave(key, caller, serial)
        }
    }

    private func takeNews(_ key: Key, _ serial: UInt64) -> Bool {
        state.withLock { state in
            guard state.watched[key]?.watchers[serial]?.hasNews == true else { return false }
            state.watched[key]?.watchers[serial]?.hasNews = false
            return true
        }
    }

    private func leave(_ key: Key, _ caller: String, _ serial: UInt64) {
        let wake = state.withLock { state -> AsyncStream<Void>.Continuation? in
            guard let left = state.watched[key]?.watchers.removeValue(forKey: serial) else {
                return nil
            }
            if state.watched[key]?.watchers.isEmpty == true { state.watched[key] = nil }
            state.count -= 1
            state.countOf[caller, default: 1] -= 1
            if state.countOf[caller] == 0 { state.countOf[caller] = nil }
            return left.wake
        }
        wake?.finish()
    }

    /// Something may have come of a session.
    func signal(_ session: SessionID, in project: String) {
        let key = Key(project: project, session: session)
        let wakes = state.withLock { state -> [AsyncStream<Void>.Continuation] in
            guard let serials = state.watched[key]?.watchers.keys else { return [] }
            for serial in Array(serials) { state.watched[key]?.watchers[serial]?.hasNews = true }
            return state.watched[key]?.watchers.values.map(\.wake) ?? []
        }
        for wake in wakes { wake.yield() }
    }

    /// Wakes everybody, so that they say that they are there, and find out who is not any more.
    func beat() {
        let wakes = state.withLock { state in
            state.watched.values.flatMap { $0.watchers.values.map(\.wake) }
        }
        for wake in wakes { wake.yield() }
    }

    /// A watcher has read up to the event before `next`.
    func hasRead(_ key: Key, upTo next: UInt64) {
        state.withLock { state in
            guard let known = state.watched[key]?.next else { return }
            state.watched[key]?.next = max(known, next)
        }
    }

    /// Streams that are open.
    var count: Int { state.withLock { $0.count } }

    var watched: [Key] { state.withLock { Array($0.watched.keys) } }

    /// How far the session was read, and where it began; nil when nobody watches it.
    func mark(of key: Key) -> (next: UInt64, createdPosition: Position)? {
        state.withLock { $0.watched[key].map { ($0.next, $0.createdPosition) } }
    }

    /// Returns when somebody watches, or the task is cancelled. One caller.
    func someoneWatches() async {
        while state.withLock({ $0.count == 0 }), !Task.isCancelled {
            _ = await arrivals.first { _ in true }
        }
    }
}
