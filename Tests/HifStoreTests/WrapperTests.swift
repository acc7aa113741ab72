import HifStore
import Support
import Synchronization
import Testing

@Suite struct PrefixedStoreTests {
    @Test(arguments: StoreContract.checks)
    func `the part of a store below a key keeps the contract`(
        check: StoreContract.Check
    ) async throws {
        let whole = MemoryStore()
        _ = try await whole.put(ObjectKey("p"), [1], .ifAbsent)
        _ = try await whole.put(ObjectKey("p-1/a"), [1], .ifAbsent)
        _ = try await whole.put(ObjectKey("zz"), [1], .ifAbsent)
        try await check.run { PrefixedStore(whole, prefix: ObjectKey("p0/x")) }
        for entry in try await whole.listAll(prefix: "p0") {
            #expect(entry.key.string.hasPrefix("p0/x/"))
        }
    }

    @Test func `a key that becomes too long is refused`() async throws {
        let store = PrefixedStore(MemoryStore(), prefix: ObjectKey("prefix"))
        let key = ObjectKey(String(repeating: "abc/", count: 127) + "abcd")
        let error = await #expect(throws: StoreError.self) {
            try await store.put(key, [], .ifAbsent)
        }
        #expect(error?.code == .refused)
    }

    @Test func `errors name the key of the underlying store`() async throws {
        let store = PrefixedStore(MemoryStore(), prefix: ObjectKey("p"))
        let error = await #expect(throws: StoreError.self) { try await store.get(ObjectKey("a")) }
        #expect(error?.key == ObjectKey("p/a"))
    }
}

@Suite struct CountingStoreTests {
    @Test(arguments: StoreContract.checks)
    func `a counted store keeps the contract`(check: StoreContract.Check) async throws {
        let store = CountingStore(MemoryStore())
        try await check.run { store }
    }

    @Test func `requests are counted with their bytes and failures`() async throws {
        let store = CountingStore(MemoryStore(), logLimit: 4)
        let key = ObjectKey("a/b")
        _ = try await store.put(key, [1, 2, 3], .ifAbsent)
        _ = try? await store.put(key, [1], .ifAbsent)
        _ = try await store.get(key, .suffix(2))
        _ = try await store.list(prefix: "a/", after: nil, limit: 10)
        try await store.makeDurable(key)
        try await store.delete(key)
        let totals = store.totals
        #expect(totals.requests == 5)
        #expect((totals.puts, totals.gets, totals.lists, totals.deletes) == (2, 1, 1, 1))
        #expect((totals.bytesWritten, totals.bytesRead, totals.failures) == (4, 2, 1))
        #expect(store.log.map(\.operation) == [.put, .put, .get, .list])
        #expect(store.log.map(\.failure) == [nil, .preconditionFailed, nil, nil])
        #expect(store.log.map(\.amount) == [3, 1, 2, 1])
        store.reset()
        #expect(store.totals == CountingStore.Totals())
    }

    @Test func `every wrapper passes on the wish for durability`() async throws {
        let counting = CountingStore(MemoryStore())
        let wrappers: [any ObjectStore] = [
            PrefixedStore(counting, prefix: ObjectKey("p")),
            RetryingStore(
                counting, sleeper: RecordingSleeper(), randomFraction: { 1 },
                repeatsPut: { _ in true }),
            FaultyStore(counting, script: []),
            CountingStore(counting),
        ]
        for wrapper in wrappers { try await wrapper.makeDurable(ObjectKey("a")) }
        #expect(counting.log.map(\.operation) == wrappers.map { _ in .makeDurable })
    }
}

/// Does not wait; remembers for how long it should have. Fails once `limit` waits are over.
final class RecordingSleeper: Sleeper {
    private let slept = Mutex<[Duration]>([])
    private let limit: Int

    init(limit: Int = .max) {
        self.limit = limit
    }

    var waits: [Duration] { slept.withLock { $0 } }

    func sleep(for duration: Duration) async throws(CancellationError) {
        let count = slept.withLock { slept in
            slept.append(duration)
            return slept.count
        }
        if count > limit { throw CancellationError() }
    }
}

@Suite struct RetryingStoreTests {
    private let key = ObjectKey("pack/aa/1")

    private func store(
        _ base: any ObjectStore, attempts: Int = 4,
        sleeper: RecordingSleeper = RecordingSleeper(), repeatsPut: Bool = true
    ) -> RetryingStore {
        RetryingStore(
            base,
            policy: RetryingStore.Policy(
                attempts: attempts, base: .milliseconds(10), cap: .milliseconds(25)),
            sleeper: sleeper, randomFraction: { 1 }, repeatsPut: { _ in repeatsPut })
    }

    @Test(arguments: StoreContract.checks)
    func `a retried store keeps the contract`(check: StoreContract.Check) async throws {
        let store = store(MemoryStore())
        try await check.run { store }
    }

    @Test(arguments: [StoreError.Code.throttled, .unknown, .conflict, .corrupt])
    func `a read is repeated with growing waits up to a cap`(code: StoreError.Code) async throws {
        let memory = MemoryStore()
        _ = try await memory.put(key, [1], .ifAbsent)
        let sleeper = RecordingSleeper()
        let faulty = FaultyStore(
            memory, script: [FaultyStore.Rule(.get, occurrences: 1...3, .fails(code))])
        let object = try await store(faulty, sleeper: sleeper).get(key)
        #expect(object.bytes == [1])
        #expect(sleeper.waits == [.milliseconds(10), .milliseconds(20), .milliseconds(25)])
    }

