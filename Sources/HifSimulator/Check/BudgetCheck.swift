import HifCore
import HifRepository

/// What things cost when nothing goes wrong: a landing on a warm node, a look at the newest position,
/// and nothing at all (I14, I15).
struct BudgetCheck {
    /// Upkeep, delayed calls and everything else that is under way has ended after so long.
    private static let quietMicros: UInt64 = 24 * 3_600_000_000
    /// On a slow store a cold look at everything, a history without anything derived for one, may take longer
    /// than a client waits. So it comes back for the answer.
    private static let coldTries = 8
    /// Reads of a landing on the node that wrote the newest slot, when nothing derived is due.
    private static let readsMax = 1
    /// More of them where it is: a run is made of 32 slots or runs, each read once.
    private static let derivedReadsMax = 200
    /// Derived objects that one slot may finish: hint, segment, a run of each level, a checkpoint.
    private static let derivedWritesMax = 6

    private let simulation: Simulation
    private var plan: FaultPlan { simulation.plan }

    init(_ simulation: Simulation) {
        self.simulation = simulation
    }

    func run() async {
        await simulation.executor.sleep(BudgetCheck.quietMicros)
        guard await land("warms up", tries: BudgetCheck.coldTries) != nil else { return }
        let before = plan.counts
        await simulation.executor.sleep(BudgetCheck.quietMicros)
        let idle = plan.counts - before
        guard idle.total == 0 else {
            return simulation.violate("I15: a project nobody uses made \(idle)")
        }
        await read()
        guard let landing = await land("is counted") else { return }
        var readsMax = BudgetCheck.readsMax
        if landing.derived > 0 { readsMax += BudgetCheck.derivedReadsMax }
        let slots = UInt64(simulation.witness.slotCount)
        if slots.isMultiple(of: SegmentTable.slotCount) { readsMax += Int(SegmentTable.slotCount) }
        if landing.needed != 2 || landing.derived > BudgetCheck.derivedWritesMax
            || landing.reads > readsMax
        {
            simulation.violate("I14: a landing took \(landing)")
        }
    }

    private func read() async {
        guard (try? await simulation.call(0) { try await $0.newest() }) != nil else {
            return simulation.violate("I13: nothing goes wrong, and nobody answers")
        }
        let before = plan.counts
        _ = try? await simulation.call(0) { try await $0.newest() }
        let read = plan.counts - before
        if read.reads != 1 || read.total != 1 {
            simulation.violate("I14: to read the newest position took \(read)")
        }
    }

    /// Lands one new file, and waits until everything behind it is done.
    private func land(_ text: String, tries: Int = 1) async -> RequestCounts? {
        guard !simulation.isOver else { return nil }
        let client = simulation.clients[0]
        client.forget()
        // What the node of a client that did not wait goes on to read is not to be counted below.
        for _ in 0..<BudgetCheck.coldTries where !simulation.isOver {
            if await client.update() { break }
            await simulation.executor.sleep(BudgetCheck.quietMicros)
        }
        guard client.write(text) else { return nil }
        let before = plan.counts
        guard await client.landsNow(tries: tries, pauseMicros: BudgetCheck.quietMicros) else {
            simulation.violate("I13: nothing goes wrong, and a landing is not answered")
            return nil
        }
        await simulation.executor.sleep(BudgetCheck.quietMicros)
        return simulation.isOver ? nil : plan.counts - before
    }
}

/// Requests to the store.
struct RequestCounts: CustomStringConvertible {
    var reads = 0
    /// Writes of packs and slots.
    var needed = 0
    /// Writes of anything else.
    var derived = 0
    var others = 0

    var total: Int { reads + needed + derived + others }

    var description: String {
        "\(needed) writes of packs and slots, \(derived) others, \(reads) reads and "
            + "\(others) listings and deletions"
    }

    static func - (left: RequestCounts, right: RequestCounts) -> RequestCounts {
        RequestCounts(
            reads: left.reads - right.reads, needed: left.needed - right.needed,
            derived: left.derived - right.derived, others: left.others - right.others)
    }
}
