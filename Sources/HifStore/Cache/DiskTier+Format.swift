internal import HifCore

/// The file of a piece: `hifblock`, version 1, then the object's key, size and tag, the piece's
/// number, its bytes, and the BLAKE3 hash of all that. Only the process that wrote it, or its successor
/// on the same machine, reads it; a version that is not known is thrown away.
extension DiskTier {
    private static let magic = Array("hifblock".utf8)
    private static let formatVersion: UInt8 = 1
    private static let etagBytesMax = 1_024
    /// What a file holds at most beside the piece's bytes.
    static let headerBytesMax = 2_048

    static func encode(_ block: CacheBlock, _ index: UInt32, of key: ObjectKey) -> [UInt8] {
        var writer = ByteWriter(capacity: block.bytes.count + 256)
        writer.raw(magic)
        writer.u8(formatVersion)
        writer.prefixed(key.string)
        writer.u64(UInt64(block.version.size))
        writer.prefixed(block.version.etag.text)
        writer.u32(index)
        writer.raw(block.bytes)
        writer.hash(Blake3.hash(writer.bytes))
        return writer.bytes
    }

    /// The piece, if the file holds that one and every byte is as it was written.
    static func decode(
        _ bytes: [UInt8], _ index: UInt32, of key: ObjectKey
    ) throws(FormatError) -> CacheBlock {
        let end = bytes.count - Hash.byteCount
        var reader = ByteReader(bytes, format: "cached piece")
        guard end > 0 else { throw reader.error("too short") }
        var checksum = ByteReader(bytes, range: end..<bytes.count, format: "cached piece")
        guard try checksum.hash() == Blake3.hash(bytes, range: 0..<end) else {
            throw reader.error("its bytes are not those that were written")
        }
        guard try reader.raw(magic.count) == magic, try reader.u8() == formatVersion else {
            throw reader.error("another format")
        }
        guard try reader.string(bytesMax: ObjectKey.maximumByteCount) == key.string else {
            throw reader.error("of another object")
        }
        guard let size = Int(exactly: try reader.u64()) else { throw reader.error("a size") }
        let etag = ETag(try reader.string(bytesMax: etagBytesMax))
        guard try reader.u32() == index else { throw reader.error("another piece") }
        let content = try reader.raw(reader.remaining - Hash.byteCount)
        guard content.count == CacheBlock.range(index, size: size).count else {
            throw reader.error("\(content.count) bytes in piece \(index) of \(size)")
        }
        return CacheBlock(bytes: content, version: ObjectVersion(size: size, etag: etag))
    }

    /// The name of a piece's file: object, number and the object's size, so that a process that begins
    /// knows from names alone what it has.
    struct FileName: Hashable, Sendable {
        let id: CacheBlockID
        let size: Int

        init(_ id: CacheBlockID, size: Int) {
            self.id = id
            self.size = size
        }

        /// Nil for a name that no piece has.
        init?(_ name: String) {
            let parts = name.split(separator: "-", omittingEmptySubsequences: false)
            guard parts.count == 3, parts[0].utf8.count == 32,
                let high = UInt64(parts[0].prefix(16), radix: 16),
                let low = UInt64(parts[0].suffix(16), radix: 16),
                let index = UInt32(parts[1], radix: 16),
                let size = Int(parts[2], radix: 16), size >= 0
            else { return nil }
            let object = CachedObjectID(high: high, low: low)
            self.init(CacheBlockID(object: object, index: index), size: size)
            guard text == name else { return nil }
        }

        var text: String {
            "\(id.object)-\(String(id.index, radix: 16))-\(String(size, radix: 16))"
        }

        /// Files lie in 256 directories.
        var directory: String { String(text.prefix(2)) }

        var path: String { "\(directory)/\(text)" }
    }
}
