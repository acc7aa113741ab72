import HifCore
import HifRepository
import HifStore

/// What has to hold when everything is over: the store alone, read by a process that never saw it
/// before, gives every file of every position that is looked at, and fsck finds nothing.
struct FinalCheck {
    private let simulation: Simulation

    init(_ simulation: Simulation) {
        self.simulation = simulation
    }

    func run() async {
        let witness = simulation.witness
        let repository = Repository(store: simulation.bucket, world: simulation.fixedWorld)
        do {
            let newest = try await repository.newest()
            guard newest.lastPosition == witness.tip else {
                return simulation.violate("I1: the log ends at @\(newest.lastPosition)")
            }
            var positions = [newest.lastPosition]
            if witness.tip > 1 { positions.append(1 + simulation.dice.next() % witness.tip) }
            for position in positions {
                try await compare(position, repository, newest)
            }
            if let wrong = witness.ackedEventLost(simulation.bucket)
                ?? witness.packs.missing(from: simulation.bucket)
            {
                return simulation.violate(wrong)
            }
            try await compareDocuments(repository, newest)
            try await compareRollups(repository, newest)
            if simulation.dice.chance(50) {
                let report = try await Fsck(repository).run(deep: true)
                // What is derived may be missing, but not wrong.
                let finding = report.findings.first { finding in
                    finding.severity == .damage
                        || finding.severity == .derived && exists(finding.key)
                }
                if let finding { simulation.violate("I10: fsck finds \(finding)") }
            }
        } catch {
            simulation.violate("I11: the store cannot be read: \(error)")
        }
    }

    /// A landing's document has as many events as the log says, those that were acknowledged, and, where
    /// no power cut may have taken an event that was on its way when it was folded, what lies there.
    private func compareDocuments(_ repository: Repository, _ newest: Slot) async throws {
        for (index, landing) in simulation.witness.landings.enumerated()
        where landing.landing.eventCount > 0 {
            let document = try await repository.document(of: landing.landing)
            let known = try await repository.sessions.events(of: landing.landing.session)
            let count = Int(landing.landing.eventCount)
            let isRight =
                document.map { document in
                    document.events.count == count
                        && simulation.witness.ackedEvents(of: landing.landing.session)
                            .allSatisfy { $0 >= count || document.events[Int($0)].id == $1 }
                        && (simulation.scenario.powerCuts > 0
                            || document.events == Array(known.prefix(count)))
                } ?? false
            if !isRight {
                return simulation.violate("I2: the document of @\(index + 1) lacks its events")
            }
        }
    }

    /// The newest rollup runs are what their slots make them.
    private func compareRollups(_ repository: Repository, _ newest: Slot) async throws {
        let builder = RollupBuilder(index: repository.rollups)
        let end = newest.epoch / RollupSpan.fanOut
        for block in (end > 2 ? end - 2 : 0)...end {
            let span = RollupSpan(level: 1, block: block)
            guard let bytes = simulation.bucket.peek(StoreKey.rollup(span)) else { continue }
            guard span.endEpoch <= newest.epoch + 1 else {
                return simulation.violate("I10: \(span) are not finished and have a rollup")
            }
            guard try await builder.fromSlots(span).bytes == bytes else {
                return simulation.violate("I10: the rollup of \(span) is another")
            }
        }
    }

    private func exists(_ key: String) -> Bool {
        ObjectKey(validating: key).flatMap { simulation.bucket.peek($0) } != nil
    }

    private func compare(
        _ position: Position, _ repository: Repository, _ newest: Slot
    ) async throws {
        let tree = try await repository.tree(at: position, newest: newest)
        let entries = try await repository.trees.reading(newest: newest) {
            nodes throws(TreeError) in try ProllyTree.empty.diff(to: tree, in: nodes)
        }
        var leaves: [RepoPath: Leaf] = [:]
        for entry in entries where entry.after?.kind != .directory {
            leaves[entry.path] = entry.after
        }
        guard leaves == simulation.witness.snapshots[Int(position)] else {
            return simulation.violate("I11: the files of @\(position) are not what landed")
        }
        let ids = Set(leaves.values.map(\.hash)).sorted()
        let locations = try await repository.index.locations(of: ids, upTo: newest.epoch)
        for id in ids.prefix(20) {
            guard let location = locations[id] else {
                return simulation.violate("I11: content \(id) of @\(position) is in no index")
            }
            let content = try await repository.content.blob(id, at: location, bytesMax: 1 << 20)
            guard content == simulation.witness.contents[id] else {
                return simulation.violate("I11: content \(id) is another")
            }
        }
    }
}
