import HifCore
import HifRepository
import HifStore
import Support
import Synchronization
import Testing

@Suite struct StoreCopyTests {
    static let id = ProjectID(high: 1, low: 2)
    static let prefix = ObjectKey(StoreKey.projectPrefix(id))
    static let storeID = StoreID(high: 3, low: 4)

    static func part(of store: any ObjectStore) -> PrefixedStore {
        PrefixedStore(store, prefix: prefix)
    }

    /// A store with one project in it.
    static func made(seed: UInt64, landings: Int) async throws -> (
        store: MemoryStore, project: CompactedProject
    ) {
        let store = MemoryStore()
        _ = try await store.put(StoreKey.store, Array((storeID.hex + "\n").utf8), .ifAbsent)
        var project = try await CompactedProject(seed: seed, store: part(of: store))
        try await project.land(landings, largeEvery: 20)
        let open = TestProject.session(7_000)
        try await project.opened().sessions.markOpen(open)
        _ = try await project.opened().append(SessionLogTests.event(0), to: open)
        return (store, project)
    }

    static func objects(_ store: any ObjectStore) async throws -> [String: [UInt8]] {
        var objects: [String: [UInt8]] = [:]
        for entry in try await store.listAll(prefix: "") {
            objects[entry.key.string] = try await store.get(entry.key).bytes
        }
        return objects
    }

    @Test func `a copy holds what the store holds, and has another id`() async throws {
        let (store, project) = try await StoreCopyTests.made(seed: 1, landings: 40)
        let target = MemoryStore()
        let id = try await StoreCopy(
            from: store, to: target, world: TestProject.world(seed: 5)
        ).run()
        #expect(id != StoreCopyTests.storeID)
        var there = try await StoreCopyTests.objects(target)
        var here = try await StoreCopyTests.objects(store)
        #expect(there.removeValue(forKey: "store") == Array((id.hex + "\n").utf8))
        here["store"] = nil
        // Advisory; who copies knows where the log ends.
        there["\(StoreCopyTests.prefix)/hint"] = nil
        #expect(there.keys.sorted() == here.keys.sorted())
        #expect(here.keys.filter { there[$0] != here[$0] }.sorted() == [])
        #expect(
            try await project.differences(
                in: Repository(
                    store: StoreCopyTests.part(of: target), world: TestProject.world(seed: 6)))
                == [])
    }

    @Test func `a copy that was killed anywhere is gone on with, and nobody serves from it before`()
        async throws
    {
        let (store, project) = try await StoreCopyTests.made(seed: 2, landings: 12)
        let target = MemoryStore()
        var deaths = 0
        for writes in 0... {
            let mortal = MortalStore(target, writes: writes)
            let copy = StoreCopy(
                from: store, to: mortal, world: TestProject.world(seed: UInt64(100 + writes)))
            let outcome = try? await copy.run()
            if outcome != nil, !mortal.isDead { break }
            deaths += 1
            if try await target.getIfPresent(StoreKey.store) == nil,
                try await !target.listAll(prefix: "").isEmpty
            {
                await #expect(throws: ReadError.self, "\(writes) writes") {
                    _ = try await StoreID.openOrCreate(
                        in: target, world: TestProject.world(seed: 3))
                }
            }
            // Whatever there is of the log has all it needs.
            let part = StoreCopyTests.part(of: target)
            let slots = try await part.listAll(prefix: "log/").map(\.key)
            guard !slots.isEmpty, slots.last == StoreKey.slot(Epoch(slots.count - 1)) else {
                // None, or it died among some that were written at the same time.
                continue
            }
            #expect(
                try await project.differences(
                    in: Repository(store: part, world: TestProject.world(seed: 6))) == [])
        }
        // Few writes are left for the later ones, since what was copied stays.
        #expect(deaths >= 5)
        #expect(try await target.getIfPresent(StoreCopy.marker) == nil)
        #expect(
            try await FsckTests.check(StoreCopyTests.part(of: target), deep: true).findings == [])
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `a copy made while others land, compact and collect is a whole beginning of the log`(
        seed: UInt64
    ) async throws {
        let (store, made) = try await StoreCopyTests.made(seed: 10 + seed, landings: 20)
        let busy = Mutex((project: made, reads: UInt64(0), isAtWork: false))
        let source = BusyStore(store) { key in
            // The copy reads several objects at a time; the others work one after the other.
            let turn = busy.withLock { busy -> UInt64? in
                busy.reads += 1
                guard (busy.reads + seed).isMultiple(of: 7), !busy.isAtWork else { return nil }
                busy.isAtWork = true
                return busy.reads / 7
            }
            guard let turn else { return }
            defer { busy.withLock { $0.isAtWork = false } }
            var project = busy.withLock { $0.project }
            switch turn % 4 {
            case 0: _ = try await project.opened(seed: turn).compact(isWhole: true, level: 1)
            case 1: _ = try await project.opened(seed: turn).collect()
            default: try await project.land(in: project.opened(seed: turn))
            }
            busy.withLock { $0.project = project }
        }
        let target = MemoryStore()
        _ = try await StoreCopy(
            from: source, to: target, world: TestProject.world(seed: 5)
        ).run()
        let project = busy.withLock { $0.project }
        let copy = Repository(
            store: StoreCopyTests.part(of: target), world: TestProject.world(seed: 6))
        #expect(try await copy.newest().lastPosition >= 20)
        #expect(try await project.differences(in: copy) == [], "seed \(seed)")
        #expect(
            try await FsckTests.check(StoreCopyTests.part(of: target), deep: true).findings
                .filter { $0.severity != .note } == [], "seed \(seed)")
        // Both go on.
        var other = project
        try await other.land(in: other.opened())
        #expect(try await other.differences(in: other.opened()) == [])
    }

    @Test func `only an empty place, or the unfinished copy of the same store, is written to`()
        async throws
    {
        let (store, _) = try await StoreCopyTests.made(seed: 3, landings: 2)
        let world = TestProject.world(seed: 9)
        await #expect(throws: StoreCopy.Refusal.isStore) {
            try await StoreCopy(from: store, to: store, world: world).run()
        }
        await #expect(throws: StoreCopy.Refusal.noStore) {
            try await StoreCopy(from: MemoryStore(), to: MemoryStore(), world: world).run()
        }
        let used = MemoryStore()
        _ = try await used.put(ObjectKey("something"), [1], .ifAbsent)
        await #expect(throws: StoreCopy.Refusal.isInUse) {
            try await StoreCopy(from: store, to: used, world: world).run()
        }
        let other = MemoryStore()
        _ = try await other.put(StoreCopy.marker, Array("another\n".utf8), .ifAbsent)
        await #expect(throws: StoreCopy.Refusal.isOfAnother) {
            try await StoreCopy(from: store, to: other, world: world).run()
        }
    }

    @Test func `a store is made of what a broken trial left, and not of what a broken copy left`()
        async throws
    {
        let world = TestProject.world(seed: 4)
        let tried = MemoryStore()
        for number in 0..<3 {
            _ = try await tried.put(ObjectKey("probe/30a5/e-\(number)"), [1], .ifAbsent)
        }
        let made = try await StoreID.openOrCreate(in: tried, world: world)
        #expect(try await StoreID.read(from: tried) == made)

        let copied = MemoryStore()
        _ = try await copied.put(ObjectKey("probe/30a5/e-1"), [1], .ifAbsent)
        _ = try await copied.put(StoreCopy.marker, Array("another\n".utf8), .ifAbsent)
        await #expect(throws: ReadError.self) {
            _ = try await StoreID.openOrCreate(in: copied, world: world)
        }
    }

    @Test(arguments: [false, true])
    func `a store is made although it does not say what came of the first writes`(
        _ areApplied: Bool
    ) async throws {
        let world = TestProject.world(seed: 4)
        let store = SilentStore(silences: 3, areApplied: areApplied)
        let made = try await StoreID.openOrCreate(in: store, world: world)
        #expect(try await StoreID.read(from: store.base) == made)
        await #expect(throws: ReadError.self) {
            _ = try await StoreID.openOrCreate(
                in: SilentStore(silences: 100, areApplied: false), world: world)
        }
    }

    @Test func `a store that moves lets nobody land any more, and its copy does`() async throws {
        var (store, project) = try await StoreCopyTests.made(seed: 4, landings: 5)
        let target = MemoryStore()
        let early = project.opened(seed: 7)
        _ = try await early.newest()
        for _ in 0..<2 {
            // The second is the one that goes on after the first died before its end.
            _ = try await StoreCopy(
                from: store, to: target, world: TestProject.world(seed: 5)
            ).run(isSealing: true)
            try await target.delete(StoreKey.store)
            _ = try await target.put(
                StoreCopy.marker, Array((StoreCopyTests.storeID.hex + "\n").utf8), .none)
        }
        for repository in [early, project.opened(seed: 8)] {
            let wish = TestIntent.abandon(900, createdPosition: 5)
            guard case .unknown(let reason) = try await repository.submit(wish),
                reason.contains("sealed")
            else { throw Broken("the log is not sealed") }
        }
        let moved = Repository(
            store: StoreCopyTests.part(of: target), world: TestProject.world(seed: 6))
        #expect(try await project.differences(in: moved) == [])
        try await project.land(in: moved)
        #expect(try await moved.newest().lastPosition == 6)
        _ = store
    }
}

