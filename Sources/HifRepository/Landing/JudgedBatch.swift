import HifCore

/// A batch as far as it is judged: what it makes of the tree, and what becomes of each intent.
///
/// The verdicts are a function of `basis` and of the intents in their order, and of nothing else. So
/// the beginning of a batch may be judged before its turn comes, and counts if the log then stands
/// where it was expected to.
struct JudgedBatch: Sendable {
    /// What the verdicts depend on beside the intents.
    struct Basis: Hashable, Sendable {
        let root: Hash
        /// The newest landing's.
        let position: Position
        /// The newest slot that condemned packs: the condemned are a function of the log up to it.
        let condemnedEpoch: Epoch
    }

    let basis: Basis
    /// The tree, with what is accepted.
    var work: WorkTree
    /// Who was judged, in order, and how.
    private(set) var tickets: [LandingMachine.Ticket] = []
    private(set) var judgements: [LandingMachine.Judgement] = []
    /// What goes into the slot.
    private(set) var records: [ClosingRecord] = []
    /// For each record, its operations.
    private(set) var operations: [[LandedOperation]] = []
    private(set) var landingCount: UInt64 = 0
    var control: ControlState?
    /// Sessions of those judged.
    private(set) var sessions: Set<SessionID> = []
    /// At most this many bytes of a slot hold what was judged.
    private(set) var slotBytesMax = 0
    /// Whether the next that waits may be judged ahead, too.
    var mayGrow = true

    /// - Parameter weakness: for tests only.
    init(on basis: Basis, _ weakness: LandingMachine.Weakness) {
        self.basis = basis
        work = WorkTree(ProllyTree(root: basis.root), weakness)
    }

    /// The position after the landings accepted so far.
    var position: Position { basis.position + landingCount }

    /// For what puts nothing into the slot's records: rejections, questions, and changes of the
    /// control state.
    mutating func note(
        _ waiting: LandingMachine.Waiting, _ judgement: LandingMachine.Judgement
    ) {
        tickets.append(waiting.ticket)
        judgements.append(judgement)
        slotBytesMax += waiting.wish.slotBytesMax
        if let session = waiting.wish.session { sessions.insert(session) }
    }

    mutating func accept(
        _ waiting: LandingMachine.Waiting, _ record: ClosingRecord, _ landed: [LandedOperation]
    ) {
        note(waiting, .accepted(record: records.count))
        records.append(record)
        operations.append(landed)
        if record.landing != nil { landingCount += 1 }
    }
}
