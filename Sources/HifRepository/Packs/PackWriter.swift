package import HifCore
package import HifStore

/// Builds one pack in memory: records are appended, then the footer.
///
/// Not `Sendable`, since it keeps compression contexts; hand the `SealedPack` on instead.
package struct PackWriter {
    /// The most a pack may hold before it should be sealed; a single record may go beyond it.
    /// Offsets are 32 bits wide, so nothing may go beyond four gibibytes.
    package static let bytesSoftMax = 64 << 20

    /// The records written so far, in the order of their offsets.
    package private(set) var entries: [PackEntry] = []
    private var places: [RecordName: Int] = [:]
    private var writer: ByteWriter
    private let zstd: Zstd
    private let level: Int

    /// - Parameters:
    ///   - session: whose work this is; zero for work that belongs to no session.
    ///   - nonce: sixteen random bytes, never used for another pack.
    ///   - zstd: contexts to compress with, if the caller already has some.
    ///   - level: of compression.
    package init(
        session: Hash = .zero, nonce: PackNonce, zstd: Zstd = Zstd(), level: Int = Zstd.levelOnline
    ) {
        self.zstd = zstd
        self.level = level
        writer = ByteWriter()
        PackHeader(nonce: nonce, session: session).encode(into: &writer)
    }

    /// Bytes of the pack if it were sealed now.
    package var byteCount: Int { writer.count + PackFooter.byteCount(entries: entries.count) }

    package var isEmpty: Bool { entries.isEmpty }

    /// The record of `id` in this pack, if it was added.
    package func entry(of id: Hash, kind: PackRecordKind) -> PackEntry? {
        places[RecordName(id: id, kind: kind)].map { entries[$0] }
    }

    /// Appends `content`, compressed if that gains anything, under the id its kind gives it.
    /// Content that is already here is not written again.
    ///
    /// - Precondition: `content` is at most `kind.rawBytesMax` long, and not a manifest.
    @discardableResult
    package mutating func add(_ kind: PackRecordKind, _ content: [UInt8]) -> PackEntry {
        guard let id = kind.id(of: content) else {
            preconditionFailure("a manifest is added with the id of what it describes")
        }
        return add(kind, id: id, content)
    }

    /// Appends `content` whose id the caller has computed already.
    ///
    /// - Precondition: `id` is the id of `content` (checked in debug builds only).
    @discardableResult
    package mutating func add(
        _ kind: PackRecordKind, id: Hash, _ content: [UInt8]
    ) -> PackEntry {
        assert(kind.id(of: content).map { $0 == id } ?? true, "content of another id")
        if let entry = entry(of: id, kind: kind) { return entry }
        let frame = compressed(content)
        return append(
            kind, frame == nil ? .raw : .zstd, id: id, rawBytes: content.count, base: nil,
            payload: frame ?? content)
    }

    /// Appends `content` as what changed since `base`, unless that is no smaller than storing it
    /// whole. A median edit takes about a hundred bytes this way.
    ///
    /// A pack in the store keeps a record and its base together. A pack on its way to the forge may
    /// name a base that the forge has.
    @discardableResult
    package mutating func add(
        _ kind: PackRecordKind, id: Hash, _ content: [UInt8], base: (id: Hash, content: [UInt8]),
        level: Int = Zstd.levelOnline
    ) -> PackEntry {
        assert(kind.id(of: content).map { $0 == id } ?? true, "content of another id")
        if let entry = entry(of: id, kind: kind) { return entry }
        guard base.id != id, !base.content.isEmpty else { return add(kind, id: id, content) }
        let delta = zstd.compress(content, level: level, prefix: base.content)
        // A delta costs its reader the base as well: it must be clearly smaller.
        let whole = compressed(content)
        guard delta.count + Hash.byteCount < (whole ?? content).count / 4 * 3 else {
            return append(
                kind, whole == nil ? .raw : .zstd, id: id, rawBytes: content.count, base: nil,
                payload: whole ?? content)
        }
        return append(
            kind, .zstdPrefix, id: id, rawBytes: content.count, base: base.id, payload: delta)
    }

    /// Appends a record whose frame was made elsewhere: compaction compresses several at a time.
    ///
    /// - Precondition: `frame` decompresses to `rawBytes` bytes with that hash, given the content of
    ///   `base`, which is in the pack.
    mutating func add(
        _ kind: PackRecordKind, id: Hash, rawBytes: Int, frame: [UInt8], base: Hash?
    ) -> PackEntry {
        if let entry = entry(of: id, kind: kind) { return entry }
        precondition(
            base.map { entry(of: $0, kind: kind.baseKind) != nil } ?? true, "its base is not here")
        return append(
            kind, base == nil ? .zstd : .zstdPrefix, id: id, rawBytes: rawBytes, base: base,
            payload: frame)
    }

    /// Copies a record of another pack as it is, without decoding its content.
    @discardableResult
    package mutating func add(_ record: PackRecord) -> PackEntry {
        if let entry = entry(of: record.id, kind: record.kind) { return entry }
        let offset = writer.count
        writer.raw(record.bytes)
        return note(
            record.kind, record.codec, id: record.id, rawBytes: record.rawBytes, offset: offset)
    }

    /// Appends the footer and names the pack. The writer is spent.
    package consuming func finish() -> SealedPack {
        let footer = PackFooter(entries: entries, recordsEnd: writer.count)
        footer.encode(into: &writer)
        precondition(writer.count <= Int(UInt32.max), "a pack of more than 4 GiB")
        return SealedPack(
            id: Blake3.hash(writer.bytes), bytes: writer.bytes, entries: entries, footer: footer)
    }

    /// The zstd frame of `content`, or nil when storing it raw costs at most a thirty-second more
    /// and so saves every reader the decompression. Only the first 64 KiB of long content are tried
    /// before giving up.
    private func compressed(_ content: [UInt8]) -> [UInt8]? {
        func gains(_ frame: Int, over raw: Int) -> Bool { frame < raw - raw / 32 }
        let probeBytes = 1 << 16
        if content.count > 2 * probeBytes {
            let probe = zstd.compress(content, in: 0..<probeBytes, level: 1)
            guard gains(probe.count, over: probeBytes) else { return nil }
        }
        let frame = zstd.compress(content, level: level)
        return gains(frame.count, over: content.count) ? frame : nil
    }

    private mutating func append(
        _ kind: PackRecordKind, _ codec: PackCodec, id: Hash, rawBytes: Int, base: Hash?,
        payload: [UInt8]
    ) -> PackEntry {
        precondition(rawBytes <= kind.rawBytesMax, "\(rawBytes) bytes in a record of \(kind)")
        let offset = writer.count
        PackRecord.encode(
            kind, codec, id: id, rawBytes: rawBytes, base: base, payload: payload, into: &writer)
        return note(kind, codec, id: id, rawBytes: rawBytes, offset: offset)
    }

    private mutating func note(
        _ kind: PackRecordKind, _ codec: PackCodec, id: Hash, rawBytes: Int, offset: Int
    ) -> PackEntry {
        let entry = PackEntry(
            id: id, kind: kind, codec: codec, offset: UInt32(offset),
            storedBytes: UInt32(writer.count - offset), rawBytes: UInt32(rawBytes))
        places[RecordName(id: id, kind: kind)] = entries.count
        entries.append(entry)
        return entry
    }
}

/// A finished pack: its bytes and its name, to be written if absent under `key`.
package struct SealedPack: Sendable {
    /// BLAKE3 of `bytes`.
    package let id: Hash
    package let bytes: [UInt8]
    /// In the order of the records.
    package let entries: [PackEntry]
    package let footer: PackFooter

    package var key: ObjectKey { PackKey.key(of: id) }
}
