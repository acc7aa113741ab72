import HifCore
import HifRepository

/// Explores every run of a `Scope`, breadth first, with the production `LandingMachine`.
///
/// A state of the world is: the log, two writers with the one request each has under way, writes
/// that nobody waits for any more but that may still be applied, and which requests of clients were
/// sent and not yet answered. Writers and logs are kept once each and named by numbers, and so is
/// what a writer does on an event; a state is then a few numbers, and its successors are mostly
/// look-ups. (The idea of naming component states is that of SPIN's "collapse" compression:
/// Holzmann 1997.)
///
/// Reads are one step: what a writer sees and when it is told cannot be told apart by anybody,
/// since nothing else changes the writer meanwhile. A write is answered with the truth, or: applied
/// and the answer lost, lost, applied at any later time, or refused. A read may fail.
struct Explorer {
    /// A write under way that nobody waits for.
    struct Late: Hashable {
        var write: Int
        /// Requests of clients whose records are in it, as bits.
        var tickets: UInt16
    }

    struct State: Hashable {
        var log = 0
        /// Names of the writers' states; -1 for one that is down.
        var writers: [Int]
        var late: [Late] = []
        /// Requests already sent, and those not answered yet, as bits.
        var sent: UInt16 = 0
        var open: UInt16 = 0
        /// Open requests of which this very request wrote a record that is in the log.
        var written: UInt16 = 0
        /// For each open request, the newest landing when it was sent; for a question the newest
        /// slot.
        var sentAt: [UInt8]
        /// Names of the intents that requests have become by merging or uploading again; 0 where it is
        /// the client's own. One that is not sent (any more) waits to be submitted again.
        var versions: [UInt8]
        var collector = Collecting.idle
        var faults: Int
        var crashes: Int
    }

    enum Collecting: Hashable {
        case idle
        case marked
        case done
    }

    /// A writer with its outstanding effects; the first is the request it waits for.
    private struct Writer: Hashable {
        var machine: LandingMachine
        var effects: [LandingMachine.Effect]
        var incarnation: Int
        /// It was told that the slot it wrote exists, and has not read it yet.
        var isToldItExists = false
        /// It has seen the store contradict itself.
        var isWarned = false
    }

    /// What a writer can be told. Small, so that it can be a key.
    private enum Stimulus: Hashable {
        case submitted(Int, version: UInt8)
        case slot(log: Int)
        case slotAbsent, slotFailed
        case created, exists, refused, unknown
        case nodes
        case history(log: Int)
        case readFailed
        case paused
    }

    private struct Reaction {
        var writer: Int
        var answers: [(ticket: Int, answer: Answer)]
    }

    private enum Answer {
        case landing(LandingAnswer)
        case standing(SessionStanding)
    }

    private struct Told: Hashable {
        var writer: Int
        var stimulus: Stimulus
    }

    private struct Appending: Hashable {
        var log: Int
        var write: Int
    }

    struct Result {
        var states: Int
        var terminalStates: Int
        var writers: Int
        var logs: Int
        /// What was found broken, and the shortest run that leads there.
        var violation: String?
        var trace: [String]
    }

    let scope: Scope
    private var logs: [ExploredLog] = []
    private var appended: [Appending: Int] = [:]
    private var writers: [Writer] = []
    private var writerNames: [Writer: Int] = [:]
    private var reactions: [Told: Reaction] = [:]
    private var restarted: [[Int]: Int] = [:]
    private var writes: [(epoch: Epoch, bytes: [UInt8], slot: Slot?)] = []
    private var writeNames: [[UInt8]: Int] = [:]
    private var nodes = NodeCache()
    /// Intents that requests have become; see `State.versions`.
    private var versions: [(intent: Intent, merges: Int)] = []
    private var versionNames: [Intent: UInt8] = [:]

    private var states: [State] = []
    private var seen: [State: Int] = [:]
    private var origins: [(parent: Int, label: String)] = []

    init(_ scope: Scope) throws {
        self.scope = scope
        logs = [try ExploredLog()]
    }