    @Test func `attempts are bounded and the last error is reported`() async throws {
        let counting = CountingStore(MemoryStore())
        let faulty = FaultyStore(
            counting, script: [FaultyStore.Rule(occurrences: 1...100, .fails(.throttled))])
        let sleeper = RecordingSleeper()
        let error = await #expect(throws: StoreError.self) {
            try await self.store(faulty, sleeper: sleeper).get(self.key)
        }
        #expect(error?.code == .throttled)
        #expect(faulty.injected.count == 4)
        #expect(sleeper.waits.count == 3)
    }

    @Test(arguments: [
        StoreError.Code.notFound, .preconditionFailed, .refused, .rangeNotSatisfiable, .cancelled,
    ])
    func `what another attempt cannot change is not repeated`(code: StoreError.Code) async throws {
        let faulty = FaultyStore(
            MemoryStore(), script: [FaultyStore.Rule(occurrences: 1...1, .fails(code))])
        let error = await #expect(throws: StoreError.self) {
            try await self.store(faulty).get(self.key)
        }
        #expect(error?.code == code)
        #expect(faulty.injected.count == 1)
    }

    @Test func `ifAbsent after an own unknown attempt is never a lost race`() async throws {
        let memory = MemoryStore()
        let faulty = FaultyStore(
            memory, script: [FaultyStore.Rule(.put, nth: 1, .answerLost)])
        let error = await #expect(throws: StoreError.self) {
            try await self.store(faulty).put(self.key, [1], .ifAbsent)
        }
        #expect(error?.code == .unknown)
        #expect(try await memory.get(key).bytes == [1])
    }

    @Test func `a refusal after an own unknown attempt is unknown`() async throws {
        let faulty = FaultyStore(
            MemoryStore(),
            script: [
                FaultyStore.Rule(.put, nth: 1, .late(after: 1)),
                FaultyStore.Rule(.put, nth: 2, .fails(.refused)),
            ])
        let error = await #expect(throws: StoreError.self) {
            try await self.store(faulty).put(self.key, [1], .ifAbsent)
        }
        #expect(error?.code == .unknown)
        #expect(faulty.lateCount == 1)
    }

    @Test func `a first refusal and a first lost race are reported as they are`() async throws {
        let memory = MemoryStore()
        _ = try await memory.put(key, [9], .ifAbsent)
        let error = await #expect(throws: StoreError.self) {
            try await self.store(memory).put(self.key, [1], .ifAbsent)
        }
        #expect(error?.code == .preconditionFailed)
        let full = FaultyStore(memory, script: [FaultyStore.Rule(nth: 1, .diskFull)])
        let refusal = await #expect(throws: StoreError.self) {
            try await self.store(full).put(self.key, [1], .none)
        }
        #expect(refusal?.code == .refused)
    }

    @Test func `a put of a key with changing content is tried once`() async throws {
        for condition in [WriteCondition.none, .ifAbsent, .ifMatch(ETag("v1"))] {
            let faulty = FaultyStore(
                MemoryStore(), script: [FaultyStore.Rule(occurrences: 1...9, .lost)])
            // ifMatch is tried once even where writes may be repeated.
            let isMatch = condition == .ifMatch(ETag("v1"))
            let retrying = store(faulty, repeatsPut: isMatch)
            let error = await #expect(throws: StoreError.self) {
                try await retrying.put(self.key, [1], condition)
            }
            #expect(error?.code == .unknown)
            #expect(faulty.injected.count == 1)
        }
    }

    @Test func `a cancelled wait is cancelled`() async throws {
        let faulty = FaultyStore(
            MemoryStore(), script: [FaultyStore.Rule(occurrences: 1...9, .lost)])
        let retrying = store(faulty, attempts: 9, sleeper: RecordingSleeper(limit: 1))
        let error = await #expect(throws: StoreError.self) {
            try await retrying.put(self.key, [1], .none)
        }
        #expect(error?.code == .cancelled)
        #expect(error?.mayHaveBeenApplied == true)
    }

    @Test(arguments: UInt64(0)..<60)
    func `under any faults an answer is true`(seed: UInt64) async throws {
        let memory = MemoryStore()
        let faulty = FaultyStore(
            memory, generator: SeededGenerator(seed: seed), perThousand: 400,
            faults: [
                .lost, .fails(.throttled), .fails(.conflict), .fails(.refused), .answerLost,
                .appliedBut(.throttled), .duplicated, .late(after: 0), .late(after: 3),
            ])
        let retrying = store(faulty)
        var lost: Set<ObjectKey> = []
        for index in 0..<40 {
            let key = ObjectKey("pack/\(index)")
            do {
                _ = try await retrying.put(key, [UInt8(index)], .ifAbsent)
                #expect(try await memory.get(key).bytes == [UInt8(index)], "seed \(seed)")
            } catch {
                // Nobody else writes here, so a lost race would be a lie.
                #expect(error.code != .preconditionFailed, "seed \(seed)")
                if !error.mayHaveBeenApplied { lost.insert(key) }
            }
        }
        await faulty.applyLate()
        for key in lost.sorted() {
            let object = try await memory.getIfPresent(key)
            #expect(object == nil, "\(key) was refused and exists, seed \(seed)")
        }
    }
}
