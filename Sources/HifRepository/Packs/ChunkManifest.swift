package import HifCore

/// Where the pieces of a file larger than `PackRecordKind.blobBytesMax` lie.
///
/// ```
/// "HIFM" · version u8 (1) · file id 32 · size varint
/// pack count varint · packs 32 each, in the order of first use; zero: the manifest's own pack
/// chunk count varint · chunks: raw length varint · id 32 · pack ordinal varint
///                            · offset u32 · stored length varint
/// BLAKE3 of everything above
/// ```
/// A manifest stands in a pack under the id of the file, so one look-up finds the file and all its
/// chunks. It is as good as its writer: the reader hashes the joined chunks and compares.
package struct ChunkManifest: Hashable, Sendable {
    package struct Chunk: Hashable, Sendable {
        /// BLAKE3 of the chunk.
        package let id: Hash
        package let rawBytes: Int
        /// Where its record lies; a pack of zero means the pack the manifest lies in.
        package let location: PackLocation

        package init(id: Hash, rawBytes: Int, location: PackLocation) {
            self.id = id
            self.rawBytes = rawBytes
            self.location = location
        }
    }

    /// BLAKE3 of the whole file.
    package let id: Hash
    /// Bytes of the whole file.
    package let size: UInt64
    /// In the order of the file.
    package let chunks: [Chunk]

    static let magic = Array("HIFM".utf8)
    static let version: UInt8 = 1
    /// The fewest bytes of one encoded chunk.
    private static let chunkBytesMin = 1 + 32 + 1 + 4 + 1

    /// - Precondition: every chunk has between one byte and the most a chunk record may.
    package init(id: Hash, chunks: [Chunk]) {
        self.id = id
        self.chunks = chunks
        size = chunks.reduce(0) { $0 + UInt64($1.rawBytes) }
        precondition(
            chunks.allSatisfy { (1...PackRecordKind.chunk.rawBytesMax).contains($0.rawBytes) },
            "chunk sizes")
    }

    /// The packs that must exist for the file to be readable, besides the manifest's own, each
    /// once in the order of first use. Whoever keeps the manifest must keep them.
    package var packs: [Hash] {
        var seen: Set<Hash> = [.zero]
        return chunks.compactMap { chunk in
            seen.insert(chunk.location.pack).inserted ? chunk.location.pack : nil
        }
    }

    /// The same with the manifest's own pack filled in, as a reader who has left the pack needs it.
    package func located(in pack: Hash) -> ChunkManifest {
        let located = chunks.map { chunk in
            guard chunk.location.pack == .zero else { return chunk }
            return Chunk(
                id: chunk.id, rawBytes: chunk.rawBytes,
                location: PackLocation(
                    pack: pack, offset: chunk.location.offset,
                    storedBytes: chunk.location.storedBytes))
        }
        return ChunkManifest(id: id, chunks: located)
    }

    package func encoded() -> [UInt8] {
        var ordinals: [Hash: Int] = [:]
        var order: [Hash] = []
        for chunk in chunks where ordinals[chunk.location.pack] == nil {
            ordinals[chunk.location.pack] = order.count
            order.append(chunk.location.pack)
        }
        var writer = ByteWriter(capacity: chunks.count * 44 + order.count * 32 + 100)
        writer.raw(ChunkManifest.magic)
        writer.u8(ChunkManifest.version)
        writer.hash(id)
        writer.varint(size)
        writer.varint(order.count)
        for pack in order { writer.hash(pack) }
        writer.varint(chunks.count)
        for chunk in chunks {
            writer.varint(chunk.rawBytes)
            writer.hash(chunk.id)
            writer.varint(ordinals[chunk.location.pack]!)
            writer.u32(chunk.location.offset)
            writer.varint(UInt64(chunk.location.storedBytes))
        }
        writer.hash(Blake3.hash(writer.bytes))
        return writer.bytes
    }

    /// Reads `encoded()` and refuses every other spelling.
    package init(_ bytes: [UInt8]) throws(FormatError) {
        let format = "chunk manifest"
        var reader = ByteReader(bytes, format: format)
        guard try reader.raw(4) == ChunkManifest.magic else {
            throw FormatError(format, at: 0, "not a chunk manifest")
        }
        let version = try reader.u8()
        guard version == ChunkManifest.version else {
            throw FormatError(
                format, at: 4, "version \(version), this program knows 1: a newer hif wrote it")
        }
        let id = try reader.hash()
        let size = try reader.varint()
        let packCount = try reader.count(bytesEach: Hash.byteCount)
        var packs: [Hash] = []
        var known: Set<Hash> = []
        for _ in 0..<packCount {
            let pack = try reader.hash()
            guard known.insert(pack).inserted else { throw reader.error("a pack listed twice") }
            packs.append(pack)
        }
        let chunkCount = try reader.count(bytesEach: ChunkManifest.chunkBytesMin)
        var chunks: [Chunk] = []
        chunks.reserveCapacity(chunkCount)
        var used = 0
        var sum: UInt64 = 0
        for _ in 0..<chunkCount {
            let rawBytes = try reader.varint()
            guard rawBytes >= 1, rawBytes <= UInt64(PackRecordKind.chunk.rawBytesMax) else {
                throw reader.error("a chunk of \(rawBytes) bytes")
            }
            let chunkID = try reader.hash()
            let ordinal = try reader.varint()
            guard ordinal <= UInt64(used), ordinal < UInt64(packs.count) else {
                throw reader.error("pack \(ordinal) out of order")
            }
            used = max(used, Int(ordinal) + 1)
            let offset = try reader.u32()
            let stored = try reader.varint()
            guard stored <= UInt64(UInt32.max - offset) else {
                throw reader.error("a record of \(stored) bytes at \(offset)")
            }
            sum += rawBytes
            chunks.append(
                Chunk(
                    id: chunkID, rawBytes: Int(rawBytes),
                    location: PackLocation(
                        pack: packs[Int(ordinal)], offset: offset, storedBytes: UInt32(stored))))
        }
        guard used == packs.count else { throw reader.error("a pack that no chunk is in") }
        guard sum == size else { throw reader.error("chunks of \(sum) bytes for \(size)") }
        let end = reader.offset
        guard try reader.hash() == Blake3.hash(bytes, range: 0..<end) else {
            throw FormatError(format, at: end, "the manifest's hash differs")
        }
        try reader.expectEnd()
        self.id = id
        self.size = size
        self.chunks = chunks
    }

    /// Refuses the manifest of another file.
    package func check(id: Hash) throws(FormatError) {
        guard self.id == id else {
            throw FormatError("chunk manifest", at: 5, "the manifest of \(self.id), not of \(id)")
        }
    }
}
