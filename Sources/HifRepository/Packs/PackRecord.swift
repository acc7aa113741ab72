package import HifCore

/// What a pack record holds. The number is stored.
package enum PackRecordKind: UInt8, Hashable, Sendable, CaseIterable {
    /// A file's whole content, at most `blobBytesMax`.
    case blob = 0
    /// A piece of a larger file, cut where its content says so.
    case chunk = 1
    /// A node of the prolly tree.
    case node = 2
    /// A closed session: goal, conversation, decisions.
    case sessionDocument = 3
    /// Where the chunks of a file larger than `blobBytesMax` lie, under the file's own id.
    case manifest = 4
    /// The operations of a landing that has too many for its slot.
    case operationList = 5
    /// Many contents in one: what a compaction makes of the older versions of a file, or of many
    /// session documents (`PackBundle`).
    case bundle = 6

    /// The largest file that is one record; a larger one is a manifest and chunks.
    package static let blobBytesMax = 1 << 20

    /// The most uncompressed bytes a record of this kind may declare: what a reader can be made to
    /// allocate by one.
    package var rawBytesMax: Int {
        switch self {
        case .blob: PackRecordKind.blobBytesMax
        case .chunk: 1 << 18
        case .node: 1 << 20
        case .sessionDocument, .manifest, .operationList: 1 << 26
        case .bundle: 1 << 24
        }
    }

    /// The kind of the record that a delta of this kind builds on: a bundle of older versions copies
    /// from the newest, which is a record of its own.
    var baseKind: PackRecordKind { self == .bundle ? .blob : self }

    /// Whether the id is the plain hash of the content, whatever the kind: where the content was found
    /// by its id, one such kind is as good as another.
    var isPlain: Bool {
        switch self {
        case .blob, .chunk, .sessionDocument, .operationList: true
        case .node, .manifest, .bundle: false
        }
    }

    private static let nodeContext = Blake3Context("hif tree node v1")

    /// The id of `content` as a record of this kind: BLAKE3, keyed for nodes so that a file cannot
    /// pass as a node. Nil for a manifest, which stands under the id of the file it describes.
    package func id(of content: [UInt8]) -> Hash? {
        switch self {
        case .blob, .chunk, .sessionDocument, .operationList, .bundle: Blake3.hash(content)
        case .node: PackRecordKind.nodeContext.hash(content)
        case .manifest: nil
        }
    }
}

/// How a record's bytes are stored. Number 2 is reserved for zstd with a trained dictionary.
package enum PackCodec: UInt8, Hashable, Sendable, CaseIterable {
    case raw = 0
    case zstd = 1
    /// A zstd frame that copies from the content of another record, the base.
    case zstdPrefix = 3
}

