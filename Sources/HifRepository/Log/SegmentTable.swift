package import HifCore

/// The front of a segment: which of 4,096 slots lies where in it.
///
/// A segment holds the slots of one aligned range, so that reading a long history takes a request for
/// thousands of them. It is derived: what it says is what the slots say. docs/formats/segment.md
package struct SegmentTable: Hashable, Sendable {
    /// Slots of a segment; segment k begins with slot k · 4,096.
    package static let slotCount: UInt64 = 4096
    /// Slots that are longer together are not copied: one request for each is no great cost beside
    /// their bytes. It bounds the memory of building.
    package static let contentBytesMax = 64 << 20
    /// Slots are compressed in groups: a group ends with the slot that brings it to this.
    package static let groupBytes = 256 << 10

    private static let magic: UInt32 = 0x4746_4948  // "HIFG"
    private static let version: UInt16 = 1
    /// Flag: the slots are left out, see `contentBytesMax`.
    private static let leftOut: UInt16 = 1
    /// No table is longer: every slot a group of its own.
    package static let bytesMax = 4 + 2 + 2 + 8 + 32 + 32 + 4 * 4096 + 4 + 4 * 4096 + 32

    /// One compressed run of slots.
    package struct Group: Hashable, Sendable {
        /// Slots, counted from the segment's first.
        package let slots: Range<Int>
        package let rawBytes: Int
        /// Where it lies in the segment.
        package let stored: Range<Int>
    }

    package let number: UInt64
    /// Hash of the last slot: binds the segment to one history.
    package let end: Hash
    /// BLAKE3 of the slots' bytes, one after the other: what two builders have to agree on.
    package let content: Hash
    /// Bytes of each slot.
    package let lengths: [UInt32]
    /// Empty where the slots are left out.
    package let groups: [Group]
    package let byteCount: Int

    package var first: Epoch { number * SegmentTable.slotCount }
    package var last: Epoch { first + SegmentTable.slotCount - 1 }
    package var isLeftOut: Bool { groups.isEmpty }

    /// - Parameter storedBytes: of each group, in order; nil leaves the slots out.
    package init(
        number: UInt64, end: Hash, content: Hash, lengths: [UInt32], storedBytes: [Int]?
    ) {
        precondition(lengths.count == SegmentTable.slotCount, "\(lengths.count) slots")
        self.number = number
        self.end = end
        self.content = content
        self.lengths = lengths
        let runs = storedBytes == nil ? [] : SegmentTable.runs(of: lengths)
        precondition(runs.count == storedBytes?.count ?? 0, "groups follow from the lengths")
        byteCount = 80 + 4 * lengths.count + 4 + 4 * runs.count + Hash.byteCount
        var start = byteCount
        groups = zip(runs, storedBytes ?? []).map { run, stored in
            defer { start += stored }
            return Group(slots: run.slots, rawBytes: run.bytes, stored: start..<start + stored)
        }
    }

    /// How slots of these lengths are put into groups.
    private static func runs(of lengths: [UInt32]) -> [(slots: Range<Int>, bytes: Int)] {
        var runs: [(slots: Range<Int>, bytes: Int)] = []
        var start = 0
        var bytes = 0
        for (index, length) in lengths.enumerated() {
            bytes += Int(length)
            guard bytes >= groupBytes || index == lengths.count - 1 else { continue }
            runs.append((start..<index + 1, bytes))
            start = index + 1
            bytes = 0
        }
        return runs
    }

    package func encode() -> [UInt8] {
        var writer = ByteWriter(capacity: byteCount)
        writer.u32(SegmentTable.magic)
        writer.u16(SegmentTable.version)
        writer.u16(isLeftOut ? SegmentTable.leftOut : 0)
        writer.u64(number)
        writer.hash(end)
        writer.hash(content)
        for length in lengths { writer.u32(length) }
        writer.u32(UInt32(groups.count))
        for group in groups { writer.u32(UInt32(group.stored.count)) }
        writer.hash(Blake3.hash(writer.bytes))
        return writer.bytes
    }

    /// Reads the table at the front of `bytes`, which may hold more, or be a whole segment.
    package init(decoding bytes: [UInt8]) throws(FormatError) {
        var reader = ByteReader(bytes, format: "segment")
        guard try reader.u32() == SegmentTable.magic else {
            throw FormatError("segment", at: 0, "does not begin with HIFG")
        }
        let version = try reader.u16()
        guard version == SegmentTable.version else {
            throw FormatError(
                "segment", at: 4, "version \(version); this program reads 1, use a newer one")
        }
        let flags = try reader.u16()
        let number = try reader.u64()
        let end = try reader.hash()
        let content = try reader.hash()
        var lengths: [UInt32] = []
        lengths.reserveCapacity(Int(SegmentTable.slotCount))
        for _ in 0..<SegmentTable.slotCount { lengths.append(try reader.u32()) }
        let groupCount = try reader.u32()
        guard groupCount <= SegmentTable.slotCount else {
            throw reader.error("\(groupCount) groups")
        }
        var stored: [Int] = []
        for _ in 0..<groupCount { stored.append(Int(try reader.u32())) }
        let payload = reader.offset
        guard try reader.hash() == Blake3.hash(bytes, range: 0..<payload) else {
            throw FormatError("segment", at: payload, "checksum does not match")
        }
        guard number <= UInt64.max / SegmentTable.slotCount - 1 else {
            throw FormatError("segment", at: 8, "number out of range")
        }
        let total = lengths.reduce(0) { $0 + Int($1) }
        guard lengths.allSatisfy({ $0 > 0 && $0 <= Slot.bytesMax }) else {
            throw FormatError("segment", at: 80, "a slot of no possible length")
        }
        let isLeftOut = total > SegmentTable.contentBytesMax
        guard flags == (isLeftOut ? SegmentTable.leftOut : 0),
            stored.count == (isLeftOut ? 0 : SegmentTable.runs(of: lengths).count)
        else { throw FormatError("segment", at: 6, "groups do not match the lengths") }
        self.init(
            number: number, end: end, content: content, lengths: lengths,
            storedBytes: isLeftOut ? nil : stored)
    }
}

