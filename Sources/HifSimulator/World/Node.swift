import HifCore
import HifRepository
import HifStore

/// One machine that runs the repository code: a succession of processes, each of which ends by a
/// crash that takes everything in its memory.
///
/// `@unchecked Sendable`: touched by the simulation's one thread only; so are the classes below.
final class Node: @unchecked Sendable {
    let id: Int
    private unowned let simulation: Simulation
    private(set) var process: Process?
    private var isShutDown = false
    private var bell: Bell?
    private var startedCount = 0

    init(id: Int, _ simulation: Simulation) {
        self.id = id
        self.simulation = simulation
        start()
    }

    private func start() {
        startedCount += 1
        process = Process(node: self, number: startedCount, simulation)
    }

    /// Runs one process after the other until the simulation is over.
    func run() async {
        while !isShutDown {
            if let process {
                await process.run()
                if self.process === process { self.process = nil }
                guard !isShutDown else { return }
                simulation.note("node \(id) is down")
                let micros = simulation.dice.latency(median: 3_000_000)
                // One that died in the moment in which faults stopped was not there to be healed.
                simulation.executor.after(simulation.plan.isOn ? micros : 0) { [self] in restart() }
            }
            let bell = Bell()
            self.bell = bell
            await bell.wait()
        }
    }

    private func restart() {
        guard process == nil, !isShutDown else { return }
        simulation.note("node \(id) starts")
        start()
        bell?.ring()
    }

    /// Brings it back at once, from a crash or a pause.
    func heal() {
        process?.resumeFromPause()
        restart()
    }

    func shutDown() {
        isShutDown = true
        process?.die()
        bell?.ring()
    }
}

/// One life of a node. What it does goes through here: when it is dead, nothing more comes of it.
final class Process: @unchecked Sendable {
    let node: Node
    private unowned let simulation: Simulation
    private(set) var repository: Repository!
    private(set) var isDead = false
    private var pausedUntil: UInt64 = 0
    private var skewMillis: Int64
    private var dice: Dice
    private var inbox: [@Sendable () async -> Void] = []
    private var bell: Bell?
    /// Those who wait in this process, by the order of their coming.
    private var waiting: [UInt64: UnsafeContinuation<Void, Never>] = [:]
    private var waitCount: UInt64 = 0

    init(node: Node, number: Int, _ simulation: Simulation) {
        self.node = node
        self.simulation = simulation
        dice = Dice(seed: simulation.scenario.seed, "node \(node.id) process \(number)")
        let skew = simulation.scenario.skewMillis
        skewMillis = skew == 0 ? 0 : Int64(dice.below(Int(abs(skew)))) * (skew < 0 ? -1 : 1)
        var store: any ObjectStore = NodeStore(self, simulation)
        let bug = simulation.scenario.planted
        if let bug { store = WeakStore(store, bug, self, simulation) }
        if simulation.scenario.cache > 0 {
            store = CachingStore(store, memoryBytesMax: simulation.scenario.cache) { key in
                StoreKey.isImmutable(ObjectKey("p/0/\(key)"))
            }
        }
        repository = Repository(
            store: store, world: world, writer: "node-\(node.id)",
            peers: simulation.scenario.forwards > 0 ? Peers(process: self, simulation) : nil,
            weakness: bug?.machine ?? [])
    }

    private var world: World {
        World(
            now: { [unowned self] in
                1_700_000_000_000 + Int64(simulation.executor.now / 1_000) + skewMillis
            },
            random: { [unowned self] in dice.next() },
            pause: { [unowned self] millis in await wait(millis * 1_000) })
    }

    /// Serves requests until it dies.
    func run() async {
        await withDiscardingTaskGroup { group in
            for job in backgroundJobs { group.addTask { await job() } }
            while !isDead {
                while !inbox.isEmpty {
                    let request = inbox.removeFirst()
                    group.addTask { await request() }
                }
                let bell = Bell()
                self.bell = bell
                await bell.wait()
            }
            group.cancelAll()
        }
    }

    /// What a node does while nobody asks for anything; each until its task is cancelled.
    private var backgroundJobs: [@Sendable () async -> Void] {
        let upkeep: @Sendable () async -> Void = { [upkeep = repository.upkeep] in
            await upkeep.run()
        }
        let planted = plantedJob(simulation.scenario.planted) { [plan = simulation.plan] in
            plan.isOn
        }
        return [upkeep] + (planted.map { [$0] } ?? [])
    }

    func deliver(_ request: @escaping @Sendable () async -> Void) {
        guard !isDead else { return }
        inbox.append(request)
        bell?.ring()
    }

    /// Ends it here and now: whoever waits in it wakes up in a world that ignores him.
    func die() {
        guard !isDead else { return }
        isDead = true
        inbox = []
        bell?.ring()
        for (_, continuation) in waiting.sorted(by: { $0.key < $1.key }) { continuation.resume() }
        waiting = [:]
    }

    func pause(for micros: UInt64) {
        pausedUntil = simulation.executor.now + micros
    }

    func resumeFromPause() {
        pausedUntil = 0
        for number in waiting.keys.sorted() { wake(number) }
    }

    /// Returns after so many microseconds; at once when the process is dead or the task cancelled.
    func wait(_ micros: UInt64) async {
        guard !isDead, !Task.isCancelled else { return }
        waitCount += 1
        let number = waitCount
        await withTaskCancellationHandler {
            await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
                if Task.isCancelled || isDead {
                    continuation.resume()
                } else {
                    waiting[number] = continuation
                    simulation.executor.after(micros) { [self] in wake(number) }
                }
            }
        } onCancel: {
            waiting.removeValue(forKey: number)?.resume()
        }
    }

    private func wake(_ number: UInt64) {
        guard waiting[number] != nil else { return }
        if pausedUntil > simulation.executor.now {
            simulation.executor.after(pausedUntil - simulation.executor.now) { [self] in
                wake(number)
            }
        } else {
            waiting.removeValue(forKey: number)?.resume()
        }
    }
}

/// The way from one node to the others, over the same bad network as that from clients.
///
/// `@unchecked Sendable`: touched by the simulation's one thread only.
private struct Peers: PeerTransport, @unchecked Sendable {
    unowned let process: Process
    unowned let simulation: Simulation

    init(process: Process, _ simulation: Simulation) {
        self.process = process
        self.simulation = simulation
    }

    func submit(_ intents: [Intent], to address: String) async -> [LandingAnswer]? {
        guard !process.isDead, let number = Int(address.dropFirst("node-".count)),
            simulation.nodes.indices.contains(number)
        else { return nil }
        simulation.note("node \(process.node.id) hands \(intents.count) intents to \(address)")
        // A client asks again, also with a request that is under way; a node does not.
        return try? await simulation.call(number, mayDouble: false) { repository in
            try await repository.submit(intents, isForwarded: true)
        }
    }
}

/// One waits until another rings; ringing before counts.
final class Bell: @unchecked Sendable {
    private var isRung = false
    private var continuation: UnsafeContinuation<Void, Never>?

    func ring() {
        isRung = true
        continuation?.resume()
        continuation = nil
    }

    func wait() async {
        if isRung { return }
        await withUnsafeContinuation { continuation = $0 }
    }
}
