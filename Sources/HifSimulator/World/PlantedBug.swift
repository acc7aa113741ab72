import HifRepository

/// A mistake put in on purpose, to see that the simulator notices. docs/simulation.md has how many
/// seeds each takes.
package enum PlantedBug: String, CaseIterable, Sendable {
    /// Fails whatever happens: shows that a failure is seen at all.
    case canary

    // Rules of the landing machine, switched off (`LandingMachine.Weakness`).
    case existsMeansLost
    case absentIsFinal
    case closingsNotSearched
    case answersBeforeConfirmed
    case rejectsWithoutProbe
    case refusesDespiteUnknown
    case repeatsShareBatch
    case failedProbeIsAbsent
    case judgesEmptyTree
    case keepsJudgements

    // Stores that are unfit, and clients of stores that hide what happened.
    /// The store looks whether an object exists, and writes a moment later.
    case nonAtomicStore
    /// A read that failed is taken for "there is no such object".
    case failedReadIsAbsent
    /// Packs are written while the landing goes on.
    case packsNotAwaited
    /// "There is none" is remembered for a while, as a cache in front of a bucket does.
    case absenceCached
    /// The client library repeats slot writes by itself and tells of the last answer only.
    case hiddenRetries
    /// A session event whose number is taken counts as written.
    case eventNumberTaken

    // A directory on a machine that loses power.
    /// Names are not synced: neither an object's nor those of new directories.
    case noDirectorySync
    /// A new directory's own name is not synced.
    case noParentSync
    /// Contents are not synced before they get their name.
    case noFileSync
    /// What another process is in the middle of publishing is built upon.
    case notMadeDurable

    // The client.
    /// After a lost answer the landed tree is taken for what was sent last.
    case digestIgnored
}

extension PlantedBug {
    /// The rule of the landing machine that it switches off.
    var machine: LandingMachine.Weakness {
        switch self {
        case .existsMeansLost: .existsMeansLost
        case .absentIsFinal: .absentIsFinal
        case .closingsNotSearched: .closingsNotSearched
        case .answersBeforeConfirmed: .answersBeforeConfirmed
        case .rejectsWithoutProbe: .rejectsWithoutProbe
        case .refusesDespiteUnknown: .refusesDespiteUnknown
        case .repeatsShareBatch: .repeatsShareBatch
        case .failedProbeIsAbsent: .failedProbeIsAbsent
        case .judgesEmptyTree: .judgesEmptyTree
        case .keepsJudgements: .keepsJudgements
        default: []
        }
    }
}
