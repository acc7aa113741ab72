package import HifCore

/// A whole pack in memory: for uploads to be checked, for compaction, repair and fsck. A reader
/// that wants one file uses a `PackLocation` and `PackRecord` instead.
package struct PackReader: Sendable {
    package let bytes: [UInt8]
    package let header: PackHeader
    package let footer: PackFooter

    /// Reads header and footer of a pack; records are read when asked for.
    package init(_ bytes: [UInt8]) throws(FormatError) {
        header = try PackHeader(bytes)
        self.bytes = bytes
        guard
            case .footer(let footer) = try PackFooter.parse(
                suffix: bytes, packBytes: bytes.count)
        else { throw FormatError("pack footer", at: 0, "longer than the pack") }
        self.footer = footer
    }

    private init(_ bytes: [UInt8], _ header: PackHeader, _ footer: PackFooter) {
        self.bytes = bytes
        self.header = header
        self.footer = footer
    }

    /// The record that `entry` names, checked against everything the entry says.
    package func record(_ entry: PackEntry) throws(FormatError) -> PackRecord {
        let record = try PackRecord(filling: entry.range, of: bytes)
        guard PackEntry(record) == entry else {
            throw record.error("a record that is not what the footer says")
        }
        return record
    }

    /// The content of `entry`, verified, following bases within the pack.
    ///
    /// - Parameter externalBase: the content of a base that the pack does not hold, or nil; called
    ///   at most once.
    package func content(
        of entry: PackEntry, using zstd: Zstd, externalBase: (Hash) -> [UInt8]? = { _ in nil }
    ) throws(FormatError) -> [UInt8] {
        // Down the bases without recursion, then up again with one content in hand at a time.
        var chain = [try record(entry)]
        var base: [UInt8]?
        while let baseID = chain[chain.count - 1].base {
            guard chain.count < PackRecord.chainMax else {
                throw chain[0].error("more than \(PackRecord.chainMax) records to decode one")
            }
            guard
                let baseEntry = footer.entry(
                    of: baseID, kind: chain[chain.count - 1].kind.baseKind)
            else {
                base = externalBase(baseID)
                break
            }
            chain.append(try record(baseEntry))
        }
        while let record = chain.popLast() {
            base = try record.content(using: zstd, base: base)
        }
        return base!
    }

    /// Checks the pack against its id, and then everything in it: that the records follow each
    /// other without a gap, that the footer says the same, and every content's hash.
    ///
    /// A flipped bit anywhere changes the id; the rest finds a pack that was written wrongly.
    package func verify(
        id: Hash, using zstd: Zstd, externalBase: (Hash) -> [UInt8]? = { _ in nil }
    ) throws(FormatError) {
        let actual = Blake3.hash(bytes)
        guard actual == id else {
            throw FormatError("pack", at: 0, "the bytes hash to \(actual), not \(id)")
        }
        var offset = PackHeader.byteCount
        for entry in footer.entriesByOffset() {
            guard entry.range.lowerBound == offset else {
                throw FormatError("pack", at: offset, "bytes that no record covers, or two do")
            }
            let content = try content(of: entry, using: zstd, externalBase: externalBase)
            if entry.kind == .manifest { try ChunkManifest(content).check(id: entry.id) }
            if entry.kind == .bundle { _ = try PackBundle(content) }
            offset = entry.range.upperBound
        }
        guard offset == footer.recordsEnd else {
            throw FormatError("pack", at: offset, "bytes that no record covers")
        }
    }
}

extension PackReader {
    /// What was found of a damaged pack.
    package struct Recovered: Sendable {
        /// Reads the records that are whole. For a pack with nothing but its footer lost, the
        /// footer is the one it had.
        package let reader: PackReader
        /// Bytes among the records that belong to none that is whole. Where records and footer are
        /// both damaged, the last range may reach into what was the footer.
        package let damaged: [Range<Int>]
    }

    /// Finds the records of a pack by their headers, without its footer, and keeps those whose
    /// content verifies. Header damage is survived too; the nonce and session are then unknown and
    /// read as zero.
    ///
    /// For repair: every byte is looked at, and every record decoded. A record whose base is not in
    /// the pack is kept on its header alone.
    package static func recover(_ bytes: [UInt8], using zstd: Zstd) -> Recovered {
        let header =
            (try? PackHeader(bytes))
            ?? PackHeader(nonce: PackNonce(high: 0, low: 0), session: .zero)
        var entries: [PackEntry] = []
        var found: Set<RecordName> = []
        var damaged: [Range<Int>] = []
        var contents = RecoveredContents()
        var recordsEnd = min(PackHeader.byteCount, bytes.count)
        var offset = recordsEnd
        while offset + PackRecord.magic.count <= bytes.count {
            guard bytes[offset] == PackRecord.magic[0],
                let record = try? PackRecord(startOf: offset..<bytes.count, in: bytes),
                contents.isWhole(record, zstd)
            else {
                offset += 1
                continue
            }
            if offset > recordsEnd { damaged.append(recordsEnd..<offset) }
            // A hostile pack may repeat a record; the first one stands.
            if found.insert(RecordName(id: record.id, kind: record.kind)).inserted {
                entries.append(PackEntry(record))
            }
            offset = record.range.upperBound
            recordsEnd = offset
        }
        let end: Int
        if case .footer(let footer)? = try? PackFooter.parse(
            suffix: bytes, packBytes: bytes.count)
        {
            end = footer.recordsEnd
        } else {
            end = bytes.count - PackFooter.byteCount(entries: entries.count)
        }
        if end > recordsEnd { damaged.append(recordsEnd..<end) }
        let footer = PackFooter(entries: entries, recordsEnd: recordsEnd)
        return Recovered(reader: PackReader(bytes, header, footer), damaged: damaged)
    }
}

/// The records found so far, to decode the ones that build on them.
private struct RecoveredContents {
    private var records: [RecordName: PackRecord] = [:]

    /// Whether `record` decodes to its id, as far as that can be told.
    mutating func isWhole(_ record: PackRecord, _ zstd: Zstd) -> Bool {
        var chain = [record]
        while let baseID = chain[chain.count - 1].base {
            guard chain.count < PackRecord.chainMax else { return false }
            let kind = chain[chain.count - 1].kind.baseKind
            guard let base = records[RecordName(id: baseID, kind: kind)] else {
                keep(record)
                return true
            }
            chain.append(base)
        }
        var content: [UInt8]?
        while let next = chain.popLast() {
            guard let decoded = try? next.content(using: zstd, base: content) else { return false }
            content = decoded
        }
        if record.kind == .manifest, let content {
            guard (try? ChunkManifest(content).check(id: record.id)) != nil else { return false }
        }
        keep(record)
        return true
    }

    private mutating func keep(_ record: PackRecord) {
        records[RecordName(id: record.id, kind: record.kind)] = record
    }
}
