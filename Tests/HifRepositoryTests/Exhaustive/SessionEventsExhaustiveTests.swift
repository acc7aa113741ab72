import HifRepository
import Testing

/// A session's events in every order that a small world allows.
@Suite(.serialized) struct SessionEventsExhaustiveTests {
    typealias Scope = SessionExplorer.Scope

    /// Two clients write different events while the session lands.
    static let racing = Scope(name: "two events and a landing", appends: [(1, 1), (2, 1)])
    /// The same event comes twice, by way of two nodes.
    static let repeated = Scope(
        name: "one event twice, beside another", appends: [(1, 1), (1, 0), (2, 1)], faults: 1)
    /// Two nodes land what each has read, and the session may be abandoned as well.
    static let closing = Scope(
        name: "two landings and an abandonment", appends: [(1, 1), (2, 1)], landings: 2,
        abandons: 1,
        faults: 1)

    static let scopes: [Scope] =
        ExhaustiveTests.isLong
        ? [
            racing.with(faults: 4, repeats: 2), repeated.with(faults: 1, repeats: 1),
            closing.with(faults: 2, repeats: 1),
        ]
        : [
            racing.with(faults: 2, repeats: 1), repeated.with(faults: 0, repeats: 0),
            closing.with(faults: 1, repeats: 0),
        ]

    @Test(arguments: scopes)
    func `no acknowledged event is lost or there twice`(scope: Scope) {
        var explorer = SessionExplorer(scope)
        let result = explorer.run()
        print("\(scope.name): \(result.states) states, \(result.terminal) terminal")
        #expect(result.violation == nil, "\(result.trace.joined(separator: "\n"))")
        #expect(result.terminal > 0)
    }

    struct Weakened: CustomTestStringConvertible, Sendable {
        let name: String
        let scope: Scope

        init(_ name: String, _ scope: Scope, faults: Int, _ change: (inout Scope) -> Void) {
            self.name = name
            var scope = scope.with(faults: faults, repeats: 0)
            change(&scope)
            self.scope = scope
        }

        var testDescription: String { name }
    }

    static let weakened: [Weakened] = [
        Weakened("acknowledged without a look", racing, faults: 0) {
            $0.weakness = .acknowledgesUnseen
        },
        Weakened("below the count is folded", racing, faults: 0) {
            $0.weakness = .belowCountIsFolded
        },
        Weakened("412 is another's", racing, faults: 1) { $0.weakness = .existsMeansAnother },
        Weakened("404 is final", racing, faults: 1) { $0.weakness = .absentIsFinal },
        Weakened("refused despite unknown", racing, faults: 2) {
            $0.weakness = .refusesDespiteUnknown
        },
        Weakened("a wish to abandon counts as done", racing, faults: 0) { $0.wishCloses = true },
        Weakened("afterthoughts are collected", racing, faults: 0) {
            $0.collectsAfterthoughts = true
        },
    ]

    @Test(arguments: weakened)
    func `every weakened rule of events is found out`(weakened: Weakened) {
        var explorer = SessionExplorer(weakened.scope)
        let result = explorer.run()
        print(
            "\(weakened.name): \(result.violation ?? "nothing found") after \(result.states) states,"
                + " \(result.trace.count) steps")
        #expect(result.violation != nil)
    }
}

extension SessionExplorer.Scope {
    func with(faults: Int, repeats: Int) -> SessionExplorer.Scope {
        var scope = self
        scope.faults = faults
        scope.repeats = repeats
        return scope
    }
}
