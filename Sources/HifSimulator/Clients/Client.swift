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
        var id: SessionID
        let createdPosition: Position
        let workload: Workload
        /// What was sent, with the position each was made against; the newest last.
        var attempts: [(request: LandRequest, base: Position)] = []
        /// Ids of the events that were acknowledged, by number.
        var events: [UInt64: EventID] = [:]
        /// How many of them the landing is to fold in.
        var eventCount: UInt64 = 0
    }

    let id: Int
    unowned let simulation: Simulation
    var dice: Dice
    var base: Position = 0
    var files: [RepoPath: Leaf] = [:]
    private(set) var isDone = false
    var unresolved: [OpenSession] = []
    var madeCount = 0
    /// Every content that was ever sent.
    var drafts: Set<Hash> = []
    let zstd = Zstd()

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
            var session = OpenSession(
                id: SessionID(from: &dice), createdPosition: base, workload: workload)
            if dice.chance(300) { await talk(in: &session) }
            if workload == .revived, let next = await revived(session) { session = next }
            await land(session)
        }
        isDone = true
    }

    /// Uploads the content of a session, abandons it, and gives back one that lands the same with that
    /// very pack; nil when there was nothing to upload, or nobody answered.
    private func revived(_ session: OpenSession) async -> OpenSession? {
        guard var request = request(for: session, complete: true), let pack = request.staged,
            pack.footer.count > 0
        else { return nil }
        let uploaded = try? await simulation.call(anyNode) { repository in
            try await Lander(repository).upload(pack.bytes)
        }
        guard let uploaded else { return nil }
        guard await abandon(session) else {
            unresolved.append(session)
            var other = session
            other.id = SessionID(from: &dice)
            other.events = [:]
            other.eventCount = 0
            return other
        }
        await simulation.executor.sleep(dice.latency(median: 300_000))
        var next = OpenSession(
            id: SessionID(from: &dice), createdPosition: base, workload: session.workload)
        request.session = next.id
        request.createdPosition = next.createdPosition
        request.eventCount = 0
        request.staged = nil
        request.uploadedPacks = [uploaded]
        next.attempts = [(request, base)]
        // A collection at this very moment takes the pack away, or comes too late.
        if dice.chance(500) {
            let requests = dice.latency(median: simulation.scenario.storeMicros)
            simulation.collect(by: anyNode, after: UInt64(dice.below(4)) * requests)
        }
        return next
    }

    var anyNode: Int { dice.below(simulation.scenario.nodeCount) }

    /// Reads the newest position and takes it in; keeps what it has when nobody answers in time.
    ///
    /// - Returns: whether it stands at what was the newest position.
    @discardableResult func update() async -> Bool {
        let acked = witness.highestAcked
        let isThorough = dice.chance(300)
        let probe = files.values.map(\.hash).min()
        let asked = question()
        do {
            let (slot, hash, leaves, page) = try await simulation.call(anyNode) { repository in
                let newest = try await repository.newest()
                var leaves: [RepoPath: Leaf]?
                var page: LandingPage?
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
                    if var asked {
                        asked.from = newest.lastPosition
                        page = try await repository.landings(asked)
                    }
                    if let probe, leaves?.values.contains(where: { $0.hash == probe }) == true {
                        _ = try await repository.blob(probe, newest: newest, bytesMax: 1 << 20)
                    }
                }
                return (newest, try await repository.slotHash(newest.epoch), leaves, page)
            }
            if let wrong = witness.read(newest: slot, hash: hash, since: acked) {
                simulation.violate(wrong)
            } else if let leaves, leaves != witness.snapshots[Int(slot.lastPosition)] {
                simulation.violate("I8: the files read at @\(slot.lastPosition) are not its files")
            } else if let asked, let page,
                let wrong = witness.found(page, for: asked, at: slot.lastPosition)
            {
                simulation.violate(wrong)
            } else {
                move(to: slot.lastPosition)
                return true
            }
        } catch {
            check(readError: error)
            simulation.note("client \(id) cannot read: \(error)")
        }
        return false
    }

    /// Which landings touched a path, or are somebody's; nil when there is nothing to ask about.
    private func question() -> LandingQuery? {
        guard dice.chance(700), !files.isEmpty else { return nil }
        let path = files.keys.sorted()[dice.below(files.count)]
        var query = LandingQuery(path: dice.chance(300) ? path.parent ?? path : path, limit: 12)
        if dice.chance(200) {
            query = LandingQuery(author: dice.chance(500) ? "elder" : "client-\(id)", limit: 12)
        }
        return query
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
        var mayRepeat = !session.attempts.isEmpty
        for round in 0..<8 {
            guard !simulation.isOver, simulation.plan.isOn else { break }
            if !mayRepeat || round > 0 && dice.chance(400) {
                if round > 0, dice.chance(300), session.workload != .bank {
                    _ = edit(for: session.workload)
                }
                guard let request = request(for: session, complete: round > 0 || dice.chance(500))
                else { break }
                session.attempts.append((request, base))
            }
            guard let request = session.attempts.last?.request else { break }
            mayRepeat = false
            switch await send(request, twice: session.workload == .relanding) {
            case .closed: return settle(session)
            case .conflict:
                if dice.chance(100) { break }
                await update()
                if session.workload == .bank {
                    files = witness.snapshots[Int(base)]
                    guard edit(for: .bank) else { break }
                }
            case .notKnown:
                mayRepeat = true
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
            // The same for every attempt of a session, so that a pack is uploaded again.
            let uploads = request.session.hash.word0 % 3 == 0
            let outcome = try await simulation.call(node) { [simulation] repository in
                let number = simulation.witness.begins()
                let outcome = try await Refusals.$current.withValue(number) {
                    try await Client.land(
                        request, uploads: uploads, repository,
                        planted: simulation.scenario.planted)
                }
                if case .refused = outcome { simulation.refused(number) }
                return outcome
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
            case .conflict(let conflicts, let position):
                // An earlier session of its own may land late and be in the way; nobody else.
                let own = Array("own-\(id)/".utf8)
                if unresolved.isEmpty,
                    conflicts.contains(where: { $0.operation.path.bytes.starts(with: own) })
                {
                    simulation.violate("client \(id) conflicts in a directory of its own")
                }
                if let wrong = witness.answered(
                    request.session, conflictAt: position, since: acked)
                {
                    simulation.violate(wrong)
                }
                return .conflict
            case .lacking(let hashes):
                // A node that lacks an uploaded pack asks for everything.
                for hash in hashes where !uploads && request.uploadedPacks.isEmpty {
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

    /// Lands, with the new content in the request or in a pack that is uploaded before.
    private static func land(
        _ request: LandRequest, uploads: Bool, _ repository: Repository, planted: PlantedBug?
    ) async throws -> LandOutcome {
        var request = request
        let lander = Lander(repository)
        if planted == .draftsCount, case .lacking? = try? await lander.land(request) {
            return try await believing(request, repository)
        }
        if uploads, let staged = request.staged, staged.footer.count > 0 {
            request.uploadedPacks = [try await lander.upload(staged.bytes)]
            request.staged = nil
        }
        return try await lander.land(request)
    }

    /// Lands as if all content that the client left out was there: a planted mistake.
    private static func believing(
        _ request: LandRequest, _ repository: Repository
    ) async throws -> LandOutcome {
        let intent = LandIntent(
            session: request.session, author: request.author, goalLine: request.goal,
            startedMillis: 1, landedMillis: 1, sourceDigest: request.sourceDigest,
            createdPosition: request.createdPosition,
            operations: request.operations.map { LandedOperation($0, location: nil) })
        switch try await repository.submit(.land(intent)) {
        case .landed(let landed): return .landed(landed)
        case .abandoned: return .abandoned
        default: return .unknown("not landed")
        }
    }

    private func abandon(_ session: OpenSession) async -> Bool {
        let (author, position) = (author, session.createdPosition)
        do {
            let answer = try await simulation.call(anyNode) { [simulation] repository in
                let number = simulation.witness.begins()
                let abandon = Abandon(
                    session: session.id, author: author, reason: "\(number)", atMillis: 1)
                let answer = try await repository.submit(
                    .abandon(abandon, createdPosition: position))
                if case .refused = answer { simulation.refused(number) }
                return answer
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

    /// Gives up what is not landed.
    func forget() {
        files = witness.snapshots[Int(base)]
    }

    /// Sends what was changed to the first node: so often, with so long between, until it answers.
    func landsNow(tries: Int = 1, pauseMicros: UInt64 = 0) async -> Bool {
        let session = OpenSession(
            id: SessionID(from: &dice), createdPosition: base, workload: .disjoint)
        guard let request = request(for: session, complete: true) else { return false }
        witness.sent(request)
        for attempt in 0..<tries where !simulation.isOver {
            if attempt > 0 { await simulation.executor.sleep(pauseMicros) }
            let outcome = try? await simulation.call(0) { try await Lander($0).land(request) }
            if case .landed? = outcome { return true }
        }
        return false
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
