import Glibc
import HifRepository
import Testing

/// The landing protocol in every order of events that a small world allows.
@Suite(.serialized) struct ExhaustiveTests {
    static let isLong = getenv("HIF_EXHAUSTIVE") != nil

    static let scopes: [Scope] =
        isLong
        ? [
            .disjoint.with(faults: 4, crashes: 1), .conflicting.with(faults: 4, crashes: 1),
            .abandoned.with(faults: 4, crashes: 1), .repeated.with(faults: 3, crashes: 1),
            .trailing.with(faults: 3, crashes: 1), .settings.with(faults: 3, crashes: 1),
            .together.with(faults: 1, crashes: 1), .together.with(faults: 2),
            .trailing.with(faults: 2, crashes: 1, closingsMax: 0),
            .disjoint.with(faults: 5, crashes: 2, attemptsMax: 4),
            .together.with(faults: 2, crashes: 1, attemptsMax: 3),
            .conflicting.with(faults: 5, attemptsMax: 3),
            .merging.with(faults: 3, crashes: 1), .mergingThree.with(faults: 1, crashes: 1),
            .asking.with(faults: 3, crashes: 1), .condemning.with(faults: 2, crashes: 1),
            .collecting.with(faults: 2, crashes: 1), .agreeing.with(faults: 3, crashes: 1),
            .clashing.with(faults: 3, crashes: 1), .early.with(faults: 3, crashes: 1),
            .contradicting.with(faults: 3, crashes: 1),
        ]
        : [
            .disjoint.with(faults: 2, crashes: 1), .conflicting.with(faults: 2, crashes: 1),
            .abandoned.with(faults: 2, crashes: 1), .repeated.with(faults: 1, crashes: 1),
            .trailing.with(faults: 1), .settings.with(faults: 1), .together.with(faults: 0),
            .abandoned.with(faults: 1, crashes: 1, closingsMax: 0),
            .conflicting.with(faults: 2, attemptsMax: 3),
            .merging.with(faults: 1, crashes: 1), .mergingThree.with(faults: 0),
            .asking.with(faults: 1), .condemning.with(faults: 1), .collecting.with(faults: 1),
            .agreeing.with(faults: 1), .clashing.with(faults: 1), .early.with(faults: 1),
            .contradicting.with(faults: 2),
        ]

    @Test(arguments: scopes)
    func `no run breaks a promise of the log`(scope: Scope) throws {
        var explorer = try Explorer(scope)
        let result = try explorer.run()
        print(
            "\(scope.name): \(result.states) states, \(result.terminalStates) terminal,"
                + " \(result.writers) states of a writer, \(result.logs) logs")
        #expect(result.violation == nil, "\(result.trace.joined(separator: "\n"))")
        #expect(result.terminalStates > 0)
    }

    struct Weakened: CustomTestStringConvertible, Sendable {
        let name: String
        let scope: Scope

        init(_ name: String, _ scope: Scope, _ weakness: LandingMachine.Weakness, faults: Int) {
            self.name = name
            self.scope = scope.with(faults: faults, weakness: weakness)
        }

        /// A rule that is kept outside of the machine.
        init(_ name: String, _ scope: Scope) {
            self.name = name
            self.scope = scope
        }

        var testDescription: String { name }
    }

    static let weakened: [Weakened] = [
        Weakened("412 means lost", .disjoint, .existsMeansLost, faults: 1),
        Weakened("404 is final", .disjoint, .absentIsFinal, faults: 2),
        Weakened("closings are not searched", .disjoint, .closingsNotSearched, faults: 0),
        Weakened("answered before confirmed", .disjoint, .answersBeforeConfirmed, faults: 0),
        Weakened("rejected without a probe", .trailing, .rejectsWithoutProbe, faults: 0),
        Weakened("refused despite unknown", .disjoint, .refusesDespiteUnknown, faults: 2),
        Weakened("repeats share a batch", .repeated, .repeatsShareBatch, faults: 0),
        Weakened("a failed probe found nothing", .trailing, .failedProbeIsAbsent, faults: 1),
        Weakened("judged against an empty tree", .conflicting, .judgesEmptyTree, faults: 0),
        Weakened("not judged again", .conflicting, .keepsJudgements, faults: 0),
        Weakened("told open without a probe", .asking, .rejectsWithoutProbe, faults: 0),
        Weakened("a failed read settles", .disjoint, .failedReadSettles, faults: 3),
        Weakened("a contradiction is ignored", .contradicting, .contradictionIsIgnored, faults: 1),
        Weakened(
            "judged before it began",
            .early.with(faults: 0, closingsMax: 0, weakness: .futureIsJudged)),
        Weakened("a session's beginning moves", .moving.with(faults: 0, closingsMax: 0)),
        Weakened("a no-op is a change", .agreeing, .noOpsAreChanges, faults: 0),
        Weakened("the last one wins", .conflicting, .overwrites, faults: 0),
        Weakened("condemned after the slot", .collecting, .condemnedInSlotLands, faults: 0),
        Weakened("condemned what landed", .collecting, .condemnsWhatLanded, faults: 0),
        Weakened("condemned packs are used", .condemning, .condemnedPacksAreUsed, faults: 0),
        Weakened(
            "condemned by an old mark", .condemning.with(faults: 0, collector: .condemnsByMark)),
        Weakened(
            "a merge changes the source digest",
            .merging.with(faults: 0, mergeChangesDigest: true)),
    ]

    @Test(arguments: weakened)
    func `every weakened rule is found out`(weakened: Weakened) throws {
        var explorer = try Explorer(weakened.scope)
        let result = try explorer.run()
        print(
            "\(weakened.name): \(result.violation ?? "nothing found") after \(result.states) states,"
                + " \(result.trace.count) steps")
        #expect(result.violation != nil)
    }
}
