import HifCore
import HifStore

/// Reads a run from front to back, some blocks at a time.
private struct RollupStream {
    /// Bytes of blocks in memory, unless one block alone is longer.
    static let windowBytes = 128 << 10

    private let head: RollupHead
    /// Number of the run's first slot in the run above.
    private let base: UInt32
    private var nextBlock = 0
    private var windowEnd = 0
    private var windowStart = 0
    private var window: [UInt8] = []
    private var cursor: RollupCursor?
    /// The entry at which it stands; nil at the end.
    private(set) var key: UInt64?
    private(set) var offsets: [UInt32] = []

    init(_ head: RollupHead, base: UInt32) {
        self.head = head
        self.base = base
    }

    /// Moves on to the next entry if that needs no request; false when it does.
    mutating func step() throws(FormatError) -> Bool {
        offsets.removeAll(keepingCapacity: true)
        while true {
            if let found = try cursor?.next(base: base, into: &offsets) {
                key = found
                return true
            }
            guard nextBlock < head.blockCount else {
                key = nil
                return true
            }
            guard nextBlock < windowEnd else { return false }
            let range = head.range(ofBlocks: nextBlock...nextBlock)
            cursor = try head.cursor(
                ofBlock: nextBlock, in: window,
                at: range.lowerBound - windowStart..<range.upperBound - windowStart)
            nextBlock += 1
        }
    }

    /// Reads the next blocks: one request.
    mutating func fill(_ reader: RollupReader) async throws(ReadError) {
        var last = nextBlock
        while last + 1 < head.blockCount,
            head.range(ofBlocks: nextBlock...last + 1).count <= RollupStream.windowBytes
        {
            last += 1
        }
        let range = head.range(ofBlocks: nextBlock...last)
        guard let bytes = try await reader.bytes(range, of: head), bytes.count == range.count else {
            throw .damaged(
                StoreKey.rollup(head.span).string,
                FormatError(RollupPostings.format, at: range.lowerBound, "blocks are missing"))
        }
        (window, windowStart, windowEnd) = (bytes, range.lowerBound, last + 1)
    }
}

/// Makes a run from the 32 below it, whose blocks are read as they are needed: the same bytes as its
/// slots would make.
///
/// Memory: twice the run that is made, eight bytes for each of its keys, and for each run below its
/// head and one window of blocks.
struct RollupMerge {
    private let span: RollupSpan
    private let heads: [RollupHead]
    private var streams: [RollupStream] = []

    /// - Precondition: `heads` are those of `span`'s children, in order.
    init(_ span: RollupSpan, of heads: [RollupHead]) {
        precondition(heads.map(\.span) == span.children, "every run below")
        self.span = span
        self.heads = heads
        for head in heads {
            let base = UInt32(head.span.firstEpoch - span.firstEpoch)
            streams.append(RollupStream(head, base: base))
        }
    }

    /// The run; nil when it would be longer than `RollupRun.bytesMax`.
    ///
    /// - Throws: `ReadError.log` when the runs below are not of one history, `ReadError.damaged` when
    ///   one of them is.
    mutating func run(_ reader: RollupReader) async throws(ReadError) -> RollupRun? {
        for (older, newer) in zip(heads, heads.dropFirst())
        where newer.previous != older.endSlotHash || newer.firstPosition != older.nextPosition {
            throw .log(
                .inconsistent(
                    epoch: newer.span.firstEpoch, "has rollups of another history before it"))
        }
        let last = heads[heads.count - 1]
        var writer = RollupWriter(
            RollupHead.Header(
                span: span, firstPosition: heads[0].firstPosition,
                landingCount: last.nextPosition - heads[0].firstPosition,
                previous: heads[0].previous, endSlotHash: last.endSlotHash),
            capacity: min(
                RollupRun.bytesMax, heads.reduce(0) { $0 + $1.totalBytes - $1.headBytes }))
        for index in streams.indices { try await advance(index, reader) }
        var offsets: [UInt32] = []
        while let key = streams.compactMap(\.key).min() {
            offsets.removeAll(keepingCapacity: true)
            for index in streams.indices where streams[index].key == key {
                offsets += streams[index].offsets
                try await advance(index, reader)
            }
            writer.add(key, offsets)
            if writer.byteCount > RollupRun.bytesMax { return nil }
        }
        let bytes = writer.finish()
        return bytes.count > RollupRun.bytesMax ? nil : RollupRun(bytes: bytes)
    }

    private mutating func advance(
        _ index: Int, _ reader: RollupReader
    ) async throws(ReadError) {
        while true {
            do throws(FormatError) {
                if try streams[index].step() { return }
            } catch {
                throw .damaged(StoreKey.rollup(heads[index].span).string, error)
            }
            try await streams[index].fill(reader)
        }
    }
}
