import HifCore
import HifRepository
import HifStore
import Support
import Testing

/// Segments: the same slots in one object, found again whatever happens to it.
@Suite struct SegmentTests {
    /// A log of empty slots and its segments.
    struct LongLog {
        let store = MemoryStore()
        let hashes: [Hash]

        init(slots: Int) async throws {
            var previous = Hash.zero
            var hashes: [Hash] = []
            for epoch in 0..<Epoch(slots) {
                let session = SessionID(testHash(epoch))
                let slot = Slot(
                    epoch: epoch, firstPosition: 1, previous: previous,
                    root: ProllyTree.empty.root, batch: BatchID(high: 1, low: epoch), clock: epoch,
                    controlEpoch: 0, checkpointEpoch: 0, writer: "",
                    records: epoch == 0
                        ? []
                        : [
                            .abandon(
                                Abandon(
                                    session: session, author: TestProject.ana,
                                    reason: "slot \(epoch)", atMillis: 5))
                        ],
                    control: epoch == 0
                        ? ControlState(
                            originStore: StoreID(high: 3, low: 4),
                            project: ProjectID(high: 1, low: 2), name: "long") : nil)
                let bytes = slot.encode()
                _ = try await store.put(StoreKey.slot(epoch), bytes, .ifAbsent)
                previous = Slot.hash(ofBytes: bytes)
                hashes.append(previous)
            }
            self.hashes = hashes
        }

        static func repository(_ store: any ObjectStore) -> Repository {
            Repository(store: store, world: TestProject.world(seed: 1))
        }
    }

    static func read(
        _ store: any ObjectStore, _ range: ClosedRange<Epoch>, backwards: Bool = false
    ) async throws -> [Hash] {
        var hashes: [Hash] = []
        var cursor = LogReader(store: store).cursor(range, backwards: backwards)
        while let found = try await cursor.next() { hashes.append(found.hash) }
        return backwards ? hashes.reversed() : hashes
    }

    @Test func `a long history is read with few requests, and the same without segments`()
        async throws
    {
        let log = try await LongLog(slots: 2 * 4096 + 100)
        let tip = Epoch(log.hashes.count - 1)
        #expect(try await LongLog.repository(log.store).keepUp())
        #expect(try await log.store.listAll(prefix: "seg/").count == 2)
        let counting = CountingStore(log.store)
        for backwards in [false, true] {
            counting.reset()
            #expect(
                try await SegmentTests.read(counting, 0...tip, backwards: backwards) == log.hashes)
            // A hundred single slots at the end, fifteen or so at the beginning, a few for each
            // segment.
            #expect(counting.totals.requests < 150, "\(counting.totals)")
        }
        // Parts, across the borders.
        for range in [Epoch(4000)...4200, 8191...8192, 0...0] {
            for backwards in [false, true] {
                let expected = Array(log.hashes[Int(range.lowerBound)...Int(range.upperBound)])
                #expect(
                    try await SegmentTests.read(log.store, range, backwards: backwards) == expected)
            }
        }
        // One slot or two cost what they did.
        counting.reset()
        #expect(try await SegmentTests.read(counting, 5000...5001).count == 2)
        #expect(counting.totals.requests == 2)
        // Whatever happens to a segment.
        let key = StoreKey.segment(0)
        let whole = try await log.store.get(key).bytes
        let other = try await log.store.get(StoreKey.segment(1)).bytes
        var flipped = whole
        flipped[whole.count - 500] ^= 1
        for (damaged, deep) in [
            (nil, false), (Array(whole.prefix(40_000)), false), ([], false), (other, false),
            (flipped, true),
        ] {
            try await log.store.delete(key)
            if let damaged { _ = try await log.store.put(key, damaged, .ifAbsent) }
            for backwards in [false, true] {
                #expect(
                    try await SegmentTests.read(log.store, 3000...4500, backwards: backwards)
                        == Array(log.hashes[3000...4500]))
            }
            let report = try await FsckTests.check(log.store, deep: deep)
            #expect(report.findings.map(\.key) == [key.string])
            #expect(report.findings.allSatisfy { $0.severity == .derived })
            let fsck = Fsck(LongLog.repository(log.store))
            #expect(try await fsck.repairDerived(report).contains(key.string))
            #expect(try await log.store.get(key).bytes == whole)
        }
        #expect(try await FsckTests.check(log.store, deep: true).segmentCount == 2)
    }

    @Test func `a table survives encoding, and no damage to it is taken for one`() throws {
        var writer = SegmentWriter(number: 7)
        for index in 0..<4096 {
            writer.add(Array("slot \(index) ".utf8) + [UInt8](repeating: 7, count: index % 300))
        }
        let (table, bytes) = writer.finish()
        #expect(try SegmentTable(decoding: bytes) == table)
        #expect(table.groups.count == 3)
        #expect(table.first == 7 * 4096)
        #expect(table.groups.last?.stored.upperBound == bytes.count)
        let front = Array(bytes.prefix(table.byteCount))
        #expect(table.encode() == front)
        for length in stride(from: 0, to: front.count, by: 97) {
            #expect(throws: FormatError.self) {
                try SegmentTable(decoding: Array(front.prefix(length)))
            }
        }
        for index in stride(from: 0, to: front.count, by: 41) {
            var flipped = front
            flipped[index] ^= UInt8(1 << (index % 8))
            #expect(throws: FormatError.self) { try SegmentTable(decoding: flipped) }
        }
    }

    @Test func `slots that are long together are left out, and the segment says so`() throws {
        var writer = SegmentWriter(number: 0)
        let slot = [UInt8](repeating: 1, count: SegmentTable.contentBytesMax / 4096 + 1)
        for _ in 0..<4096 { writer.add(slot) }
        let (table, bytes) = writer.finish()
        #expect(table.isLeftOut)
        #expect(bytes.count == table.byteCount)
        #expect(try SegmentTable(decoding: bytes) == table)
    }

    @Test func `a segment's front has these bytes`() throws {
        var writer = SegmentWriter(number: 2)
        for index in 0..<4096 { writer.add([UInt8(index % 251), 1, 2]) }
        let (table, bytes) = writer.finish()
        #expect(
            bytes.prefix(16) == [
                0x48, 0x49, 0x46, 0x47, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0,
            ])
        #expect(Array(bytes[80..<88]) == [3, 0, 0, 0, 3, 0, 0, 0])
        #expect(Array(bytes[80 + 4 * 4096..<84 + 4 * 4096]) == [1, 0, 0, 0])
        var raw: [UInt8] = []
        for index in 0..<4096 { raw += [UInt8(index % 251), 1, 2] }
        #expect(table.content == Blake3.hash(raw))
        #expect(table.end == Blake3.hash([UInt8(4095 % 251), 1, 2]))
    }
}
