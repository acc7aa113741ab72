import HifStore

/// What one simulation consists of, drawn from its seed: swarm testing (Groce and others, 2012), so
/// that every run leaves some faults and workloads out and the rest come together in odd ways.
///
/// Fields that are set by hand (to shrink a failure) take the place of what the seed drew.
package struct Scenario: Sendable {
    package let seed: UInt64
    package var nodeCount: Int
    package var clientCount: Int
    package var sessionsPerClient: Int
    package var workloads: [Workload]
    /// Of a thousand requests to the store, so many suffer a fault.
    package var storeFaults: Int
    /// Of a thousand requests for slots of the log, so many are lost, refused, or written after all a little
    /// later; 0: what happens to every request.
    package var slotFaults: Int
    /// Of ten thousand requests to the store, so many are the last of the node that made them.
    package var crashes: Int
    /// Of a thousand calls from client to node, so many are lost, late, doubled or unanswered.
    package var callFaults: Int
    /// Of a thousand calls, so many are cancelled on the node when the client stops waiting.
    package var cancellations: Int
    /// Of a thousand calls, before so many the node called stands still for up to hours.
    package var pauses: Int
    /// Storms of 429 and 503 for a prefix, while they last.
    package var storms: Int
    package var skewMillis: Int64
    /// Median of one way to the store, in microseconds.
    package var storeMicros: UInt64
    package var planted: PlantedBug?
    /// All nodes are processes on one machine with a directory store, which loses power so many
    /// times in a thousand looks at the weather; 0: a bucket.
    package var powerCuts: Int
    /// Slots that the project has when it begins; 0: it is new.
    package var history: Int
    /// Kinds of derived objects that the history lacks, by the beginning of their keys.
    package var lacking: Set<String>
    /// How many have packs collected, each again and again.
    package var collectorCount: Int
    /// How many have packs compacted, each again and again.
    package var compactorCount: Int
    /// Whether nodes hand landings on to the one that wrote the newest slot: 0 or 1.
    package var forwards: Int
    /// Bytes of the cache in memory that each node has before its store; 0: none. Never drawn, so that
    /// what seeds draw stays.
    package var cache = 0
    /// Store faults happen up to this many.
    package var faultsMax: Int

    /// What the faults drawn for requests are drawn from.
    package var faultKinds: Set<FaultKind>

    package init(seed: UInt64) {
        var dice = Dice(seed: seed, "scenario")
        self.seed = seed
        nodeCount = dice.within(1...3)
        clientCount = dice.within(1...5)
        sessionsPerClient = dice.within(1...5)
        workloads = []
        for _ in 0..<dice.within(1...3) { workloads.append(Workload.drawn(&dice)) }
        storeFaults = dice.pick([0, 10, 50, 150, 300])
        crashes = dice.pick([0, 0, 20, 100, 300])
        callFaults = dice.pick([0, 20, 100, 300])
        cancellations = dice.pick([0, 0, 200, 1_000])
        pauses = dice.pick([0, 0, 10, 50])
        storms = dice.pick([0, 0, 1, 3])
        skewMillis = dice.chance(500) ? 0 : Int64(dice.within(-200_000_000...200_000_000))
        storeMicros = UInt64(dice.pick([200, 5_000, 30_000]))
        faultKinds = Set(FaultKind.allCases.filter { _ in dice.chance(600) })
        powerCuts = dice.chance(250) ? 150 : 0
        faultsMax = 1_000_000
        if dice.chance(30) { sessionsPerClient = 15 }
        collectorCount = dice.pick([0, 0, 1, 2])
        history = 0
        lacking = []
        forwards = 0
        slotFaults = 0
        compactorCount = 0
        drawHistory(&dice)
        // Drawn last, so that what earlier seeds drew stays.
        forwards = nodeCount > 1 && dice.chance(600) ? 1 : 0
        slotFaults = dice.chance(150) ? dice.pick([200, 400, 600]) : 0
        // Each reads the log whole.
        if history <= 1_000 { compactorCount = dice.pick([0, 0, 0, 0, 1, 2]) }
    }
}

extension Scenario {
    private mutating func drawHistory(_ dice: inout Dice) {
        let place = dice.below(1_000)
        guard let drawn = History.lengths.first(where: { place < $0.perThousand }) else { return }
        history = drawn.slots
        lacking = Set(Scenario.derived.filter { _ in dice.chance(250) })
        guard history > 1_000 else { return }
        // Every new process and every collection reads a thousand slots.
        nodeCount = min(nodeCount, 2)
        crashes = min(crashes, 20)
        collectorCount = dice.chance(200) ? 1 : 0
    }

