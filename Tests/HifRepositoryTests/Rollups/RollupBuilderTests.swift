import HifCore
import HifRepository
import HifStore
import Support
import Testing

/// Runs are the same whoever builds them from whatever, and nothing unfinished is built.
@Suite struct RollupBuilderTests {
    static func runs(_ store: any ObjectStore) async throws -> [String: [UInt8]] {
        var runs: [String: [UInt8]] = [:]
        for entry in try await store.listAll(prefix: "ix/") {
            runs[entry.key.string] = try await store.get(entry.key).bytes
        }
        return runs
    }

    static func builder(_ log: MadeLog) -> RollupBuilder {
        RollupBuilder(index: PathIndex(log: LogReader(store: log.store)))
    }

    /// The run of any level as its slots make it, without merging: the definition.
    static func model(_ span: RollupSpan, _ log: MadeLog) async throws -> [UInt64: [UInt64]] {
        var model: [UInt64: [UInt64]] = [:]
        for epoch in span.firstEpoch..<span.endEpoch {
            let slot = try #require(try await LogReader(store: log.store).resolved(epoch))
            for value in RollupKey.values(of: slot) {
                model[value, default: []].append(epoch - span.firstEpoch)
            }
        }
        return model
    }

    @Test func `runs hold what their slots hold, on every level`() async throws {
        let log = try await MadeLog.made(slots: 1100, seed: 3)
        try await RollupBuilderTests.builder(log).build(upTo: log.tip.epoch)
        let runs = try await RollupBuilderTests.runs(log.store)
        #expect(runs.count == 35)
        for span in [
            RollupSpan(level: 1, block: 0), RollupSpan(level: 1, block: 32),
            RollupSpan(level: 2, block: 0),
        ] {
            let bytes = try #require(runs[StoreKey.rollup(span).string])
            let run = try RollupRun(decoding: bytes)
            #expect(try run.entries() == (try await RollupBuilderTests.model(span, log)))
            let head = try run.head()
            #expect(head.span == span)
            let last = try #require(try await LogReader(store: log.store).slot(span.endEpoch - 1))
            #expect(head.endSlotHash == last.hash)
            #expect(head.nextPosition == last.slot.lastPosition + 1)
        }
    }

    @Test func `runs are the same whether built as the log grows or at its end`() async throws {
        var random = SeededGenerator(seed: 9)
        let log = try await MadeLog.made(slots: 1100, seed: 3)
        let growing = RollupBuilderTests.builder(log)
        for epoch in 0...log.tip.epoch where Int.random(in: 0..<9, using: &random) == 0 {
            try await growing.build(upTo: epoch)
        }
        try await growing.build(upTo: log.tip.epoch)
        let grown = try await RollupBuilderTests.runs(log.store)
        #expect(grown.count == 35)
        // Any of them can be missing, and any may be there already.
        for entry in try await log.store.listAll(prefix: "ix/")
        where Int.random(in: 0..<3, using: &random) == 0 || entry.key.string.hasPrefix("ix/2/") {
            try await log.store.delete(entry.key)
        }
        try await RollupBuilderTests.builder(log).build(upTo: log.tip.epoch)
        let built = try await RollupBuilderTests.runs(log.store)
        #expect(built["ix/2/0000000000000000"] == grown["ix/2/0000000000000000"])
        try await RollupBuilderTests.builder(log).rebuild(upTo: log.tip.epoch)
        #expect(try await RollupBuilderTests.runs(log.store) == grown)
    }

    @Test func `only finished ranges are built`() async throws {
        var random = SeededGenerator(seed: 4)
        var log = try await MadeLog()
        for _ in 0..<30 { try await log.append(using: &random) }
        try await RollupBuilderTests.builder(log).build(upTo: log.tip.epoch)
        #expect(try await RollupBuilderTests.runs(log.store).isEmpty)
        try await log.append(using: &random)
        try await RollupBuilderTests.builder(log).build(upTo: log.tip.epoch)
        #expect(try await RollupBuilderTests.runs(log.store).count == 1)
    }

    @Test func `nothing is built over a slot or a run that is not there`() async throws {
        let log = try await MadeLog.made(slots: 1100, seed: 3)
        let slot = try await log.store.get(StoreKey.slot(40)).bytes
        try await log.store.delete(StoreKey.slot(40))
        await #expect(throws: ReadError.self) {
            try await RollupBuilderTests.builder(log).build(upTo: log.tip.epoch)
        }
        let runs = try await RollupBuilderTests.runs(log.store)
        #expect(runs.keys.sorted() == ["ix/1/0000000000000000"])
        _ = try await log.store.put(StoreKey.slot(40), slot, .ifAbsent)
        try await RollupBuilderTests.builder(log).build(upTo: log.tip.epoch)
        #expect(try await RollupBuilderTests.runs(log.store).count == 35)
    }

    @Test func `runs of another history are not merged`() async throws {
        let log = try await MadeLog.made(slots: 1100, seed: 3)
        let other = try await MadeLog.made(slots: 70, seed: 66)
        try await RollupBuilderTests.builder(other).build(upTo: other.tip.epoch)
        let strange = StoreKey.rollup(RollupSpan(level: 1, block: 1))
        _ = try await log.store.put(
            strange, try await other.store.get(strange).bytes, .ifAbsent)
        await #expect(throws: ReadError.self) {
            try await RollupBuilderTests.builder(log).build(upTo: log.tip.epoch)
        }
        #expect(
            try await log.store.getIfPresent(StoreKey.rollup(RollupSpan(level: 2, block: 0)))
                == nil)
    }

    @Test func `a builder that is up to date asks for nothing`() async throws {
        let log = try await MadeLog.made(slots: 70, seed: 8)
        let store = CountingStore(log.store)
        let builder = RollupBuilder(index: PathIndex(log: LogReader(store: store)))
        try await builder.build(upTo: 66)
        store.reset()
        try await builder.build(upTo: log.tip.epoch)
        #expect(store.totals.requests == 0)
    }

    @Test func `a tiling covers every slot once, with at most 31 spans of a level`() {
        for seed: UInt64 in 1...200 {
            var random = SeededGenerator(seed: seed)
            let bits = UInt64.random(in: 0...40, using: &random)
            let end = UInt64.random(in: 0...1 << bits, using: &random)
            let tiling = RollupSpan.tiling(before: end)
            var next = end
            for span in tiling {
                #expect(span.endEpoch == next, "seed \(seed)")
                next = span.firstEpoch
            }
            #expect(next == 0)
            for level in 0..<RollupSpan.levelMax {
                #expect(tiling.count { $0.level == level } < 32, "seed \(seed)")
            }
        }
        #expect(RollupSpan.tiling(before: 1_048_575).count == 124)
    }
}
