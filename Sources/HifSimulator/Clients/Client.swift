import HifCore
import HifRepository
import HifStore

/// Somebody who works: with a copy of the files, a base position, and sessions that have to end.
///
/// It keeps the rules a workspace keeps: every attempt is remembered until its session is closed,
/// and what it did not learn it asks again, on any node.
///
/// `@unchecked Sendable`: touched by the simulation's one thread only.
final class Client: @unchecked Sendable {
    /// A session whose end the client does not know.
    struct OpenSession {
        let id: SessionID
        let createdPosition: Position
        let workload: Workload
        /// What was sent, with the position each was made against; the newest last.
        var attempts: [(request: LandRequest, base: Position)] = []
        /// Ids of the events that were acknowledged, by number.
        var events: [UInt64: EventID] = [:]
    }

    let id: Int
    unowned let simulation: Simulation
    var dice: Dice
    var base: Position = 0
    var files: [RepoPath: Leaf] = [:]
    private(set) var isDone = false
    var unresolved: [OpenSession] = []
    var madeCount = 0

    var witness: Witness { simulation.witness }
    var unresolvedCount: Int { unresolved.count }

    init(id: Int, _ simulation: Simulation) {
        self.id = id
        self.simulation = simulation
        dice = Dice(seed: simulation.scenario.seed, "client \(id)")
    }

    // MARK: A working day

    func work() async {
        for _ in 0..<simulation.scenario.sessionsPerClient {
            await simulation.executor.sleep(dice.latency(median: 50_000))
            guard !simulation.isOver, simulation.plan.isOn else { break }
            await update()
            let workload = dice.pick(simulation.scenario.workloads)
            guard edit(for: workload) else { continue }
            let session = OpenSession(
                id: SessionID(from: &dice), createdPosition: base, workload: workload)
            await land(session)
        }
        isDone = true
    }

    var anyNode: Int { dice.below(simulation.scenario.nodeCount) }

    /// Reads the newest position and takes it in; keeps what it has when nobody answers.
    func update() async {
        let acked = witness.highestAcked
        let isThorough = dice.chance(300)
        let probe = files.values.map(\.hash).min()
        do {
            let (slot, hash, leaves) = try await simulation.call(anyNode) { repository in
                let newest = try await repository.newest()
                var leaves: [RepoPath: Leaf]?
                if isThorough {
                    let tree = try await repository.tree(at: newest.lastPosition, newest: newest)
                    let entries = try await repository.trees.reading(newest: newest) {
                        nodes throws(TreeError) in
                        try ProllyTree.empty.diff(to: tree, in: nodes)
                    }
                    leaves = [:]
                    for entry in entries where entry.after?.kind != .directory {
                        leaves?[entry.path] = entry.after
                    }
                    if let probe, leaves?.values.contains(where: { $0.hash == probe }) == true {
                        _ = try await repository.blob(probe, newest: newest, bytesMax: 1 << 20)
                    }
                }
                return (newest, try await repository.slotHash(newest.epoch), leaves)
            }
            if let wrong = witness.read(newest: slot, hash: hash, since: acked) {
                simulation.violate(wrong)
            } else if let leaves, leaves != witness.snapshots[Int(slot.lastPosition)] {
                simulation.violate("I8: the files read at @\(slot.lastPosition) are not its files")
            } else {
                move(to: slot.lastPosition)
            }
        } catch {
            check(readError: error)
            simulation.note("client \(id) cannot read: \(error)")
        }
    }

    /// Reading may fail, but not by saying that something is not there.
    private func check(readError error: any Error) {
        switch error {
        case ReadError.noContent, ReadError.log, ReadError.tree:
            simulation.violate("I8: reading says \(error)")
        default: break
        }
    }

    // MARK: Landing

