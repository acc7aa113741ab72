import HifCore
import HifRepository
import HifStore
import Support
import Synchronization
import Testing

/// What is derived is built behind the commits, by whoever drives.
@Suite struct UpkeepTests {
    /// Refuses some writes, and counts what it is asked.
    final class Gate: ObjectStore {
        let base: any ObjectStore
        private let closed = Mutex<Set<String>>([])

        init(_ base: any ObjectStore) {
            self.base = base
        }

        /// Writes below these prefixes are refused from now on.
        func refuse(_ prefixes: Set<String>) { closed.withLock { $0 = prefixes } }

        func get(_ key: ObjectKey, _ range: ByteRange) async throws(StoreError) -> StoredObject {
            try await base.get(key, range)
        }

        func put(
            _ key: ObjectKey, _ bytes: [UInt8], _ condition: WriteCondition
        ) async throws(StoreError) -> ETag {
            if closed.withLock({ $0.contains { key.string.hasPrefix($0) } }) {
                throw StoreError(.refused, key: key, "closed")
            }
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

    static func land(
        _ repository: Repository, _ landings: Range<Int>, paths: Int
    ) async throws {
        for number in landings {
            let operations = try (0..<paths).map {
                try TestIntent.operation(
                    "d\(number % 5)/f\(number)-\($0)", nil, TestProject.leaf("\(number) \($0)"))
            }
            let answer = try await repository.submit(
                TestIntent.land(
                    UInt64(number), operations, createdPosition: Position(number)))
            guard answer.position == Position(number) + 1 else { throw Broken("\(answer)") }
        }
    }

    static func keys(_ store: any ObjectStore) async throws -> [String] {
        try await store.listAll(prefix: "").map(\.key.string)
            .filter { key in ["ckpt/", "obj/", "hint"].contains { key.hasPrefix($0) } }
    }

    @Test func `a commit waits for nothing derived, and driving builds it all`() async throws {
        let project = try await TestProject()
        try await UpkeepTests.land(project.repository, 0..<70, paths: 40)
        #expect(try await UpkeepTests.keys(project.store) == [])
        #expect(!project.repository.upkeep.isUpToDate)
        await project.repository.upkeep.catchUp()
        #expect(project.repository.upkeep.isUpToDate)
        let keys = try await UpkeepTests.keys(project.store)
        #expect(keys.filter { $0.hasPrefix("ckpt/") }.count == 2)
        #expect(keys.filter { $0.hasPrefix("obj/") }.count == 2)
        #expect(keys.contains("hint"))
    }

    @Test func `whoever builds, and whenever, the objects are the same`() async throws {
        var made: [[String: [UInt8]]] = []
        for step in [1, 9, 40] {
            let project = try await TestProject(seed: 5)
            for start in stride(from: 0, to: 40, by: step) {
                try await UpkeepTests.land(
                    project.repository, start..<min(40, start + step), paths: 60)
                // Another process builds every second time.
                if start / step % 2 == 0 {
                    #expect(try await project.reopened().keepUp())
                } else {
                    await project.repository.upkeep.catchUp()
                }
            }
            #expect(try await project.reopened().keepUp())
            var objects: [String: [UInt8]] = [:]
            for key in try await UpkeepTests.keys(project.store) where key != "hint" {
                objects[key] = try await project.store.get(ObjectKey(key)).bytes
            }
            made.append(objects)
        }
        #expect(made[0].keys.filter { $0.hasPrefix("ckpt/") }.count == 2)
        #expect(made[0].keys.filter { $0.hasPrefix("obj/") }.count == 1)
        // Batch ids are random, so hashes of slots differ, which runs carry: sizes and keys then.
        #expect(Set(made.map { $0.mapValues(\.count) }).count == 1)
    }

    @Test func `a process that died after its commits is made up for by the next`() async throws {
        let project = try await TestProject()
        try await UpkeepTests.land(project.repository, 0..<40, paths: 60)
        // Nothing was built; this process is gone. The next one lands a little.
        let next = project.reopened()
        try await UpkeepTests.land(next, 40..<41, paths: 1)
        await next.upkeep.catchUp()
        let report = try await FsckTests.check(project.store, deep: false)
        #expect(report.findings == [])
        #expect(report.checkpointCount == 2)
        #expect(report.objectRunCount == 1)
    }

    @Test func `what fails is reported, tried again after the next commit, and stops nothing`()
        async throws
    {
        let memory = MemoryStore()
        _ = try await TestProject(store: memory)
        let gate = Gate(memory)
        let reports = Mutex<[String]>([])
        let box = Box(reports)
        let repository = Repository(
            store: gate, world: TestProject.world(seed: 3),
            report: { text in box.state.withLock { $0.append(text) } })
        gate.refuse(["ckpt/"])
        try await UpkeepTests.land(repository, 0..<33, paths: 40)
        await repository.upkeep.catchUp()
        #expect(!repository.upkeep.isUpToDate)
        #expect(box.state.withLock { $0.count } == 1)
        #expect(box.state.withLock { $0.first ?? "" }.contains("checkpoints"))
        let keys = try await UpkeepTests.keys(memory)
        #expect(keys == ["obj/0/1/0000000000000000"])
        // Again, without a commit: it is not tried in a loop.
        await repository.upkeep.catchUp()
        #expect(box.state.withLock { $0.count } == 1)
        gate.refuse([])
        try await UpkeepTests.land(repository, 33..<34, paths: 1)
        await repository.upkeep.catchUp()
        #expect(repository.upkeep.isUpToDate)
        #expect(try await FsckTests.check(memory, deep: false).findings == [])
    }

    private final class Box: Sendable {
        let state: Mutex<[String]>
        init(_ state: consuming sending Mutex<[String]>) { self.state = state }
    }

    @Test func `when nobody drives, landing goes at the pace of building`() async throws {
        let project = try await TestProject()
        // Each landing is a checkpoint.
        let count = Upkeep.checkpointLagMax + 5
        try await UpkeepTests.land(project.repository, 0..<count, paths: 1_300)
        let built = try await UpkeepTests.keys(project.store).count { $0.hasPrefix("ckpt/") }
        #expect(built == 5)
    }

    @Test func `landing goes on when checkpoints cannot be written`() async throws {
        let memory = MemoryStore()
        _ = try await TestProject(store: memory)
        let gate = Gate(memory)
        gate.refuse(["ckpt/", "obj/", "hint"])
        let repository = Repository(store: gate, world: TestProject.world(seed: 3))
        try await UpkeepTests.land(repository, 0..<Upkeep.checkpointLagMax + 5, paths: 1_300)
        #expect(try await UpkeepTests.keys(memory) == [])
    }

    @Test func `a driver builds while others land, and nothing is asked of an idle project`()
        async throws
    {
        let memory = MemoryStore()
        _ = try await TestProject(store: memory)
        let counting = CountingStore(memory)
        let repository = Repository(store: counting, world: TestProject.world(seed: 3))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await repository.upkeep.run() }
            try await UpkeepTests.land(repository, 0..<70, paths: 40)
            while !repository.upkeep.isUpToDate { await Task.yield() }
            counting.reset()
            for _ in 0..<5_000 { await Task.yield() }
            #expect(counting.totals.requests == 0)
            // And it wakes again.
            try await UpkeepTests.land(repository, 70..<97, paths: 40)
            while !repository.upkeep.isUpToDate { await Task.yield() }
            group.cancelAll()
            try await group.waitForAll()
        }
        let report = try await FsckTests.check(memory, deep: false)
        #expect(report.findings == [])
        #expect(report.checkpointCount == 3)
        #expect(report.objectRunCount == 3)
    }

