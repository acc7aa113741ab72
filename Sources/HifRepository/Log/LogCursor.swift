package import HifCore
import HifStore

/// Reads a range of slots one after the other, forwards or backwards.
///
/// It begins with single slots and takes more at once the longer it is used: several at the same
/// time, and segments where they are. So a look at the newest few costs what it did, and a
/// whole history about a request for each 4,096 slots, and one for each of the last 4,095 at most. A
/// segment that is missing, damaged or does not continue the slots before it costs requests, no
/// more: slots are read in its place.
package struct LogCursor {
    /// Single slots asked for at the same time.
    static let parallelMax = 16
    /// Slots wanted before a segment is looked for.
    static let segmentFrom = 16
    /// Bytes of a segment fetched and held at a time.
    static let fetchBytesMax = 8 << 20

    package typealias Found = (slot: Slot, hash: Hash, byteCount: Int)

    private let log: LogReader
    private let isBackwards: Bool
    /// Slots not delivered and not in `ready`.
    private var rest: Range<Epoch>
    /// The next ones, the first last.
    private var ready: [Found] = []
    /// How many to take next time.
    private var wanted = 1
    private var delivered: Found?
    private var open: OpenSegment?
    /// Segments that are of no use.
    private var useless: Set<UInt64> = []

    private struct OpenSegment {
        let table: SegmentTable
        var bytes: [UInt8]
        var offset: Int

        func holds(_ range: Range<Int>) -> Bool {
            offset <= range.lowerBound && range.upperBound <= offset + bytes.count
        }
    }

    init(_ log: LogReader, _ range: ClosedRange<Epoch>, backwards: Bool) {
        self.log = log
        isBackwards = backwards
        rest = range.lowerBound..<range.upperBound + 1
    }

    /// The next slot; nil after the last.
    ///
    /// - Throws: `ReadError.log` when one of the range is missing: the log has no holes.
    package mutating func next() async throws(ReadError) -> Found? {
        if ready.isEmpty, !rest.isEmpty {
            if try await !takeSegment() { try await takeSlots() }
            wanted = min(wanted * 2, 1 << 16)
        }
        guard let found = ready.popLast() else { return nil }
        delivered = found
        return found
    }

    /// The next one to read.
    private var position: Epoch { isBackwards ? rest.upperBound - 1 : rest.lowerBound }

    private mutating func deliver(_ found: [Found]) {
        // `found` ascends.
        ready = isBackwards ? found : found.reversed()
        let count = Epoch(found.count)
        rest =
            isBackwards
            ? rest.lowerBound..<rest.upperBound - count : rest.lowerBound + count..<rest.upperBound
    }

    // MARK: Single slots

    private mutating func takeSlots() async throws(ReadError) {
        // Not beyond the segment's border: the next one may be there.
        let border = position / SegmentTable.slotCount * SegmentTable.slotCount
        let inside = rest.clamped(to: border..<border + SegmentTable.slotCount)
        let count = Epoch(min(wanted, LogCursor.parallelMax, inside.count))
        let range =
            isBackwards
            ? inside.upperBound - count..<inside.upperBound
            : inside.lowerBound..<inside.lowerBound + count
        deliver(try await log.slots(range))
    }

    // MARK: Segments

    /// Takes a group of the segment around the position; false when there is none to take.
    private mutating func takeSegment() async throws(ReadError) -> Bool {
        let number = position / SegmentTable.slotCount
        if open?.table.number != number {
            open = nil
            let border = number * SegmentTable.slotCount
            let inside = rest.clamped(to: border..<border + SegmentTable.slotCount)
            guard wanted >= LogCursor.segmentFrom, inside.count >= LogCursor.segmentFrom,
                !useless.contains(number)
            else { return false }
            open = await opened(number)
        }
        guard let table = open?.table else { return false }
        let index = Int(position - table.first)
        guard let at = table.groups.firstIndex(where: { $0.slots.contains(index) }),
            let found = await group(at, of: table), isContinuation(found)
        else {
            useless.insert(number)
            open = nil
            return false
        }
        deliver(found)
        return true
    }

    private mutating func opened(_ number: UInt64) async -> OpenSegment? {
        // Whoever reads much takes the table and what follows it at once.
        let count =
            SegmentTable.bytesMax + (wanted > 1024 ? LogCursor.fetchBytesMax : 0)
        guard
            let object = try? await log.store.get(
                StoreKey.segment(number), .range(offset: 0, count: count)),
            let table = try? SegmentTable(decoding: object.bytes), table.number == number,
            !table.isLeftOut
        else {
            useless.insert(number)
            return nil
        }
        return OpenSegment(table: table, bytes: object.bytes, offset: 0)
    }

    /// The slots of one group that are in the range.
    private mutating func group(_ at: Int, of table: SegmentTable) async -> [Found]? {
        let group = table.groups[at]
        if open?.holds(group.stored) != true {
            let range = fetchRange(from: at, of: table)
            guard
                let object = try? await log.store.get(
                    StoreKey.segment(table.number),
                    .range(offset: range.lowerBound, count: range.count))
            else { return nil }
            open?.bytes = object.bytes
            open?.offset = range.lowerBound
        }
        guard let open,
            let slots = try? table.slots(
                of: group, in: open.bytes, from: open.offset, using: Zstd())
        else { return nil }
        var found: [Found] = []
        for (index, bytes) in zip(group.slots, slots) {
            let epoch = table.first + Epoch(index)
            guard rest.contains(epoch) else { continue }
            guard let slot = try? Slot(decoding: bytes), slot.epoch == epoch else { return nil }
            found.append((slot, Slot.hash(ofBytes: bytes), bytes.count))
        }
        return found.isEmpty ? nil : found
    }

    /// The stored bytes of this group and those that will be wanted after it.
    private func fetchRange(from at: Int, of table: SegmentTable) -> Range<Int> {
        var range = table.groups[at].stored
        var slots = table.groups[at].slots.count
        var next = isBackwards ? at - 1 : at + 1
        while slots < wanted, table.groups.indices.contains(next) {
            let stored = table.groups[next].stored
            let wider =
                min(range.lowerBound, stored.lowerBound)..<max(range.upperBound, stored.upperBound)
            guard wider.count <= LogCursor.fetchBytesMax else { break }
            range = wider
            slots += table.groups[next].slots.count
            next += isBackwards ? -1 : 1
        }
        return range
    }

    /// Whether the slots are chained to each other and to the one delivered last.
    private func isContinuation(_ found: [Found]) -> Bool {
        let chain: [Found]
        if let delivered {
            chain = isBackwards ? found + [delivered] : [delivered] + found
        } else {
            chain = found
        }
        return zip(chain, chain.dropFirst()).allSatisfy { $0.hash == $1.slot.previous }
    }
}
