import HifCore
import HifRepository

/// Landings that an import prepares to submit together: their documents and long operation lists
/// share one pack.
struct GitImportBatch {
    /// Sizes at which a batch is submitted. They bound what an import holds in memory, and how much
    /// is prepared again after it was broken off.
    static let landingsMax = 4096
    static let operationsMax = 200_000
    static let packBytesMax = 8 << 20

    private struct Prepared {
        var intent: LandIntent
        let document: PackEntry
        let list: PackEntry?
    }

    private var prepared: [Prepared] = []
    private var operationCount = 0
    private var writer: PackWriter
    private let project: ProjectID
    /// The newest landing when the batch was begun: no session in here can have been closed before.
    let createdPosition: Position

    private static let context = Blake3Context("hif git import v1")

    /// The session that a commit becomes in a project, so that it lands once however often the
    /// import is run.
    static func session(of commit: GitID, in project: ProjectID) -> SessionID {
        SessionID(context.hash(project.bytes + commit.bytes))
    }

    init(project: ProjectID, owner: SessionID, createdPosition: Position, world: World) {
        self.project = project
        self.createdPosition = createdPosition
        writer = PackWriter(
            session: owner.hash,
            nonce: PackNonce(high: world.random(), low: world.random()))
    }

    var count: Int { prepared.count }

    var isFull: Bool {
        prepared.count >= GitImportBatch.landingsMax
            || operationCount >= GitImportBatch.operationsMax
            || writer.byteCount >= GitImportBatch.packBytesMax
    }

    /// Adds a commit.
    ///
    /// - Parameter places: where contents lie that no landing has named yet; those named here are
    ///   taken out.
    mutating func add(
        _ step: GitStep, _ changes: [GitOperation], places: inout GitImportPlaces
    ) throws {
        guard changes.count <= LandRequest.operationsMax else {
            throw GitError(
                .unsupported,
                "Commit \(step.commit.id) changes \(changes.count) files, and a landing holds"
                    + " \(LandRequest.operationsMax).")
        }
        let session = GitImportBatch.session(of: step.commit.id, in: project)
        var packs: [Hash] = []
        let operations = changes.sorted { $0.path < $1.path }.map { change in
            LandedOperation(
                Operation(path: change.path, before: change.before, after: change.after),
                location: change.after.flatMap {
                    GitImportBatch.location(of: $0.hash, &places, &packs)
                })
        }
        var list: PackEntry?
        let encoded = OperationList.encode(operations)
        if encoded.count > LandingMachine.inlineOperationBytesMax {
            list = writer.add(.operationList, encoded)
        }
        let commit = step.commit
        let author = commit.author.author
        let document = writer.add(
            .sessionDocument,
            SessionDocument(
                session: session, author: author,
                goal: String(decoding: commit.message, as: UTF8.self)
                    .prefix(utf8Max: LandRequest.goalBytesMax),
                startedMillis: commit.author.millis, createdPosition: createdPosition,
                origin: GitOrigin(step)
            ).encode())
        prepared.append(
            Prepared(
                intent: LandIntent(
                    session: session, author: author,
                    goalLine: String(decoding: commit.subject, as: UTF8.self)
                        .prefix(utf8Max: Landing.goalLineBytesMax),
                    startedMillis: commit.author.millis, landedMillis: commit.committer.millis,
                    sourceDigest: Operation.digest(session: session, operations.map(\.operation)),
                    createdPosition: createdPosition, packs: packs, operations: operations,
                    position: Position(step.index) + 1),
                document: document, list: list))
        operationCount += operations.count
    }

    /// The pack to upload, and the intents to submit after that.
    consuming func finish() -> (pack: SealedPack, intents: [LandIntent]) {
        let waiting = prepared
        let pack = writer.finish()
        let intents = waiting.map { prepared in
            var intent = prepared.intent
            let ordinal = intent.packs.count
            func reference(_ entry: PackEntry) -> RecordReference {
                RecordReference(
                    id: entry.id,
                    location: LandedLocation(
                        packOrdinal: ordinal, offset: entry.offset,
                        storedBytes: entry.storedBytes))
            }
            intent.packs.append(pack.id)
            intent.document = reference(prepared.document)
            intent.storedOperations = prepared.list.map(reference)
            return intent
        }
        return (pack, intents)
    }

    private static func location(
        of content: Hash, _ places: inout GitImportPlaces, _ packs: inout [Hash]
    ) -> LandedLocation? {
        guard let place = places[content] else { return nil }
        let needed = places.packs(of: content, at: place)
        for pack in needed where !packs.contains(pack) { packs.append(pack) }
        places.remove(content)
        return LandedLocation(
            packOrdinal: packs.firstIndex(of: needed[0]) ?? 0, offset: place.offset,
            storedBytes: place.storedBytes)
    }
}

extension GitPerson {
    /// As history shows a person: text, with replacement characters where it is not UTF-8.
    fileprivate var author: Author {
        Author(
            account: "", name: String(decoding: name, as: UTF8.self),
            email: String(decoding: email, as: UTF8.self))
    }

    /// Milliseconds since 1970; the ends of the range for moments that are no moments.
    fileprivate var millis: Int64 {
        let (product, isTooLarge) = seconds.multipliedReportingOverflow(by: 1000)
        return isTooLarge ? (seconds < 0 ? .min : .max) : product
    }

    fileprivate var signature: GitOrigin.Signature {
        GitOrigin.Signature(name: name, email: email, seconds: seconds, zone: zone)
    }
}

extension GitOrigin {
    fileprivate init(_ step: GitStep) {
        let commit = step.commit
        self.init(
            commit: commit.id.bytes, parents: commit.parents.map(\.bytes),
            author: commit.author.signature, committer: commit.committer.signature,
            message: commit.rawMessage, encoding: commit.encoding ?? [],
            sideCommits: step.merged.map { side in
                SideCommit(
                    id: side.id.bytes,
                    author: side.author.name + Array(" <".utf8) + side.author.email
                        + Array(">".utf8),
                    subject: side.subject)
            },
            sideCommitCount: UInt64(step.mergedCount))
    }
}
