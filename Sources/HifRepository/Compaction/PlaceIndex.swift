package import HifCore

/// Where everything lies that compactions copied: the object index's next generation. A function of the
/// log and of the packs it names; derived, made again when it is missing.
///
/// Besides blobs it knows chunks, manifests, session documents and operation lists: whatever was
/// written under one pack's name and lies in another now. A value of this type is the object's bytes,
/// checked, and is searched where it lies. The format is docs/formats/place-index.md.
package struct PlaceIndex: Hashable, Sendable {
    private static let magic: UInt32 = 0x4C46_4948  // "HIFL"
    private static let version: UInt16 = 1
    private static let headerBytes = 4 + 2 + 2 + 8 + 32 + 8 + 12
    private static let recordBytes = 12
    /// What stands in place of a member's number: the whole record, which is a manifest or not.
    private static let whole: UInt16 = 0xFFFF
    private static let wholeManifest: UInt16 = 0xFFFE

    /// The slot whose replaced packs it takes in, with those of all slots before.
    package let epoch: Epoch
    /// The hash of that slot: binds the index to one history.
    package let slotHash: Hash
    /// What slots before this one brought is all in here.
    package let completeBefore: Epoch
    /// Contents it knows.
    package let entryCount: Int
    private let packCount: Int
    private let recordCount: Int
    /// Bytes of an id that are kept: 8, or 16 if two ids begin with the same 8.
    private let keyBytes: Int
    private let bytes: [UInt8]

    package var byteCount: Int { bytes.count }

    /// The packs that have the content now, ascending.
    package var packs: [Hash] { (0..<packCount).map(pack) }

    /// Where the content lies; O(log n).
    ///
    /// - Parameter isFile: whether a manifest would do.
    package func location(of id: Hash, isFile: Bool = true) -> PackLocation? {
        let wanted = key(of: id)
        var low = 0
        var high = entryCount
        while low < high {
            let middle = (low + high) / 2
            if key(ofEntry: middle) < wanted { low = middle + 1 } else { high = middle }
        }
        while low < entryCount, key(ofEntry: low) == wanted {
            let location = location(ofEntry: low)
            if isFile || location.part != .record { return location }
            low += 1
        }
        return nil
    }

    // MARK: Where things lie in the bytes

    private var recordsStart: Int { PlaceIndex.headerBytes + packCount * Hash.byteCount }
    private var entriesStart: Int { recordsStart + recordCount * PlaceIndex.recordBytes }
    private var entryBytes: Int { keyBytes + 6 }

    private func key(of id: Hash) -> (UInt64, UInt64) {
        (id.word0.byteSwapped, keyBytes == 16 ? id.word1.byteSwapped : 0)
    }

    private func key(ofEntry index: Int) -> (UInt64, UInt64) {
        let start = entriesStart + index * entryBytes
        let high: UInt64 = load(at: start)
        guard keyBytes == 16 else { return (high.byteSwapped, 0) }
        let low: UInt64 = load(at: start + 8)
        return (high.byteSwapped, low.byteSwapped)
    }

    private func location(ofEntry index: Int) -> PackLocation {
        let start = entriesStart + index * entryBytes + keyBytes
        let record: UInt32 = load(at: start)
        let member: UInt16 = load(at: start + 4)
        let place = recordsStart + Int(record) * PlaceIndex.recordBytes
        let ordinal: UInt32 = load(at: place)
        let part: PackLocation.Part =
            switch member {
            case PlaceIndex.whole: .found
            // Asked for as a file, a manifest is what it says.
            case PlaceIndex.wholeManifest: .record
            default: .member(member)
            }
        return PackLocation(
            pack: pack(Int(ordinal)), offset: load(at: place + 4),
            storedBytes: load(at: place + 8), part: part)
    }

    private func pack(_ ordinal: Int) -> Hash {
        let start = PlaceIndex.headerBytes + ordinal * Hash.byteCount
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

    /// What one record of a pack holds, for whoever builds an index.
    struct Held {
        let pack: Hash
        let offset: UInt32
        let storedBytes: UInt32
        let kind: PackRecordKind
        /// Of its members for a bundle, in order; else its own.
        let ids: [Hash]
    }

    /// - Parameter records: by pack, ascending, then offset. Of several places of one content the first
    ///   stays.
    init(epoch: Epoch, slotHash: Hash, completeBefore: Epoch, records: [Held]) {
        struct Entry {
            let id: Hash
            let record: UInt32
            let member: UInt16
            var isManifest: Bool { member == PlaceIndex.wholeManifest }
        }
        struct Name: Hashable {
            let id: Hash
            let isManifest: Bool
        }
        self.epoch = epoch
        self.slotHash = slotHash
        self.completeBefore = completeBefore
        var packs: [Hash] = []
        var entries: [Entry] = []
        var known: Set<Name> = []
        for (number, record) in records.enumerated() {
            if packs.last != record.pack { packs.append(record.pack) }
            for (index, id) in record.ids.enumerated() {
                let member =
                    switch record.kind {
                    case .bundle: UInt16(index)
                    case .manifest: PlaceIndex.wholeManifest
                    default: PlaceIndex.whole
                    }
                let entry = Entry(id: id, record: UInt32(number), member: member)
                if known.insert(Name(id: id, isManifest: entry.isManifest)).inserted {
                    entries.append(entry)
                }
            }
        }
        func order(_ entry: Entry) -> (UInt64, UInt64, UInt32) {
            (entry.id.word0.byteSwapped, entry.id.word1.byteSwapped, entry.record)
        }
        entries.sort { order($0) < order($1) }
        let isAmbiguous = zip(entries, entries.dropFirst()).contains {
            $0.id.word0 == $1.id.word0 && $0.id != $1.id
        }
        keyBytes = isAmbiguous ? 16 : 8
        packCount = packs.count
        recordCount = records.count
        entryCount = entries.count
        var writer = ByteWriter(
            capacity: PlaceIndex.headerBytes + (packs.count + 1) * Hash.byteCount
                + records.count * PlaceIndex.recordBytes + entries.count * (keyBytes + 6))
        writer.u32(PlaceIndex.magic)
        writer.u16(PlaceIndex.version)
        writer.u16(UInt16(keyBytes))
        writer.u64(epoch)
        writer.hash(slotHash)
        writer.u64(completeBefore)
        writer.u32(UInt32(packCount))
        writer.u32(UInt32(recordCount))
        writer.u32(UInt32(entryCount))
        for pack in packs { writer.hash(pack) }
        var ordinal: UInt32 = 0
        for (number, record) in records.enumerated() {
            if number > 0, record.pack != records[number - 1].pack { ordinal += 1 }
            writer.u32(ordinal)
            writer.u32(record.offset)
            writer.u32(record.storedBytes)
        }
        for entry in entries {
            writer.u64(entry.id.word0)
            if keyBytes == 16 { writer.u64(entry.id.word1) }
            writer.u32(entry.record)
            writer.u16(entry.member)
        }
        writer.hash(Blake3.hash(writer.bytes))
        bytes = writer.bytes
    }

    // MARK: Bytes

    package func encode() -> [UInt8] { bytes }

    package init(decoding bytes: [UInt8]) throws(FormatError) {
        let format = "place index"
        let payload = bytes.count - Hash.byteCount
        guard payload >= 0 else { throw FormatError(format, at: 0, "truncated") }
        var trailer = ByteReader(bytes, range: payload..<bytes.count, format: format)
        guard try trailer.hash() == Blake3.hash(bytes, range: 0..<payload) else {
            throw FormatError(format, at: payload, "checksum does not match")
        }
        var reader = ByteReader(bytes, range: 0..<payload, format: format)
        guard try reader.u32() == PlaceIndex.magic else { throw reader.error("not a place index") }
        let version = try reader.u16()
        guard version == PlaceIndex.version else {
            throw reader.error("version \(version), this program reads 1")
        }
        keyBytes = Int(try reader.u16())
        guard keyBytes == 8 || keyBytes == 16 else {
            throw reader.error("\(keyBytes) bytes of each id")
        }
        epoch = try reader.u64()
        slotHash = try reader.hash()
        completeBefore = try reader.u64()
        guard completeBefore <= epoch else { throw reader.error("complete beyond its own slot") }
        packCount = Int(try reader.u32())
        recordCount = Int(try reader.u32())
        entryCount = Int(try reader.u32())
        self.bytes = bytes
        guard
            reader.remaining == packCount * Hash.byteCount
                + recordCount * PlaceIndex.recordBytes + entryCount * (keyBytes + 6)
        else { throw reader.error("length does not match its counts") }
        for index in 0..<recordCount {
            let place = recordsStart + index * PlaceIndex.recordBytes
            let ordinal: UInt32 = load(at: place)
            let offset: UInt32 = load(at: place + 4)
            let stored: UInt32 = load(at: place + 8)
            guard ordinal < UInt32(packCount), stored <= UInt32.max - offset else {
                throw FormatError(format, at: place, "a record in no pack")
            }
        }
        for index in 0..<entryCount {
            let start = entriesStart + index * entryBytes
            let record: UInt32 = load(at: start + keyBytes)
            guard record < UInt32(recordCount) else {
                throw FormatError(format, at: start, "an entry of no record")
            }
            guard index == 0 || key(ofEntry: index - 1) <= key(ofEntry: index) else {
                throw FormatError(format, at: start, "entries out of order")
            }
        }
    }
}