/// Makes a segment of slots that come one after the other.
///
/// Memory: the compressed slots, at most `SegmentTable.contentBytesMax` and a little, and a group.
package struct SegmentWriter {
    private let number: UInt64
    private var hasher = Blake3()
    private var lengths: [UInt32] = []
    private var total = 0
    private var group: [UInt8] = []
    private var frames: [[UInt8]] = []
    private var end = Hash.zero
    private let zstd = Zstd()

    package init(number: UInt64) {
        self.number = number
    }

    /// Takes the bytes of the next slot.
    package mutating func add(_ slot: [UInt8]) {
        hasher.update(slot)
        end = Slot.hash(ofBytes: slot)
        lengths.append(UInt32(slot.count))
        total += slot.count
        guard total <= SegmentTable.contentBytesMax else {
            group = []
            frames = []
            return
        }
        group += slot
        if group.count >= SegmentTable.groupBytes { closeGroup() }
    }

    private mutating func closeGroup() {
        guard !group.isEmpty else { return }
        frames.append(zstd.compress(group))
        group = []
    }

    /// The segment's bytes. Two builders agree on `content`; how it is compressed depends on the
    /// version of zstd.
    package consuming func finish() -> (table: SegmentTable, bytes: [UInt8]) {
        closeGroup()
        let table = SegmentTable(
            number: number, end: end, content: hasher.finalize(), lengths: lengths,
            storedBytes: total > SegmentTable.contentBytesMax ? nil : frames.map(\.count))
        var bytes = table.encode()
        for frame in frames { bytes += frame }
        return (table, bytes)
    }
}

extension SegmentTable {
    /// The bytes of each slot of a group.
    ///
    /// - Parameters:
    ///   - bytes: part of the segment, or all of it.
    ///   - offset: where `bytes` begin in the segment.
    package func slots(
        of group: Group, in bytes: [UInt8], from offset: Int, using zstd: Zstd
    ) throws(FormatError) -> [[UInt8]] {
        let range = group.stored.lowerBound - offset..<group.stored.upperBound - offset
        guard range.lowerBound >= 0, range.upperBound <= bytes.count else {
            throw FormatError("segment", at: offset + bytes.count, "truncated")
        }
        let raw: [UInt8]
        do throws(ZstdError) {
            raw = try zstd.decompress(
                bytes, in: range, rawBytes: group.rawBytes,
                rawBytesMax: SegmentTable.groupBytes + Slot.bytesMax)
        } catch {
            throw FormatError("segment", at: group.stored.lowerBound, "\(error)")
        }
        var start = 0
        return group.slots.map { index in
            defer { start += Int(lengths[index]) }
            return Array(raw[start..<start + Int(lengths[index])])
        }
    }
}