/// A store whose answers to the first writes get lost, or the writes themselves.
final class SilentStore: ObjectStore {
    let base = MemoryStore()
    private let areApplied: Bool
    private let silences: Mutex<Int>

    init(silences: Int, areApplied: Bool) {
        self.silences = Mutex(silences)
        self.areApplied = areApplied
    }

    func get(_ key: ObjectKey, _ range: ByteRange) async throws(StoreError) -> StoredObject {
        try await base.get(key, range)
    }

    func put(
        _ key: ObjectKey, _ bytes: [UInt8], _ condition: WriteCondition
    ) async throws(StoreError) -> ETag {
        let isSilent = silences.withLock { left in
            left -= 1
            return left >= 0
        }
        guard isSilent else { return try await base.put(key, bytes, condition) }
        if areApplied { _ = try await base.put(key, bytes, condition) }
        throw StoreError(.unknown, "the connection was closed")
    }

    func list(
        prefix: String, after: ObjectKey?, limit: Int
    ) async throws(StoreError) -> ListPage {
        try await base.list(prefix: prefix, after: after, limit: limit)
    }

    func delete(_ key: ObjectKey) async throws(StoreError) {
        try await base.delete(key)
    }
}

/// A store in which something happens before some reads.
final class BusyStore: ObjectStore {
    private let base: any ObjectStore
    private let before: @Sendable (ObjectKey) async throws -> Void

    init(
        _ base: any ObjectStore, before: @escaping @Sendable (ObjectKey) async throws -> Void
    ) {
        self.base = base
        self.before = before
    }

    func get(_ key: ObjectKey, _ range: ByteRange) async throws(StoreError) -> StoredObject {
        do {
            try await before(key)
        } catch {
            throw StoreError(.refused, "what happened meanwhile failed: \(error)")
        }
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

    func delete(_ key: ObjectKey) async throws(StoreError) {
        try await base.delete(key)
    }
}