    @Test func `it is announced once until somebody drives`() async throws {
        let memory = MemoryStore()
        _ = try await TestProject(store: memory)
        let reports = Mutex<[String]>([])
        let box = Box(reports)
        let repository = Repository(
            store: memory, world: TestProject.world(seed: 3),
            upkeepDue: { _ in box.state.withLock { $0.append("due") } })
        try await UpkeepTests.land(repository, 0..<5, paths: 1)
        #expect(box.state.withLock { $0.count } == 1)
        await repository.upkeep.catchUp()
        try await UpkeepTests.land(repository, 5..<9, paths: 1)
        #expect(box.state.withLock { $0.count } == 2)
    }

    @Test func `steps take turns, each job one at a time`() {
        var progress = UpkeepProgress(jobCount: 3, pacing: 1)
        #expect(progress.next() == nil)
        progress.advance(to: UpkeepGoal(epoch: 9, checkpointEpoch: 4))
        let steps = (0..<3).compactMap { _ in progress.next() }
        #expect(steps.map(\.job) == [0, 1, 2])
        #expect(progress.next() == nil)
        #expect(progress.checkpointLag == 1)
        progress.finished(steps[1], through: 2)
        #expect(progress.checkpointLag == 1)
        let again = progress.next()
        #expect(again?.job == 1)
        #expect(again?.done == 2)
        progress.failed(steps[0])
        #expect(progress.next() == nil)
        progress.finished(steps[1], through: 9)
        #expect(progress.checkpointLag == 0)
        progress.advance(to: UpkeepGoal(epoch: 8, checkpointEpoch: 8))
        #expect(progress.goal?.epoch == 9)
        progress.advance(to: UpkeepGoal(epoch: 10, checkpointEpoch: 10))
        #expect(progress.checkpointLag == 1)
        #expect(progress.next(isPacing: true)?.job == 1)
        #expect(progress.next(isPacing: true) == nil)
        #expect(progress.next()?.job == 0)
    }
}