    /// Beginnings of the keys of derived objects.
    static let derived = ["hint", "ckpt", "obj", "ix", "seg"]

    /// Whether the history comes without this object.
    func lacks(_ key: ObjectKey) -> Bool {
        key.segments.first.map { lacking.contains(String($0)) } ?? false
    }

    /// The fields that can be set by hand, as `name=value`.
    package static let fields = [
        "nodes", "clients", "sessions", "faults", "slots", "crashes", "calls", "cancellations",
        "pauses", "storms", "skew", "cuts", "collectors", "compactors", "history", "lacking",
        "forwards", "cache",
        "most", "kinds", "workloads",
    ]

    /// Sets one field; false for a name or value that is none.
    package mutating func set(_ field: String, _ value: String) -> Bool {
        if field == "kinds" {
            let kinds = value.split(separator: "+").map { FaultKind(rawValue: String($0)) }
            guard !kinds.contains(nil) else { return false }
            faultKinds = Set(kinds.compactMap(\.self))
            return true
        }
        if field == "workloads" {
            let names = value.split(separator: "+").map { Workload(rawValue: String($0)) }
            guard !names.contains(nil), !names.isEmpty else { return false }
            workloads = names.compactMap(\.self)
            return true
        }
        if field == "lacking" {
            let kinds = Set(value.split(separator: "+").map(String.init))
            guard kinds.isSubset(of: Scenario.derived) else { return false }
            lacking = kinds
            return true
        }
        guard let number = Int(value) else { return false }
        switch field {
        case "nodes": nodeCount = max(1, number)
        case "clients": clientCount = max(1, number)
        case "sessions": sessionsPerClient = max(1, number)
        case "faults": storeFaults = number
        case "slots": slotFaults = number
        case "crashes": crashes = number
        case "calls": callFaults = number
        case "cancellations": cancellations = number
        case "pauses": pauses = number
        case "storms": storms = number
        case "skew": skewMillis = Int64(number)
        case "cuts": powerCuts = number
        case "collectors": collectorCount = number
        case "compactors": compactorCount = number
        case "history": history = number
        case "forwards": forwards = number
        case "cache": cache = max(0, number)
        case "most": faultsMax = number
        default: return false
        }
        return true
    }

    /// The value of a field, as `set` takes it.
    package func value(_ field: String) -> String {
        switch field {
        case "nodes": "\(nodeCount)"
        case "clients": "\(clientCount)"
        case "sessions": "\(sessionsPerClient)"
        case "faults": "\(storeFaults)"
        case "slots": "\(slotFaults)"
        case "crashes": "\(crashes)"
        case "calls": "\(callFaults)"
        case "cancellations": "\(cancellations)"
        case "pauses": "\(pauses)"
        case "storms": "\(storms)"
        case "skew": "\(skewMillis)"
        case "cuts": "\(powerCuts)"
        case "collectors": "\(collectorCount)"
        case "compactors": "\(compactorCount)"
        case "history": "\(history)"
        case "lacking": lacking.sorted().joined(separator: "+")
        case "forwards": "\(forwards)"
        case "cache": "\(cache)"
        case "most": "\(faultsMax)"
        case "kinds": faultKinds.map(\.rawValue).sorted().joined(separator: "+")
        case "workloads": workloads.map(\.rawValue).joined(separator: "+")
        default: ""
        }
    }
}

/// What goes wrong with a request to the store.
package enum FaultKind: String, CaseIterable, Sendable {
    case lost
    case answerLost
    case duplicated
    case repeatedInside
    case zombie
    case conflict
    case throttled
    case serverError
    case appliedThenError
    case forbidden
    case truncated
    case corrupted
    case unsettledList
}

/// What clients do, and what has to hold because of it.
package enum Workload: String, CaseIterable, Sendable {
    /// Everybody changes a line of his own in the same file, which has to merge.
    case hotFile
    /// Everybody appends to the same few lists; what conflicts is settled by hand.
    case appendLists
    /// Everybody in a directory of his own, which must never conflict.
    case disjoint
    /// Tokens move between accounts; the total stays.
    case bank
    /// Directories are renamed while files in them are edited.
    case renames
    /// The same session goes to several nodes at once.
    case relanding
    /// Content that was uploaded for a session that was abandoned lands with the next one.
    case revived
    /// Hundreds of files in one session.
    case giant

    static func drawn(_ dice: inout Dice) -> Workload {
        if dice.chance(6) { return .giant }
        return dice.pick([
            .hotFile, .appendLists, .disjoint, .bank, .renames, .relanding, .revived,
        ])
    }
}
