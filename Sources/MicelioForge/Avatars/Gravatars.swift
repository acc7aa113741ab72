import Synchronization

/// The pictures that Gravatar has for mail addresses, fetched by the forge and kept in memory for a day, so
/// that nobody who looks at a page is known to Gravatar.
///
/// Nobody waits for a fetch: who asks gets what is known, and what is not known is fetched behind them by
/// `run`. When Gravatar does not answer, it is left alone for a while, and the log has one line of it.
final class Gravatars: Sendable {
    enum Known: Hashable, Sendable {
        case picture(AvatarPicture)
        /// There is none.
        case nothing
        /// It will be asked for, when there is time.
        case notYet
    }

    private struct Entry {
        /// Nil when there is none.
        let picture: AvatarPicture?
        let fetchedMillis: Int64

        var byteCount: Int {
            256 + (picture.map { $0.small.count + $0.large.count } ?? 0)
        }
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var bytesKept = 0
        /// Hashes in the order in which they were asked for.
        var queue: [String] = []
        var fetching: Set<String> = []
        /// Nothing is fetched before.
        var pausedUntilMillis: Int64 = 0
        var isSilent = false
    }

    private let address: GravatarAddress
    private let outbound: OutboundHTTP
    private let maker: PictureMaker
    private let bytesMax: Int
    private let now: @Sendable () -> Int64
    /// Told when Gravatar stops answering, and when it does again.
    private let report: @Sendable (String) -> Void
    private let state = Mutex(State())
    private let wanted: AsyncStream<Void>
    private let wanting: AsyncStream<Void>.Continuation

    init(
        _ address: GravatarAddress, outbound: OutboundHTTP, maker: PictureMaker,
        bytesMax: Int = Limits.gravatarKeptBytesMax, now: @escaping @Sendable () -> Int64,
        report: @escaping @Sendable (String) -> Void
    ) {
        self.address = address
        self.outbound = outbound
        self.maker = maker
        self.bytesMax = bytesMax
        self.now = now
        self.report = report
        (wanted, wanting) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// What is known of a mail address, at once. What is not known, or is a day old, is put into the queue if
    /// there is room.
    func picture(of email: String) -> Known {
        let hash = GravatarAddress.hash(of: email)
        let now = now()
        let (known, isQueued) = state.withLock { state -> (Known, Bool) in
            let entry = state.entries[hash]
            let known: Known = entry.map { $0.picture.map(Known.picture) ?? .nothing } ?? .notYet
            if let entry, now - entry.fetchedMillis < Limits.gravatarKeptMillis {
                return (known, false)
            }
            guard now >= state.pausedUntilMillis, !state.fetching.contains(hash),
                !state.queue.contains(hash), state.queue.count < Limits.gravatarQueueMax
            else { return (known, false) }
            state.queue.append(hash)
            return (known, true)
        }
        if isQueued { wanting.yield() }
        return known
    }

    /// Fetches what is asked for, until it is cancelled.
    func run() async {
        for await _ in wanted { await work() }
    }

    /// Fetches what is in the queue, a few at once, until nothing is.
    func work() async {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<Limits.gravatarsAtOnce {
                group.addTask {
                    while !Task.isCancelled, let hash = self.next() { await self.fetch(hash) }
                }
            }
        }
    }

    private func next() -> String? {
        state.withLock { state in
            guard !state.queue.isEmpty else { return nil }
            let hash = state.queue.removeFirst()
            state.fetching.insert(hash)
            return hash
        }
    }

    private func fetch(_ hash: String) async {
        defer { state.withLock { _ = $0.fetching.remove(hash) } }
        do {
            let answer = try await outbound.get(
                address.picture(of: hash), accept: "image/png, image/jpeg, image/webp")
            switch answer.status {
            case 200: try await keep(made(answer.bytes), of: hash)
            case 404, 410: keep(nil, of: hash)
            default: pause("it answers with \(answer.status)")
            }
        } catch is CancellationError {
        } catch let error as ForgeError where error.code == .unavailable {
            // Others have pictures made at this moment. It is asked for again.
        } catch {
            pause("\(error)")
        }
    }

    /// Nil for what is no picture.
    private func made(_ bytes: [UInt8]) async throws -> AvatarPicture? {
        do {
            return try await maker.make(bytes)
        } catch let error as ForgeError where error.code != .unavailable {
            return nil
        }
    }

    private func keep(_ picture: AvatarPicture?, of hash: String) {
        let entry = Entry(picture: picture, fetchedMillis: now())
        let answersAgain = state.withLock { state in
            state.bytesKept -= state.entries[hash]?.byteCount ?? 0
            state.entries[hash] = entry
            state.bytesKept += entry.byteCount
            while state.bytesKept > bytesMax,
                let oldest = state.entries.min(by: {
                    $0.value.fetchedMillis < $1.value.fetchedMillis
                })
            {
                state.entries[oldest.key] = nil
                state.bytesKept -= oldest.value.byteCount
            }
            defer { state.isSilent = false }
            return state.isSilent
        }
        if answersAgain { report("pictures of accounts are fetched again") }
    }

    private func pause(_ reason: String) {
        let until = now() + Limits.gravatarPauseMillis
        let isNew = state.withLock { state in
            state.queue = []
            state.pausedUntilMillis = until
            defer { state.isSilent = true }
            return !state.isSilent
        }
        if isNew { report("no pictures of accounts can be fetched, so they are drawn: \(reason)") }
    }
}
