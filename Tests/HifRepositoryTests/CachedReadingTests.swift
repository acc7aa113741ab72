import HifCore
import HifRepository
import HifStore
import Support
import Testing

/// Repositories over a store that is cached.
@Suite struct CachedReadingTests {
    private static let project = "p/00000000000000010000000000000002/"

    private static func cached(_ base: any ObjectStore) -> (CachingStore, any ObjectStore) {
        let cache = CachingStore(
            base, memoryBytesMax: 16 << 20, isCached: StoreKey.isImmutable)
        return (cache, PrefixedStore(cache, prefix: ObjectKey(String(project.dropLast()))))
    }

    @Test func `only what never changes is kept`() {
        let session = TestProject.session(1)
        let keys: [(ObjectKey, Bool)] = [
            (StoreKey.slot(0), true), (StoreKey.slot(70_000), true), (PackKey.key(of: .zero), true),
            (StoreKey.checkpoint(9), true), (StoreKey.objectRun(level: 1, block: 2), true),
            (StoreKey.placeIndex(3), true), (StoreKey.segment(4), true),
            (StoreKey.rollup(RollupSpan(level: 1, block: 2)), true),
            (StoreKey.event(session, 0), false), (StoreKey.openMarker(session), false),
            (StoreKey.hint, false),
        ]
        for (key, isKept) in keys {
            let whole = ObjectKey(CachedReadingTests.project + key.string)
            #expect(StoreKey.isImmutable(whole) == isKept, "\(whole)")
            // Only below a project's key: what lies elsewhere is nobody's business here.
            #expect(!StoreKey.isImmutable(key), "\(key)")
        }
        #expect(!StoreKey.isImmutable(StoreKey.store))
        #expect(!StoreKey.isImmutable(ObjectKey("probe/1/log/0/0")))
    }

    @Test func `what others land is seen at once`() async throws {
        let base = MemoryStore()
        let (cache, one) = CachedReadingTests.cached(base)
        let project = try await TestProject(store: one)
        // Another node, past this one's cache.
        let other = PrefixedStore(
            base, prefix: ObjectKey(String(CachedReadingTests.project.dropLast())))
        for number in UInt64(1)...5 {
            #expect(try await project.repository.newest().lastPosition == number - 1)
            let lander = Lander(
                Repository(store: other, world: TestProject.world(seed: number + 9)))
            _ = try await lander.land(
                try TestProject.request(number, [("f\(number)", nil, "text \(number)")]))
            #expect(try await project.repository.newest().lastPosition == number)
        }
        #expect(cache.totals.memoryBytes > 0)
        #expect(try await project.texts().count == 5)
    }

    @Test func `a second reading of everything asks the store for what is new, and nothing else`()
        async throws
    {
        let base = CountingStore(MemoryStore())
        let (_, store) = CachedReadingTests.cached(base)
        let project = try await TestProject(store: store)
        for number in UInt64(1)...8 {
            _ = try await project.land(number, [("f\(number)", nil, "text \(number)")])
        }
        _ = try await project.texts()
        base.reset()
        #expect(try await project.texts().count == 8)
        let found = base.log.filter { $0.amount > 1 && $0.operation == .get && $0.failure == nil }
        #expect(
            found.allSatisfy { !StoreKey.isImmutable(ObjectKey($0.key)) }, "\(found.map(\.key))")
        #expect(base.log.contains { $0.failure == .notFound }, "the tip is asked for")
    }

    /// Everything that is read once comes damaged, and right the next time.
    @Test func `what came damaged and was kept is dropped, and fetched again`() async throws {
        let base = MemoryStore()
        let (_, store) = CachedReadingTests.cached(base)
        let project = try await TestProject(store: store)
        for number in UInt64(1)...3 {
            _ = try await project.land(number, [("f\(number)", nil, "text \(number)")])
        }
        let kinds = ["log/", "pack/"]
        for kind in kinds {
            let faulty = FaultyStore(
                base,
                script: [
                    .init(
                        .get, prefix: CachedReadingTests.project + kind, nth: 2,
                        .corrupted(bit: 801))
                ])
            let (_, damaged) = CachedReadingTests.cached(faulty)
            let texts = try await TestProject.texts(
                Repository(store: damaged, world: TestProject.world(seed: 4)))
            #expect(texts.count == 3, "\(kind)")
            #expect(faulty.injected.count == 1, "\(kind)")
        }
    }
}
