import HifCore

/// Judges what the control changes of a batch do to packs: against the tip, and against each other.
struct PackJudge {
    /// What the batch's slot condemns and replaces.
    private(set) var lists: Condemnation
    private var judgements: [LandingMachine.Ticket: LandingMachine.Judgement] = [:]
    private let tip: LogTip
    private let names: PackNames
    private let weakness: LandingMachine.Weakness
    private var condemnedHere: Set<Hash> = []
    private var replacedHere: Set<Hash> = []

    init(_ machine: LandingMachine) {
        tip = machine.tip
        names = machine.packNames
        weakness = machine.weakness
        lists = Condemnation(previous: tip.packs.lastEpoch)
    }

    /// Whether the log, or this batch, condemned the pack.
    func isCondemned(_ pack: Hash) -> Bool {
        tip.packs.isCondemned(pack) || condemnedHere.contains(pack)
    }

    /// Whether nobody may land with the pack: it was condemned, or replaced. What a landing brought into
    /// a pack after its content was copied would go with it.
    func isClosed(_ pack: Hash) -> Bool {
        tip.packs.isClosed(pack) || condemnedHere.contains(pack) || replacedHere.contains(pack)
    }

    /// Condemnations first, then replacements: nothing is replaced by what goes in the same slot.
    mutating func judge(_ waiting: [LandingMachine.Waiting]) {
        for waiting in waiting {
            guard case .intent(let intent) = waiting.wish else { continue }
            if case .control(.condemn) = intent { _ = judgement(of: waiting.ticket, intent) }
        }
        for waiting in waiting {
            guard case .intent(let intent) = waiting.wish else { continue }
            if case .control(.replace) = intent { _ = judgement(of: waiting.ticket, intent) }
        }
    }

    /// What becomes of one change that condemns or replaces; judged once.
    mutating func judgement(
        of ticket: LandingMachine.Ticket, _ intent: Intent
    ) -> LandingMachine.Judgement {
        if let known = judgements[ticket] { return known }
        let wrong: String?
        switch intent {
        case .control(.condemn(let packs, let markedAt)): wrong = condemn(packs, markedAt)
        case .control(.replace(let packs, let markedAt)): wrong = replace(packs, markedAt)
        default: wrong = nil
        }
        let judgement: LandingMachine.Judgement =
            wrong.map { .rejected(.refused($0)) } ?? .accepted(record: nil)
        judgements[ticket] = judgement
        return judgement
    }

    private var room: Int {
        Condemnation.packsMax - lists.condemned.count - lists.replaced.count
    }

    /// Whether a landing or a replacement after the mark names the pack.
    private func isNamed(_ pack: Hash, since markedAt: Epoch) -> Bool {
        guard !weakness.contains(.condemnsWhatLanded) else { return false }
        return names.newest[pack].map { $0 > markedAt } ?? false
    }

    private mutating func condemn(_ packs: [Hash], _ markedAt: Epoch) -> String? {
        guard markedAt >= names.since else { return "it was marked too long ago: mark again" }
        let rest = Set(packs).filter { !isCondemned($0) && !isNamed($0, since: markedAt) }
        guard !rest.isEmpty else { return "nothing is left to condemn" }
        guard rest.count <= room else { return "too many packs to condemn at once" }
        condemnedHere.formUnion(rest)
        lists.condemned = condemnedHere.sorted()
        return nil
    }

    private mutating func replace(
        _ packs: [Condemnation.Replacement], _ markedAt: Epoch
    ) -> String? {
        guard markedAt >= names.since else { return "it was marked too long ago: mark again" }
        guard !packs.isEmpty, packs.count <= room else { return "no packs to replace, or too many" }
        for replacement in packs {
            if isClosed(replacement.by) { return "the new pack is condemned" }
            if isClosed(replacement.pack) {
                return "the old pack is gone already"
            }
            if isNamed(replacement.pack, since: markedAt) {
                return "the old pack has gained content since: copy again"
            }
        }
        var all: [Hash: Hash] = [:]
        for replacement in lists.replaced + packs {
            guard all.updateValue(replacement.by, forKey: replacement.pack) == nil,
                replacement.pack != replacement.by
            else { return "a pack is replaced twice" }
        }
        replacedHere = Set(all.keys)
        lists.replaced = all.sorted { $0.key < $1.key }
            .map { Condemnation.Replacement(pack: $0.key, by: $0.value) }
        return nil
    }
}

/// Which slot named a pack last, for the slots a writer took in itself.
struct PackNames: Hashable, Sendable {
    /// Beyond it the memory is dropped, and a condemnation that was marked before is refused.
    static let countMax = 65_536

    /// The newest slot that names a pack, among those after `since`.
    private(set) var newest: [Hash: Epoch] = [:]
    private(set) var since: Epoch

    init(since: Epoch) {
        self.since = since
    }

    mutating func remember(_ slot: Slot) {
        for case .landing(let landing) in slot.records {
            for pack in landing.packs { newest[pack] = slot.epoch }
        }
        for replacement in slot.control?.condemnation.replaced ?? [] {
            newest[replacement.by] = slot.epoch
        }
        guard newest.count > PackNames.countMax else { return }
        newest = [:]
        since = slot.epoch
    }
}
