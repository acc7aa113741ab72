package import HifCore

/// A closed session, whole: what was wanted, said and decided. Stored as one record of the landing's
/// pack, so that reading it is one request.
package struct SessionDocument: Hashable, Sendable {
    private static let version: UInt8 = 1

    package var session: SessionID
    package var author: Author
    package var goal: String
    package var startedMillis: Int64
    package var createdPosition: Position
    /// The folded events in order, `started` first; empty for a session that wrote none.
    package var events: [SessionEvent]
    /// Set when the landing was a git commit.
    package var origin: GitOrigin?

    package init(
        session: SessionID, author: Author, goal: String, startedMillis: Int64,
        createdPosition: Position, events: [SessionEvent] = [], origin: GitOrigin? = nil
    ) {
        self.session = session
        self.author = author
        self.goal = goal
        self.startedMillis = startedMillis
        self.createdPosition = createdPosition
        self.events = events
        self.origin = origin
    }

    package func encode() -> [UInt8] {
        var writer = ByteWriter(capacity: 512)
        writer.u8(SessionDocument.version)
        writer.hash(session.hash)
        author.encode(into: &writer)
        writer.prefixed(goal)
        writer.u64(UInt64(bitPattern: startedMillis))
        writer.varint(createdPosition)
        writer.varint(events.count)
        for event in events { event.encodeFields(into: &writer) }
        writer.u8(origin == nil ? 0 : 1)
        origin?.encode(into: &writer)
        return writer.bytes
    }

    package init(decoding bytes: [UInt8]) throws(FormatError) {
        var reader = ByteReader(bytes, format: "session document")
        let version = try reader.u8()
        guard version == SessionDocument.version else {
            throw reader.error("version \(version), this program reads 1")
        }
        session = SessionID(try reader.hash())
        author = try Author(from: &reader)
        goal = try reader.string()
        startedMillis = Int64(bitPattern: try reader.u64())
        createdPosition = try reader.varint()
        var events: [SessionEvent] = []
        for _ in 0..<(try reader.count(bytesEach: 28)) {
            events.append(try SessionEvent(fieldsFrom: &reader))
        }
        self.events = events
        let hasOrigin = try reader.u8()
        guard hasOrigin <= 1 else { throw reader.error("origin flag \(hasOrigin)") }
        origin = hasOrigin == 1 ? try GitOrigin(from: &reader) : nil
        try reader.expectEnd()
    }
}

/// The git commit that a landing was imported from, complete enough to write it again.
package struct GitOrigin: Hashable, Sendable {
    /// A name, an address and a moment, in git's own bytes (which need not be UTF-8).
    package struct Signature: Hashable, Sendable {
        package var name: [UInt8]
        package var email: [UInt8]
        package var seconds: Int64
        /// The zone as git wrote it, such as `+0200`.
        package var zone: [UInt8]

        package init(name: [UInt8], email: [UInt8], seconds: Int64, zone: [UInt8]) {
            self.name = name
            self.email = email
            self.seconds = seconds
            self.zone = zone
        }
    }

    /// A commit that came in through a merge.
    package struct SideCommit: Hashable, Sendable {
        package var id: [UInt8]
        package var author: [UInt8]
        package var subject: [UInt8]

        package init(id: [UInt8], author: [UInt8], subject: [UInt8]) {
            self.id = id
            self.author = author
            self.subject = subject
        }
    }

    /// The object id, 20 bytes (32 in a SHA-256 repository).
    package var commit: [UInt8]
    package var parents: [[UInt8]]
    package var author: Signature
    package var committer: Signature
    /// The message as stored, in the encoding named.
    package var message: [UInt8]
    /// The commit's `encoding` header; empty means UTF-8.
    package var encoding: [UInt8]
    /// Commits reachable only through the other parents, newest first; a bounded number of them.
    package var sideCommits: [SideCommit]
    /// How many there were.
    package var sideCommitCount: UInt64

    package init(
        commit: [UInt8], parents: [[UInt8]], author: Signature, committer: Signature,
        message: [UInt8], encoding: [UInt8] = [], sideCommits: [SideCommit] = [],
        sideCommitCount: UInt64 = 0
    ) {
        self.commit = commit
        self.parents = parents
        self.author = author
        self.committer = committer
        self.message = message
        self.encoding = encoding
        self.sideCommits = sideCommits
        self.sideCommitCount = sideCommitCount
    }

    func encode(into writer: inout ByteWriter) {
        writer.prefixed(commit)
        writer.varint(parents.count)
        for parent in parents { writer.prefixed(parent) }
        for signature in [author, committer] {
            writer.prefixed(signature.name)
            writer.prefixed(signature.email)
            writer.u64(UInt64(bitPattern: signature.seconds))
            writer.prefixed(signature.zone)
        }
        writer.prefixed(message)
        writer.prefixed(encoding)
        writer.varint(sideCommitCount)
        writer.varint(sideCommits.count)
        for side in sideCommits {
            writer.prefixed(side.id)
            writer.prefixed(side.author)
            writer.prefixed(side.subject)
        }
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        func signature(_ reader: inout ByteReader) throws(FormatError) -> Signature {
            Signature(
                name: try reader.prefixed(), email: try reader.prefixed(),
                seconds: Int64(bitPattern: try reader.u64()), zone: try reader.prefixed())
        }
        commit = try reader.prefixed()
        var parents: [[UInt8]] = []
        for _ in 0..<(try reader.count()) { parents.append(try reader.prefixed()) }
        self.parents = parents
        author = try signature(&reader)
        committer = try signature(&reader)
        message = try reader.prefixed()
        encoding = try reader.prefixed()
        sideCommitCount = try reader.varint()
        var sides: [SideCommit] = []
        for _ in 0..<(try reader.count(bytesEach: 3)) {
            sides.append(
                SideCommit(
                    id: try reader.prefixed(), author: try reader.prefixed(),
                    subject: try reader.prefixed()))
        }
        sideCommits = sides
    }
}
