package import HifCore

/// What somebody asks of the log.
package enum Intent: Hashable, Sendable {
    case land(LandIntent)
    case abandon(Abandon, createdPosition: Position)
    case control(ControlChange)

    /// The session it closes, if it closes one.
    package var session: SessionID? {
        switch self {
        case .land(let intent): intent.session
        case .abandon(let abandon, _): abandon.session
        case .control: nil
        }
    }

    var createdPosition: Position? {
        switch self {
        case .land(let intent): intent.createdPosition
        case .abandon(_, let position): position
        case .control: nil
        }
    }
}

/// A session that wants to land: everything of its landing that is known before it is judged.
///
/// Every pack it names is durable before the intent is submitted.
package struct LandIntent: Hashable, Sendable {
    package var session: SessionID
    package var author: Author
    package var goalLine: String
    package var startedMillis: Int64
    package var landedMillis: Int64
    /// Stays the same when the server merges and submits again.
    package var sourceDigest: Hash
    package var createdPosition: Position
    package var eventCount: UInt64
    package var packs: [Hash]
    package var document: RecordReference?
    package var mergedPaths: [RepoPath]
    /// Paths ascending. May be empty where there is a document: a git commit that changes nothing is
    /// a position all the same.
    package var operations: [LandedOperation]
    /// Where the list lies when it is too long for a slot.
    package var storedOperations: RecordReference?
    /// The only position at which it may land; nil for whichever is next. What is landed in a row
    /// stays in a row this way: when one intent fails, those after it do, too.
    package var position: Position?

    package init(
        session: SessionID, author: Author, goalLine: String, startedMillis: Int64,
        landedMillis: Int64, sourceDigest: Hash, createdPosition: Position, eventCount: UInt64 = 0,
        packs: [Hash] = [], document: RecordReference? = nil, mergedPaths: [RepoPath] = [],
        operations: [LandedOperation], storedOperations: RecordReference? = nil,
        position: Position? = nil
    ) {
        self.session = session
        self.author = author
        self.goalLine = goalLine
        self.startedMillis = startedMillis
        self.landedMillis = landedMillis
        self.sourceDigest = sourceDigest
        self.createdPosition = createdPosition
        self.eventCount = eventCount
        self.packs = packs
        self.document = document
        self.mergedPaths = mergedPaths
        self.operations = operations
        self.storedOperations = storedOperations
        self.position = position
    }
}

extension Intent {
    /// At most this many bytes of a slot hold its record.
    var slotBytesMax: Int {
        switch self {
        case .land(let intent): intent.slotBytesMax
        case .abandon(let abandon, _):
            64 + abandon.author.encodedBytesMax + abandon.reason.utf8.count
        case .control: 0  // has a limit of its own, ControlState.bytesMax
        }
    }
}

extension LandIntent {
    /// At most this many bytes of a slot hold its record: every varint is counted at its longest.
    var slotBytesMax: Int {
        let fixed = 256 + author.encodedBytesMax + goalLine.utf8.count
        let references = packs.count * Hash.byteCount
        let merged = mergedPaths.reduce(0) { $0 + $1.bytes.count + 2 }
        if storedOperations != nil {
            // All of them may turn out to be no-ops: an index each, four bytes below 2^28.
            return fixed + references + merged + 64 + operations.count * 4
        }
        return operations.reduce(fixed + references + merged) { bytes, landed in
            let leaves =
                (landed.operation.before == nil ? 0 : 44) + (landed.operation.after == nil ? 0 : 44)
            return bytes + landed.operation.path.bytes.count + 3 + leaves
                + (landed.location == nil ? 0 : 20)
        }
    }
}

extension Author {
    fileprivate var encodedBytesMax: Int {
        8 + account.utf8.count + agent.utf8.count + name.utf8.count + email.utf8.count
    }
}

/// How a session was closed, as far as a later request for it needs to know.
package enum Closing: Hashable, Sendable {
    case landed(Landed)
    case abandoned
}

/// The final answer of a landing.
package struct Landed: Hashable, Sendable {
    package let position: Position
    /// Session events that were folded into the landing.
    package let eventCount: UInt64
    package let sourceDigest: Hash
    package let landedDigest: Hash
    package let mergedPaths: [RepoPath]

    package init(
        position: Position, eventCount: UInt64, sourceDigest: Hash, landedDigest: Hash,
        mergedPaths: [RepoPath]
    ) {
        self.position = position
        self.eventCount = eventCount
        self.sourceDigest = sourceDigest
        self.landedDigest = landedDigest
        self.mergedPaths = mergedPaths
    }

    package init(_ landing: Landing, at position: Position) {
        self.init(
            position: position, eventCount: landing.eventCount, sourceDigest: landing.sourceDigest,
            landedDigest: landing.landedDigest, mergedPaths: landing.mergedPaths)
    }
}

/// One path that could not land.
package struct PathConflict: Hashable, Sendable {
    package enum Reason: Hashable, Sendable {
        /// Somebody changed this path since.
        case changed
        /// A file and a directory want the same name; `found` is what stands in the way.
        case fileAndDirectory
    }

    package let operation: Operation
    /// What the tree holds there, at the position of the verdict.
    package let found: Leaf?
    package let reason: Reason

    package init(operation: Operation, found: Leaf?, reason: Reason) {
        self.operation = operation
        self.found = found
        self.reason = reason
    }
}

/// What the log answers to an intent.
///
/// Only a closing record is final: `landed` and `abandoned`. A conflict says "not landed at or
/// before `position`"; a refusal says "this request wrote nothing"; `unknown` is resolved by asking
/// again, on any node, and submitting again is always safe.
package enum LandingAnswer: Hashable, Sendable {
    case landed(Landed)
    case abandoned
    case controlled(epoch: Epoch)
    case conflict([PathConflict], sourceDigest: Hash, position: Position)
    /// These packs were condemned: upload their content again, in a new pack.
    case reupload([Hash])
    case refused(String)
    case unknown(String)
}
