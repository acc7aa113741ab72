package import HifCore

/// One session's changes as they stand in the log: what `hif log` shows without reading anything
/// else, and what replay needs to rebuild the tree.
package struct Landing: Hashable, Sendable {
    package static let goalLineBytesMax = 200

    package let session: SessionID
    package let author: Author
    /// First line of the goal, cut to `goalLineBytesMax` bytes.
    package let goalLine: String
    /// When the session started (an imported commit: the author's date). Milliseconds since 1970.
    package let startedMillis: Int64
    /// When it landed by the writer's clock (an imported commit: the committer's date); shown,
    /// never used for order.
    package let landedMillis: Int64
    /// Digest of the operations as the client sent them; merging does not change it.
    package let sourceDigest: Hash
    /// Digest of the operations that landed.
    package let landedDigest: Hash
    /// The tip when the session was created; the search for an earlier landing starts after it.
    package let createdPosition: Position
    /// Session events 0..<eventCount are folded into the document.
    package let eventCount: UInt64
    /// Every pack that a reader of this landing may need; ordinals below count into it.
    package let packs: [Hash]
    /// Where the session document lies.
    package let document: RecordReference?
    /// Paths whose content the server merged, ascending.
    package let mergedPaths: [RepoPath]
    /// What changed, paths ascending.
    package let operations: LandedOperations

    package init(
        session: SessionID, author: Author, goalLine: String, startedMillis: Int64,
        landedMillis: Int64, sourceDigest: Hash, landedDigest: Hash, createdPosition: Position,
        eventCount: UInt64, packs: [Hash], document: RecordReference?, mergedPaths: [RepoPath],
        operations: LandedOperations
    ) {
        self.session = session
        self.author = author
        self.goalLine = goalLine.prefix(utf8Max: Landing.goalLineBytesMax)
        self.startedMillis = startedMillis
        self.landedMillis = landedMillis
        self.sourceDigest = sourceDigest
        self.landedDigest = landedDigest
        self.createdPosition = createdPosition
        self.eventCount = eventCount
        self.packs = packs
        self.document = document
        self.mergedPaths = mergedPaths
        self.operations = operations
    }
}

/// The operations of a landing: in the slot itself, or, when they are many, in a pack.
package enum LandedOperations: Hashable, Sendable {
    case inline([LandedOperation])
    /// A record of kind `operationList`, how many operations it holds, and which of them were found
    /// to be no-ops when they landed (indices, ascending): the record is written before that is known.
    case stored(RecordReference, count: UInt64, noOps: [UInt64])
}

/// A record in one of the packs a landing lists.
package struct RecordReference: Hashable, Sendable {
    /// The id under which the record was stored: the hash of its content.
    package let id: Hash
    package let location: LandedLocation

    package init(id: Hash, location: LandedLocation) {
        self.id = id
        self.location = location
    }
}

/// A place in one of the packs a landing lists.
package struct LandedLocation: Hashable, Sendable {
    /// Index into `Landing.packs`.
    package let packOrdinal: Int
    /// Where the record starts in the pack, and its length with its header.
    package let offset: UInt32
    package let storedBytes: UInt32

    package init(packOrdinal: Int, offset: UInt32, storedBytes: UInt32) {
        self.packOrdinal = packOrdinal
        self.offset = offset
        self.storedBytes = storedBytes
    }
}

extension LandedLocation {
    /// - Parameter packs: the packs that the landing lists.
    package func resolved(in packs: [Hash]) -> PackLocation {
        PackLocation(pack: packs[packOrdinal], offset: offset, storedBytes: storedBytes)
    }
}

/// An operation that landed, and where the content it brought lies.
package struct LandedOperation: Hashable, Sendable {
    package let operation: Operation
    /// Where the new blob lies; nil when the project had it already.
    package let location: LandedLocation?
    /// The result was there already when it landed. Left out of replay and of every index.
    package let isNoOp: Bool

    package init(_ operation: Operation, location: LandedLocation?, isNoOp: Bool = false) {
        self.operation = operation
        self.location = location
        self.isNoOp = isNoOp
    }
}

/// The end of a session that will never land.
package struct Abandon: Hashable, Sendable {
    package static let reasonBytesMax = 2000

    package let session: SessionID
    package let author: Author
    package let reason: String
    package let atMillis: Int64

    package init(session: SessionID, author: Author, reason: String, atMillis: Int64) {
        self.session = session
        self.author = author
        self.reason = reason.prefix(utf8Max: Abandon.reasonBytesMax)
        self.atMillis = atMillis
    }
}

/// What closes a session. A session is closed once.
package enum ClosingRecord: Hashable, Sendable {
    case landing(Landing)
    case abandon(Abandon)

    package var session: SessionID {
        switch self {
        case .landing(let landing): landing.session
        case .abandon(let abandon): abandon.session
        }
    }

    package var landing: Landing? {
        if case .landing(let landing) = self { landing } else { nil }
    }

    var isLanding: Bool {
        if case .landing = self { true } else { false }
    }
}
