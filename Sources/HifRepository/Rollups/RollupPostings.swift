import HifCore

/// The slots that hold one key, as they stand in a block of a run: numbers from the run's first slot,
/// ascending. The shortest of the forms is written, so equal postings are equal bytes.
enum RollupPostings {
    /// How the numbers are written, in the low bits of the first varint.
    fileprivate enum Form: UInt64 {
        /// First number, then the gaps less one.
        case gaps = 0
        /// First number; the others follow it without a gap.
        case consecutive = 1
        /// First number, byte count, then a bit for each number after the first, low bits first.
        case bitmap = 2
    }

    static let format = "rollup"

    // MARK: Writing

    /// How `offsets` are written best, and how many bytes that takes.
    struct Plan {
        fileprivate let form: Form?
        fileprivate let bitmapBytes: Int
        let byteCount: Int

        /// - Precondition: `offsets` is not empty and ascends strictly.
        init(_ offsets: [UInt32]) {
            let first = UInt64(offsets[0])
            let last = UInt64(offsets[offsets.count - 1])
            bitmapBytes = Int((last - first + 7) / 8)
            guard offsets.count > 1 else {
                form = nil
                byteCount = RollupPostings.varintBytes(first << 1 | 1)
                return
            }
            let start =
                RollupPostings.varintBytes(RollupPostings.start(offsets.count, .gaps))
                + RollupPostings.varintBytes(first)
            if last - first == UInt64(offsets.count - 1) {
                form = .consecutive
                byteCount = start
                return
            }
            let bitmap = RollupPostings.varintBytes(UInt64(bitmapBytes)) + bitmapBytes
            var gaps = 0
            for index in 1..<offsets.count {
                gaps += RollupPostings.varintBytes(UInt64(offsets[index] - offsets[index - 1] - 1))
                if gaps > bitmap { break }
            }
            form = bitmap < gaps ? .bitmap : .gaps
            byteCount = start + min(bitmap, gaps)
        }
    }

    /// - Precondition: as for `Plan`, which is that of `offsets`.
    static func write(_ offsets: [UInt32], _ plan: Plan, into writer: inout ByteWriter) {
        let first = UInt64(offsets[0])
        guard let form = plan.form else { return writer.varint(first << 1 | 1) }
        writer.varint(start(offsets.count, form))
        writer.varint(first)
        switch form {
        case .consecutive: break
        case .gaps:
            for index in 1..<offsets.count {
                writer.varint(UInt64(offsets[index] - offsets[index - 1] - 1))
            }
        case .bitmap:
            var bits = [UInt8](repeating: 0, count: plan.bitmapBytes)
            for offset in offsets.dropFirst() {
                let bit = Int(offset - offsets[0]) - 1
                bits[bit >> 3] |= 1 << UInt8(bit & 7)
            }
            writer.varint(bits.count)
            writer.raw(bits)
        }
    }

    private static func start(_ count: Int, _ form: Form) -> UInt64 {
        UInt64(count - 2) << 3 | form.rawValue << 1
    }

    /// Bytes of a varint.
    static func varintBytes(_ value: UInt64) -> Int {
        max(1, (70 - value.leadingZeroBitCount) / 7)
    }

    // MARK: Reading

    /// Reads one list and appends `base` plus each of its numbers, all of them below `slotCount`.
    static func read(
        from reader: inout ByteReader, slotCount: UInt64, base: UInt32,
        into offsets: inout [UInt32]
    ) throws(FormatError) {
        let start = try reader.varint()
        if start & 1 == 1 {
            guard start >> 1 < slotCount else { throw reader.error("a slot beyond the run") }
            offsets.append(base + UInt32(start >> 1))
            return
        }
        guard let form = Form(rawValue: start >> 1 & 3), start >> 3 < slotCount else {
            throw reader.error("no form of postings")
        }
        let count = start >> 3 + 2
        var last = try reader.varint()
        // Compared this way around because a sum may overflow.
        guard last < slotCount, count <= slotCount - last else {
            throw reader.error("a slot beyond the run")
        }
        offsets.append(base + UInt32(last))
        switch form {
        case .consecutive:
            for number in last + 1..<last + count { offsets.append(base + UInt32(number)) }
        case .gaps:
            for _ in 1..<count {
                let gap = try reader.varint()
                guard gap < slotCount - last - 1 else {
                    throw reader.error("a slot beyond the run")
                }
                last += gap + 1
                offsets.append(base + UInt32(last))
            }
        case .bitmap:
            let bits = try reader.prefixed(bytesMax: Int(slotCount / 8))
            let before = offsets.count
            for (index, byte) in bits.enumerated() {
                var byte = byte
                while byte != 0 {
                    let number = last + 1 + UInt64(index * 8 + byte.trailingZeroBitCount)
                    guard number < slotCount else { throw reader.error("a slot beyond the run") }
                    offsets.append(base + UInt32(number))
                    byte &= byte - 1
                }
            }
            guard offsets.count - before == Int(count) - 1 else {
                throw reader.error("a bitmap of another count")
            }
        }
    }
}
