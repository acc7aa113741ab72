import HifCore
import Support
import Synchronization
import Testing

@testable import HifStore

@Suite struct CachingStoreTests {
    static let piece = CacheBlock.bytesMax

    private static func pattern(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    /// Keys that begin with `m` change, all others never do.
    private static let isCached: @Sendable (ObjectKey) -> Bool = { !$0.string.hasPrefix("m") }

    @Test(arguments: StoreContract.checks)
    func `with everything in memory it keeps the contract`(check: StoreContract.Check) async throws
    {
        let store = CachingStore(MemoryStore(), memoryBytesMax: 1 << 20) { _ in true }
        try await check.run { store }
    }

    @Test(arguments: StoreContract.checks)
    func `with everything on a disk it keeps the contract`(check: StoreContract.Check) async throws
    {
        let directory = TemporaryDirectory()
        let disk = try DiskTier(directory: directory.path + "/c", owner: "a", bytesMax: 1 << 20)
        let store = CachingStore(MemoryStore(), memoryBytesMax: 0, disk: disk) { _ in true }
        try await check.run { store }
    }

    @Test(arguments: 1...30)
    func `every range is what the store has, whatever is cached`(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let base = MemoryStore()
        let sizes = [1, 1_000, CachingStoreTests.piece, CachingStoreTests.piece + 1, 1_100_000]
        for (number, size) in sizes.enumerated() {
            _ = try await base.put(
                ObjectKey("o/\(number)"), CachingStoreTests.pattern(size, seed: seed), .ifAbsent)
        }
        let directory = TemporaryDirectory()
        let disk = try DiskTier(
            directory: directory.path + "/c", owner: "a",
            bytesMax: Int.random(in: 0...3_000_000, using: &generator))
        let store = CachingStore(
            base, memoryBytesMax: Int.random(in: 0...2_000_000, using: &generator), disk: disk,
            isCached: CachingStoreTests.isCached)
        for _ in 0..<80 {
            let number = Int.random(in: 0..<sizes.count, using: &generator)
            let key = ObjectKey("o/\(number)")
            let bound = sizes[number] + 300_000
            let range: ByteRange =
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: .all
                case 1: .suffix(Int.random(in: 1...bound, using: &generator))
                case 2:
                    .range(
                        offset: Int.random(in: 0...bound, using: &generator),
                        count: Int.random(in: 1...bound, using: &generator))
                default:
                    .range(
                        offset: Int.random(in: 0...bound, using: &generator), count: Int.max)
                }
            #expect(
                await outcome { try await store.get(key, range) }
                    == outcome { try await base.get(key, range) },
                "seed \(seed), \(key) of \(sizes[number]), \(range)")
        }
        #expect(store.totals.memoryBytes <= 2_000_000)
        #expect(store.totals.diskBytes <= 3_000_000)
    }

    @Test func `a range costs one request when nothing is known, and none when all is`()
        async throws
    {
        let base = CountingStore(MemoryStore())
        let key = ObjectKey("o/1")
        _ = try await base.put(key, CachingStoreTests.pattern(1_500_000), .ifAbsent)
        let store = CachingStore(
            base, memoryBytesMax: 8 << 20, isCached: CachingStoreTests.isCached)
        base.reset()
        _ = try await store.get(key, .range(offset: 200_000, count: 700_000))
        #expect(base.totals.gets == 1)
        _ = try await store.get(key, .suffix(65_536))
        // What is missing on both sides of what is there.
        _ = try await store.get(key)
        let requests = base.totals.gets
        #expect(requests <= 4)
        _ = try await store.get(key)
        _ = try await store.get(key, .suffix(1_000_000))
        #expect(base.totals.gets == requests)
    }

    @Test func `a thousand readers of one cold object make one request`() async throws {
        let gate = GatedStore(MemoryStore())
        let key = ObjectKey("o/1")
        let content = CachingStoreTests.pattern(100_000)
        _ = try await gate.put(key, content, .ifAbsent)
        let store = CachingStore(
            gate, memoryBytesMax: 1 << 20, isCached: CachingStoreTests.isCached)
        try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<1_000 { group.addTask { try await store.get(key).bytes } }
            while store.totals.joined < 999 { await Task.yield() }
            gate.open()
            for try await bytes in group { #expect(bytes == content) }
        }
        #expect(gate.gets == 1)
        #expect(store.totals.storeRequests == 1)
    }

    @Test func `when whoever fetches is cancelled, another of those who wait does`() async throws {
        let gate = GatedStore(MemoryStore())
        let key = ObjectKey("o/1")
        _ = try await gate.put(key, [1, 2, 3], .ifAbsent)
        let store = CachingStore(
            gate, memoryBytesMax: 1 << 20, isCached: CachingStoreTests.isCached)
        let first = Task { try await store.get(key).bytes }
        while gate.gets < 1 { await Task.yield() }
        let second = Task { try await store.get(key).bytes }
        while store.totals.joined < 1 { await Task.yield() }
        first.cancel()
        gate.open()
        let error = await #expect(throws: StoreError.self) { try await first.value }
        #expect(error?.code == .cancelled)
        #expect(try await second.value == [1, 2, 3])
        #expect(gate.gets == 2)
    }

    @Test func `that there is no object is never remembered`() async throws {
        let base = MemoryStore()
        let store = CachingStore(
            base, memoryBytesMax: 1 << 20, isCached: CachingStoreTests.isCached)
        let key = ObjectKey("o/1")
        #expect(try await store.getIfPresent(key) == nil)
        _ = try await base.put(key, [7], .ifAbsent)
        #expect(try await store.get(key).bytes == [7])
    }

    @Test func `who begins to read after a write is not told what somebody was told before it`()
        async throws
    {
        let gate = GatedStore(MemoryStore(), answersAsOfArrival: true)
        let store = CachingStore(
            gate, memoryBytesMax: 1 << 20, isCached: CachingStoreTests.isCached)
        let key = ObjectKey("o/1")
        let first = Task { try await store.getIfPresent(key) }
        while gate.gets < 1 { await Task.yield() }
        _ = try await store.put(key, [7], .ifAbsent)
        let others = (0..<20).map { _ in Task { try await store.get(key).bytes } }
        while store.totals.joined < 20 { await Task.yield() }
        gate.open()
        #expect(try await first.value == nil)
        for other in others { #expect(try await other.value == [7]) }
        #expect(gate.gets <= 3)
    }

    @Test func `whether there is an object is asked of the store, also when it is known`()
        async throws
    {
        let base = MemoryStore()
        let store = CachingStore(
            base, memoryBytesMax: 1 << 20, isCached: CachingStoreTests.isCached)
        let key = ObjectKey("o/1")
        _ = try await base.put(key, [7, 8], .ifAbsent)
        _ = try await store.get(key)
        #expect(try await store.get(key, .range(offset: 0, count: 1)).bytes == [7])
        try await base.delete(key)
        let error = await #expect(throws: StoreError.self) {
            try await store.get(key, .range(offset: 0, count: 1))
        }
        #expect(error?.code == .notFound)
        #expect(try await store.get(key).bytes == [7, 8])
        // And when it is made anew, what was known is forgotten.
        _ = try await store.put(key, [9], .ifAbsent)
        #expect(try await store.get(key).bytes == [9])
    }

    @Test func `what may change is asked for every time`() async throws {
        let base = CountingStore(MemoryStore())
        let store = CachingStore(
            base, memoryBytesMax: 1 << 20, isCached: CachingStoreTests.isCached)
        let key = ObjectKey("m/hint")
        for value in UInt8(1)...3 {
            _ = try await base.put(key, [value], .none)
            #expect(try await store.get(key).bytes == [value])
        }
        #expect(base.totals.gets == 3)
        #expect(store.totals.memoryBytes == 0)
    }

    @Test func `a failure is told to all who wait, and the next one asks again`() async throws {
        let base = FaultyStore(MemoryStore(), script: [.init(.get, nth: 1, .fails(.throttled))])
        let key = ObjectKey("o/1")
        _ = try await base.put(key, [1], .ifAbsent)
        let store = CachingStore(
            base, memoryBytesMax: 1 << 20, isCached: CachingStoreTests.isCached)
        let error = await #expect(throws: StoreError.self) { try await store.get(key) }
        #expect(error?.code == .throttled)
        #expect(try await store.get(key).bytes == [1])
    }

    @Test func `pieces of two versions of an object are never put together`() async throws {
        let base = MemoryStore()
        let key = ObjectKey("o/1")
        let (old, new) = (
            CachingStoreTests.pattern(700_000, seed: 1), CachingStoreTests.pattern(700_000, seed: 2)
        )
        _ = try await base.put(key, old, .none)
        let store = CachingStore(
            base, memoryBytesMax: 8 << 20, isCached: CachingStoreTests.isCached)
        _ = try await store.get(key, .range(offset: 0, count: 10))
        // Behind the cache's back: derived objects may be made anew.
        _ = try await base.put(key, new, .none)
        #expect(try await store.get(key).bytes == new)
        #expect(try await store.get(key, .range(offset: 0, count: 10)).bytes == Array(new[..<10]))
    }

    @Test func `what is distrusted comes from the store again`() async throws {
        let base = FaultyStore(MemoryStore(), script: [.init(.get, nth: 1, .corrupted(bit: 3))])
        let key = ObjectKey("p/1/o")
        _ = try await base.put(key, [1, 2, 3], .ifAbsent)
        let directory = TemporaryDirectory()
        let disk = try DiskTier(directory: directory.path + "/c", owner: "a", bytesMax: 1 << 20)
        let cache = CachingStore(
            base, memoryBytesMax: 1 << 20, disk: disk, isCached: CachingStoreTests.isCached)
        let store = PrefixedStore(cache, prefix: ObjectKey("p/1"))
        #expect(try await store.get(ObjectKey("o")).bytes != [1, 2, 3])
        #expect(store.distrust(ObjectKey("o")))
        #expect(!store.distrust(ObjectKey("o")))
        #expect(try await store.get(ObjectKey("o")).bytes == [1, 2, 3])
    }
}

