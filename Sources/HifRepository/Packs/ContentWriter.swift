package import HifCore

/// Stores file contents of any size in a sequence of packs: up to `PackRecordKind.blobBytesMax` as
/// one record, beyond it as chunks and a manifest.
///
/// After each `add`, and each piece of a stream, write what `packs.takeSealed()` gives. Memory is
/// then the pack being written, one sealed pack and, for a stream, a mebibyte.
package struct ContentWriter {
    /// Where the records go. Records of other kinds may be added in between.
    package var packs: PackSequence
    /// Chunks that need not be written: in this sequence, or in packs that exist already.
    private var chunks: [Hash: StoredChunk] = [:]

    fileprivate struct StoredChunk {
        let id: Hash
        let rawBytes: Int
        let at: ChunkPlace
    }

    fileprivate enum ChunkPlace {
        case here(PackSequence.Place)
        case elsewhere(PackLocation)
    }

    /// - Parameter known: chunks of stored files, usually of the previous version's manifest with
    ///   its own pack filled in. New manifests refer to them instead of storing them again.
    package init(packs: PackSequence, known: [ChunkManifest.Chunk] = []) {
        self.packs = packs
        for chunk in known {
            precondition(chunk.location.pack != .zero, "a chunk in no particular pack")
            chunks[chunk.id] = StoredChunk(
                id: chunk.id, rawBytes: chunk.rawBytes, at: .elsewhere(chunk.location))
        }
    }

    /// Stores a content that is in memory.
    package mutating func add(_ content: [UInt8]) throws(ContentError) -> StoredContent {
        guard content.count > PackRecordKind.blobBytesMax else {
            return addBlob(content, id: Blake3.hash(content))
        }
        var stream = ContentStream()
        try stream.append(content, to: &self)
        return stream.finish(in: &self)
    }

    fileprivate mutating func addBlob(_ content: [UInt8], id: Hash) -> StoredContent {
        StoredContent(
            id: id, size: UInt64(content.count), isChunked: false,
            place: packs.add(.blob, id: id, content), otherPacks: [])
    }

    fileprivate mutating func addChunk(_ content: [UInt8]) -> StoredChunk {
        let id = Blake3.hash(content)
        if let known = chunks[id], known.rawBytes == content.count { return known }
        let chunk = StoredChunk(
            id: id, rawBytes: content.count, at: .here(packs.add(.chunk, id: id, content)))
        chunks[id] = chunk
        return chunk
    }

    fileprivate mutating func addManifest(_ id: Hash, _ stored: [StoredChunk]) -> StoredContent {
        // A pack that is still open has no name: a pack of zero says that it is the manifest's own,
        // which holds because the manifest is the next record.
        let open = packs.packOrdinal
        let manifest = ChunkManifest(
            id: id,
            chunks: stored.map { chunk in
                let location: PackLocation
                switch chunk.at {
                case .elsewhere(let known): location = known
                case .here(let place):
                    location = PackLocation(
                        pack: place.packOrdinal == open ? .zero : packs.packs[place.packOrdinal],
                        offset: place.offset, storedBytes: place.storedBytes)
                }
                return ChunkManifest.Chunk(
                    id: chunk.id, rawBytes: chunk.rawBytes, location: location)
            })
        let place = packs.add(.manifest, id: id, manifest.encoded())
        return StoredContent(
            id: id, size: manifest.size, isChunked: true, place: place,
            otherPacks: manifest.packs)
    }
}

/// What became of a content that was stored.
package struct StoredContent: Hashable, Sendable {
    /// BLAKE3 of the content.
    package let id: Hash
    /// Bytes of the content.
    package let size: UInt64
    /// Whether the record at `place` is a manifest rather than the content.
    package let isChunked: Bool
    /// The record to name in an operation; `PackSequence.location(of:)` makes a location of it.
    package let place: PackSequence.Place
    /// Packs besides that of `place` that hold chunks of it, in the order of first use: earlier
    /// ones of the sequence, and those of known chunks. Whoever names the content needs them too.
    package let otherPacks: [Hash]
}

/// One content that arrives in pieces and may be larger than memory.
///
/// Until a mebibyte has come it may still be a single record, so that much is held back; from then
/// on, less than a chunk.
package struct ContentStream {
    /// Bytes that are in no chunk yet.
    private var held: [UInt8] = []
    /// How many of them the chunker has seen.
    private var seen = 0
    private var hasher = Blake3()
    private var chunker = Chunker()
    private var chunks: [ContentWriter.StoredChunk] = []

    /// The most chunks whose manifest is sure to fit a record; about 80 GB of ordinary content.
    package static let chunkCountMax = 1_300_000

    package init() {}

    /// Takes the next bytes, in pieces of any size. Pieces of 64 KiB to a mebibyte are fastest.
    /// Fails with `tooLarge` beyond `chunkCountMax` chunks.
    package mutating func append(
        _ piece: [UInt8], to writer: inout ContentWriter
    ) throws(ContentError) {
        hasher.update(piece)
        held += piece
        guard !chunks.isEmpty || held.count > PackRecordKind.blobBytesMax else { return }
        var start = 0
        for cut in ContentStream.cuts(of: held, from: seen, &chunker) {
            chunks.append(writer.addChunk(Array(held[start..<cut])))
            start = cut
            guard chunks.count < ContentStream.chunkCountMax else {
                throw ContentError(
                    .tooLarge, id: .zero, pack: nil,
                    "a file of more than \(ContentStream.chunkCountMax) chunks")
            }
        }
        held.removeFirst(start)
        seen = held.count
    }

    /// Ends the content and stores what is left of it. The stream is spent.
    package consuming func finish(in writer: inout ContentWriter) -> StoredContent {
        let id = hasher.finalize()
        guard !chunks.isEmpty else { return writer.addBlob(held, id: id) }
        if !held.isEmpty { chunks.append(writer.addChunk(held)) }
        return writer.addManifest(id, chunks)
    }

    /// Where `bytes` are to be cut, of which `chunker` has seen those before `start`.
    private static func cuts(of bytes: [UInt8], from start: Int, _ chunker: inout Chunker) -> [Int]
    {
        var cuts: [Int] = []
        var start = start
        while let cut = chunker.nextCut(in: bytes.span.bytes.extracting(droppingFirst: start)) {
            start += cut
            cuts.append(start)
        }
        return cuts
    }
}
