import HifCore
import HifRepository
import Testing

/// What is explored: who asks for what, and how much may go wrong.
struct Scope: CustomTestStringConvertible, Sendable {
    /// One request that a client may send, at any moment, to one writer.
    struct Request: Sendable {
        enum Wish: Sendable {
            case intent(Intent)
            /// Is this session open?
            case standing(SessionID)
        }

        let writer: Int
        let wish: Wish
        /// On a conflict the receiving node merges, so often at most, and submits again.
        let mergesMax: Int

        init(writer: Int, intent: Intent, mergesMax: Int = 0) {
            self.writer = writer
            wish = .intent(intent)
            self.mergesMax = mergesMax
        }

        init(writer: Int, standingOf session: UInt64) {
            self.writer = writer
            wish = .standing(Scope.session(session))
            mergesMax = 0
        }

        var session: SessionID? {
            switch wish {
            case .intent(let intent): intent.sessionOfTest
            case .standing(let session): session
            }
        }
    }

    /// How packs come to be condemned, if they do.
    enum Collector: Sendable {
        /// Once, when no landing of the log names it.
        case condemnsUnused
        /// By a mark made before: for a weakened rule.
        case condemnsByMark
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
    /// Another node, which condemns `Scope.pack`.
    var collector: Collector?
    /// The store may say of a slot that it exists, and then that it does not.
    var contradicts = false
    /// A merge names the attempt by what it has become: for a weakened rule.
    var mergeChangesDigest = false

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

    /// The pack that may be condemned.
    static let pack = Blake3.hash([1])

    /// Session `number` wants to put content at a path where it saw nothing. Contents that are to be
    /// merged are sets, as bits: a merge holds both.
    static func land(
        _ number: UInt64, _ path: String, _ content: UInt64, packs: [Hash] = [],
        createdPosition: Position = 0
    ) -> Intent {
        let operation = HifCore.Operation(
            path: try! RepoPath(path), before: nil, after: leaf(content))
        return .land(
            LandIntent(
                session: session(number), author: author, goalLine: "", startedMillis: 0,
                landedMillis: 0,
                sourceDigest: HifCore.Operation.digest(session: session(number), [operation]),
                createdPosition: createdPosition, packs: packs,
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

    /// Two sessions change one file, and what conflicts is merged; one of them comes to both writers.
    static let merging = Scope(
        name: "merging",
        requests: [
            Request(writer: 0, intent: land(0, "a", 1), mergesMax: 2),
            Request(writer: 1, intent: land(0, "a", 1), mergesMax: 2),
            Request(writer: 1, intent: land(1, "a", 2), mergesMax: 2),
        ])

    /// Three sessions change one file.
    static let mergingThree = Scope(
        name: "merging three",
        requests: [
            Request(writer: 0, intent: land(0, "a", 1), mergesMax: 3),
            Request(writer: 1, intent: land(1, "a", 2), mergesMax: 3),
            Request(writer: 0, intent: land(2, "a", 4), mergesMax: 3),
            Request(writer: 1, intent: land(0, "a", 1), mergesMax: 3),
        ])

    /// A session is asked about through one writer while the other closes it.
    static let asking = Scope(
        name: "asking",
        requests: [
            Request(writer: 0, intent: land(0, "a", 1)),
            Request(writer: 1, standingOf: 0),
            Request(writer: 1, intent: land(1, "b", 2)),
            Request(writer: 0, standingOf: 0),
        ])

    /// A pack is condemned while sessions whose content lies in it want to land.
    static let condemning: Scope = {
        var scope = Scope(
            name: "condemning",
            requests: [
                Request(writer: 0, intent: land(0, "a", 1, packs: [pack])),
                Request(writer: 1, intent: land(0, "a", 1, packs: [pack])),
                Request(writer: 1, intent: land(1, "b", 2)),
                Request(writer: 0, intent: .control(.setTags(["zero": 0]))),
            ])
        scope.collector = .condemnsUnused
        return scope
    }()

    /// A pack is condemned by the very writer that a landing with it goes to.
    static let collecting = Scope(
        name: "collecting",
        requests: [
            Request(writer: 0, intent: land(1, "b", 2)),
            Request(writer: 0, intent: land(0, "a", 1, packs: [pack])),
            Request(writer: 0, intent: .control(.condemn([pack], markedAt: 0))),
            Request(writer: 1, intent: land(2, "c", 4)),
        ])

    /// Two sessions want the same.
    static let agreeing = Scope(
        name: "agreeing",
        requests: [
            Request(writer: 0, intent: land(0, "a", 1)),
            Request(writer: 1, intent: land(0, "a", 1)),
            Request(writer: 1, intent: land(1, "a", 1)),
        ])

    /// One session wants a file where another wants a directory.
    static let clashing = Scope(
        name: "clashing",
        requests: [
            Request(writer: 0, intent: land(0, "a", 1)),
            Request(writer: 0, intent: land(1, "a/b", 2)),
            Request(writer: 1, intent: land(1, "a/b", 2)),
        ])

    /// A session that claims to have begun after the newest landing, at first.
    static let early = Scope(
        name: "early",
        requests: [
            Request(writer: 0, intent: land(0, "a", 1, createdPosition: 1)),
            Request(writer: 1, intent: land(0, "a", 1, createdPosition: 1)),
            Request(writer: 1, intent: land(1, "b", 2)),
        ])

    /// A session whose beginning moves on when it is sent again: for a weakened rule.
    static let moving = Scope(
        name: "moving",
        requests: [
            Request(writer: 0, intent: land(0, "a", 1)),
            Request(writer: 1, intent: land(0, "a", 1, createdPosition: 1)),
            Request(writer: 1, intent: land(1, "b", 2)),
        ])

    /// A store that contradicts itself.
    static let contradicting: Scope = {
        var scope = disjoint
        scope.name = "contradicting"
        scope.contradicts = true
        return scope
    }()

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
        weakness: LandingMachine.Weakness = [], mergeChangesDigest: Bool = false,
        collector: Collector? = nil
    ) -> Scope {
        var scope = self
        scope.mergeChangesDigest = mergeChangesDigest
        if let collector { scope.collector = collector }
        scope.faults = faults
        scope.crashes = crashes
        scope.attemptsMax = attemptsMax
        scope.closingsMax = closingsMax
        scope.weakness = weakness
        scope.name += ", \(faults) faults, \(crashes) crashes"
        return scope
    }
}
