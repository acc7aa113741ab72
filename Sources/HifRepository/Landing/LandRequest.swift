package import HifCore

/// A session's wish to land, as a client states it: operations and where their new content is.
package struct LandRequest: Sendable {
    /// Operations of one landing; an import of a larger commit is refused.
    package static let operationsMax = 600_000
    package static let goalBytesMax = 256 << 10

    package var session: SessionID
    package var author: Author
    package var goal: String
    package var startedMillis: Int64
    /// The tip when the session was created; never moves.
    package var createdPosition: Position
    /// The session's first events to fold into the landing; 0 for a session that wrote none.
    package var eventCount: UInt64
    /// Paths ascending; each changes something.
    package var operations: [Operation]
    /// A sealed pack with new content that is not in the store yet; its records are copied into the
    /// landing's own pack, so that a small landing is one pack and one slot. Whole blobs only: files
    /// in chunks come in uploaded packs.
    package var staged: PackReader?
    /// Packs with new content that were uploaded before, in order of need.
    package var uploadedPacks: [Hash]
    /// When the landing happened; nil for now. An import gives the committer's date.
    package var landedMillis: Int64?
    package var origin: GitOrigin?

    package init(
        session: SessionID, author: Author, goal: String, startedMillis: Int64,
        createdPosition: Position, eventCount: UInt64 = 0, operations: [Operation],
        staged: PackReader? = nil, uploadedPacks: [Hash] = [], landedMillis: Int64? = nil,
        origin: GitOrigin? = nil
    ) {
        self.session = session
        self.author = author
        self.goal = goal
        self.startedMillis = startedMillis
        self.createdPosition = createdPosition
        self.eventCount = eventCount
        self.operations = operations
        self.staged = staged
        self.uploadedPacks = uploadedPacks
        self.landedMillis = landedMillis
        self.origin = origin
    }

    /// What names this attempt.
    package var sourceDigest: Hash { Operation.digest(session: session, operations) }

    /// The goal's first line that says something.
    package static func goalLine(_ goal: String) -> String {
        let line = goal.split(whereSeparator: \.isNewline).first { !$0.allSatisfy(\.isWhitespace) }
        return String(line ?? "").prefix(utf8Max: Landing.goalLineBytesMax)
    }
}

/// What became of a request to land.
package enum LandOutcome: Sendable {
    case landed(Landed)
    case abandoned
    /// Nothing was written at or before `position`. Settle the conflicts and land again.
    case conflict([Conflict], position: Position)
    /// The store does not have this content: upload it and ask again.
    case lacking([Hash])
    /// Nothing was written by this request, and asking again does not help.
    case refused(String)
    /// It may have landed: ask again, with the same session.
    case unknown(String)

    /// A conflict, explained.
    package struct Conflict: Hashable, Sendable {
        package let operation: Operation
        /// What the project has there now.
        package let found: Leaf?
        package let reason: PathConflict.Reason
        /// The landing that put it there, if it was found among the recent ones.
        package let landing: Position?
        /// Where both changed the same lines of a text: line ranges, from 0, in base, ours, theirs.
        package let hunks: [Hunk]

        package init(
            operation: Operation, found: Leaf?, reason: PathConflict.Reason, landing: Position?,
            hunks: [Hunk]
        ) {
            self.operation = operation
            self.found = found
            self.reason = reason
            self.landing = landing
            self.hunks = hunks
        }
    }

    package struct Hunk: Hashable, Sendable {
        package let base: Range<Int>
        package let ours: Range<Int>
        package let theirs: Range<Int>

        package init(base: Range<Int>, ours: Range<Int>, theirs: Range<Int>) {
            self.base = base
            self.ours = ours
            self.theirs = theirs
        }
    }
}