    /// Visits every state, or stops at the first that breaks a promise.
    mutating func run(statesMax: Int = .max) throws -> Result {
        let first = State(
            writers: [try start(0, incarnation: 0, log: 0), try start(1, incarnation: 0, log: 0)],
            sentAt: Array(repeating: 0, count: scope.requests.count),
            versions: Array(repeating: 0, count: scope.requests.count), faults: scope.faults,
            crashes: scope.crashes)
        add(first, from: -1, "start")
        var next = 0
        var terminalStates = 0
        while next < states.count {
            do {
                if try !expand(next) { terminalStates += 1 }
            } catch let broken as Broken {
                return result(terminalStates, broken.description, trace(to: next))
            }
            next += 1
            guard states.count < statesMax else {
                return result(terminalStates, "more than \(statesMax) states", [])
            }
        }
        return result(terminalStates, nil, [])
    }

    private func result(_ terminal: Int, _ violation: String?, _ trace: [String]) -> Result {
        Result(
            states: states.count, terminalStates: terminal, writers: writers.count,
            logs: logs.count, violation: violation, trace: trace)
    }

    private func trace(to state: Int) -> [String] {
        var labels: [String] = []
        var state = state
        while state >= 0 {
            labels.append(origins[state].label)
            state = origins[state].parent
        }
        return labels.reversed()
    }

    private mutating func add(_ state: State, from parent: Int, _ label: String) {
        guard seen[state] == nil else { return }
        seen[state] = states.count
        states.append(state)
        origins.append((parent, label))
    }

    // MARK: Steps of the world

    /// Adds every state that can follow; whether there is one that needs no fault.
    private mutating func expand(_ number: Int) throws -> Bool {
        let state = states[number]
        var isLive = false
        for ticket in scope.requests.indices where state.sent & bit(ticket) == 0 {
            let writer = scope.requests[ticket].writer
            guard state.writers[writer] >= 0 else { continue }
            isLive = true
            var next = state
            next.sent |= bit(ticket)
            next.open |= bit(ticket)
            let tip = logs[state.log].tip
            if case .standing = scope.requests[ticket].wish {
                next.sentAt[ticket] = UInt8(tip.epoch)
            } else {
                next.sentAt[ticket] = UInt8(tip.position)
            }
            let version = state.versions[ticket]
            try tell(writer, .submitted(ticket, version: version), &next)
            let again = version == 0 ? "" : " again, as \(version)"
            add(next, from: number, "request \(ticket) to writer \(writer)\(again)")
        }
        for late in state.late.indices {
            isLive = true
            var next = state
            let write = next.late.remove(at: late)
            try apply(write, &next)
            add(next, from: number, "late write \(write.write) is applied")
        }
        for writer in 0..<2 {
            guard state.writers[writer] >= 0 else {
                isLive = true
                var next = state
                next.writers[writer] = try start(writer, incarnation: 1, log: state.log)
                add(next, from: number, "writer \(writer) starts again")
                continue
            }
            if try perform(writer, state, number) { isLive = true }
            if state.crashes > 0 { try crash(writer, state, number) }
        }
        try collect(state, number)
        return isLive
    }

    /// Another node's collector, whose slot is the log's next one or is not written at all.
    private mutating func collect(_ state: State, _ number: Int) throws {
        guard let collector = scope.collector, state.collector != .done else { return }
        let log = logs[state.log]
        let isUsed = log.packs.contains(Scope.pack)
        if case .condemnsByMark = collector, state.collector == .idle {
            guard !isUsed else { return }
            var next = state
            next.collector = .marked
            add(next, from: number, "the collector marks")
            return
        }
        guard !isUsed || state.collector == .marked else { return }
        var control = log.tip.control
        control.condemnation = Condemnation(
            condemned: [Scope.pack], previous: log.tip.packs.lastEpoch)
        let slot = Slot(
            epoch: log.tip.epoch + 1, firstPosition: log.tip.position + 1,
            previous: log.tip.slotHash, root: log.tip.root,
            batch: BatchID(high: 99, low: log.tip.epoch), clock: 0,
            controlEpoch: log.tip.epoch + 1, checkpointEpoch: log.tip.checkpoints.lastDue,
            writer: "", records: [], control: control)
        var next = state
        next.collector = .done
        try apply(Late(write: named(slot.epoch, slot.encode()), tickets: 0), &next)
        add(next, from: number, "the collector condemns")
    }