    /// Sends a session until it is decided, or patience ends.
    private func land(_ opened: OpenSession) async {
        var session = opened
        for round in 0..<8 {
            guard !simulation.isOver, simulation.plan.isOn else { break }
            if round > 0, dice.chance(300), session.workload != .bank {
                _ = edit(for: session.workload)
            }
            guard let request = request(for: session, complete: round > 0 || dice.chance(500))
            else { break }
            session.attempts.append((request, base))
            switch await send(request, twice: session.workload == .relanding) {
            case .closed: return settle(session)
            case .conflict:
                // An earlier session of its own may land late and be in the way.
                if session.workload == .disjoint, session.attempts.count == 1, unresolved.isEmpty {
                    simulation.violate("client \(id) conflicts in a directory of its own")
                }
                if dice.chance(100) { break }
                await update()
                if session.workload == .bank {
                    files = witness.snapshots[Int(base)]
                    guard edit(for: .bank) else { break }
                }
            case .notKnown:
                await simulation.executor.sleep(dice.latency(median: 200_000))
            }
            if simulation.isOver { return }
            if dice.chance(50), await abandon(session) { return settle(session) }
        }
        simulation.note("client \(id) gives up on \(session.id) for now")
        unresolved.append(session)
        files = witness.snapshots[Int(base)]
    }

    enum Answer {
        /// The log says how.
        case closed
        case conflict
        case notKnown
    }

    private func send(_ request: LandRequest, twice: Bool) async -> Answer {
        witness.sent(request)
        guard twice else { return await send(request) }
        async let first = send(request)
        async let second = send(request)
        let answers = await [first, second]
        if answers.contains(.closed) { return .closed }
        return answers.contains(.conflict) ? .conflict : .notKnown
    }

    private func send(_ request: LandRequest) async -> Answer {
        let acked = witness.highestAcked
        let node = anyNode
        do {
            let outcome = try await simulation.call(node) { repository in
                try await Lander(repository).land(request)
            }
            simulation.note(
                "client \(id): node \(node) says \(outcome.brief) of \(request.session)")
            switch outcome {
            case .landed(let landed):
                if let wrong = witness.answered(request.session, landed: landed) {
                    simulation.violate(wrong)
                }
                return .closed
            case .abandoned:
                if let wrong = witness.answeredAbandoned(request.session) {
                    simulation.violate(wrong)
                }
                return .closed
            case .conflict(_, let position):
                if let wrong = witness.answered(request.session, conflictAt: position) {
                    simulation.violate(wrong)
                }
                return .conflict
            case .lacking(let hashes):
                for hash in hashes {
                    if let position = witness.broughtAt[hash], position <= acked {
                        simulation.violate("I9: \(hash) of @\(position) is said to be lacking")
                    }
                }
                return .notKnown
            case .refused(let reason):
                if reason.contains("path order") || reason.contains("does not list") {
                    simulation.violate("a sound request was refused: \(reason)")
                }
                return .notKnown
            case .unknown: return .notKnown
            }
        } catch {
            check(readError: error)
            simulation.note("client \(id): no answer from node \(node): \(error)")
            return .notKnown
        }
    }

    private func abandon(_ session: OpenSession) async -> Bool {
        let abandon = Abandon(
            session: session.id, author: author, reason: "enough", atMillis: 1)
        let position = session.createdPosition
        do {
            let answer = try await simulation.call(anyNode) { repository in
                try await repository.submit(.abandon(abandon, createdPosition: position))
            }
            simulation.note("client \(id): abandoning \(session.id): \(answer)")
            switch answer {
            case .landed(let landed):
                if let wrong = witness.answered(session.id, landed: landed) {
                    simulation.violate(wrong)
                }
                return true
            case .abandoned:
                if let wrong = witness.answeredAbandoned(session.id) { simulation.violate(wrong) }
                return true
            default: return false
            }
        } catch {
            check(readError: error)
            return false
        }
    }

    /// After the last fault: finds out about every session, and ends those that are still open.
    func resolve(until deadline: UInt64) async {
        var round = 0
        while let session = unresolved.first, !simulation.isOver,
            simulation.executor.now < deadline
        {
            round += 1
            if let request = session.attempts.last?.request, round % 3 != 0 {
                if await send(request) == .closed {
                    unresolved.removeFirst()
                    continue
                }
            }
            if await abandon(session) { unresolved.removeFirst() }
            await simulation.executor.sleep(1_000_000)
        }
    }

    var author: Author { Author(account: "client-\(id)", name: "Client \(id)") }
}

extension LandOutcome {
    fileprivate var brief: String {
        switch self {
        case .landed(let landed): "landed @\(landed.position)"
        case .abandoned: "abandoned"
        case .conflict(let paths, let position): "\(paths.count) conflicts at @\(position)"
        case .lacking(let hashes): "\(hashes.count) lacking"
        case .refused(let reason): "refused, \(reason)"
        case .unknown(let reason): "unknown, \(reason)"
        }
    }
}
