extension LandingMachine {
    /// Rules of the protocol that a test may switch off, to see that the checker notices.
    ///
    /// For tests only: a machine with any of these loses or repeats landings sooner or later. The
    /// default everywhere is none.
    package struct Weakness: OptionSet, Hashable, Sendable {
        package let rawValue: Int

        package init(rawValue: Int) {
            self.rawValue = rawValue
        }

        /// "It exists already" is taken for "somebody else wrote it".
        package static let existsMeansLost = Weakness(rawValue: 1 << 0)
        /// A slot that is not there yet after an unknown outcome is taken never to come.
        package static let absentIsFinal = Weakness(rawValue: 1 << 1)
        /// Nobody looks whether the session is closed already.
        package static let closingsNotSearched = Weakness(rawValue: 1 << 2)
        /// Accepted intents are answered when the write is sent.
        package static let answersBeforeConfirmed = Weakness(rawValue: 1 << 3)
        /// Rejections are answered without asking whether the tip has moved.
        package static let rejectsWithoutProbe = Weakness(rawValue: 1 << 4)
        /// The last attempt's refusal is believed although an earlier one has no outcome yet.
        package static let refusesDespiteUnknown = Weakness(rawValue: 1 << 5)
        /// Two requests for one session share a batch.
        package static let repeatsShareBatch = Weakness(rawValue: 1 << 6)
        /// A probe that failed counts as one that found nothing.
        package static let failedProbeIsAbsent = Weakness(rawValue: 1 << 7)
        /// Intents are judged as if the project were empty, as after a read error taken for "no
        /// such tree".
        package static let judgesEmptyTree = Weakness(rawValue: 1 << 8)
        /// After a lost slot the batch goes on as it was judged before.
        package static let keepsJudgements = Weakness(rawValue: 1 << 9)
        /// Nobody looks whether the packs of an intent were condemned.
        package static let condemnedPacksAreUsed = Weakness(rawValue: 1 << 10)
        /// What a slot condemns is refused from the next slot on only, or when it comes first.
        package static let condemnedInSlotLands = Weakness(rawValue: 1 << 11)
        /// A condemnation is taken as it was marked, whatever landed since.
        package static let condemnsWhatLanded = Weakness(rawValue: 1 << 12)
        /// After "it exists already" and a read that failed, the outcome still counts as certain.
        package static let failedReadSettles = Weakness(rawValue: 1 << 13)
        /// A session that claims to begin after the newest landing is judged like any other.
        package static let futureIsJudged = Weakness(rawValue: 1 << 14)
        /// An operation whose result is there already is recorded as a change.
        package static let noOpsAreChanges = Weakness(rawValue: 1 << 15)
        /// What was changed since is overwritten.
        package static let overwrites = Weakness(rawValue: 1 << 16)
        /// Nobody looks whether a file would stand where a directory is, or below a file.
        package static let clashesAreAccepted = Weakness(rawValue: 1 << 17)
        /// A slot that exists and is absent when it is read is written again.
        package static let contradictionIsIgnored = Weakness(rawValue: 1 << 18)
        /// A probe also answers those who came while it was under way, to whom it may be old news.
        package static let probeAnswersLatecomers = Weakness(rawValue: 1 << 19)
    }

    /// What `probeAnswersLatecomers` does: who queues joins the batch if it is rejected like the others.
    mutating func letLatecomersIn(now: Int64) {
        let before = (batch, queue)
        batch.waiting += queue
        queue = []
        if (try? judgeAll(now: now)) == nil || batch.slot != nil { (batch, queue) = before }
    }
}

extension LandingMachine: Hashable {
    /// Whether both will say the same from here on, given the same nodes: everything but the nodes
    /// at hand, which decide what is asked for and not what is answered. For exploring the
    /// protocol's states.
    package static func == (left: LandingMachine, right: LandingMachine) -> Bool {
        left.tip == right.tip && left.phase == right.phase && left.queue == right.queue
            && left.batch == right.batch && left.closings == right.closings
            && left.nonce == right.nonce
            && left.packNames == right.packNames
            && left.ahead?.basis == right.ahead?.basis
            && left.ahead?.tickets == right.ahead?.tickets
            && left.batchCount == right.batchCount && left.clock == right.clock
            && left.writer == right.writer && left.attemptsMax == right.attemptsMax
            && left.closingsMax == right.closingsMax && left.weakness == right.weakness
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(tip.slotHash)
        hasher.combine(phase)
        hasher.combine(queue.map(\.ticket))
        hasher.combine(batch.waiting.map(\.ticket))
        hasher.combine(batch.attempts)
        hasher.combine(batch.mayBeWritten)
        hasher.combine(batchCount)
        hasher.combine(nonce)
    }
}
