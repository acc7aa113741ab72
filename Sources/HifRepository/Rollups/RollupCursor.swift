import HifCore

/// Reads the entries of one block, or of neighbouring ones, key by key.
struct RollupCursor {
    private var reader: ByteReader
    private let slotCount: UInt64
    private var key: UInt64
    private var isFirst = true

    init(_ bytes: [UInt8], range: Range<Int>, firstKey: UInt64, slotCount: UInt64) {
        reader = ByteReader(bytes, range: range, format: RollupPostings.format)
        key = firstKey
        self.slotCount = slotCount
    }

    /// The next key, with `base` plus each of its slots' numbers appended to `offsets`; nil at the end.
    mutating func next(
        base: UInt32 = 0, into offsets: inout [UInt32]
    ) throws(FormatError) -> UInt64? {
        guard reader.remaining > 0 else { return nil }
        let step = try reader.varint()
        guard (step == 0) == isFirst, step < 1 << RollupKey.bits - key else {
            throw reader.error("keys out of order")
        }
        isFirst = false
        key += step
        try RollupPostings.read(
            from: &reader, slotCount: slotCount, base: base, into: &offsets)
        return key
    }

    /// The slots of `key`, ascending; none when it is not in this block.
    mutating func offsets(of key: RollupKey) throws(FormatError) -> [UInt32] {
        var offsets: [UInt32] = []
        while let next = try next(into: &offsets) {
            if next == key.value { return offsets }
            if next > key.value { break }
            offsets.removeAll(keepingCapacity: true)
        }
        return []
    }
}
