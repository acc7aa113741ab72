import HifCore
import HifRepository
import HifStore
import Support
import Testing

/// Questions to the history, with all rollups, some, damaged ones and none, against looking at every
/// landing.
@Suite struct RollupQueryTests {
    static func query(_ log: MadeLog, using random: inout SeededGenerator) throws -> LandingQuery {
        var query = LandingQuery(limit: [1, 3, 20, 1000].pick(using: &random))
        let tip = log.tip.lastPosition
        if Bool.random(using: &random) { query.from = .random(in: 1...tip + 2, using: &random) }
        if Bool.random(using: &random) { query.downTo = .random(in: 1...tip + 2, using: &random) }
        if Int.random(in: 0..<4, using: &random) == 0 {
            query.author = (MadeLog.authors + ["bot", "Name", "nobody"]).pick(using: &random)
        }
        if query.author == nil || Bool.random(using: &random) {
            for _ in 0...Int.random(in: 0..<3, using: &random) / 2 {
                query.paths.append(
                    Int.random(in: 0..<8, using: &random) == 0
                        ? try RepoPath("d1/e/f3/never") : try MadeLog.path(using: &random))
            }
        }
        return query
    }

    /// What may have happened to the runs of a store.
    enum Fate: CaseIterable {
        case whole, partlyMissing, partlyDamaged, none
    }

    static func meetFate(
        _ fate: Fate, _ store: any ObjectStore, using random: inout SeededGenerator
    ) async throws {
        for entry in try await store.listAll(prefix: "ix/") {
            let isHit = fate == .none || Int.random(in: 0..<3, using: &random) == 0
            guard fate != .whole, isHit else { continue }
            guard fate == .partlyDamaged else {
                try await store.delete(entry.key)
                continue
            }
            var bytes = try await store.get(entry.key).bytes
            if Bool.random(using: &random) {
                let bit = Int.random(in: 0..<bytes.count * 8, using: &random)
                bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            } else {
                bytes.removeLast(Int.random(in: 1...bytes.count, using: &random))
            }
            _ = try await store.put(entry.key, bytes, .none)
        }
    }

    @Test(arguments: Fate.allCases)
    func `pages are those of a walk over everything`(fate: Fate) async throws {
        let seed = UInt64(Fate.allCases.firstIndex(of: fate) ?? 0) + 1
        let log = try await MadeLog.made(slots: 1100, seed: 3)
        try await RollupBuilder(index: PathIndex(log: log.repository().log))
            .build(upTo: log.tip.epoch)
        let runs = try await log.store.listAll(prefix: "ix/").count
        #expect(runs == 34 + 1)
        var random = SeededGenerator(seed: seed &* 31)
        try await RollupQueryTests.meetFate(fate, log.store, using: &random)
        let repository = log.repository()
        for number in 0..<(fate == .whole ? 40 : 10) {
            var query = try RollupQueryTests.query(log, using: &random)
            let expected = log.positions(matching: query)
            let said: Comment = "seed \(seed), \(fate), query \(number): \(query)"
            let page = try await repository.landings(query)
            #expect(page.entries.map(\.position) == Array(expected.prefix(query.limit)), said)
            #expect(page.next == expected.dropFirst(query.limit).first, said)
            query.limit = max(query.limit, 100)
            #expect(try await MadeLog.allPages(query, repository) == expected, said)
        }
    }

