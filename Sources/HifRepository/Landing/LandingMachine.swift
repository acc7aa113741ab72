package import HifCore

/// The landing protocol of one writer, as a value: given what happened it returns what to do next.
///
/// A batch is whatever queued while the write before it was in flight. Each intent of it is judged
/// against the tree at the tip; what is accepted becomes slot tip + 1, **created only if absent**:
/// that write is the instant of landing. Whoever loses the slot adopts the winner's and judges again.
///
/// The rules that keep it correct, each of which a test fails without:
/// * a write whose outcome is unknown is settled only by a slot that is *there*: the same bytes go to
///   the same key until it exists, then the batch id inside tells whose it is;
/// * "exists already" does not mean "lost": it may be our own earlier attempt;
/// * a rejection is answered only when the tip it was judged at is confirmed after the request came;
/// * a session is closed once: slots since its creation are searched before it is judged;
/// * nothing is refused for good while an earlier attempt of the same slot may still be applied.
///
/// The machine performs nothing. Its shell (`Sequencer`) carries out one effect after another and
/// hands back the event; so production, the exhaustive check and the simulator run the same code.
package struct LandingMachine: Sendable {
    /// Attempts to settle one slot before the intents in it are answered `unknown`.
    package static let attemptsMax = 8
    /// Intents waiting; further ones are answered `refused` at once.
    package static let queueMax = 16_384
    /// Closings remembered, some 200 bytes each; older ones are searched for when asked for.
    package static let closingsMax = 1 << 18
    /// See `trimNodes()`.
    package static let nodeBytesMax = 128 << 20
    /// Operations of a landing take at most this many bytes in a slot; longer lists lie in a pack.
    package static let inlineOperationBytesMax = 64 << 10

    /// Names one request of the shell, so that its answer finds the way back.
    package typealias Ticket = UInt64

    package enum Event: Hashable, Sendable {
        case submitted(Ticket, Intent)
        /// Is this session, created at the position, open?
        case asked(Ticket, SessionID, createdPosition: Position)
        case slotRead(SlotRead)
        case slotWritten(SlotWrite)
        case nodesRead([TreeNode])
        /// How those of the sessions asked for were closed that were, at or before the machine's tip.
        case historyRead([SessionID: Closing], of: [SessionID])
        /// A read of nodes or history failed; the batch is answered `unknown` or tried again.
        case readFailed(String)
        case paused
    }

    package enum SlotRead: Hashable, Sendable {
        case found(ResolvedSlot)
        case absent
        case failed(String)
    }

    package enum SlotWrite: Hashable, Sendable {
        case created
        /// 412: there is a slot already, perhaps our own.
        case exists
        /// Definitely not written, by this attempt.
        case refused(String)
        /// Anything else: it may have been written, now or later.
        case unknown(String)
    }

    package enum Effect: Hashable, Sendable {
        case readSlot(Epoch)
        case writeSlot(Epoch, [UInt8])
        case readNodes([Hash])
        /// Of these sessions, in slots that begin after `since`: which were closed, and how.
        case readHistory(of: [SessionID], since: Position)
        /// Wait a little (longer with each attempt, with jitter), then report `paused`.
        case pause(attempt: Int)
        case answer(Ticket, LandingAnswer)
        /// The answer to `asked`: so it was at some moment after it was asked.
        case told(Ticket, SessionStanding)
        /// Not awaited by anybody: hint, checkpoint and index runs may be due.
        case committed(ResolvedSlot)
    }

    /// Where the machine's one outstanding request stands.
    enum Phase: Hashable, Sendable {
        case idle
        case judging
        case writing
        /// The slot just written is read back, to learn whose it is.
        case readingBack(existed: Bool)
        /// A batch of rejections waits for "nothing after the tip".
        case probing
        case adopting(ResolvedSlot)
        case pausing(then: AfterPause)
        /// The store or the log contradicts itself: nothing is written any more.
        case halted(String)
    }

    enum AfterPause: Hashable, Sendable {
        case write
        case probe
        case judge
    }

    struct Waiting: Hashable, Sendable {
        let ticket: Ticket
        let wish: Wish
    }

    enum Wish: Hashable, Sendable {
        case intent(Intent)
        /// Writes nothing, and is answered as a rejection is: once the tip is confirmed.
        case standing(SessionID, createdPosition: Position)

        /// The session it is about, if it is about one.
        var session: SessionID? {
            switch self {
            case .intent(let intent): intent.session
            case .standing(let session, _): session
            }
        }

        var createdPosition: Position? {
            switch self {
            case .intent(let intent): intent.createdPosition
            case .standing(_, let position): position
            }
        }

        var slotBytesMax: Int {
            switch self {
            case .intent(let intent): intent.slotBytesMax
            case .standing: 0
            }
        }
    }

    /// What became of an intent when the batch was judged.
    enum Judgement: Hashable, Sendable {
        /// Index of its record in the slot; nil for a control change.
        case accepted(record: Int?)
        case rejected(LandingAnswer)
        /// The session it asks about is not closed before this batch.
        case open
    }

    struct Batch: Hashable, Sendable {
        var waiting: [Waiting] = []
        var judgements: [Judgement] = []
        var slot: ResolvedSlot?
        var bytes: [UInt8] = []
        var entryCount: UInt64 = 0
        var attempts = 0
        /// Sessions whose earlier closings are in `closings` if there are any.
        var searched: Set<SessionID> = []
        /// An attempt to write the present bytes ended without a definite answer.
        var mayBeWritten = false
        /// Sessions of those that the batch began with.
        var sessions: Set<SessionID> = []
        /// Where the log stands once `slot` is its newest; nil where that takes more than the slot's
        /// records to say.
        var ahead: JudgedBatch.Basis?

        /// Whether one more intent fits behind `count` that take at most `bytes` bytes of a slot.
        static func hasRoom(for size: Int, after count: Int, bytes: Int) -> Bool {
            count < Slot.landingsMax && (bytes + size <= Slot.targetBytes || count == 0)
        }
    }

    package private(set) var tip: LogTip
    /// Nodes at hand, at least the ones touched since the tip was loaded.
    package internal(set) var nodes: NodeCache
    private(set) var phase = Phase.idle
    var queue: [Waiting] = []
    var batch = Batch()
    /// What waits, as far as it is judged already: a cache, see `judgeAhead()`.
    var ahead: JudgedBatch?
    private(set) var closings: Closings
    private(set) var packNames: PackNames
    private var nodeBytesKept = 0
    let writer: String
    let nonce: Hash
    private(set) var batchCount: UInt64 = 0
    private(set) var clock: HybridLogicalClock
    let attemptsMax: Int
    let closingsMax: Int
    let nodeBytesMax: Int
    let weakness: Weakness

    /// - Parameters:
    ///   - tip: a tip whose chain and root were verified; it may be behind.
    ///   - nodes: what is at hand of its tree; the rest is asked for.
    ///   - writer: address at which this writer can be asked, or empty.
    ///   - nonce: 256 random bits, from which batch ids are derived.
    ///   - weakness: for tests only.
    package init(
        tip: LogTip, nodes: NodeCache, writer: String, nonce: Hash,
        attemptsMax: Int = LandingMachine.attemptsMax,
        closingsMax: Int = LandingMachine.closingsMax,
        nodeBytesMax: Int = LandingMachine.nodeBytesMax, weakness: Weakness = []
    ) {
        self.attemptsMax = attemptsMax
        self.closingsMax = closingsMax
        self.nodeBytesMax = nodeBytesMax
        self.weakness = weakness
        self.tip = tip
        self.nodes = nodes
        self.writer = writer
        self.nonce = nonce
        closings = Closings(after: tip.position)
        packNames = PackNames(since: tip.epoch)
        clock = HybridLogicalClock()
        if let reason = LandingMachine.whyReadOnly(tip) { phase = .halted(reason) }
    }

    /// Whether the machine waits for nothing and has nothing to do.
    package var isIdle: Bool { phase == .idle && queue.isEmpty }

    /// - Parameter now: milliseconds since 1970 by the writer's clock; goes into the slot's advisory
    ///   timestamp and nowhere else.
    package mutating func step(_ event: Event, now: Int64) -> [Effect] {
        switch event {
        case .submitted(let ticket, let intent):
            return submit(Waiting(ticket: ticket, wish: .intent(intent)), now: now)
        case .asked(let ticket, let session, let position):
            let wish = Wish.standing(session, createdPosition: position)
            return submit(Waiting(ticket: ticket, wish: wish), now: now)
        case .nodesRead(let read):
            for node in read { nodes.insert(node) }
            return resume(now: now)
        case .historyRead(let found, let sessions):
            closings.merge(found)
            batch.searched.formUnion(sessions)
            return resume(now: now)
        case .readFailed(let reason):
            return retryOrGiveUp(reason, then: .judge)
        case .paused:
            return afterPause(now: now)
        case .slotRead(let read):
            return slotRead(read, now: now)
        case .slotWritten(let write):
            return slotWritten(write, now: now)
        }
    }

    private mutating func submit(_ waiting: Waiting, now: Int64) -> [Effect] {
        if case .halted(let reason) = phase {
            return [reply(to: waiting, .unknown(reason))]
        }
        guard queue.count < LandingMachine.queueMax else {
            return [reply(to: waiting, .refused("too many landings are waiting; try again"))]
        }
        if case .intent(.land(let intent)) = waiting.wish,
            let wrong = LandingMachine.malformed(intent)
        {
            return [reply(to: waiting, .refused(wrong))]
        }
        queue.append(waiting)
        if phase == .idle { return startBatch(now: now) }
        judgeAhead()
        return []
    }

    // MARK: Judging

    private mutating func startBatch(now: Int64) -> [Effect] {
        // What is known to be closed needs no batch, however often it was asked for.
        let answered = answerClosed(&queue)
        guard !queue.isEmpty else {
            phase = .idle
            return answered
        }
        batch = Batch()
        var sessions: Set<SessionID> = []
        var bytes = 0
        var isFull = false
        var rest: [Waiting] = []
        for waiting in queue {
            // A second request for the same session waits: after this batch it is closed, or not.
            var isRepeat = false
            if case .intent(let intent) = waiting.wish, let session = intent.session {
                isRepeat =
                    !sessions.insert(session).inserted && !weakness.contains(.repeatsShareBatch)
            }
            let size = waiting.wish.slotBytesMax
            // Nobody overtakes one that did not fit: intents are judged in their order.
            isFull = isFull || !Batch.hasRoom(for: size, after: batch.waiting.count, bytes: bytes)
            if isRepeat || isFull {
                rest.append(waiting)
            } else {
                batch.waiting.append(waiting)
                if let session = waiting.wish.session { batch.sessions.insert(session) }
                bytes += size
            }
        }
        queue = rest
        return answered + judge(now: now)
    }

    /// Judges the batch from the start against the tip. Asks for what is missing, writes when
    /// something is accepted, and probes when everything is rejected.
    private mutating func judge(now: Int64) -> [Effect] {
        phase = .judging
        if let search = unsearched() { return [search] }

        var effects: [Effect] = []
        effects += answerClosed(&batch.waiting)
        guard !batch.waiting.isEmpty else { return effects + startBatch(now: now) }

        do throws(TreeError) {
            try judgeAll(now: now)
        } catch {
            switch error {
            case .missing(let hashes): return effects + [.readNodes(hashes)]
            default: return effects + halt("the tree of @\(tip.position) is damaged: \(error)")
            }
        }
        if batch.slot == nil {
            if weakness.contains(.rejectsWithoutProbe) { return effects + answerRejected(now: now) }
            phase = .probing
            return effects + [.readSlot(tip.epoch + 1)]
        }
        phase = .writing
        if weakness.contains(.answersBeforeConfirmed) { effects += answersInAdvance() }
        return effects + [.writeSlot(tip.epoch + 1, batch.bytes)]
    }

    /// Answers those of `waiting` whose sessions confirmed slots have closed already.
    private func answerClosed(_ waiting: inout [Waiting]) -> [Effect] {
        guard !weakness.contains(.closingsNotSearched) else { return [] }
        var effects: [Effect] = []
        waiting.removeAll { waiting in
            guard let session = waiting.wish.session, let closing = closings[session] else {
                return false
            }
            effects.append(reply(to: waiting, LandingMachine.answer(for: closing)))
            return true
        }
        return effects
    }

    private static func answer(for closing: Closing) -> LandingAnswer {
        switch closing {
        case .landed(let landed): .landed(landed)
        case .abandoned: .abandoned
        }
    }

    mutating func encode(
        _ records: [ClosingRecord], _ operations: [[LandedOperation]], _ control: ControlState?,
        root: Hash, now: Int64
    ) {
        batchCount += 1
        let id = Blake3.hash(key: nonce, Array(String(batchCount).utf8))
        let slot = Slot(
            epoch: tip.epoch + 1, firstPosition: tip.position + 1, previous: tip.slotHash,
            root: root, batch: BatchID(high: id.word0, low: id.word1),
            clock: clock.tick(now: now).packed,
            controlEpoch: control == nil ? tip.controlEpoch : tip.epoch + 1,
            checkpointEpoch: tip.checkpoints.lastDue, writer: writer, records: records,
            control: control)
        batch.bytes = slot.encode()
        batch.slot = ResolvedSlot(
            slot: slot, hash: Slot.hash(ofBytes: batch.bytes), byteCount: batch.bytes.count,
            operations: operations)
    }

    // MARK: The write and its outcome

    private mutating func slotWritten(_ write: SlotWrite, now: Int64) -> [Effect] {
        guard case .writing = phase else { return [] }
        switch write {
        case .created:
            return commit(now: now)
        case .exists:
            if weakness.contains(.existsMeansLost) { return answerLost(now: now) }
            phase = .readingBack(existed: true)
            return [.readSlot(tip.epoch + 1)]
        case .refused(let reason):
            guard !batch.mayBeWritten || weakness.contains(.refusesDespiteUnknown) else {
                return retryOrGiveUp(reason, then: .write)
            }
            let answers = answerBatch { judgement in
                switch judgement {
                case .accepted: .refused(reason)
                // Its tip was not confirmed, so the rejection is not known to hold.
                case .rejected, .open: .unknown(reason)
                }
            }
            return answers + startBatch(now: now)
        case .unknown:
            batch.mayBeWritten = true
            phase = .readingBack(existed: false)
            return [.readSlot(tip.epoch + 1)]
        }
    }

    private mutating func slotRead(_ read: SlotRead, now: Int64) -> [Effect] {
        switch (phase, read) {
        case (.readingBack, .found(let slot)) where slot.hash == batch.slot?.hash:
            return commit(now: now)
        case (.readingBack, .found(let slot)), (.probing, .found(let slot)):
            return adopt(slot, now: now)
        case (.readingBack(existed: true), .absent)
        where !weakness.contains(.contradictionIsIgnored):
            return halt("the store says slot \(tip.epoch + 1) exists and that it does not")
        case (.readingBack, .absent):
            if weakness.contains(.absentIsFinal) { batch.mayBeWritten = false }
            return retryOrGiveUp("the store did not confirm slot \(tip.epoch + 1)", then: .write)
        case (.readingBack, .failed(let reason)):
            // Nothing is known of the slot now, so an outcome that was certain no longer is.
            if !weakness.contains(.failedReadSettles) { batch.mayBeWritten = true }
            return retryOrGiveUp(reason, then: .write)
        case (.probing, .absent):
            if weakness.contains(.probeAnswersLatecomers) { letLatecomersIn(now: now) }
            return answerRejected(now: now)
        case (.probing, .failed) where weakness.contains(.failedProbeIsAbsent):
            return answerRejected(now: now)
        case (.probing, .failed(let reason)):
            return retryOrGiveUp(reason, then: .probe)
        default:
            return []
        }
    }

    /// Nothing of the batch was accepted, and the tip it was judged at is confirmed.
    private mutating func answerRejected(now: Int64) -> [Effect] {
        let answers = answerBatch(isConfirmed: true) { judgement in
            if case .rejected(let answer) = judgement { answer } else { .unknown("not written") }
        }
        return answers + startBatch(now: now)
    }

    /// Our slot is the log's next one.
    private mutating func commit(now: Int64) -> [Effect] {
        guard let slot = batch.slot else { return [] }
        if let contradiction = advance(over: slot, root: slot.slot.root, batch.entryCount) {
            return contradiction
        }
        let positions = slot.positions
        let answers = answerBatch(isConfirmed: true) {
            LandingMachine.answer(to: $0, in: slot, positions)
        }
        return answers + [.committed(slot)] + startBatch(now: now)
    }

    /// What a judgement comes to once `slot`, whose positions are given, is the log's next one.
    private static func answer(
        to judgement: Judgement, in slot: ResolvedSlot, _ positions: [Position]
    ) -> LandingAnswer {
        switch judgement {
        case .rejected(let answer): return answer
        case .open: return .unknown("asked, and not wished")
        case .accepted(let record):
            guard let record else { return .controlled(epoch: slot.slot.epoch) }
            switch slot.slot.records[record] {
            case .abandon: return .abandoned
            case .landing(let landing):
                return .landed(Landed(landing, at: positions[record]))
            }
        }
    }

    /// Another writer's slot is the log's next one: take it in and judge what is left again.
    private mutating func adopt(_ slot: ResolvedSlot, now: Int64) -> [Effect] {
        phase = .adopting(slot)
        do throws(TreeError) {
            let edits = ResolvedSlot.edits(of: [slot])
            let result = try ProllyTree(root: tip.root).applying(edits, in: nodes)
            for node in result.newNodes { nodes.insert(node) }
            let entries = try result.tree.totals(in: nodes).entryCount
            if let contradiction = advance(over: slot, root: result.tree.root, entries) {
                return contradiction
            }
            batch.attempts = 0
        } catch {
            if case .missing(let hashes) = error { return [.readNodes(hashes)] }
            return halt("slot \(slot.slot.epoch) does not apply: \(error)")
        }
        if weakness.contains(.keepsJudgements), let kept = batch.slot, let effects = resend(kept) {
            return effects
        }
        return judge(now: now)
    }

    /// Folds a slot into the tip; returns the effects of halting when it does not continue the log.
    private mutating func advance(
        over slot: ResolvedSlot, root: Hash, _ entryCount: UInt64
    ) -> [Effect]? {
        do throws(LogError) {
            try tip.adopt(
                slot.slot, hash: slot.hash, root: root, entryCount: entryCount,
                operationCount: slot.effectiveOperationCount)
        } catch {
            return halt("\(error)")
        }
        if let reason = LandingMachine.whyReadOnly(tip) { return halt(reason) }
        if closings.remember(slot, countMax: closingsMax) { batch.searched = [] }
        packNames.remember(slot.slot)
        return nil
    }

    /// Drops nodes that no tree in use has once they take more than `nodeBytesMax` and twice what was
    /// left the last time. What is dropped is asked for again when it is needed.
    ///
    /// In use are the tip's tree, that of the slot being written and that of what is judged ahead:
    /// the nodes that are new in them are nowhere else yet.
    package mutating func trimNodes() {
        guard nodes.byteCount > nodeBytesMax, nodes.byteCount > 2 * nodeBytesKept else { return }
        let ahead = [batch.slot?.slot.root, ahead?.work.tree.root].compactMap { $0 }
        nodes = nodes.reachable(from: [tip.root] + ahead)
        nodeBytesKept = nodes.byteCount
    }

    // MARK: Waiting, giving up

    private mutating func resume(now: Int64) -> [Effect] {
        switch phase {
        case .adopting(let slot): adopt(slot, now: now)
        case .judging: judge(now: now)
        default: []
        }
    }

    private mutating func retryOrGiveUp(_ reason: String, then next: AfterPause) -> [Effect] {
        batch.attempts += 1
        guard batch.attempts < attemptsMax else {
            let answers = answerBatch { _ in .unknown(reason) }
            // What else waits is answered too: the store is in no state to take it.
            let others = queue.map { reply(to: $0, .unknown(reason)) }
            queue = []
            phase = .idle
            return answers + others
        }
        phase = .pausing(then: next)
        return [.pause(attempt: batch.attempts)]
    }

    private mutating func afterPause(now: Int64) -> [Effect] {
        guard case .pausing(let next) = phase else { return [] }
        switch next {
        case .write:
            phase = .writing
            return [.writeSlot(tip.epoch + 1, batch.bytes)]
        case .probe:
            phase = .probing
            return [.readSlot(tip.epoch + 1)]
        case .judge:
            return judge(now: now)
        }
    }

    /// Ends the batch.
    ///
    /// - Parameter isConfirmed: the tip is known to have been the log's end after the batch was made,
    ///   so that who is not closed by now is open.
    private mutating func answerBatch(
        isConfirmed: Bool = false, _ answer: (Judgement) -> LandingAnswer
    ) -> [Effect] {
        var effects: [Effect] = []
        for (index, waiting) in batch.waiting.enumerated() {
            let judgement =
                index < batch.judgements.count
                ? batch.judgements[index] : .rejected(.unknown("not judged"))
            if isConfirmed, judgement == .open, let session = waiting.wish.session {
                let standing = closings[session].map(SessionStanding.closed) ?? .open
                effects.append(.told(waiting.ticket, standing))
            } else {
                effects.append(reply(to: waiting, answer(judgement)))
            }
        }
        batch = Batch()
        return effects
    }

    // MARK: Weakened rules, for tests

    private mutating func answerLost(now: Int64) -> [Effect] {
        answerBatch { _ in .refused("somebody else was faster") } + startBatch(now: now)
    }

    private func answersInAdvance() -> [Effect] {
        guard let slot = batch.slot else { return [] }
        let positions = slot.positions
        return zip(batch.waiting, batch.judgements).compactMap { waiting, judgement in
            guard case .accepted = judgement else { return nil }
            return .answer(
                waiting.ticket, LandingMachine.answer(to: judgement, in: slot, positions))
        }
    }

    /// Writes the records of a batch that lost its slot into the next one, unexamined.
    private mutating func resend(_ kept: ResolvedSlot) -> [Effect]? {
        encode(kept.slot.records, kept.operations, nil, root: kept.slot.root, now: 0)
        batch.mayBeWritten = false
        phase = .writing
        return [.writeSlot(tip.epoch + 1, batch.bytes)]
    }

    private mutating func halt(_ reason: String) -> [Effect] {
        let waiting = batch.waiting + queue
        batch = Batch()
        queue = []
        phase = .halted(reason)
        return waiting.map { reply(to: $0, .unknown(reason)) }
    }
}
