package import HifCore

/// Where the blobs lie that the landings of an aligned range of slots brought: one run of the
/// object index. A pure function of the log; derived, rebuilt when it is missing.
///
/// Fan-out 32: a run of level 1 covers 32 slots, one of level 2 covers 1,024, and so on. The format
/// is docs/formats/object-run.md.
package struct ObjectRun: Hashable, Sendable {
    package static let fanOut: UInt64 = 32
    package static let levelMax = 5
    private static let magic: UInt32 = 0x4F46_4948  // "HIFO"
    private static let version: UInt16 = 1
    /// 16 bytes of the id, then pack ordinal, offset and stored length.
    private static let entryBytes = 28

    /// What is known of one blob.
    package struct Entry: Hashable, Sendable {
        /// The first half of the blob's id; whoever reads the record checks the whole.
        package let idHigh: UInt64
        package let idLow: UInt64
        package let packOrdinal: UInt32
        package let offset: UInt32
        package let storedBytes: UInt32

        fileprivate var order: (UInt64, UInt64) { (idHigh.byteSwapped, idLow.byteSwapped) }
    }

    package let level: Int
    package let block: UInt64
    /// Hash of the last slot it covers: binds the run to one history.
    package let endSlotHash: Hash
    package let packs: [Hash]
    /// Ascending by id, each id once.
    package let entries: [Entry]

    /// Slots covered by one run of `level`.
    package static func slotCount(level: Int) -> UInt64 {
        (0..<level).reduce(1) { count, _ in count * fanOut }
    }

    /// The first slot that is not covered.
    package var endEpoch: Epoch { (block + 1) * ObjectRun.slotCount(level: level) }

    /// Builds a run from where blobs lie; of several places of one id the first given stays.
    package init(
        level: Int, block: UInt64, endSlotHash: Hash,
        locations: some Sequence<(id: Hash, location: PackLocation)>
    ) {
        var ordinals: [Hash: UInt32] = [:]
        var packs: [Hash] = []
        var seen: Set<Hash> = []
        var entries: [Entry] = []
        for (id, location) in locations where seen.insert(id).inserted {
            let ordinal: UInt32
            if let known = ordinals[location.pack] {
                ordinal = known
            } else {
                ordinal = UInt32(packs.count)
                ordinals[location.pack] = ordinal
                packs.append(location.pack)
            }
            entries.append(
                Entry(
                    idHigh: id.word0, idLow: id.word1, packOrdinal: ordinal,
                    offset: location.offset, storedBytes: location.storedBytes))
        }
        self.init(
            level: level, block: block, endSlotHash: endSlotHash, packs: packs,
            entries: entries.sorted { $0.order < $1.order })
    }

    private init(
        level: Int, block: UInt64, endSlotHash: Hash, packs: [Hash], entries: [Entry]
    ) {
        self.level = level
        self.block = block
        self.endSlotHash = endSlotHash
        self.packs = packs
        self.entries = entries
    }

    /// The run above: `children` in slot order, the first place of an id winning.
    package init(merging children: [ObjectRun], level: Int, block: UInt64) {
        var packs: [Hash] = []
        var ordinals: [Hash: UInt32] = [:]
        var merged: [Entry] = []
        for child in children {
            let mapping = child.packs.map { pack in
                if let known = ordinals[pack] { return known }
                let ordinal = UInt32(packs.count)
                ordinals[pack] = ordinal
                packs.append(pack)
                return ordinal
            }
            for entry in child.entries {
                merged.append(
                    Entry(
                        idHigh: entry.idHigh, idLow: entry.idLow,
                        packOrdinal: mapping[Int(entry.packOrdinal)], offset: entry.offset,
                        storedBytes: entry.storedBytes))
            }
        }
        let order = merged.indices.sorted {
            (merged[$0].idHigh.byteSwapped, merged[$0].idLow.byteSwapped, $0)
                < (merged[$1].idHigh.byteSwapped, merged[$1].idLow.byteSwapped, $1)
        }
        var entries: [Entry] = []
        entries.reserveCapacity(merged.count)
        for index in order {
            let entry = merged[index]
            if let last = entries.last, last.order == entry.order { continue }
            entries.append(entry)
        }
        self.init(
            level: level, block: block, endSlotHash: children.last?.endSlotHash ?? .zero,
            packs: packs, entries: entries)
    }

    /// Where the blob lies. O(log n).
    package func location(of id: Hash) -> PackLocation? {
        let wanted = (id.word0.byteSwapped, id.word1.byteSwapped)
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].order < wanted { low = middle + 1 } else { high = middle }
        }
        guard low < entries.count, entries[low].order == wanted else { return nil }
        let entry = entries[low]
        return PackLocation(
            pack: packs[Int(entry.packOrdinal)], offset: entry.offset,
            storedBytes: entry.storedBytes)
    }

    // MARK: Bytes

    package func encode() -> [UInt8] {
        var writer = ByteWriter(
            capacity: 96 + entries.count * ObjectRun.entryBytes + packs.count * Hash.byteCount)
        writer.u32(ObjectRun.magic)
        writer.u16(ObjectRun.version)
        writer.u16(UInt16(level))
        writer.u64(block)
        writer.hash(endSlotHash)
        writer.u32(UInt32(entries.count))
        writer.u32(UInt32(packs.count))
        for entry in entries {
            writer.u64(entry.idHigh)
            writer.u64(entry.idLow)
            writer.u32(entry.packOrdinal)
            writer.u32(entry.offset)
            writer.u32(entry.storedBytes)
        }
        for pack in packs { writer.hash(pack) }
        writer.hash(Blake3.hash(writer.bytes))
        return writer.bytes
    }

    package init(decoding bytes: [UInt8]) throws(FormatError) {
        let format = "object run"
        let payload = bytes.count - Hash.byteCount
        guard payload >= 0 else { throw FormatError(format, at: 0, "truncated") }
        var trailer = ByteReader(bytes, range: payload..<bytes.count, format: format)
        guard try trailer.hash() == Blake3.hash(bytes, range: 0..<payload) else {
            throw FormatError(format, at: payload, "checksum does not match")
        }
        var reader = ByteReader(bytes, range: 0..<payload, format: format)
        guard try reader.u32() == ObjectRun.magic else { throw reader.error("not an object run") }
        let version = try reader.u16()
        guard version == ObjectRun.version else {
            throw reader.error("version \(version), this program reads 1")
        }
        let level = Int(try reader.u16())
        guard (1...ObjectRun.levelMax).contains(level) else {
            throw reader.error("level \(level)")
        }
        let block = try reader.u64()
        guard block < UInt64.max / ObjectRun.slotCount(level: level) - 1 else {
            throw reader.error("block out of range")
        }
        let endSlotHash = try reader.hash()
        let entryCount = Int(try reader.u32())
        let packCount = Int(try reader.u32())
        guard
            reader.remaining == entryCount * ObjectRun.entryBytes + packCount * Hash.byteCount
        else { throw reader.error("length does not match its counts") }
        var entries: [Entry] = []
        entries.reserveCapacity(entryCount)
        for _ in 0..<entryCount {
            let entry = Entry(
                idHigh: try reader.u64(), idLow: try reader.u64(), packOrdinal: try reader.u32(),
                offset: try reader.u32(), storedBytes: try reader.u32())
            guard entry.packOrdinal < packCount else { throw reader.error("pack out of range") }
            if let last = entries.last, !(last.order < entry.order) {
                throw reader.error("entries out of order")
            }
            entries.append(entry)
        }
        var packs: [Hash] = []
        packs.reserveCapacity(packCount)
        for _ in 0..<packCount { packs.append(try reader.hash()) }
        self.init(
            level: level, block: block, endSlotHash: endSlotHash, packs: packs, entries: entries)
    }
}
