import HifCore
import HifRepository
import HifStore

/// One seeded world: a store, nodes that run the production code on it, clients that use them, and
/// a witness that looks at every object of the log as it comes to exist.
///
/// First comes a phase in which everything goes wrong that the scenario has; then faults stop,
/// nodes come back, and every client has to learn what became of every session.
///
/// `@unchecked Sendable`: touched by the one thread of its executor only.
package final class Simulation: @unchecked Sendable {
    package let scenario: Scenario
    let executor: SeededExecutor
    let bucket = Bucket()
    private(set) var witness = Witness()
    private let disk: SimulatedDisk
    /// The way to a bucket, which all nodes share.
    private let network: FaultyStore
    let plan: FaultPlan
    private(set) var nodes: [Node] = []
    private(set) var clients: [Client] = []
    var dice: Dice
    /// The first thing that was wrong; nothing after it is looked at.
    package private(set) var violation: String?
    /// Receives a line for each event, when somebody wants to read along.
    private let tracer: ((String) -> Void)?

    /// Faults stop after this long; microseconds.
    static let safetyMicros: UInt64 = 600_000_000
    /// Within this long everything is resolved once faults have stopped; and so much longer for each slot
    /// of the log, which a node may have to read one by one where nothing derived is left.
    static let livenessMicros: UInt64 = 600_000_000
    static let livenessMicrosPerSlot: UInt64 = 500_000

    package init(
        _ scenario: Scenario, tracer: ((String) -> Void)? = nil,
        onStuck: @escaping @Sendable (String) -> Never
    ) {
        self.scenario = scenario
        self.tracer = tracer
        executor = SeededExecutor(seed: scenario.seed, onStuck: onStuck)
        dice = Dice(seed: scenario.seed, "world")
        let plan = FaultPlan(scenario)
        self.plan = plan
        network = FaultyStore(bucket) { operation, key in plan.draw(operation, key) }
        disk = SimulatedDisk(bucket, scenario.planted)
    }

    /// Whether clients should go home.
    var isOver: Bool { violation != nil }

    func note(_ text: @autoclosure () -> String) {
        guard let tracer else { return }
        tracer("\(executor.now / 1_000) ms  \(text())")
    }

    func violate(_ text: String) {
        guard violation == nil else { return }
        note("VIOLATION \(text)")
        violation = text
    }

    /// The way from a process to the store.
    func network(of process: Process) -> FaultyStore {
        guard scenario.powerCuts > 0 else { return network }
        let plan = plan
        return FaultyStore(DiskHandle(disk, process, self)) { operation, key in
            plan.draw(operation, key)
        }
    }

    /// One way between a node and the store.
    func storeLatency() -> UInt64 { dice.latency(median: scenario.storeMicros) }

    func mayCrashNow(tenfold: Bool = false) -> Bool {
        plan.isOn && scenario.crashes > 0
            && dice.below(tenfold ? 1_000 : 10_000) < scenario.crashes
    }

    /// A node answered that a request wrote nothing.
    func refused(_ request: Int) {
        if let wrong = witness.refused(request) { violate(wrong) }
    }

    // MARK: The run

    package func run() async -> SimulationReport {
        // Outside of the simulation: it is made once, by whichever run is first.
        let history: History?
        do {
            history = try await scenario.history > 0 ? History.of(scenario.history) : nil
        } catch {
            violate("no history could be made: \(error)")
            history = nil
        }
        await executor.run { await self.body(history) }
        if executor.foreignCount > 0 { violate("I16: \(executor.foreignCount) foreign enqueues") }
        return SimulationReport(
            scenario: scenario, violation: violation, trace: executor.trace,
            steps: executor.stepCount, virtualMillis: executor.now / 1_000,
            slots: witness.slotCount, landings: Int(witness.tip), requests: plan.requestCount)
    }

    private func body(_ history: History?) async {
        bucket.onWrite = { key, bytes, before in self.wrote(key, bytes, before) }
        bucket.onDelete = { key in
            if let wrong = self.witness.deleted(key) { self.violate(wrong) }
        }
        if let history {
            bucket.replaceAll(history.objects.filter { !scenario.lacks($0.key) })
            witness = history.seen()
        } else {
            await createProject()
        }
        disk.settle()
        for id in 0..<scenario.nodeCount { nodes.append(Node(id: id, self)) }
        for id in 0..<scenario.clientCount { clients.append(Client(id: id, self)) }
        if scenario.planted == .canary { violate("the canary sings") }
        await withDiscardingTaskGroup { group in
            for node in nodes { group.addTask { await node.run() } }
            await self.safetyPhase()
            await self.livenessPhase()
            if !isOver { await BudgetCheck(self).run() }
            for node in nodes { node.shutDown() }
        }
        if !isOver { await FinalCheck(self).run() }
    }

    private func createProject() async {
        do {
            try await Repository.create(
                in: bucket, id: ProjectID(high: 1, low: scenario.seed), name: "ana/app",
                storeID: StoreID(high: 2, low: scenario.seed), world: fixedWorld)
        } catch {
            violate("no project could be created: \(error)")
        }
    }

    /// A world without surprises, for checks.
    var fixedWorld: World {
        World(now: { 1_700_000_000_000 }, random: { 4 }, pause: { _ in })
    }

    private func safetyPhase() async {
        plan.begin()
        await withDiscardingTaskGroup { group in
            for client in clients { group.addTask { await client.work() } }
            group.addTask { await self.weather() }
            for _ in 0..<scenario.collectorCount { group.addTask { await self.collect() } }
            for _ in 0..<scenario.compactorCount { group.addTask { await self.compact() } }
        }
    }

    private var isWorking: Bool {
        !isOver && clients.contains { !$0.isDone } && executor.now < Self.safetyMicros
    }

    /// Somebody who has what nobody needs deleted, now and then, by any node.
    private func collect() async {
        while isWorking {
            await executor.sleep(dice.latency(median: 500_000))
            let weakness = scenario.planted?.collector ?? []
            do {
                let report = try await call(dice.below(scenario.nodeCount)) { repository in
                    try await repository.collect(weakness: weakness)
                }
                note("\(report.deletedCount) packs collected, \(report.stopped ?? "all done")")
            } catch {
                note("no collection: \(error)")
            }
        }
    }

    /// Somebody who has packs copied together, now and then, by any node; beside others who do it.
    private func compact() async {
        while isWorking {
            await executor.sleep(dice.latency(median: 1_000_000))
            let isWhole = dice.chance(300)
            do {
                let report = try await call(dice.below(scenario.nodeCount)) { repository in
                    try await repository.compact(isWhole: isWhole, level: 1)
                }
                note("\(report.replacedCount) packs compacted, \(report.stopped ?? "all done")")
            } catch {
                note("no compaction: \(error)")
            }
        }
    }

    /// What happens to nodes and network while clients work.
    private func weather() async {
        while isWorking {
            await executor.sleep(UInt64(dice.within(20_000...2_000_000)))
            plan.changeWeather(now: executor.now)
            if plan.lateWritesMayArrive(&dice) { await network.applyLate() }
            if scenario.powerCuts > 0, dice.chance(scenario.powerCuts) { cutPower() }
        }
    }

    /// Has a node collect, unless it is down then.
    func collect(by node: Int, after micros: UInt64) {
        let weakness = scenario.planted?.collector ?? []
        executor.after(micros) { [self] in
            guard let process = nodes[node].process else { return }
            process.deliver { _ = try? await process.repository.collect(weakness: weakness) }
        }
    }

    /// Rarely, and only where the scenario has it.
    func mayCutPower() {
        if plan.isOn, scenario.powerCuts > 0, dice.below(20_000) < scenario.powerCuts { cutPower() }
    }

    /// Every process dies at once, and the disk keeps what it keeps.
    private func cutPower() {
        note("power is cut")
        for node in nodes { node.process?.die() }
        disk.cutPower(&dice)
        if let wrong = witness.powerWasCut(bucket) { return violate(wrong) }
        for client in clients where client.base > witness.tip {
            violate("I8: client \(client.id) was shown @\(client.base), which a power cut took")
        }
    }

    private func livenessPhase() async {
        guard !isOver else { return }
        note("faults stop")
        plan.end()
        for node in nodes { node.heal() }
        await network.applyLate()
        let deadline =
            executor.now + Self.livenessMicros
            + UInt64(witness.slotCount) * Self.livenessMicrosPerSlot
        await withDiscardingTaskGroup { group in
            for client in clients { group.addTask { await client.resolve(until: deadline) } }
        }
        for client in clients where client.unresolvedCount > 0 {
            violate("I13: client \(client.id) has \(client.unresolvedCount) unresolved sessions")
        }
    }

    private func wrote(_ key: ObjectKey, _ bytes: [UInt8], _ before: [UInt8]?) {
        if let before, before != bytes, !Witness.mayChange(key) {
            violate("I1: \(key) was overwritten with other bytes")
        }
        guard before == nil, let epoch = StoreKey.epoch(of: key) else { return }
        note("slot \(epoch) exists: \(Witness.outline(bytes))")
        if let wrong = witness.slotAppeared(epoch, bytes, in: bucket) { violate(wrong) }
    }
}

/// How a run ended.
package struct SimulationReport: Sendable {
    package let scenario: Scenario
    /// nil: nothing was wrong.
    package let violation: String?
    /// Equal for equal seeds, or the run cannot be repeated.
    package let trace: UInt64
    package let steps: Int
    package let virtualMillis: UInt64
    package let slots: Int
    package let landings: Int
    /// Requests to the store.
    package let requests: Int
}