    /// Every way in which the request that a writer waits for can end; false when it waits for none.
    private mutating func perform(_ writer: Int, _ state: State, _ number: Int) throws -> Bool {
        let log = logs[state.log]
        guard let effect = writers[state.writers[writer]].effects.first else {
            let own = scope.requests.indices.filter { scope.requests[$0].writer == writer }
            if own.contains(where: { state.open & bit($0) != 0 }) {
                throw Broken("writer \(writer) waits for nothing and owes an answer")
            }
            return false
        }
        func follow(_ stimulus: Stimulus, fault: Bool, _ label: String) throws {
            guard !fault || state.faults > 0 else { return }
            var next = state
            if fault { next.faults -= 1 }
            try tell(writer, stimulus, &next)
            add(next, from: number, "writer \(writer): \(label)")
        }
        switch effect {
        case .readSlot(let epoch):
            try follow(
                epoch <= log.tip.epoch ? .slot(log: state.log) : .slotAbsent, fault: false,
                "reads slot \(epoch)")
            try follow(.slotFailed, fault: true, "reading slot \(epoch) fails")
            if scope.contradicts, writers[state.writers[writer]].isToldItExists {
                try follow(.slotAbsent, fault: true, "reads no slot \(epoch), which exists")
            }
        case .readNodes:
            try follow(.nodes, fault: false, "reads nodes")
            try follow(.readFailed, fault: true, "reading nodes fails")
        case .readHistory:
            try follow(.history(log: state.log), fault: false, "reads history")
            try follow(.readFailed, fault: true, "reading history fails")
        case .pause:
            try follow(.paused, fault: false, "waits")
        case .writeSlot(let epoch, let bytes):
            try write(writer, named(epoch, bytes), state, number)
        case .answer, .told, .committed:
            throw Broken("not a request: \(effect)")
        }
        return true
    }

    private mutating func write(
        _ writer: Int, _ write: Int, _ state: State, _ number: Int
    ) throws {
        let late = Late(write: write, tickets: tickets(of: write, writer: writer, state))
        let isFree = writes[write].epoch > logs[state.log].tip.epoch
        func follow(
            _ stimulus: Stimulus, applied: Bool, later: Bool = false, fault: Bool,
            _ label: String
        ) throws {
            guard !fault || state.faults > 0 else { return }
            var next = state
            if fault { next.faults -= 1 }
            if applied { try apply(late, &next) }
            if later { next.late = (next.late + [late]).sorted { $0.write < $1.write } }
            try tell(writer, stimulus, &next)
            add(next, from: number, "writer \(writer) writes \(write): \(label)")
        }
        try follow(isFree ? .created : .exists, applied: isFree, fault: false, "answered")
        try follow(.refused, applied: false, fault: true, "refused")
        try follow(.unknown, applied: false, fault: true, "lost")
        if isFree {
            try follow(.unknown, applied: true, fault: true, "applied, answer lost")
            try follow(.exists, applied: true, fault: true, "applied twice inside")
            try follow(.unknown, applied: false, later: true, fault: true, "on its way")
        }
    }

    /// A writer forgets everything; its write under way may still be applied.
    private mutating func crash(_ writer: Int, _ state: State, _ number: Int) throws {
        var next = state
        next.crashes -= 1
        for ticket in scope.requests.indices where scope.requests[ticket].writer == writer {
            next.open &= ~bit(ticket)
            next.written &= ~bit(ticket)
            next.sentAt[ticket] = 0
            // What it made of the request is gone, too; the client may have sent another.
            if next.versions[ticket] != 0 {
                next.versions[ticket] = 0
                next.sent |= bit(ticket)
            }
        }
        next.writers[writer] = -1
        if case .writeSlot(let epoch, let bytes)? = writers[state.writers[writer]].effects.first,
            epoch > logs[state.log].tip.epoch
        {
            var late = next
            let write = named(epoch, bytes)
            late.late.append(Late(write: write, tickets: 0))
            late.late.sort { $0.write < $1.write }
            add(
                clean(late), from: number, "writer \(writer) crashes with write \(write) on its way"
            )
        }
        add(clean(next), from: number, "writer \(writer) crashes")
    }

    /// Without what can make no difference any more.
    private func clean(_ state: State) -> State {
        var state = state
        let tip = logs[state.log].tip.epoch
        state.late.removeAll { writes[$0.write].epoch <= tip }
        for index in state.late.indices { state.late[index].tickets &= state.open }
        state.written &= state.open
        return state
    }