    @Test(arguments: Fate.allCases)
    func `a closed session is found from wherever it was created`(fate: Fate) async throws {
        let log = try await MadeLog.made(slots: 1100, seed: 3)
        try await RollupBuilder(index: PathIndex(log: log.repository().log))
            .build(upTo: log.tip.epoch)
        var random = SeededGenerator(seed: 7)
        try await RollupQueryTests.meetFate(fate, log.store, using: &random)
        let repository = log.repository()
        let newest = try await repository.newest()
        for (number, (session, epoch)) in log.closings.sorted(by: { $0.key < $1.key }).enumerated()
        where number.isMultiple(of: fate == .whole ? 40 : 300) {
            let slot = try await repository.log.slot(epoch)?.slot
            let first = try #require(slot).firstPosition
            // The session began at the latest when the slot before was the tip.
            for created in [first - 1, .random(in: 0...first - 1, using: &random)] {
                let closing = try await repository.closing(
                    of: session, createdAt: created, newest: newest)
                #expect(closing != nil, "session \(session) of slot \(epoch), from @\(created)")
            }
        }
        let stranger = TestProject.session(1 << 40)
        #expect(
            try await repository.closing(of: stranger, createdAt: 0, newest: newest) == nil)
    }

    @Test func `a cold question takes two rounds, a warm one asks for its hits`() async throws {
        let log = try await MadeLog.made(slots: 1100, seed: 3)
        try await RollupBuilder(index: PathIndex(log: log.repository().log))
            .build(upTo: log.tip.epoch)
        let store = CountingStore(log.store)
        let index = PathIndex(log: LogReader(store: store))
        // Slots 0 to 1100 are one run of level 2, two of level 1 and 13 slots.
        let tiling = 1 + 2 + 13
        var query = RollupQuery(all: [[.session(TestProject.session(1))]], limit: 1)
        let tip = log.tip
        func ask() async throws -> RollupMatches {
            store.reset()
            return try await index.matches(query, upTo: tip.epoch, position: tip.lastPosition)
        }
        let cold = try await ask()
        #expect(cold.epochs == [log.closings[TestProject.session(1)]])
        #expect(store.totals.gets <= tiling + 1)
        _ = try await ask()
        #expect(store.totals.gets <= 1)
        query.all = [[.session(TestProject.session(1 << 40))]]
        let none = try await ask()
        #expect(none.epochs.isEmpty)
        #expect(store.totals.gets <= 1)
    }

    @Test func `a question about the newest landings reads no more than those`() async throws {
        let log = try await MadeLog.made(slots: 1100, seed: 3)
        try await RollupBuilder(index: PathIndex(log: log.repository().log))
            .build(upTo: log.tip.epoch)
        let store = CountingStore(log.store)
        let index = PathIndex(log: LogReader(store: store))
        let query = RollupQuery(
            all: [[.path(try RepoPath("never"))]], downTo: log.tip.lastPosition, limit: 9)
        _ = try await index.matches(
            query, upTo: log.tip.epoch, position: log.tip.lastPosition)
        // The newest slots may hold no landing.
        #expect(store.totals.gets < 8)
    }

    @Test func `a run of another history is not believed`() async throws {
        let log = try await MadeLog.made(slots: 70, seed: 21)
        let other = try await MadeLog.made(slots: 70, seed: 22)
        try await RollupBuilder(index: PathIndex(log: other.repository().log))
            .build(upTo: other.tip.epoch)
        for entry in try await other.store.listAll(prefix: "ix/") {
            _ = try await log.store.put(
                entry.key, try await other.store.get(entry.key).bytes, .ifAbsent)
        }
        let repository = log.repository()
        for path in ["d1", "d3/e", "d3"] {
            let query = LandingQuery(path: try RepoPath(path), limit: 500)
            #expect(
                try await MadeLog.allPages(query, repository) == log.positions(matching: query))
        }
    }

    @Test func `a log that is not chained is not answered from`() async throws {
        var log = try await MadeLog.made(slots: 5, seed: 31)
        let other = try await MadeLog.made(slots: 7, seed: 32)
        var random = SeededGenerator(seed: 1)
        for _ in 0..<4 { try await log.append(using: &random) }
        let strange = try await other.store.get(StoreKey.slot(6)).bytes
        _ = try await log.store.put(StoreKey.slot(6), strange, .none)
        let repository = log.repository()
        await #expect(throws: ReadError.self) {
            _ = try await repository.landings(
                LandingQuery(path: try RepoPath("never"), limit: 1))
        }
    }
}
