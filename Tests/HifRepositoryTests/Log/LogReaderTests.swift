import HifCore
import HifRepository
import HifStore
import Support
import Testing

/// Finding the end of the log, and the slot of a position.
@Suite struct LogReaderTests {
    /// A log of slots with these numbers of landings, whose operations nobody reads.
    static func log(landings: [Int]) async throws -> (store: MemoryStore, newest: Slot) {
        let store = MemoryStore()
        let project = try await TestProject(store: store)
        var previous = try await project.repository.newest()
        var session: UInt64 = 0
        for count in landings {
            var records: [ClosingRecord] = []
            for _ in 0..<count {
                session += 1
                records.append(
                    .landing(
                        Landing(
                            session: TestProject.session(session), author: TestProject.ana,
                            goalLine: "", startedMillis: 0, landedMillis: 0, sourceDigest: .zero,
                            landedDigest: .zero, createdPosition: 0, eventCount: 0, packs: [],
                            document: nil, mergedPaths: [], operations: .inline([]))))
            }
            let slot = Slot(
                epoch: previous.epoch + 1, firstPosition: previous.lastPosition + 1,
                previous: .zero, root: .zero, batch: BatchID(high: 0, low: 0), clock: 0,
                controlEpoch: 0, checkpointEpoch: 0, writer: "", records: records, control: nil)
            _ = try await store.put(StoreKey.slot(slot.epoch), slot.encode(), .ifAbsent)
            previous = slot
        }
        return (store, previous)
    }

    @Test(arguments: [0, 1, 2, 3, 7, 8, 9, 31, 100])
    func `galloping finds the end from anywhere`(count: Int) async throws {
        let (store, _) = try await LogReaderTests.log(landings: Array(repeating: 1, count: count))
        for known in 0...count {
            let counting = CountingStore(store)
            let reader = LogReader(store: counting)
            #expect(try await reader.newestEpoch(from: Epoch(known)) == Epoch(count))
            let requests = counting.totals.gets
            #expect(requests <= 2 * 8 + 2, "\(requests) requests from \(known) of \(count)")
            if known == count, known > 0 { #expect(requests == 1) }
        }
    }

    @Test(arguments: [UInt64(0), 1, 40, 99, 100, 101, 5_000, .max])
    func `a hint may be right, behind, or nonsense`(hinted: UInt64) async throws {
        let (store, newest) = try await LogReaderTests.log(
            landings: Array(repeating: 1, count: 100))
        var writer = ByteWriter()
        writer.u64(hinted)
        writer.hash(Blake3.hash(writer.bytes))
        _ = try await store.put(StoreKey.hint, writer.bytes, .none)
        let repository = Repository(store: store, world: TestProject.world(seed: 3))
        #expect(try await repository.newest() == newest)
        var flipped = writer.bytes
        flipped[39] ^= 1
        for garbage in [[], [1, 2, 3], flipped] {
            _ = try await store.put(StoreKey.hint, garbage, .none)
            let repository = Repository(store: store, world: TestProject.world(seed: 3))
            #expect(try await repository.newest() == newest)
        }
    }

    @Test func `a store without a project says so`() async throws {
        let repository = Repository(store: MemoryStore(), world: TestProject.world(seed: 3))
        await #expect(throws: ReadError.self) { try await repository.newest() }
    }

    @Test func `every position is found, however unevenly slots are filled`() async throws {
        for seed: UInt64 in 1...6 {
            var random = SeededGenerator(seed: seed)
            let landings = (0..<120).map { _ in
                switch Int.random(in: 0..<10, using: &random) {
                case 0: Int.random(in: 20...60, using: &random)
                case 1...4: 0
                default: Int.random(in: 1...3, using: &random)
                }
            }
            let (store, newest) = try await LogReaderTests.log(landings: landings)
            let counting = CountingStore(store)
            let reader = LogReader(store: counting)
            var most = 0
            for position in 1...newest.lastPosition {
                let before = counting.totals.gets
                let slot = try await reader.slot(holding: position, newest: newest)
                #expect(slot.landings.contains { $0.position == position }, "seed \(seed)")
                most = max(most, counting.totals.gets - before)
            }
            #expect(most <= 16, "seed \(seed): \(most) requests")
        }
    }

    @Test func `positions are found in about two requests where slots are filled evenly`()
        async throws
    {
        let (store, newest) = try await LogReaderTests.log(
            landings: Array(repeating: 2, count: 200))
        let counting = CountingStore(store)
        let reader = LogReader(store: counting)
        for position in 1...newest.lastPosition {
            _ = try await reader.slot(holding: position, newest: newest)
        }
        #expect(2 * counting.totals.gets <= 5 * Int(newest.lastPosition))
    }

    @Test func `numbers from a hostile store are an error, not a trap`() async throws {
        let (store, newest) = try await LogReaderTests.log(landings: [1, 2, 1])
        for first: Position in [1 << 40, 1 << 63, .max - 2] {
            var hostile = newest
            hostile.epoch = 4
            hostile.firstPosition = first
            let reader = LogReader(store: store)
            for position: Position in [5, 100, first - 1] {
                await #expect(throws: ReadError.self) {
                    try await reader.slot(holding: position, newest: hostile)
                }
            }
            #expect(try await reader.slot(holding: 2, newest: hostile).epoch == 2)
        }
    }

    @Test func `a slot key names its epoch and no other key does`() {
        for epoch: Epoch in [0, 1, 4095, 4096, 1 << 40, .max] {
            #expect(StoreKey.epoch(of: StoreKey.slot(epoch)) == epoch)
        }
        for key in [
            "log/0000000000000/000000000000000g", "log/0000000000001/0000000000000001",
            "log/0000000000000/-000000000000000", "log/0000000000000/0000000000000001/x",
            "ckpt/0000000000000001", "log/x/0000000000000001",
        ] {
            #expect(StoreKey.epoch(of: ObjectKey(key)) == nil, "\(key)")
        }
    }
}