    private mutating func apply(_ late: Late, _ state: inout State) throws {
        guard writes[late.write].epoch == logs[state.log].tip.epoch + 1 else {
            throw Broken("a slot is written beyond the log's end")
        }
        let appending = Appending(log: state.log, write: late.write)
        if let known = appended[appending] {
            state.log = known
        } else {
            logs.append(try ExploredLog(logs[state.log], appending: writes[late.write].bytes))
            for node in logs[logs.count - 1].nodes.allNodes { nodes.insert(node) }
            appended[appending] = logs.count - 1
            state.log = logs.count - 1
        }
        state.written |= late.tickets
        state = clean(state)
    }

    // MARK: Writers

    /// Tells a writer, and checks what it answers.
    private mutating func tell(_ writer: Int, _ stimulus: Stimulus, _ state: inout State) throws {
        let reaction = try react(Told(writer: state.writers[writer], stimulus: stimulus))
        state.writers[writer] = reaction.writer
        for (ticket, answer) in reaction.answers {
            guard state.open & bit(ticket) != 0 else {
                throw Broken("request \(ticket) is answered twice")
            }
            var again: UInt8?
            switch answer {
            case .landing(let answer):
                try check(answer, ticket, state)
                again = try version(after: answer, ticket, state)
            case .standing(let standing):
                try check(standing, ticket, state)
            }
            state.open &= ~bit(ticket)
            state.sentAt[ticket] = 0
            state.versions[ticket] = again ?? 0
            if again != nil { state.sent &= ~bit(ticket) }
        }
        state = clean(state)
    }

    /// What the receiving node submits after an answer that lets it try again; nil if it does not.
    private mutating func version(
        after answer: LandingAnswer, _ ticket: Int, _ state: State
    ) throws -> UInt8? {
        guard case .intent(let sent) = scope.requests[ticket].wish else { return nil }
        let present = state.versions[ticket]
        guard case .land(var intent) = present == 0 ? sent : versions[Int(present) - 1].intent
        else { return nil }
        var merges = present == 0 ? 0 : versions[Int(present) - 1].merges
        switch answer {
        case .reupload(let packs):
            // New packs have new nonces, and so new names.
            intent.packs = intent.packs.map { packs.contains($0) ? Blake3.hash([2]) : $0 }
        case .conflict(let conflicts, _, _):
            guard merges < scope.requests[ticket].mergesMax else { return nil }
            merges += 1
            intent.operations = intent.operations.map { landed in
                guard let conflict = conflicts.first(where: { $0.operation == landed.operation })
                else { return landed }
                return LandedOperation(merged(conflict), location: landed.location)
            }
            intent.mergedPaths = conflicts.map(\.operation.path).sorted()
            if scope.mergeChangesDigest {
                intent.sourceDigest = HifCore.Operation.digest(
                    session: intent.session, intent.operations.map(\.operation))
            }
        default: return nil
        }
        if let known = versionNames[.land(intent)] { return known }
        versions.append((.land(intent), merges))
        versionNames[.land(intent)] = UInt8(versions.count)
        return UInt8(versions.count)
    }

    private func merged(_ conflict: PathConflict) -> HifCore.Operation {
        let operation = conflict.operation
        if case .leaf(let leaf)? = LeafMerge.withoutContent(
            base: operation.before, ours: operation.after, theirs: conflict.found)
        {
            return operation.merged(into: leaf, over: conflict.found)
        }
        let both = (operation.after?.hash.word0 ?? 0) | (conflict.found?.hash.word0 ?? 0)
        return operation.merged(into: Scope.leaf(both), over: conflict.found)
    }

    private func check(_ standing: SessionStanding, _ ticket: Int, _ state: State) throws {
        guard let session = scope.requests[ticket].session else { return }
        let log = logs[state.log]
        switch standing {
        case .open:
            let wasClosed = log.slots.contains { slot in
                slot.slot.epoch <= UInt64(state.sentAt[ticket])
                    && slot.slot.records.contains { $0.session == session }
            }
            if wasClosed { throw Broken("question \(ticket): told open, and was closed before") }
        case .closed(let closing):
            guard log.closings[session] == closing else {
                throw Broken("question \(ticket): told closed, the log says otherwise")
            }
        case .unknown: break
        }
    }

