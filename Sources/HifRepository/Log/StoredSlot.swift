package import HifCore

/// How a slot lies in the store: as it is, or, where it is long and that gains something, compressed.
///
/// ```
/// "HIFZ" · version u16 (1) · reserved u16 · length u32 of the slot · one zstd frame
/// ```
/// Hashes, checksums and limits are those of the slot's own bytes, whatever the version of zstd makes of
/// them: compressing is between the store and its reader.
package enum StoredSlot {
    private static let magic: UInt32 = 0x5A46_4948  // "HIFZ"
    private static let version: UInt16 = 1
    /// Shorter slots are stored as they are: whoever waits for a single landing waits for nothing else.
    static let bytesMin = 16 << 10

    /// What to store for the bytes of a slot.
    package static func packed(_ slot: [UInt8]) -> [UInt8] {
        guard slot.count >= bytesMin else { return slot }
        let frame = Zstd().compress(slot)
        guard frame.count + 12 < slot.count / 8 * 7 else { return slot }
        var writer = ByteWriter(capacity: frame.count + 12)
        writer.u32(magic)
        writer.u16(version)
        writer.u16(0)
        writer.u32(UInt32(slot.count))
        writer.raw(frame)
        return writer.bytes
    }

    /// The bytes of the slot that was stored so; not looked at any further.
    package static func unpacked(_ stored: [UInt8]) throws(FormatError) -> [UInt8] {
        let format = "stored slot"
        var reader = ByteReader(stored, format: format)
        guard stored.count >= 4, try reader.u32() == magic else { return stored }
        let version = try reader.u16()
        guard version == StoredSlot.version else {
            throw reader.error("version \(version), this program reads 1")
        }
        guard try reader.u16() == 0 else { throw reader.error("reserved bits are set") }
        let length = Int(try reader.u32())
        do throws(ZstdError) {
            return try Zstd().decompress(
                stored, in: reader.offset..<stored.count, rawBytes: length,
                rawBytesMax: Slot.bytesMax)
        } catch {
            throw reader.error(error.reason)
        }
    }
}
