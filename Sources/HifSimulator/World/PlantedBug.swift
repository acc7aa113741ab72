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
    case probeAnswersLatecomers
    case judgesEmptyTree
    case keepsJudgements
    case noOpsAreChanges
    case overwrites
    case clashesAreAccepted

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
    /// 409 for a slot is taken to say that nothing was written; so are 429 and 503, and 500.
    case conflictIsRefusal
    case throttlingIsRefusal
    case errorIsRefusal
    /// 409 for a slot is taken to say that it exists.
    case conflictMeansExists
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

    // Collection.
    /// Packs are deleted when they are some time old and no landing names them.
    case deletesByAge
    /// Packs are deleted without a word in the log.
    case deletesUncondemned
    /// Packs of open sessions are collected, too.
    case ignoresOpenSessions
    /// What was to be condemned is deleted, whatever the slot condemned.
    case deletesWhatItAskedFor
    /// The list of packs is not computed again after a lost slot.
    case condemnsWhatLanded
    /// Nobody looks whether the packs of a landing were condemned.
    case condemnedPacksAreUsed

    // What is derived, and reading.
    /// A rollup run is built before its range is finished.
    case rollupOfUnfinished
    /// A slot that cannot be read is left out of its rollup run.
    case rollupLeavesOut
    /// The hint is believed to name the newest slot.
    case hintIsTruth
    /// A slot that does not decode is passed over as if there were none.
    case damageIsAbsence

    // Costs.
    /// Every object is read again after it was written.
    case readsBack
    /// Somebody looks for news, whether or not there are any.
    case polls

    // The client.
    /// A client leaves out content that lies in any pack it ever sent, and the node believes it.
    case draftsCount
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
        case .probeAnswersLatecomers: .probeAnswersLatecomers
        case .judgesEmptyTree: .judgesEmptyTree
        case .keepsJudgements: .keepsJudgements
        case .noOpsAreChanges: .noOpsAreChanges
        case .overwrites: .overwrites
        case .clashesAreAccepted: .clashesAreAccepted
        case .condemnsWhatLanded: .condemnsWhatLanded
        case .condemnedPacksAreUsed: .condemnedPacksAreUsed
        default: []
        }
    }

    /// The rule of collection that it switches off.
    var collector: Collector.Weakness {
        switch self {
        case .deletesUncondemned: .deletesUncondemned
        case .ignoresOpenSessions: .ignoresSessions
        case .deletesWhatItAskedFor: .deletesWhatItAskedFor
        default: []
        }
    }
}