    private func check(_ answer: LandingAnswer, _ ticket: Int, _ state: State) throws {
        let log = logs[state.log]
        guard let session = scope.requests[ticket].session else {
            return try checkControl(answer, ticket, state)
        }
        switch answer {
        case .landed(let landed):
            // Slots never change, so what holds now holds for ever.
            guard log.closings[session] == .landed(landed) else {
                throw Broken("request \(ticket) is told \(landed.position), the log says otherwise")
            }
            // The client knows its attempt by the digest of what it sent, whatever became of it.
            guard sentDigests(of: session).contains(landed.sourceDigest) else {
                throw Broken("request \(ticket) has landed as an attempt that nobody sent")
            }
        case .abandoned:
            guard log.closings[session] == .abandoned else {
                throw Broken("request \(ticket) is told it is abandoned, the log says otherwise")
            }
        case .conflict(let paths, _, let position):
            if case .landed(let landed)? = log.closings[session], landed.position <= position {
                throw Broken("request \(ticket) conflicts at @\(position) and has landed there")
            }
            guard position <= log.tip.position else {
                throw Broken("request \(ticket) conflicts at @\(position), which does not exist")
            }
            guard position >= state.sentAt[ticket] else {
                throw Broken("request \(ticket) is judged at @\(position), older than itself")
            }
            if paths.isEmpty { throw Broken("a conflict without a path") }
        case .refused:
            let mayCome = state.late.contains { $0.tickets & bit(ticket) != 0 }
            if mayCome || state.written & bit(ticket) != 0 {
                throw Broken("request \(ticket) is refused and its write is or may be applied")
            }
        case .reupload(let packs):
            guard !packs.isEmpty, packs.allSatisfy({ log.tip.packs.isCondemned($0) }) else {
                throw Broken("request \(ticket) is to upload what was not condemned")
            }
        case .unknown: break
        case .controlled:
            throw Broken("request \(ticket) is answered \(answer)")
        }
    }

    private func sentDigests(of session: SessionID) -> [Hash] {
        scope.requests.compactMap { request in
            guard case .intent(.land(let intent)) = request.wish, intent.session == session else {
                return nil
            }
            return intent.sourceDigest
        }
    }

    private func checkControl(_ answer: LandingAnswer, _ ticket: Int, _ state: State) throws {
        switch answer {
        case .controlled(let epoch):
            let log = logs[state.log]
            guard epoch <= log.tip.epoch,
                scope.requests[ticket].isDone(by: log.slots[Int(epoch)].slot)
            else { throw Broken("request \(ticket) is told slot \(epoch), which is another") }
        case .refused:
            let mayCome = state.late.contains { $0.tickets & bit(ticket) != 0 }
            if mayCome || state.written & bit(ticket) != 0 {
                throw Broken("request \(ticket) is refused and its write is or may be applied")
            }
        case .unknown: break
        default: throw Broken("request \(ticket) is answered \(answer)")
        }
    }

