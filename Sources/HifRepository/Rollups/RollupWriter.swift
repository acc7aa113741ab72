import HifCore

/// Makes the bytes of a run from its keys in order. Equal input gives equal bytes, whether it comes
/// from slots or from the runs below.
struct RollupWriter {
    static let blockBytesMax = 4096

    private var header: RollupHead.Header
    private var blocks: ByteWriter
    private var fences: [(key: UInt64, offset: Int, checksum: UInt64)] = []
    /// First key of the block that is being written, and where it begins.
    private var open: (key: UInt64, offset: Int)?
    private var keys: [UInt64] = []
    private var postingCount: UInt64 = 0

    /// - Parameter capacity: bytes to reserve for the blocks.
    init(_ header: RollupHead.Header, capacity: Int) {
        self.header = header
        blocks = ByteWriter(capacity: capacity)
    }

    /// Bytes of the blocks so far.
    var byteCount: Int { blocks.count }

    /// - Precondition: `key` is greater than all before; `offsets` is not empty and ascends strictly.
    mutating func add(_ key: UInt64, _ offsets: [UInt32]) {
        let plan = RollupPostings.Plan(offsets)
        var step: UInt64 = 0
        if let open, let last = keys.last {
            step = key - last
            let bytes = RollupPostings.varintBytes(step) + plan.byteCount
            if blocks.count - open.offset + bytes > RollupWriter.blockBytesMax {
                closeBlock()
                step = 0
            }
        }
        if open == nil { open = (key, blocks.count) }
        blocks.varint(step)
        RollupPostings.write(offsets, plan, into: &blocks)
        keys.append(key)
        postingCount += UInt64(offsets.count)
    }

    private mutating func closeBlock() {
        guard let open else { return }
        let checksum = Blake3.hash(blocks.bytes, range: open.offset..<blocks.count).word0
        fences.append((open.key, open.offset, checksum))
        self.open = nil
    }

    /// The whole object.
    consuming func finish() -> [UInt8] {
        closeBlock()
        let words = SplitBlockFilter.words(holding: keys)
        let headBytes =
            RollupHead.headerBytes + words.count * 4 + fences.count * RollupHead.fenceBytes
            + Hash.byteCount
        header.keyCount = UInt32(keys.count)
        header.blockCount = UInt32(fences.count)
        header.postingCount = postingCount
        header.filterBlockCount = UInt32(words.count * 4 / SplitBlockFilter.blockBytes)
        header.headBytes = UInt32(headBytes)
        header.totalBytes = UInt64(headBytes + blocks.count + Hash.byteCount)
        var writer = ByteWriter(capacity: Int(header.totalBytes))
        header.encode(into: &writer)
        for word in words { writer.u32(word) }
        for fence in fences {
            writer.u32(UInt32(truncatingIfNeeded: fence.key))
            writer.u16(UInt16(truncatingIfNeeded: fence.key >> 32))
            writer.u32(UInt32(fence.offset))
            writer.u64(fence.checksum)
        }
        writer.hash(Blake3.hash(writer.bytes))
        writer.raw(blocks.bytes)
        writer.hash(Blake3.hash(writer.bytes))
        return writer.bytes
    }
}
