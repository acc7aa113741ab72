package import HifCore

/// The front of a rollup run: what it covers, the filter, and the fences that say in which block a key
/// would stand. Enough to answer "no" without another request, and to fetch the one block that says
/// more.
///
/// It is checked by itself, and each fence has the checksum of its block, so that a run can be read in
/// parts. The format is docs/formats/rollup.md.
package struct RollupHead: Sendable {
    static let headerBytes = 128
    static let fenceBytes = 18

    package let span: RollupSpan
    /// Position of the first landing in the range, whether or not there is one.
    package let firstPosition: Position
    package let landingCount: UInt64
    /// Hash of the slot before the range; zero at the log's beginning.
    package let previous: Hash
    /// Hash of the last slot of the range: binds the run to one history.
    package let endSlotHash: Hash
    package let keyCount: Int
    package let postingCount: UInt64
    package let blockCount: Int
    /// Where the blocks begin.
    package let headBytes: Int
    package let totalBytes: Int
    /// The object's beginning: at least `headBytes`, at most all of it.
    let bytes: [UInt8]
    private let filterBlockCount: Int

    /// Position of the first landing behind the range.
    package var nextPosition: Position { firstPosition + landingCount }
    /// Whether the blocks are in memory, too.
    var isWhole: Bool { bytes.count == totalBytes }

    private var fencesStart: Int {
        RollupHead.headerBytes + filterBlockCount * SplitBlockFilter.blockBytes
    }

    // MARK: Reading

    /// How long the head is that `prefix` begins: its first 128 bytes or more.
    static func headBytes(prefix: [UInt8]) throws(FormatError) -> Int {
        Int(try Header(prefix).headBytes)
    }

    /// - Parameter bytes: the object's beginning, with the whole head.
    package init(decoding bytes: [UInt8], objectBytes: Int) throws(FormatError) {
        let header = try Header(bytes)
        func error(_ offset: Int, _ reason: String) -> FormatError {
            FormatError(RollupPostings.format, at: offset, reason)
        }
        headBytes = Int(header.headBytes)
        guard let total = Int(exactly: header.totalBytes), total == objectBytes,
            bytes.count <= total
        else { throw error(120, "says \(header.totalBytes) bytes, has \(objectBytes)") }
        totalBytes = total
        keyCount = Int(header.keyCount)
        blockCount = Int(header.blockCount)
        filterBlockCount = Int(header.filterBlockCount)
        guard filterBlockCount == SplitBlockFilter.blockCount(keys: keyCount),
            headBytes == RollupHead.headerBytes
                + filterBlockCount * SplitBlockFilter.blockBytes
                + blockCount * RollupHead.fenceBytes + Hash.byteCount,
            blockCount <= keyCount, (blockCount == 0) == (keyCount == 0),
            total >= headBytes + Hash.byteCount, bytes.count >= headBytes
        else { throw error(96, "lengths do not match its counts") }
        var trailer = ByteReader(
            bytes, range: headBytes - Hash.byteCount..<headBytes, format: RollupPostings.format)
        guard try trailer.hash() == Blake3.hash(bytes, range: 0..<headBytes - Hash.byteCount) else {
            throw error(headBytes - Hash.byteCount, "checksum of the head does not match")
        }
        span = RollupSpan(level: Int(header.level), block: header.block)
        firstPosition = header.firstPosition
        landingCount = header.landingCount
        guard !firstPosition.addingReportingOverflow(landingCount).overflow else {
            throw error(16, "positions out of range")
        }
        previous = header.previous
        endSlotHash = header.endSlotHash
        postingCount = header.postingCount
        self.bytes = bytes
        try checkFences()
    }

    /// The same run without what lies behind the head.
    var withoutBlocks: RollupHead { RollupHead(self, bytes: Array(bytes.prefix(headBytes))) }

    private init(_ head: RollupHead, bytes: [UInt8]) {
        span = head.span
        firstPosition = head.firstPosition
        landingCount = head.landingCount
        previous = head.previous
        endSlotHash = head.endSlotHash
        keyCount = head.keyCount
        postingCount = head.postingCount
        blockCount = head.blockCount
        headBytes = head.headBytes
        totalBytes = head.totalBytes
        filterBlockCount = head.filterBlockCount
        self.bytes = bytes
    }

    private func checkFences() throws(FormatError) {
        for block in 0..<blockCount {
            let fence = fence(block)
            let isInOrder =
                block == 0
                ? fence.offset == 0
                : self.fence(block - 1).key < fence.key
                    && self.fence(block - 1).offset < fence.offset
            guard isInOrder, fence.offset < totalBytes - Hash.byteCount - headBytes else {
                throw FormatError(
                    RollupPostings.format, at: fencesStart + block * RollupHead.fenceBytes,
                    "fences out of order")
            }
        }
        guard blockCount > 0 || totalBytes == headBytes + Hash.byteCount else {
            throw FormatError(RollupPostings.format, at: headBytes, "bytes of no block")
        }
    }

    // MARK: Asking

    /// Whether the run may hold the key; false is certain.
    package func mayHold(_ key: RollupKey) -> Bool {
        SplitBlockFilter.mayHold(
            key.value, in: bytes, at: RollupHead.headerBytes, blocks: filterBlockCount)
    }

    /// The block in which the key stands if the run holds it. O(log n).
    func block(of key: RollupKey) -> Int? {
        var low = 0
        var high = blockCount
        while low < high {
            let middle = (low + high) / 2
            if fence(middle).key <= key.value { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : low - 1
    }

    /// Where blocks `first...last` lie in the object.
    func range(ofBlocks blocks: ClosedRange<Int>) -> Range<Int> {
        let end =
            blocks.upperBound + 1 < blockCount
            ? headBytes + fence(blocks.upperBound + 1).offset : totalBytes - Hash.byteCount
        return headBytes + fence(blocks.lowerBound).offset..<end
    }

    /// A cursor over the entries of a block, whose bytes were compared with its fence.
    ///
    /// - Parameter range: where in `bytes` the block lies.
    func cursor(
        ofBlock block: Int, in bytes: [UInt8], at range: Range<Int>
    ) throws(FormatError) -> RollupCursor {
        let fence = fence(block)
        guard range.upperBound <= bytes.count,
            Blake3.hash(bytes, range: range).word0 == fence.checksum
        else {
            throw FormatError(
                RollupPostings.format, at: headBytes + fence.offset,
                "checksum of a block does not match")
        }
        return RollupCursor(bytes, range: range, firstKey: fence.key, slotCount: span.slotCount)
    }

    private func fence(_ block: Int) -> (key: UInt64, offset: Int, checksum: UInt64) {
        func word(_ offset: Int, _ count: Int) -> UInt64 {
            var value: UInt64 = 0
            for index in 0..<count { value |= UInt64(bytes[offset + index]) << UInt64(index * 8) }
            return value
        }
        let start = fencesStart + block * RollupHead.fenceBytes
        return (word(start, 6), Int(word(start + 6, 4)), word(start + 10, 8))
    }
}

extension RollupHead {
    /// The fixed fields at the front.
    struct Header {
        static let magic: UInt32 = 0x5246_4948  // "HIFR"
        static let version: UInt16 = 2

        var level: UInt16
        var block: UInt64
        var firstPosition: Position
        var landingCount: UInt64
        var previous: Hash
        var endSlotHash: Hash
        var keyCount: UInt32
        var blockCount: UInt32
        var postingCount: UInt64
        var filterBlockCount: UInt32
        var headBytes: UInt32
        var totalBytes: UInt64

        func encode(into writer: inout ByteWriter) {
            writer.u32(Header.magic)
            writer.u16(Header.version)
            writer.u16(level)
            writer.u64(block)
            writer.u64(firstPosition)
            writer.u64(landingCount)
            writer.hash(previous)
            writer.hash(endSlotHash)
            writer.u32(keyCount)
            writer.u32(blockCount)
            writer.u64(postingCount)
            writer.u32(filterBlockCount)
            writer.u32(headBytes)
            writer.u64(totalBytes)
        }

        init(_ bytes: [UInt8]) throws(FormatError) {
            var reader = ByteReader(bytes, format: RollupPostings.format)
            guard try reader.u32() == Header.magic else { throw reader.error("not a rollup") }
            let version = try reader.u16()
            guard version == Header.version else {
                throw reader.error("version \(version), this program reads \(Header.version)")
            }
            level = try reader.u16()
            guard (1...RollupSpan.levelMax).contains(Int(level)) else {
                throw reader.error("level \(level)")
            }
            block = try reader.u64()
            guard block < 1 << (63 - 5 * UInt64(level)) else {
                throw reader.error("block out of range")
            }
            firstPosition = try reader.u64()
            landingCount = try reader.u64()
            previous = try reader.hash()
            endSlotHash = try reader.hash()
            keyCount = try reader.u32()
            blockCount = try reader.u32()
            postingCount = try reader.u64()
            filterBlockCount = try reader.u32()
            headBytes = try reader.u32()
            totalBytes = try reader.u64()
        }

        init(
            span: RollupSpan, firstPosition: Position, landingCount: UInt64, previous: Hash,
            endSlotHash: Hash
        ) {
            level = UInt16(span.level)
            block = span.block
            self.firstPosition = firstPosition
            self.landingCount = landingCount
            self.previous = previous
            self.endSlotHash = endSlotHash
            (keyCount, blockCount, postingCount) = (0, 0, 0)
            (filterBlockCount, headBytes, totalBytes) = (0, 0, 0)
        }
    }
}