    private mutating func react(_ told: Told) throws -> Reaction {
        if let known = reactions[told] { return known }
        var writer = writers[told.writer]
        let waitedFor = writer.effects.first
        let event: LandingMachine.Event
        switch told.stimulus {
        case .submitted(let ticket, let version):
            switch scope.requests[ticket].wish {
            case .standing(let session):
                event = .asked(UInt64(ticket), session, createdPosition: 0)
            case .intent(let sent):
                event = .submitted(
                    UInt64(ticket), version == 0 ? sent : versions[Int(version) - 1].intent)
            }
        case .slot(let log):
            guard case .readSlot(let epoch)? = waitedFor else { throw Broken("no read") }
            event = .slotRead(.found(logs[log].slots[Int(epoch)]))
        case .slotAbsent: event = .slotRead(.absent)
        case .slotFailed: event = .slotRead(.failed("fault"))
        case .created: event = .slotWritten(.created)
        case .exists: event = .slotWritten(.exists)
        case .refused: event = .slotWritten(.refused("fault"))
        case .unknown: event = .slotWritten(.unknown("fault"))
        case .nodes:
            guard case .readNodes(let hashes)? = waitedFor else { throw Broken("no read") }
            event = .nodesRead(hashes.compactMap { nodes.node($0) })
        case .history(let log):
            guard case .readHistory(let sessions, let since)? = waitedFor else {
                throw Broken("no read")
            }
            let upTo = writer.machine.tip.epoch
            var closings: [SessionID: Closing] = [:]
            for slot in logs[log].slots
            where slot.slot.epoch <= upTo && slot.slot.epoch > 0 && slot.slot.firstPosition > since
            {
                for record in slot.slot.records where sessions.contains(record.session) {
                    closings[record.session] = logs[log].closings[record.session]
                }
            }
            event = .historyRead(closings, of: sessions)
        case .readFailed: event = .readFailed("fault")
        case .paused: event = .paused
        }
        if case .submitted = told.stimulus {
        } else {
            if writer.isToldItExists, told.stimulus == .slotAbsent { writer.isWarned = true }
            writer.isToldItExists = told.stimulus == .exists
            writer.effects.removeFirst()
        }
        writer.effects += writer.machine.step(event, now: 0)
        if writer.isWarned,
            writer.effects.contains(where: { if case .writeSlot = $0 { true } else { false } })
        {
            throw Broken("a store that contradicts itself is written to")
        }
        var answers: [(ticket: Int, answer: Answer)] = []
        settling: while let effect = writer.effects.first {
            switch effect {
            case .answer(let ticket, let answer):
                answers.append((Int(ticket), .landing(answer)))
            case .told(let ticket, let standing):
                answers.append((Int(ticket), .standing(standing)))
            case .committed: break
            default: break settling
            }
            writer.effects.removeFirst()
        }
        guard writer.effects.count <= 1 else { throw Broken("two requests at once") }
        let reaction = Reaction(writer: name(writer), answers: answers)
        reactions[told] = reaction
        return reaction
    }

    private mutating func start(_ writer: Int, incarnation: Int, log: Int) throws -> Int {
        let key = [writer, incarnation, log]
        if let known = restarted[key] { return known }
        let machine = LandingMachine(
            tip: logs[log].tip, nodes: NodeCache(), writer: "",
            nonce: Hash(
                word0: UInt64(writer), word1: UInt64(incarnation), word2: UInt64(log), word3: 0),
            attemptsMax: scope.attemptsMax, closingsMax: scope.closingsMax,
            weakness: scope.weakness)
        let number = name(Writer(machine: machine, effects: [], incarnation: incarnation))
        restarted[key] = number
        return number
    }

    private mutating func name(_ writer: Writer) -> Int {
        if let known = writerNames[writer] { return known }
        writers.append(writer)
        writerNames[writer] = writers.count - 1
        return writers.count - 1
    }

    private mutating func named(_ epoch: Epoch, _ bytes: [UInt8]) -> Int {
        if let known = writeNames[bytes] { return known }
        writes.append((epoch, bytes, try? Slot(decoding: bytes)))
        writeNames[bytes] = writes.count - 1
        return writes.count - 1
    }

    /// The open requests of a writer that a write of it would fulfil.
    private func tickets(of write: Int, writer: Int, _ state: State) -> UInt16 {
        guard let slot = writes[write].slot else { return 0 }
        return scope.requests.indices.reduce(0) { tickets, ticket in
            let request = scope.requests[ticket]
            let isMeant =
                request.writer == writer && state.open & bit(ticket) != 0
                && request.isDone(by: slot)
            return isMeant ? tickets | bit(ticket) : tickets
        }
    }

    private func bit(_ index: Int) -> UInt16 { 1 << UInt16(index) }
}

extension Intent {
    var sessionOfTest: SessionID? {
        switch self {
        case .land(let intent): intent.session
        case .abandon(let abandon, _): abandon.session
        case .control: nil
        }
    }

    /// Whether `slot` holds what this asks for.
    func isDone(by slot: Slot) -> Bool {
        switch self {
        case .land, .abandon: slot.records.contains { $0.session == sessionOfTest }
        case .control(let change):
            slot.control.map { change.applied(to: $0) == $0 } ?? false
        }
    }
}

extension Scope.Request {
    /// Whether `slot` holds what this asks for; a question asks for nothing.
    func isDone(by slot: Slot) -> Bool {
        if case .intent(let intent) = wish { intent.isDone(by: slot) } else { false }
    }
}
