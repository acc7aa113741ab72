import HifCore
import HifRepository

/// Stores the contents an import reads: hashed, packed, uploaded.
///
/// Held in memory: a mebibyte of the content under way, the pack being filled and the one being
/// uploaded.
struct GitImportSink: GitBlobSink {
    static let packBytesTarget = 16 << 20

    private let remote: any Remote
    private let save: (GitImportState) throws -> Void
    private var writer: ContentWriter
    /// The content under way: in memory while it may be a single record.
    private var content: [UInt8] = []
    private var stream: ContentStream?
    /// Stored, and their pack is not uploaded yet.
    private var pending: [Pending] = []
    private(set) var places: GitImportPlaces

    private struct Pending {
        let id: Hash
        let place: PackSequence.Place
        /// For a content in chunks, the other packs that hold some.
        let chunks: [Hash]?
    }

    /// - Parameters:
    ///   - session: the session that the packs belong to until a landing names them.
    ///   - save: keeps what is durable by now.
    init(
        _ remote: any Remote, session: SessionID, places: GitImportPlaces, world: World,
        save: @escaping (GitImportState) throws -> Void
    ) {
        self.remote = remote
        self.places = places
        self.save = save
        writer = ContentWriter(
            packs: PackSequence(
                session: session.hash, packBytesTarget: GitImportSink.packBytesTarget
            ) { PackNonce(high: world.random(), low: world.random()) })
    }

    mutating func begin(size: UInt64) {
        content = []
        stream = size > UInt64(PackRecordKind.blobBytesMax) ? ContentStream() : nil
    }

    mutating func write(_ piece: [UInt8]) async throws {
        guard stream != nil else {
            if content.isEmpty { content = piece } else { content += piece }
            return
        }
        try stream?.append(piece, to: &writer)
        try await uploadSealed()
    }

    mutating func finish() async throws -> Hash {
        let id: Hash
        if let stream = stream.take() {
            let stored = stream.finish(in: &writer)
            id = stored.id
            pending.append(
                Pending(
                    id: id, place: stored.place, chunks: stored.isChunked ? stored.otherPacks : nil)
            )
        } else {
            id = Blake3.hash(content)
            if places[id] == nil {
                let place = writer.packs.add(.blob, id: id, content)
                pending.append(Pending(id: id, place: place, chunks: nil))
            }
        }
        content = []
        try await uploadSealed()
        return id
    }

    mutating func checkpoint(_ map: GitBlobMap) async throws {
        writer.packs.seal()
        try await uploadSealed()
        try save(GitImportState(map: map, places: places))
    }

    private mutating func uploadSealed() async throws {
        var isAny = false
        while let sealed = writer.packs.takeSealed() {
            _ = try await remote.upload(sealed)
            isAny = true
        }
        guard isAny else { return }
        var open: [Pending] = []
        for stored in pending {
            if let location = writer.packs.location(of: stored.place) {
                places.add(stored.id, at: location, chunks: stored.chunks)
            } else {
                open.append(stored)
            }
        }
        pending = open
    }
}
