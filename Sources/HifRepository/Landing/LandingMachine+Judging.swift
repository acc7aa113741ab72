import HifCore

// How the intents of a batch are judged, one after the other, and which are before their turn.

extension LandingMachine {
    /// Edits judged ahead that are applied to the tree together. Fewer would write the same inner
    /// nodes more often, more would leave more to do while nothing is on its way to the store.
    static let editsAheadMax = 96

    /// What the verdicts of a batch that is judged now depend on.
    private var basis: JudgedBatch.Basis {
        basis(root: tip.root, position: tip.position)
    }

    private func basis(root: Hash, position: Position) -> JudgedBatch.Basis {
        JudgedBatch.Basis(
            root: weakness.contains(.judgesEmptyTree) ? ProllyTree.empty.root : root,
            position: position, condemnedEpoch: tip.packs.lastEpoch)
    }

    /// Judges the batch against the tip and, where something is accepted, encodes its slot.
    mutating func judgeAll(now: Int64) throws(TreeError) {
        // First, whatever their places in the batch: what a slot condemns is refused in that very
        // slot, too.
        var packs = PackJudge(self)
        if !weakness.contains(.condemnedInSlotLands) { packs.judge(batch.waiting) }
        var judged = takeAhead(packs) ?? JudgedBatch(on: basis, weakness)
        for waiting in batch.waiting.dropFirst(judged.tickets.count) {
            try judge(waiting, in: &judged, &packs)
        }
        let position = judged.position
        batch.judgements = judged.judgements.map { judgement in
            // Judged within the batch, so true of the state that the batch makes.
            if case .rejected(.conflict(let paths, let digest, _)) = judgement {
                return .rejected(.conflict(paths, sourceDigest: digest, position: position))
            }
            return judgement
        }
        // Whatever was written before under this number has lost to a slot that was adopted since.
        batch.mayBeWritten = false
        var control = judged.control
        if !packs.lists.isEmpty || control != nil {
            control = control ?? tip.control
            control?.condemnation = packs.lists
        }
        guard !judged.records.isEmpty || control != nil else {
            batch.slot = nil
            return
        }
        try judged.work.materialize(nodes: &nodes)
        batch.entryCount = try judged.work.tree.totals(in: nodes).entryCount
        encode(
            judged.records, judged.operations, control, root: judged.work.tree.root, now: now)
        batch.ahead = control == nil ? basis(root: judged.work.tree.root, position: position) : nil
    }

    /// Judges one of the batch, after those before it.
    ///
    /// - Throws: `TreeError.missing` when nodes must be fetched; nothing has changed then.
    private mutating func judge(
        _ waiting: Waiting, in judged: inout JudgedBatch, _ packs: inout PackJudge
    ) throws(TreeError) {
        let tip = judged.basis.position
        if let created = waiting.wish.createdPosition, created > tip,
            !weakness.contains(.futureIsJudged)
        {
            let reason = "the session began at @\(created), after the newest landing"
            return judged.note(waiting, .rejected(.refused(reason)))
        }
        guard case .intent(let intent) = waiting.wish else { return judged.note(waiting, .open) }
        switch intent {
        case .abandon(let abandon, _):
            judged.accept(waiting, .abandon(abandon), [])
        case .control(.condemn), .control(.replace):
            judged.note(waiting, packs.judgement(of: waiting.ticket, intent))
        case .control(let change):
            let changed = change.applied(to: judged.control ?? self.tip.control)
            if let wrong = refusal(of: change, giving: changed) {
                judged.note(waiting, .rejected(.refused(wrong)))
            } else {
                judged.control = changed
                judged.note(waiting, .accepted(record: nil))
            }
        case .land(let intent):
            let next = judged.position + 1
            if let wanted = intent.position, wanted != next {
                let reason = "it lands as @\(wanted) only, and the next is @\(next)"
                return judged.note(waiting, .rejected(.refused(reason)))
            }
            let closed = intent.packs.filter { packs.isClosed($0) }
            guard closed.isEmpty || weakness.contains(.condemnedPacksAreUsed) else {
                return judged.note(waiting, .rejected(.reupload(closed)))
            }
            switch try judged.work.judge(intent.operations, nodes: &nodes) {
            case .accepted(let landed):
                judged.accept(waiting, .landing(LandingMachine.record(intent, landed)), landed)
            case .conflicts(let conflicts):
                let answer = LandingAnswer.conflict(
                    conflicts, sourceDigest: intent.sourceDigest, position: tip)
                judged.note(waiting, .rejected(answer))
            }
        }
    }

    // MARK: Ahead

    /// Judges what waits as if the slot that is being written were committed already: while a write is
    /// on its way there is nothing else to do, and afterwards everybody waits for the next one.
    ///
    /// Nothing comes of it but time: the next batch is formed as ever, and what was judged counts only
    /// if it is the beginning of that batch and the tip is the one it was judged against.
    mutating func judgeAhead() {
        guard phase == .writing, let basis = batch.ahead else { return }
        // Not held twice meanwhile: what is held twice is copied when it changes.
        var judged =
            ahead.flatMap { $0.basis == basis ? $0 : nil } ?? JudgedBatch(on: basis, weakness)
        ahead = nil
        defer { ahead = judged }
        var packs = PackJudge(self)
        while judged.tickets.count < queue.count {
            let waiting = queue[judged.tickets.count]
            guard judged.mayGrow, mayJudgeAhead(waiting, after: judged) else {
                return judged.mayGrow = false
            }
            do throws(TreeError) {
                try judge(waiting, in: &judged, &packs)
                if judged.work.editCount >= LandingMachine.editsAheadMax {
                    try judged.work.materialize(nodes: &nodes)
                }
            } catch {
                // What is missing is asked for when its turn comes.
                return judged.mayGrow = false
            }
        }
    }

    /// Whether `waiting` will be the next of the batch after those judged ahead, unless the slot that
    /// is being written is lost. A control change is judged before the landings of its batch, so none
    /// is judged ahead.
    private func mayJudgeAhead(_ waiting: Waiting, after judged: JudgedBatch) -> Bool {
        guard case .intent(.land(let intent)) = waiting.wish else { return false }
        return closings[intent.session] == nil && !batch.sessions.contains(intent.session)
            && !judged.sessions.contains(intent.session)
            && Batch.hasRoom(
                for: intent.slotBytesMax, after: judged.tickets.count, bytes: judged.slotBytesMax)
    }

    /// What was judged ahead, if it is the beginning of this batch and was judged against this tip.
    private mutating func takeAhead(_ packs: PackJudge) -> JudgedBatch? {
        guard let judged = ahead else { return nil }
        ahead = nil
        guard judged.basis == basis, packs.lists.isEmpty,
            judged.tickets.count <= batch.waiting.count,
            zip(judged.tickets, batch.waiting).allSatisfy({ $0 == $1.ticket })
        else { return nil }
        return judged
    }
}
