import HifCore
import HifRepository
import HifStore
import Support
import Synchronization
import Testing

/// Many callers of one sequencer.
@Suite struct SequencerTests {
    /// Fails what a cancelled task asks for, as a store behind a network does. The first write of a
    /// slot waits until the test lets it go on.
    final class CancellableStore: ObjectStore {
        let base: any ObjectStore
        private let state = Mutex((isHeld: true, hasBegun: false))

        init(_ base: any ObjectStore) {
            self.base = base
        }

        var hasBegun: Bool { state.withLock { $0.hasBegun } }

        func release() { state.withLock { $0.isHeld = false } }

        private func check(_ key: ObjectKey?) throws(StoreError) {
            if Task.isCancelled { throw StoreError(.cancelled, key: key, "the task was cancelled") }
        }

        func get(_ key: ObjectKey, _ range: ByteRange) async throws(StoreError) -> StoredObject {
            try check(key)
            return try await base.get(key, range)
        }

        func put(
            _ key: ObjectKey, _ bytes: [UInt8], _ condition: WriteCondition
        ) async throws(StoreError) -> ETag {
            if key.string.hasPrefix("log/") {
                state.withLock { $0.hasBegun = true }
                while state.withLock({ $0.isHeld }) { await Task.yield() }
            }
            try check(key)
            return try await base.put(key, bytes, condition)
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

    @Test func `a caller that is cancelled takes nobody with it`() async throws {
        let memory = MemoryStore()
        _ = try await TestProject(store: memory)
        let store = CancellableStore(memory)
        let repository = Repository(store: store, world: TestProject.world(seed: 3))
        func submission(_ number: UInt64) -> Task<LandingAnswer, any Error> {
            Task {
                let operation = try TestIntent.operation("f\(number)", nil, TestProject.leaf("x"))
                return try await repository.submit(TestIntent.land(number, [operation]))
            }
        }
        let first = submission(0)
        while !store.hasBegun { await Task.yield() }
        let others = (1..<4).map { submission(UInt64($0)) }
        // Long enough for them to queue; if it were not, the test would still hold.
        for _ in 0..<2_000 { await Task.yield() }
        first.cancel()
        others[0].cancel()
        store.release()
        for other in others[1...] {
            let answer = try await other.value
            #expect(answer.position != nil, "\(answer)")
        }
        _ = try? await first.value
        _ = try? await others[0].value
    }

    @Test func `when everybody is cancelled everybody is answered`() async throws {
        let memory = MemoryStore()
        _ = try await TestProject(store: memory)
        let store = CancellableStore(memory)
        let repository = Repository(store: store, world: TestProject.world(seed: 3))
        _ = try await repository.foldedTip()
        let tasks = (0..<5).map { number in
            Task {
                let operation = try TestIntent.operation("f\(number)", nil, TestProject.leaf("x"))
                return try await repository.submit(TestIntent.land(UInt64(number), [operation]))
            }
        }
        while !store.hasBegun { await Task.yield() }
        for _ in 0..<2_000 { await Task.yield() }
        for task in tasks { task.cancel() }
        store.release()
        for task in tasks { _ = try? await task.value }
        // And the project is as usable as before.
        let operation = try TestIntent.operation("g", nil, TestProject.leaf("x"))
        #expect(try await repository.submit(TestIntent.land(9, [operation])).position != nil)
    }

    @Test func `thousands at once share slots`() async throws {
        let project = try await TestProject()
        let answers = try await withThrowingTaskGroup(of: [Position?].self) { group in
            for caller in 0..<4 {
                group.addTask {
                    let intents = try (0..<400).map { number in
                        TestIntent.land(
                            UInt64(caller * 400 + number),
                            [
                                try TestIntent.operation(
                                    "d\(number % 40)/f\(caller)-\(number)", nil,
                                    TestProject.leaf("x"))
                            ])
                    }
                    return try await project.repository.submit(intents).map(\.position)
                }
            }
            var answers: [Position] = []
            for try await positions in group { answers += positions.map { $0 ?? 0 } }
            return answers
        }
        #expect(answers.sorted() == Array(1...1_600))
        // The first of each caller may find the machine idle and go alone.
        #expect(try await project.repository.newest().epoch < 40)
    }
}
