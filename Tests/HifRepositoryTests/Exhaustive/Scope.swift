import HifCore
import HifRepository
import Testing

/// What is explored: who asks for what, and how much may go wrong.
struct Scope: CustomTestStringConvertible, Sendable {
    /// One request that a client may send, at any moment, to one writer.
    struct Request: Sendable {
        let writer: Int
        let intent: Intent
    }

    var name: String
    /// In any order and at any time; a client that got no answer, or no good one, asks again by way
    /// of another of these.
    var requests: [Request]
    /// Requests of writers to the store that go wrong in one of the ways of `Explorer`.
    var faults = 1
    /// Writers that lose all they know and start again.
    var crashes = 0
    /// Attempts until a writer gives up on a slot.
    var attemptsMax = 2
    /// Closings a writer remembers before it forgets them all.
    var closingsMax = 100
    var weakness: LandingMachine.Weakness = []

    var testDescription: String { name }
}

extension Scope {
    static let author = Author(account: "ana", name: "Ana")

    static func session(_ number: UInt64) -> SessionID {
        SessionID(Hash(word0: number, word1: 0, word2: 0, word3: 0))
    }

    static func leaf(_ number: UInt64) -> Leaf {
        Leaf(kind: .file, size: 1, hash: Hash(word0: number, word1: 1, word2: 1, word3: 1))
    }

    /// Session `number` wants to put content at a path where it saw nothing.
    static func land(_ number: UInt64, _ path: String, _ content: UInt64) -> Intent {
        let operation = HifCore.Operation(
            path: try! RepoPath(path), before: nil, after: leaf(content))
        return .land(
            LandIntent(
                session: session(number), author: author, goalLine: "", startedMillis: 0,
                landedMillis: 0,
                sourceDigest: HifCore.Operation.digest(session: session(number), [operation]),
                createdPosition: 0,
                operations: [LandedOperation(operation, location: nil)]))
    }

    static func abandon(_ number: UInt64) -> Intent {
        .abandon(
            Abandon(session: session(number), author: author, reason: "", atMillis: 0),
            createdPosition: 0)
    }

    /// One session submitted to both writers, another that touches other paths.
    static let disjoint = Scope(
        name: "disjoint",
        requests: [
            Request(writer: 0, intent: land(0, "a", 1)),
            Request(writer: 1, intent: land(0, "a", 1)),
            Request(writer: 0, intent: land(1, "b", 2)),
        ])

    /// One session submitted to both writers, another that wants the same path.
    static let conflicting = Scope(
        name: "conflicting",
        requests: [
            Request(writer: 0, intent: land(0, "a", 1)),
            Request(writer: 1, intent: land(0, "a", 1)),
            Request(writer: 1, intent: land(1, "a", 2)),
        ])

    /// One session is submitted to one writer and abandoned through the other, while another session
    /// wants its path.
    static let abandoned = Scope(
        name: "abandoned",
        requests: [
            Request(writer: 0, intent: land(0, "a", 1)),
            Request(writer: 1, intent: abandon(0)),
            Request(writer: 1, intent: land(1, "a", 2)),
        ])

    /// The same request twice to one writer, and once to the other, with one before them so that
    /// they queue.
    static let repeated = Scope(
        name: "repeated",
        requests: [
            Request(writer: 0, intent: land(1, "b", 2)),
            Request(writer: 0, intent: land(0, "a", 1)),
            Request(writer: 0, intent: land(0, "a", 1)),
            Request(writer: 1, intent: land(0, "a", 1)),
        ])

    /// A writer that knows of a session another one conflicts with, and not of what landed since.
    static let trailing = Scope(
        name: "trailing",
        requests: [
            Request(writer: 0, intent: land(0, "a", 1)),
            Request(writer: 0, intent: land(1, "b", 2)),
            Request(writer: 1, intent: land(0, "a", 1)),
            Request(writer: 1, intent: land(2, "a", 3)),
        ])

    /// Both writers change the control state while sessions land.
    static let settings = Scope(
        name: "settings",
        requests: [
            Request(writer: 0, intent: land(0, "a", 1)),
            Request(writer: 0, intent: .control(.setTags(["zero": 0]))),
            Request(writer: 1, intent: .control(.setTags(["one": 0]))),
            Request(writer: 1, intent: land(0, "a", 1)),
        ])

    /// Everything at once: for the long run.
    static let together = Scope(
        name: "together",
        requests: [
            Request(writer: 0, intent: land(0, "a", 1)),
            Request(writer: 1, intent: land(0, "a", 1)),
            Request(writer: 0, intent: land(1, "a", 2)),
            Request(writer: 1, intent: land(1, "a", 2)),
            Request(writer: 1, intent: abandon(1)),
        ])

    func with(
        faults: Int, crashes: Int = 0, attemptsMax: Int = 2, closingsMax: Int = 100,
        weakness: LandingMachine.Weakness = []
    ) -> Scope {
        var scope = self
        scope.faults = faults
        scope.crashes = crashes
        scope.attemptsMax = attemptsMax
        scope.closingsMax = closingsMax
        scope.weakness = weakness
        scope.name += ", \(faults) faults, \(crashes) crashes"
        return scope
    }
}
