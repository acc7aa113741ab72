import HifStore

/// Decides which fault each request to the store suffers.
///
/// `@unchecked Sendable`: used by the simulation's one thread only.
final class FaultPlan: @unchecked Sendable {
    private let perThousand: Int
    private let kinds: [FaultKind]
    private let perThousandSlots: Int
    private let slotKinds: [FaultKind]
    private let storms: Int
    private let faultsMax: Int
    private(set) var faultCount = 0
    private var dice: Dice
    private(set) var isOn = false
    private var stormyPrefix: String?
    private var isForbidding = false
    private(set) var counts = RequestCounts()
    var requestCount: Int { counts.total }

    init(_ scenario: Scenario) {
        perThousand = scenario.storeFaults
        // In a fixed order: a set has none.
        let isDisk = scenario.powerCuts > 0
        storms = isDisk ? 0 : scenario.storms
        kinds = FaultKind.allCases.filter {
            scenario.faultKinds.contains($0) && (!isDisk || $0.concernsDisks)
        }
        perThousandSlots = scenario.slotFaults
        slotKinds = [FaultKind.zombie, .forbidden, .lost, .serverError].filter {
            !isDisk || $0.concernsDisks
        }
        faultsMax = scenario.faultsMax
        dice = Dice(seed: scenario.seed, "faults")
    }

    func begin() { isOn = true }

    func end() {
        isOn = false
        stormyPrefix = nil
    }

    func changeWeather(now: UInt64) {
        guard isOn, storms > 0 else { return }
        if stormyPrefix != nil {
            if dice.chance(600) { stormyPrefix = nil }
        } else if dice.chance(storms * 100) {
            stormyPrefix = dice.pick(["log/", "log/", "pack/", "ses/", "obj/", "ckpt/", "ix/", ""])
            // Credentials that have expired, for a while.
            isForbidding = dice.chance(500)
        }
    }

    func lateWritesMayArrive(_ dice: inout Dice) -> Bool { dice.chance(100) }

    /// Whether a directory cannot be synced now: the name in it is seen, and nobody knows for how long.
    func failsToSync() -> Bool {
        guard isOn, kinds.contains(.appliedThenError), faultCount < faultsMax,
            dice.chance(perThousand)
        else { return false }
        faultCount += 1
        return true
    }

    func draw(_ operation: FaultyStore.Operation, _ key: String) -> Fault? {
        switch operation {
        case .get: counts.reads += 1
        case .put where key.hasPrefix("log/") || key.hasPrefix("pack/"): counts.needed += 1
        case .put: counts.derived += 1
        case .list, .delete: counts.others += 1
        }
        guard isOn else { return nil }
        if let stormyPrefix, isForbidding, operation == .put, key.hasPrefix(stormyPrefix) {
            return .fails(.refused)
        }
        if let stormyPrefix, !isForbidding, key.hasPrefix(stormyPrefix), dice.chance(800) {
            // A proxy that says so may have passed the request on.
            return operation == .put && dice.chance(200)
                ? .appliedBut(.throttled) : .fails(.throttled)
        }
        if perThousandSlots > 0, key.hasPrefix("log/") { return drawForSlot() }
        guard !kinds.isEmpty, dice.chance(perThousand), faultCount < faultsMax else { return nil }
        faultCount += 1
        return fault(dice.pick(kinds))
    }

    /// A slot's writes come soon after they were given up, between refusals and failed reads: what landing
    /// has to tell apart.
    private func drawForSlot() -> Fault? {
        guard dice.chance(perThousandSlots), faultCount < faultsMax else { return nil }
        faultCount += 1
        let kind = dice.pick(slotKinds)
        return kind == .zombie ? .late(after: dice.below(8)) : fault(kind)
    }

    private func fault(_ kind: FaultKind) -> Fault {
        switch kind {
        case .lost: return .lost
        case .answerLost: return .answerLost
        case .duplicated: return .duplicated
        case .repeatedInside: return .repeatedInside
        case .zombie: return .late(after: 1 << dice.below(11))
        case .conflict: return dice.chance(500) ? .fails(.conflict) : .appliedBut(.conflict)
        case .throttled: return dice.chance(700) ? .fails(.throttled) : .appliedBut(.throttled)
        case .serverError: return .fails(.unknown)
        case .appliedThenError: return .appliedBut(.unknown)
        case .forbidden: return .fails(.refused)
        case .truncated: return .truncated(count: dice.below(400))
        case .corrupted: return .corrupted(bit: dice.below(100_000))
        case .unsettledList: return .stale(missing: dice.within(1...3))
        }
    }
}

extension FaultKind {
    /// Whether a disk does this too: no room, no permission, an I/O error before or after the name
    /// was given.
    fileprivate var concernsDisks: Bool {
        self == .serverError || self == .appliedThenError || self == .forbidden
    }
}
