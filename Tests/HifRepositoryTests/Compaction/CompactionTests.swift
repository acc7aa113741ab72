import HifCore
import HifStore
import Support
import Synchronization
import Testing

@testable import HifRepository

@Suite struct CompactionTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func `after compacting and collecting every position reads as it was landed`(
        seed: UInt64
    ) async throws {
        var project = try await CompactedProject(seed: seed)
        try await project.land(40, largeEvery: 15)
        let before = try await project.store.listAll(prefix: "pack/")
        let report = try await project.opened(seed: 9).compact(level: 3)
        #expect(report.stopped == nil)
        #expect(report.replacedCount == before.count)
        #expect(report.packBytes < report.replacedBytes / 2, "seed \(seed)")
        #expect(try await project.differences(in: project.opened()) == [], "seed \(seed)")
        #expect(try await project.findings() == [], "seed \(seed)")

        let collected = try await project.opened(seed: 10).collect()
        #expect(collected.deletedCount == before.count)
        #expect(try await project.store.listAll(prefix: "pack/").count == report.packCount)
        #expect(try await project.differences(in: project.opened()) == [], "seed \(seed)")
        #expect(try await project.findings() == [], "seed \(seed)")

        // And again, with what landed since.
        try await project.land(12, largeEvery: 5)
        _ = try await project.opened(seed: 11).compact(level: 3)
        _ = try await project.opened(seed: 12).collect()
        #expect(try await project.differences(in: project.opened()) == [], "seed \(seed)")
        #expect(try await project.findings() == [], "seed \(seed)")
        #expect(try await project.opened().collect(isDryRun: true).unneeded == [])
    }

    @Test func `a reader that was open before finds what moved`() async throws {
        var project = try await CompactedProject(seed: 4)
        try await project.land(40, largeEvery: 10)
        let early = project.opened(seed: 7)
        #expect(try await project.differences(in: early) == [])
        _ = try await project.opened(seed: 8).compact(level: 1)
        #expect(try await project.differences(in: early) == [])
        _ = try await project.opened(seed: 9).collect()
        #expect(try await project.differences(in: early) == [])
        // It also goes on landing, and content that moved is not asked for again.
        try await project.land(in: early)
        #expect(try await project.differences(in: project.opened()) == [])
        #expect(try await project.findings() == [])
    }

    @Test func `dying at any write loses nothing, and the next one leaves nothing behind`()
        async throws
    {
        let store = MemoryStore()
        var project = try await CompactedProject(seed: 5, store: store)
        try await project.land(14, largeEvery: 9)
        var deaths = 0
        for writes in 0... {
            let mortal = MortalStore(store, writes: writes)
            let process = Repository(store: mortal, world: TestProject.world(seed: 100))
            let outcome = try? await process.compact(level: 1)
            _ = try? await process.collect()
            #expect(try await project.differences(in: project.opened()) == [], "\(writes) writes")
            #expect(
                try await project.findings().filter { $0.severity == .damage } == [],
                "\(writes) writes")
            if outcome != nil, !mortal.isDead { break }
            deaths += 1
            // Something to do for the next one.
            try await project.land(1)
        }
        #expect(deaths > 8)
        _ = try await project.opened(seed: 101).compact(isWhole: true, level: 1)
        _ = try await project.opened(seed: 102).collect()
        #expect(try await project.findings() == [])
        #expect(try await project.differences(in: project.opened()) == [])
        let left = try await store.listAll(prefix: "pack/")
        #expect(left.count == 1)
    }

    @Test func `a compaction that died before its index leaves nothing wrong, upkeep writes it`()
        async throws
    {
        let store = MemoryStore()
        var project = try await CompactedProject(seed: 15, store: store)
        try await project.land(40, largeEvery: 15)
        // A pack, and the slot that says so.
        let mortal = MortalStore(store, writes: 2)
        await #expect(throws: (any Error).self) {
            try await Repository(store: mortal, world: TestProject.world(seed: 100))
                .compact(level: 1)
        }
        #expect(try await store.listAll(prefix: "obj/1/").isEmpty)
        for isDeep in [false, true] {
            let report = try await FsckTests.check(store, deep: isDeep)
            #expect(report.isHealthy)
            #expect(report.findings.map(\.key).filter { $0.hasPrefix("obj/1/") }.count == 1)
        }
        #expect(try await project.differences(in: project.opened()) == [])
        #expect(try await project.opened().keepUp())
        #expect(try await store.listAll(prefix: "obj/1/").count == 1)
        #expect(try await FsckTests.check(store, deep: true).findings == [])
    }

    @Test func `an index that was made and could not be written is written before packs go`()
        async throws
    {
        let base = MemoryStore()
        var project = try await CompactedProject(seed: 18, store: base)
        try await project.land(20)
        // It looks again what is left to do, and would write the index first.
        let store = FaultyStore(
            base, script: [.init(.put, prefix: "obj/1/", occurrences: 1...2, .fails(.refused))])
        let process = Repository(store: store, world: TestProject.world(seed: 50))
        await #expect(throws: (any Error).self) { try await process.compact(level: 1) }
        #expect(try await base.listAll(prefix: "obj/1/").isEmpty)
        #expect(try await process.collect().deletedCount > 0)
        #expect(try await base.listAll(prefix: "obj/1/").count == 1)
        #expect(try await project.findings() == [])
        #expect(try await project.differences(in: project.opened()) == [])
    }

    @Test func `a reader finds what moved although only an older index is there`() async throws {
        let base = MemoryStore()
        var project = try await CompactedProject(seed: 19, store: base)
        try await project.land(20)
        _ = try await project.opened(seed: 60).compact(level: 1)
        let older = try #require(try await base.listAll(prefix: "obj/1/").first).key
        let bytes = try await base.get(older).bytes
        try await project.land(20)
        _ = try await project.opened(seed: 61).compact(isWhole: true, level: 1)
        #expect(try await project.opened(seed: 62).collect().deletedCount > 20)
        for entry in try await base.listAll(prefix: "obj/1/") { try await base.delete(entry.key) }
        _ = try await base.put(older, bytes, .ifAbsent)
        #expect(try await project.differences(in: project.opened()) == [])
    }

    @Test func `of two compactions at once one does the work, and none fails`() async throws {
        var project = try await CompactedProject(seed: 16)
        try await project.land(24, largeEvery: 15)
        let other = Mutex((project: project, wasHere: false))
        let store = BusyStore(project.store) { key in
            // Behind the mark, and before it reads what it copies.
            guard key.string.hasPrefix("pack/") else { return }
            let isFirst = other.withLock { other in
                defer { other.wasHere = true }
                return !other.wasHere
            }
            guard isFirst else { return }
            let project = other.withLock { $0.project }
            _ = try await project.opened(seed: 30).compact(level: 1)
            _ = try await project.opened(seed: 31).collect()
        }
        let report = try await Repository(store: store, world: TestProject.world(seed: 29))
            .compact(level: 1)
        #expect(report.stopped == nil)
        #expect(try await project.differences(in: project.opened()) == [])
        _ = try await project.opened(seed: 32).collect()
        #expect(try await project.findings() == [])
    }

    @Test func `a collection that began before a compaction deletes nothing that no index knows`()
        async throws
    {
        let base = MemoryStore()
        var project = try await CompactedProject(seed: 17, store: base)
        try await project.land(40, largeEvery: 15)
        let packs = try await base.listAll(prefix: "pack/")
        let began = Mutex(false)
        let store = BusyStore(base) { key in
            let isFirst = began.withLock { began in
                defer { began = true }
                return !began
            }
            guard isFirst else { return }
            // Dies between its slot and its index.
            let mortal = MortalStore(base, writes: 2)
            _ = try? await Repository(store: mortal, world: TestProject.world(seed: 41))
                .compact(level: 1)
        }
        let report = try await Repository(store: store, world: TestProject.world(seed: 40))
            .collect()
        #expect(report.deletedCount == packs.count)
        #expect(try await base.listAll(prefix: "obj/1/").count == 1)
        #expect(try await project.findings() == [])
        #expect(try await project.differences(in: project.opened()) == [])
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `a compaction beside landings, collections and others of its kind loses nothing`(
        seed: UInt64
    ) async throws {
        let base = MemoryStore()
        var made = try await CompactedProject(seed: 20 + seed, store: base)
        try await made.land(12, largeEvery: 9)
        // So many things happen between two reads at most, and then it is quiet.
        let turnsMax: UInt64 = 8
        let busy = Mutex((project: made, reads: UInt64(0), turns: UInt64(0), isAtWork: false))
        let store = BusyStore(base) { _ in
            let turn = busy.withLock { busy -> UInt64? in
                busy.reads += 1
                guard (busy.reads + seed).isMultiple(of: 5 + seed), !busy.isAtWork,
                    busy.turns < turnsMax
                else { return nil }
                busy.isAtWork = true
                busy.turns += 1
                return busy.turns
            }
            guard let turn else { return }
            defer { busy.withLock { $0.isAtWork = false } }
            var project = busy.withLock { $0.project }
            switch (turn + seed) % 4 {
            case 0: _ = try await project.opened(seed: 50 + turn).compact(level: 1)
            case 1: _ = try await project.opened(seed: 50 + turn).collect()
            default: try await project.land(in: project.opened(seed: 50 + turn))
            }
            busy.withLock { $0.project = project }
        }
        let report = try await Repository(store: store, world: TestProject.world(seed: 70 + seed))
            .compact(level: 1)
        #expect(report.stopped == nil, "seed \(seed)")
        let project = busy.withLock { $0.project }
        #expect(busy.withLock { $0.turns } >= 4, "seed \(seed)")
        #expect(try await project.differences(in: project.opened()) == [], "seed \(seed)")
        _ = try await project.opened(seed: 80).collect()
        #expect(try await project.differences(in: project.opened()) == [], "seed \(seed)")
        #expect(try await project.findings() == [], "seed \(seed)")
    }

    @Test func `whoever lands with a replaced pack is told to upload again`() async throws {
        let project = try await TestProject()
        _ = try await project.land(1, [("a", nil, "a")])
        _ = try await project.land(2, [("b", nil, "b")])
        let newest = try await project.repository.newest()
        let old = try await project.repository.landing(at: 1, newest: newest).landing.packs[0]
        let early = project.reopened(seed: 8)
        _ = try await early.newest()
        _ = try await project.reopened(seed: 3).compact()
        for repository in [project.repository, early, project.reopened(seed: 5)] {
            #expect(
                try await repository.submit(
                    CollectionTests.land(50, packs: [old], createdPosition: 2))
                    == .reupload([old]))
        }
    }

    @Test func `packs of open sessions are left alone`() async throws {
        let project = try await TestProject()
        for number in 1...3 as ClosedRange<UInt64> {
            _ = try await project.land(number, [("f\(number)", nil, "text \(number)")])
        }
        let draft = CollectionTests.pack(of: TestProject.session(77), "a draft, and a landed file")
        try await CollectionTests.store(draft, in: project.store)
        _ = try await project.repository.submit(
            CollectionTests.land(9, packs: [draft.id], createdPosition: 3))
        let report = try await project.reopened(seed: 4).compact()
        #expect(report.replacedCount == 3)
        _ = try await project.reopened(seed: 5).collect()
        #expect(try await CollectionTests.exists(draft.id, in: project.store))
    }

    @Test func `content stays readable that lies in a pack that is left alone and one that goes`()
        async throws
    {
        let project = try await TestProject()
        let draft = CollectionTests.pack(of: TestProject.session(77), "brought twice")
        try await CollectionTests.store(draft, in: project.store)
        var request = try TestProject.request(1, [("a", nil, "brought twice")])
        request.uploadedPacks = [draft.id]
        guard case .landed = try await Lander(project.repository).land(request) else {
            throw Broken("not landed")
        }
        for number in 2...4 as ClosedRange<UInt64> {
            _ = try await project.land(number, [("b\(number)", nil, "brought twice")])
        }
        let texts = try await project.texts()
        #expect(texts.count == 4)
        #expect(try await project.reopened(seed: 4).compact().replacedCount > 0)
        #expect(try await project.reopened(seed: 5).collect().deletedCount > 0)
        #expect(try await CollectionTests.exists(draft.id, in: project.store))
        #expect(try await project.texts() == texts)
    }

    @Test func `the place index is made again where it is missing or damaged`() async throws {
        var project = try await CompactedProject(seed: 6)
        try await project.land(40, largeEvery: 15)
        _ = try await project.opened(seed: 7).compact(level: 1)
        _ = try await project.opened(seed: 8).collect()
        let entry = try #require(try await project.store.listAll(prefix: "obj/1/").first)
        let bytes = try await project.store.get(entry.key).bytes
        var flipped = bytes
        flipped[flipped.count / 2] ^= 4
        for damaged in [nil, flipped] {
            if let damaged {
                _ = try await project.store.put(entry.key, damaged, .none)
            } else {
                try await project.store.delete(entry.key)
            }
            // Nobody has to wait for the repair.
            #expect(try await project.differences(in: project.opened()) == [])
            for isDeep in [false, true] {
                let report = try await FsckTests.check(project.store, deep: isDeep)
                #expect(report.findings.map(\.key) == [entry.key.string])
                #expect(report.isHealthy == (damaged == nil))
            }
            let fsck = Fsck(project.opened())
            _ = try await fsck.repairDerived(try await fsck.run(deep: false))
            #expect(try await project.store.get(entry.key).bytes == bytes)
            #expect(try await project.findings() == [])
        }
    }

    @Test func `runs of compacted slots go, and are not built again`() async throws {
        var project = try await CompactedProject(seed: 7)
        try await project.land(70)
        #expect(try await project.store.listAll(prefix: "obj/0/").count == 2)
        _ = try await project.opened(seed: 7).compact(level: 1)
        #expect(try await project.store.listAll(prefix: "obj/0/").count == 0)
        #expect(try await project.opened(seed: 8).keepUp())
        #expect(try await project.store.listAll(prefix: "obj/0/").count == 0)
        try await project.land(40)
        // The one that ended since: of slots 64 to 95.
        #expect(try await project.store.listAll(prefix: "obj/0/").count == 1)
        #expect(try await project.findings() == [])
    }

    @Test func `what was compacted is copied again only when as much again has come`() {
        func candidate(_ bytes: Int, _ isCompacted: Bool, _ id: UInt64)
            -> CompactionChoice.Candidate
        {
            CompactionChoice.Candidate(pack: testHash(id), bytes: bytes, isCompacted: isCompacted)
        }
        let loose = [candidate(10, false, 1), candidate(10, false, 2)]
        let small = candidate(40, true, 3)
        let large = candidate(1_000, true, 4)
        let choice = CompactionChoice.choose(loose + [large, small], isWhole: false)
        #expect(Set(choice.chosen.map(\.bytes)) == [10, 40])
        #expect(choice.chosen.count == 3)
        #expect(CompactionChoice.choose([small, large], isWhole: false).chosen.isEmpty)
        #expect(CompactionChoice.choose([small, large], isWhole: true).chosen.count == 2)
        #expect(CompactionChoice.choose([loose[0]], isWhole: false).chosen.isEmpty)
    }

    @Test func `no base is too many deltas away from a whole one, and few are whole`() {
        var ways: [Int] = []
        for number in 0..<10_000 {
            guard let origin = CompactionPlan.origin(ofBase: number) else {
                ways.append(0)
                continue
            }
            #expect((0..<number).contains(origin))
            ways.append(ways[origin] + 1)
        }
        // The bundle itself, its base and what that is made from.
        #expect(ways.max()! + 2 <= PackRecord.chainMax)
        #expect(ways.count { $0 == 0 } == 40)
    }

    @Test func `a file with a long history reads as it was at every position`() async throws {
        let project = try await TestProject()
        // Each version ends a bundle: bases of every distance, and several groups.
        var generator = SeededGenerator(seed: 31)
        func line() -> String { "line \(generator.next()) of a long file" }
        var lines = (0..<14_000).map { _ in line() }
        var texts: [String] = []
        for number in 0..<90 as Range<UInt64> {
            lines[Int(number) * 97] = line()
            texts.append(lines.joined(separator: "\n"))
            _ = try await project.land(
                number + 1, [("a", number == 0 ? nil : texts[Int(number) - 1], texts[Int(number)])],
                createdPosition: number)
        }
        #expect(texts[0].utf8.count > Int(CompactionPlan.bundleBytes))
        let report = try await project.reopened(seed: 4).compact(level: 1)
        #expect(report.contentCount == 90)
        // One whole and the changes, not one whole in fourteen.
        #expect(report.packBytes < 2 * report.replacedBytes / 90)
        _ = try await project.reopened(seed: 5).collect()
        for position in [1, 2, 17, 18, 25, 26, 57, 74, 89, 90] as [Position] {
            #expect(try await project.texts(at: position) == ["a": texts[Int(position) - 1]])
        }
        let fsck = try await FsckTests.check(project.store, deep: true)
        #expect(fsck.isHealthy)
    }
}
