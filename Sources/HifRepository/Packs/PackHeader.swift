package import HifCore

/// The first 64 bytes of a pack.
///
/// ```
/// "HIFP" · version u8 (1) · three zero bytes · nonce 16 · session id 32
///        · check 8: the first bytes of BLAKE3 of the 56 before
/// ```
/// The check lets the collector, which decides by the session id whether a pack may go, trust a
/// header that it read without the rest.
package struct PackHeader: Hashable, Sendable {
    package let nonce: PackNonce
    /// The session that wrote the pack while it was open; zero for packs of compaction, import and
    /// other work that belongs to none.
    package let session: Hash

    /// Bytes of the header, and the offset of the first record.
    package static let byteCount = 64
    static let magic = Array("HIFP".utf8)
    static let version: UInt8 = 1

    package init(nonce: PackNonce, session: Hash) {
        self.nonce = nonce
        self.session = session
    }

    /// Reads the header at the start of `bytes`, which may hold more or be a whole pack.
    package init(_ bytes: [UInt8]) throws(FormatError) {
        var reader = ByteReader(bytes, format: "pack")
        guard try reader.raw(4) == PackHeader.magic else {
            throw FormatError("pack", at: 0, "not a pack")
        }
        let version = try reader.u8()
        guard version == PackHeader.version else {
            throw FormatError(
                "pack", at: 4, "version \(version), this program knows 1: a newer hif wrote it")
        }
        guard try reader.raw(3) == [0, 0, 0] else {
            throw FormatError("pack", at: 5, "reserved bytes that are not zero")
        }
        nonce = PackNonce(high: try reader.u64(), low: try reader.u64())
        session = try reader.hash()
        let check = try reader.raw(8)
        guard check == PackHeader.check(bytes, 0..<56) else {
            throw FormatError("pack", at: 56, "the header's check differs")
        }
    }

    func encode(into writer: inout ByteWriter) {
        let start = writer.count
        writer.raw(PackHeader.magic)
        writer.u8(PackHeader.version)
        writer.raw([0, 0, 0])
        writer.u64(nonce.high)
        writer.u64(nonce.low)
        writer.hash(session)
        writer.raw(PackHeader.check(writer.bytes, start..<writer.count))
    }

    private static func check(_ bytes: [UInt8], _ range: Range<Int>) -> [UInt8] {
        Array(Blake3.hash(bytes, range: range).bytes.prefix(8))
    }
}