/// One record of a pack, its header read and its content still as stored.
///
/// ```
/// "HIR" 01 · kind u8 · codec u8 · id 32 · raw length varint · stored length varint
///          · [base id 32, codec zstdPrefix only] · stored bytes
/// ```
package struct PackRecord: Sendable {
    package let kind: PackRecordKind
    package let codec: PackCodec
    package let id: Hash
    /// Bytes of the content.
    package let rawBytes: Int
    /// The record whose content is needed to decode this one; set exactly for `zstdPrefix`.
    package let base: Hash?
    /// Where the whole record lies in the bytes it was read from.
    package let range: Range<Int>
    /// Where its stored bytes lie there.
    package let payload: Range<Int>
    private let source: [UInt8]

    static let magic = Array("HIR".utf8)
    static let version: UInt8 = 1
    /// The most records that are read to decode one: deltas behind deltas are slow and, from a
    /// hostile pack, endless.
    package static let chainMax = 16
    /// No record header is longer.
    static let headerBytesMax = 4 + 2 + 32 + 5 + 5 + 32

    /// Reads the record that starts at `range.lowerBound`; it may end before the range does.
    package init(startOf range: Range<Int>, in source: [UInt8]) throws(FormatError) {
        var reader = ByteReader(source, range: range, format: "pack record")
        guard try reader.raw(3) == PackRecord.magic else {
            throw FormatError("pack record", at: range.lowerBound, "no record starts here")
        }
        let version = try reader.u8()
        guard version == PackRecord.version else {
            throw reader.error("version \(version), this program knows 1: a newer hif wrote it")
        }
        let kindNumber = try reader.u8()
        guard let kind = PackRecordKind(rawValue: kindNumber) else {
            throw reader.error("unknown kind \(kindNumber)")
        }
        codec = try PackRecord.codec(reader.u8(), reader)
        id = try reader.hash()
        let raw = try reader.varint()
        guard raw <= UInt64(kind.rawBytesMax) else {
            throw reader.error("\(raw) bytes declared where \(kind.rawBytesMax) are allowed")
        }
        rawBytes = Int(raw)
        let stored = try reader.varint()
        base = codec == .zstdPrefix ? try reader.hash() : nil
        guard stored <= UInt64(reader.remaining) else {
            throw reader.error("truncated: \(stored) stored bytes, has \(reader.remaining)")
        }
        guard codec != .raw || stored == raw else {
            throw reader.error("\(stored) raw bytes stored where \(raw) are declared")
        }
        guard base != id else { throw reader.error("a record that is its own base") }
        self.kind = kind
        payload = try reader.skip(Int(stored))
        self.range = range.lowerBound..<payload.upperBound
        self.source = source
    }

    /// Reads the record that fills `range` exactly, which is what a `PackLocation` names.
    package init(filling range: Range<Int>, of source: [UInt8]) throws(FormatError) {
        try self.init(startOf: range, in: source)
        guard self.range == range else {
            throw FormatError(
                "pack record", at: self.range.upperBound,
                "\(range.upperBound - self.range.upperBound) bytes too many")
        }
    }

    /// The content, verified: it hashes to `id`, or, for a manifest, reads as one of `id`.
    ///
    /// - Parameters:
    ///   - base: the content of the record named by `base`; nil for other codecs.
    ///   - bytesMax: refuse longer content before allocating it.
    ///   - isVerified: without, nothing is hashed: for a bundle of which one member is wanted, which
    ///     the reader checks by itself.
    package func content(
        using zstd: Zstd, base baseContent: [UInt8]? = nil, bytesMax: Int = .max,
        isVerified: Bool = true
    ) throws(FormatError) -> [UInt8] {
        guard rawBytes <= bytesMax else {
            throw error("\(rawBytes) bytes of content where \(bytesMax) are allowed")
        }
        let content = try decompressed(zstd, baseContent)
        if isVerified, let actual = kind.id(of: content) {
            guard actual == id else { throw error("content hashes to \(actual), not \(id)") }
        }
        return content
    }

    private func decompressed(
        _ zstd: Zstd, _ baseContent: [UInt8]?
    ) throws(FormatError) -> [UInt8] {
        var prefix: [UInt8] = []
        switch codec {
        case .raw: return Array(source[payload])
        case .zstd: break
        case .zstdPrefix:
            guard let baseContent else { throw error("the base \(base!) is not at hand") }
            prefix = baseContent
        }
        do {
            return try zstd.decompress(
                source, in: payload, rawBytes: rawBytes, rawBytesMax: kind.rawBytesMax,
                prefix: prefix)
        } catch {
            throw self.error(error.reason)
        }
    }

    /// Refuses a record that is not the one that was asked for: the way a reader with a location
    /// finds out that the location, or the bytes, are wrong.
    package func expect(_ id: Hash, _ kinds: [PackRecordKind]) throws(FormatError) {
        guard self.id == id else { throw error("record of \(self.id), not of \(id)") }
        guard kinds.contains(kind) else { throw error("a record of kind \(kind)") }
    }

    func error(_ reason: String) -> FormatError {
        FormatError("pack record", at: range.lowerBound, reason)
    }

    /// The bytes of the whole record, for copying into another pack.
    package var bytes: [UInt8] { Array(source[range]) }

    static func codec(_ number: UInt8, _ reader: ByteReader) throws(FormatError) -> PackCodec {
        guard let codec = PackCodec(rawValue: number) else {
            throw reader.error(number == 2 ? "codec 2 is reserved" : "unknown codec \(number)")
        }
        return codec
    }

    /// Appends a record. The counterpart of `init(startOf:in:)`.
    static func encode(
        _ kind: PackRecordKind, _ codec: PackCodec, id: Hash, rawBytes: Int, base: Hash?,
        payload: [UInt8], into writer: inout ByteWriter
    ) {
        precondition((base != nil) == (codec == .zstdPrefix), "a base goes with zstdPrefix")
        writer.raw(magic)
        writer.u8(version)
        writer.u8(kind.rawValue)
        writer.u8(codec.rawValue)
        writer.hash(id)
        writer.varint(rawBytes)
        writer.varint(payload.count)
        if let base { writer.hash(base) }
        writer.raw(payload)
    }
}
