package import HifCore
package import HifStore

/// Where one content lies: enough for one ranged GET that decodes without anything else, for a record
/// that is no delta.
package struct PackLocation: Hashable, Sendable {
    /// What of the record is meant.
    package enum Part: Hashable, Sendable {
        /// All of it; it is of the kind and id that whoever named it says.
        case record
        /// All of it, found by its id alone: any kind whose id is the plain hash of its content will do.
        case found
        /// A member of a bundle, by its number.
        case member(UInt16)
    }

    /// The pack's id.
    package let pack: Hash
    /// Byte offset of the record's header from the start of the pack.
    package let offset: UInt32
    /// Bytes of the whole record, header included.
    package let storedBytes: UInt32
    package let part: Part

    package init(pack: Hash, offset: UInt32, storedBytes: UInt32, part: Part = .record) {
        self.pack = pack
        self.offset = offset
        self.storedBytes = storedBytes
        self.part = part
    }

    /// Number of the member, to put those of a bundle in order; -1 where the record is meant.
    var memberNumber: Int {
        if case .member(let number) = part { Int(number) } else { -1 }
    }

    /// Where the record lies within its pack.
    package var range: Range<Int> { Int(offset)..<Int(offset) + Int(storedBytes) }
}

/// What a pack's footer says of one record: 45 bytes.
package struct PackEntry: Hashable, Sendable {
    package let id: Hash
    package let kind: PackRecordKind
    package let codec: PackCodec
    /// Byte offset of the record's header from the start of the pack.
    package let offset: UInt32
    /// Bytes of the whole record, header included.
    package let storedBytes: UInt32
    /// Bytes of its content.
    package let rawBytes: UInt32

    static let byteCount = 45

    init(
        id: Hash, kind: PackRecordKind, codec: PackCodec, offset: UInt32, storedBytes: UInt32,
        rawBytes: UInt32
    ) {
        self.id = id
        self.kind = kind
        self.codec = codec
        self.offset = offset
        self.storedBytes = storedBytes
        self.rawBytes = rawBytes
    }

    /// The entry of a record that was read at its place in its pack.
    init(_ record: PackRecord) {
        self.init(
            id: record.id, kind: record.kind, codec: record.codec,
            offset: UInt32(record.range.lowerBound), storedBytes: UInt32(record.range.count),
            rawBytes: UInt32(record.rawBytes))
    }

    /// Where the record lies within its pack.
    package var range: Range<Int> { Int(offset)..<Int(offset) + Int(storedBytes) }

    package func location(in pack: Hash) -> PackLocation {
        PackLocation(pack: pack, offset: offset, storedBytes: storedBytes)
    }

    /// The footer's order: by id, then, where a chunk and a whole file have the same content, kind.
    static func isBefore(_ left: PackEntry, _ right: PackEntry) -> Bool {
        left.id != right.id ? left.id < right.id : left.kind.rawValue < right.kind.rawValue
    }

    /// id 32 · offset u32 · stored u32 · raw u32 · kind in the high and codec in the low four bits
    /// of one byte.
    func encode(into writer: inout ByteWriter) {
        writer.hash(id)
        writer.u32(offset)
        writer.u32(storedBytes)
        writer.u32(rawBytes)
        writer.u8(kind.rawValue << 4 | codec.rawValue)
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        id = try reader.hash()
        offset = try reader.u32()
        storedBytes = try reader.u32()
        rawBytes = try reader.u32()
        let packed = try reader.u8()
        guard let kind = PackRecordKind(rawValue: packed >> 4) else {
            throw reader.error("unknown kind \(packed >> 4)")
        }
        self.kind = kind
        codec = try PackRecord.codec(packed & 15, reader)
        guard Int(rawBytes) <= kind.rawBytesMax else {
            throw reader.error("\(rawBytes) bytes declared where \(kind.rawBytesMax) are allowed")
        }
    }
}

/// What a pack holds at most once.
struct RecordName: Hashable {
    let id: Hash
    let kind: PackRecordKind
}

/// The sixteen random bytes that make every pack's id new, so that a pack condemned by collection
/// never comes back under its key because somebody wrote the same content again.
package struct PackNonce: Hashable, Sendable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// Keys of packs within a project's part of the store.
package enum PackKey {
    /// `pack/<first byte of the id, hex>/<id, hex>`: 256 directories, 256 prefixes of a bucket.
    package static func key(of pack: Hash) -> ObjectKey {
        let hex = pack.hex
        return ObjectKey("pack/\(hex.prefix(2))/\(hex)")
    }

    /// The pack that `key` names; nil for any other key.
    package static func pack(of key: ObjectKey) -> Hash? {
        guard let last = key.segments.last, let pack = Hash(hex: String(last)) else { return nil }
        return PackKey.key(of: pack) == key ? pack : nil
    }
}
