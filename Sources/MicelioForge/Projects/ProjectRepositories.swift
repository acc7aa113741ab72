package import HifCore
package import HifRepository
package import HifStore
import Synchronization

/// The layer that keeps projects' content. The database knows projects by name; this knows them by
/// the id under which their objects lie in the store.
package final class ProjectRepositories: Sendable {
    /// Projects whose caches are kept. Each may hold some hundred mebibytes of tree nodes when it
    /// is large and busy; one that is dropped costs its next caller a few reads.
    static let openMax = 32

    /// Projects worked on at once behind the landings; more would take the disk from those who wait.
    static let upkeepsMax = 2

    private struct Open {
        var repositories: [String: (repository: Repository, used: UInt64)] = [:]
        var clock: UInt64 = 0
    }

    private let store: any ObjectStore
    private let world: World
    /// Where other nodes reach this one, as its slots say it; empty for a node that is alone.
    private let writer: String
    private let peers: (@Sendable (_ projectID: String, _ storeID: String) -> any PeerTransport)?
    private let report: @Sendable (String) -> Void
    private let open = Mutex(Open())
    /// Projects with background work to do; each at most once at a time.
    private let due: AsyncStream<Upkeep>
    private let announce: AsyncStream<Upkeep>.Continuation
    let drafts = DraftGate()
    let feed = SessionFeed()
    let knownSessions = KnownSessions()
    /// Where work on repositories runs.
    package let executor: BlockingExecutor
    /// Where all work runs of those who are not signed in.
    let guestExecutor: BlockingExecutor
    /// The store's own id: what every cache of its content is keyed by.
    package let storeID: StoreID

    /// - Parameters:
    ///   - guestExecutor: where work runs of those who are not signed in; nil for `executor`.
    ///   - writer: where other nodes reach this one; empty when there are none.
    ///   - peers: the way to them, for a project; nil when there are none.
    ///   - report: told, in a sentence, of background work that failed.
    package init(
        _ store: any ObjectStore, world: World, executor: BlockingExecutor,
        guestExecutor: BlockingExecutor? = nil, writer: String = "",
        peers: (@Sendable (_ projectID: String, _ storeID: String) -> any PeerTransport)? = nil,
        report: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws {
        self.store = store
        self.world = world
        self.executor = executor
        self.guestExecutor = guestExecutor ?? executor
        self.writer = writer
        self.peers = peers
        self.report = report
        (due, announce) = AsyncStream.makeStream(of: Upkeep.self)
        storeID = try await StoreID.openOrCreate(in: store, world: world)
    }

    /// Where the work of this caller runs.
    func executor(for principal: Principal) -> BlockingExecutor {
        principal.user == nil ? guestExecutor : executor
    }

    /// Writes the genesis of a new project, which carries its name so that a lost database can be
    /// rebuilt, and answers its id: 32 hexadecimal digits, random.
    package func create(_ path: ProjectPath) async throws -> String {
        var generator = world.generator
        let id = ProjectID(from: &generator)
        try await withTaskExecutorPreference(executor) {
            try await Repository.create(
                in: projectStore(id.hex), id: id, name: path.description, storeID: storeID,
                world: world)
        }
        return id.hex
    }

    /// The repository of the project with this id. One for all callers, so that what they land at
    /// the same time shares slots. No request is made.
    package func repository(_ id: String) -> Repository {
        open.withLock { open in
            open.clock += 1
            if let known = open.repositories[id] {
                open.repositories[id] = (known.repository, open.clock)
                return known.repository
            }
            if open.repositories.count >= ProjectRepositories.openMax,
                let oldest = open.repositories.min(by: { $0.value.used < $1.value.used })
            {
                open.repositories[oldest.key] = nil
            }
            let made = Repository(
                store: projectStore(id), world: world, writer: writer,
                peers: peers?(id, storeID.hex), report: report,
                upkeepDue: { [announce] in announce.yield($0) })
            open.repositories[id] = (made, open.clock)
            return made
        }
    }

    /// Builds behind the landings what is derived from them, of whichever project has something to
    /// do, until the task is cancelled. One caller. A forge in which nobody lands makes no request.
    package func keepUp() async {
        await withTaskExecutorPreference(executor) {
            await withTaskGroup(of: Void.self) { group in
                var running = 0
                for await upkeep in due {
                    if running == ProjectRepositories.upkeepsMax {
                        await group.next()
                        running -= 1
                    }
                    group.addTask { await upkeep.catchUp() }
                    running += 1
                }
            }
        }
    }

    /// Looks now and then, until the task is cancelled, whether something came of the sessions that
    /// somebody watches by another way than through this process: by another node, or a program with
    /// the store in its hands. One question for each watched session, whoever many watch it, and none
    /// while nobody does.
    package func watch(everyMillis: UInt64 = Limits.feedPollMillis) async {
        await withTaskExecutorPreference(executor) {
            while !Task.isCancelled {
                await feed.someoneWatches()
                await world.pause(everyMillis)
                for key in feed.watched where await hasChanged(key) {
                    feed.signal(key.session, in: key.project)
                }
                feed.beat()
            }
        }
    }

    private func hasChanged(_ key: SessionFeed.Key) async -> Bool {
        guard let (next, createdPosition) = feed.mark(of: key) else { return false }
        let repository = repository(key.project)
        // What cannot be read now is looked at the next time.
        if (try? await repository.sessions.event(next, of: key.session)) != nil { return true }
        guard
            let standing = try? await repository.standing(
                of: key.session, createdAt: createdPosition)
        else { return false }
        return standing != .open
    }

    private func projectStore(_ id: String) -> PrefixedStore {
        PrefixedStore(store, prefix: ObjectKey("p/\(id)"))
    }
}

extension World {
    /// The machine's clock and randomness, and pauses of real time.
    package static let system = World(
        now: ForgeServer.systemClock,
        random: {
            var generator = SystemRandomNumberGenerator()
            return generator.next()
        },
        pause: { millis in
            // Cancelled: the pause is over, as the world's contract says.
            try? await Task.sleep(for: .milliseconds(Int64(clamping: millis)))
        })
}
