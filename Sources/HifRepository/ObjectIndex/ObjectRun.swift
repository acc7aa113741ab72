package import HifCore

/// Where the blobs lie that the landings of an aligned range of slots brought: one run of the
/// object index. A pure function of the log; derived, rebuilt when it is missing.
///
/// A value of this type is the run's bytes, checked; it is searched where it lies, so that looking up
/// one blob costs the checksum and nothing for each of the others.
///
/// Fan-out 32: a run of level 1 covers 32 slots, one of level 2 covers 1,024, and so on. The format
/// is docs/formats/object-run.md.
package struct ObjectRun: Hashable, Sendable {
    package static let fanOut: UInt64 = 32
    package static let levelMax = 5
    private static let magic: UInt32 = 0x4F46_4948  // "HIFO"
    private static let version: UInt16 = 1
    private static let headerBytes = 56
    /// 16 bytes of the id, then pack ordinal, offset and stored length.
    private static let entryBytes = 28

    /// What is known of one blob.
    private struct Entry {
        /// The first half of the blob's id; whoever reads the record checks the whole.
        let idHigh: UInt64
        let idLow: UInt64
        let packOrdinal: UInt32
        let offset: UInt32
        let storedBytes: UInt32

        var order: (UInt64, UInt64) { (idHigh.byteSwapped, idLow.byteSwapped) }
    }

    package let level: Int
    package let block: UInt64
    /// Hash of the last slot it covers: binds the run to one history.
    package let endSlotHash: Hash
    /// Blobs it knows: ascending by id, each id once.
    package let entryCount: Int
    private let packCount: Int
    private let bytes: [UInt8]

    /// Slots covered by one run of `level`.
    package static func slotCount(level: Int) -> UInt64 {
        (0..<level).reduce(1) { count, _ in count * fanOut }
    }

    /// The first slot that is not covered.
    package var endEpoch: Epoch { (block + 1) * ObjectRun.slotCount(level: level) }

    package var byteCount: Int { bytes.count }

    /// Where the blob lies. O(log n).
    package func location(of id: Hash) -> PackLocation? {
        let wanted = (id.word0.byteSwapped, id.word1.byteSwapped)
        var low = 0
        var high = entryCount
        while low < high {
            let middle = (low + high) / 2
            if order(ofEntry: middle) < wanted { low = middle + 1 } else { high = middle }
        }
        guard low < entryCount, order(ofEntry: low) == wanted else { return nil }
        let entry = entry(low)
        return PackLocation(
            pack: pack(Int(entry.packOrdinal)), offset: entry.offset,
            storedBytes: entry.storedBytes)
    }

    // MARK: Where things lie in the bytes

    private func entry(_ index: Int) -> Entry {
        let start = ObjectRun.headerBytes + index * ObjectRun.entryBytes
        return Entry(
            idHigh: load(at: start), idLow: load(at: start + 8), packOrdinal: load(at: start + 16),
            offset: load(at: start + 20), storedBytes: load(at: start + 24))
    }

    private func order(ofEntry index: Int) -> (UInt64, UInt64) {
        let start = ObjectRun.headerBytes + index * ObjectRun.entryBytes
        let (high, low): (UInt64, UInt64) = (load(at: start), load(at: start + 8))
        return (high.byteSwapped, low.byteSwapped)
    }

    private func pack(_ ordinal: Int) -> Hash {
        let start =
            ObjectRun.headerBytes + entryCount * ObjectRun.entryBytes + ordinal * Hash.byteCount
        return Hash(
            word0: load(at: start), word1: load(at: start + 8), word2: load(at: start + 16),
            word3: load(at: start + 24))
    }

    /// - Precondition: the integer lies within the bytes, as everything between the header and the
    ///   checksum does: the counts were compared with the length.
    @inline(__always)
    private func load<Value: FixedWidthInteger & BitwiseCopyable>(at offset: Int) -> Value {
        precondition(offset >= 0 && offset + MemoryLayout<Value>.size <= bytes.count, "outside")
        let value = bytes.span.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: Value.self)
        return Value(littleEndian: value)
    }

    // MARK: Building

    /// Builds a run from where blobs lie; of several places of one id the first given stays.
    package init(
        level: Int, block: UInt64, endSlotHash: Hash,
        locations: some Sequence<(id: Hash, location: PackLocation)>
    ) {
        var packs = PackOrdinals()
        var seen: Set<Hash> = []
        var entries: [Entry] = []
        for (id, location) in locations where seen.insert(id).inserted {
            entries.append(
                Entry(
                    idHigh: id.word0, idLow: id.word1, packOrdinal: packs.ordinal(location.pack),
                    offset: location.offset, storedBytes: location.storedBytes))
        }
        self.init(
            level: level, block: block, endSlotHash: endSlotHash, packs: packs.packs,
            entries: entries.sorted { $0.order < $1.order })
    }

    /// The run above: `children` in slot order, the first place of an id winning.
    package init(merging children: [ObjectRun], level: Int, block: UInt64) {
        var packs = PackOrdinals()
        var merged: [Entry] = []
        merged.reserveCapacity(children.reduce(0) { $0 + $1.entryCount })
        for child in children {
            let mapping = (0..<child.packCount).map { packs.ordinal(child.pack($0)) }
            for index in 0..<child.entryCount {
                let entry = child.entry(index)
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
            packs: packs.packs, entries: entries)
    }

    private init(
        level: Int, block: UInt64, endSlotHash: Hash, packs: [Hash], entries: [Entry]
    ) {
        self.level = level
        self.block = block
        self.endSlotHash = endSlotHash
        entryCount = entries.count
        packCount = packs.count
        var writer = ByteWriter(
            capacity: ObjectRun.headerBytes + entries.count * ObjectRun.entryBytes
                + (packs.count + 1) * Hash.byteCount)
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
        bytes = writer.bytes
    }

    // MARK: Bytes

    package func encode() -> [UInt8] { bytes }

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
        level = Int(try reader.u16())
        guard (1...ObjectRun.levelMax).contains(level) else {
            throw reader.error("level \(level)")
        }
        block = try reader.u64()
        guard block < UInt64.max / ObjectRun.slotCount(level: level) - 1 else {
            throw reader.error("block out of range")
        }
        endSlotHash = try reader.hash()
        entryCount = Int(try reader.u32())
        packCount = Int(try reader.u32())
        guard
            reader.remaining == entryCount * ObjectRun.entryBytes + packCount * Hash.byteCount
        else { throw reader.error("length does not match its counts") }
        self.bytes = bytes
        for index in 0..<entryCount {
            let offset = ObjectRun.headerBytes + index * ObjectRun.entryBytes
            let ordinal: UInt32 = load(at: offset + 16)
            guard ordinal < UInt32(packCount) else {
                throw FormatError(format, at: offset + 16, "pack ordinal out of range")
            }
            guard index == 0 || order(ofEntry: index - 1) < order(ofEntry: index) else {
                throw FormatError(format, at: offset, "entries out of order")
            }
        }
    }
}

/// Packs numbered in the order in which they are first needed.
private struct PackOrdinals {
    private(set) var packs: [Hash] = []
    private var ordinals: [Hash: UInt32] = [:]

    mutating func ordinal(_ pack: Hash) -> UInt32 {
        if let known = ordinals[pack] { return known }
        let ordinal = UInt32(packs.count)
        ordinals[pack] = ordinal
        packs.append(pack)
        return ordinal
    }
}