/// An outcome that can be compared.
private enum Outcome: Hashable {
    case found(StoredObject)
    case failed(StoreError.Code?)
}

private func outcome(_ work: () async throws -> StoredObject) async -> Outcome {
    do {
        return .found(try await work())
    } catch {
        return .failed((error as? StoreError)?.code)
    }
}

/// Holds readers until it is opened; a reader that was cancelled by then fails.
private final class GatedStore: ObjectStore {
    private struct State {
        var isOpen = false
        var gets = 0
    }

    private let base: any ObjectStore
    private let answersAsOfArrival: Bool
    private let state = Mutex(State())

    /// - Parameter answersAsOfArrival: whether the answers that are held say how things were before.
    init(_ base: any ObjectStore, answersAsOfArrival: Bool = false) {
        self.base = base
        self.answersAsOfArrival = answersAsOfArrival
    }

    var gets: Int { state.withLock { $0.gets } }
    func open() { state.withLock { $0.isOpen = true } }

    func get(_ key: ObjectKey, _ range: ByteRange) async throws(StoreError) -> StoredObject {
        var early: Result<StoredObject, StoreError>?
        if answersAsOfArrival {
            do {
                early = .success(try await base.get(key, range))
            } catch {
                early = .failure(error)
            }
        }
        state.withLock { $0.gets += 1 }
        while !state.withLock({ $0.isOpen }) { await Task.yield() }
        if Task.isCancelled { throw StoreError(.cancelled, key: key, "cancelled") }
        if let early { return try early.get() }
        return try await base.get(key, range)
    }

    func put(
        _ key: ObjectKey, _ bytes: [UInt8], _ condition: WriteCondition
    ) async throws(StoreError) -> ETag {
        try await base.put(key, bytes, condition)
    }

    func list(
        prefix: String, after: ObjectKey?, limit: Int
    ) async throws(StoreError) -> ListPage {
        try await base.list(prefix: prefix, after: after, limit: limit)
    }

    func delete(_ key: ObjectKey) async throws(StoreError) { try await base.delete(key) }
}
