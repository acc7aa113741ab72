import Foundation
import HifCore
import HifRepository
import HifStore

/// `hif-bench rollups [LANDINGS] [FILES]`: builds the rollups of a made-up history, and asks it. The
/// slots are real ones, chained and encoded, with a landing in each and no tree behind them.
struct RollupBench {
    let landings: UInt64
    let history: MadeHistory
    let store: FileOfSlots
    private var tipHash = Hash.zero
    private var random = SplitMix(state: 77)

    static func run(_ words: [String]) async throws {
        let numbers = words.compactMap { Int($0) }
        // Slot 0 holds no landing, so a full run of level 4 is one landing short of 2^20.
        let landings = numbers.first ?? (1 << 20) - 1
        var bench = RollupBench(
            landings: UInt64(landings),
            history: MadeHistory(files: numbers.dropFirst().first ?? 500_000),
            store: try FileOfSlots(directory: NSTemporaryDirectory()))
        try bench.makeLog()
        try await bench.build()
        try await bench.verify()
        try await bench.warm()
        try await bench.cold()
        try await bench.randomQueries()
    }

    private init(landings: UInt64, history: MadeHistory, store: FileOfSlots) {
        (self.landings, self.history, self.store) = (landings, history, store)
    }

    private func timed<Value>(
        _ name: String, _ body: () async throws -> Value
    ) async throws -> Value {
        let start = Child.now()
        let value = try await body()
        print("\(name): \(Measurement.shown(Child.now() - start))")
        return value
    }

    /// Kilobytes of memory: now and at most since the last `resetPeak`.
    private static func memory() -> (now: Int, peak: Int) {
        let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        func field(_ name: String) -> Int {
            let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
            return Int(line?.filter(\.isNumber) ?? "") ?? 0
        }
        return (field("VmRSS"), field("VmHWM"))
    }

    private static func resetPeak() {
        try? "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
    }

    private mutating func makeLog() throws {
        let start = Child.now()
        for epoch in 0...landings {
            let slot = Slot(
                epoch: epoch, firstPosition: max(1, epoch), previous: tipHash,
                root: ProllyTree.empty.root, batch: BatchID(high: epoch, low: 1), clock: 0,
                controlEpoch: 0, checkpointEpoch: 0, writer: "",
                records: epoch == 0 ? [] : [.landing(history.landing(epoch))],
                control: epoch == 0
                    ? ControlState(
                        originStore: StoreID(high: 1, low: 1), project: ProjectID(high: 2, low: 2),
                        name: "ana/bench") : nil)
            let bytes = slot.encode()
            tipHash = Slot.hash(ofBytes: bytes)
            try store.append(bytes)
        }
        print(
            "\(landings) landings over \(history.files) files, a slot each:",
            Measurement.shown(Child.now() - start))
    }

    private func build() async throws {
        let index = PathIndex(log: LogReader(store: store))
        let builder = RollupBuilder(index: index)
        let before = RollupBench.memory().now
        RollupBench.resetPeak()
        try await timed("building all runs") { try await builder.build(upTo: landings) }
        let kept = store.total("ix/").bytes >> 10
        let peak = RollupBench.memory().peak
        print(
            "memory while building: \((peak - before) >> 10) MB more than before, of which the store",
            "keeps \(kept >> 10) MB of runs: \((peak - before - kept) >> 10) MB for building")
        var sum = 0
        for level in 1...RollupSpan.levelMax {
            let total = store.total("ix/\(level)/")
            sum += total.bytes
            print(
                "level \(level): \(total.count) runs, \(total.bytes / max(1, total.count)) bytes each,",
                "\(Double(total.bytes * 10 / Int(landings)) / 10) bytes for each landing")
        }
        print("all levels: \(Double(sum * 10 / Int(landings)) / 10) bytes for each landing")
    }

    /// Compares every pair of key and slot in every run with what the history says, by count and by
    /// the sum of a hash; and asks every filter for every key it has to hold.
    private func verify() async throws {
        func mixed(_ key: UInt64, _ epoch: Epoch) -> UInt64 {
            var random = SplitMix(state: key &* 0x9E37_79B9_7F4A_7C15 &+ epoch)
            return random.next()
        }
        var expected: (count: UInt64, sum: UInt64) = (0, 0)
        var held = [(count: UInt64, sum: UInt64)](repeating: (0, 0), count: 5)
        let covered = (1...4).map {
            (landings + 1) / RollupSpan.slotCount(level: $0) * RollupSpan.slotCount(level: $0)
        }
        var expectedOf = [(count: UInt64, sum: UInt64)](repeating: (0, 0), count: 5)
        for epoch in 1...landings {
            var keys = Set(
                history.author(epoch).searchNames.map { RollupKey.author($0) })
            keys.insert(.session(history.session(epoch)))
            for path in history.paths(epoch) {
                keys.insert(.path(path))
                for directory in path.ancestors { keys.insert(.directory(directory)) }
            }
            for key in keys {
                let hash = mixed(key.value, epoch)
                expected = (expected.count + 1, expected.sum &+ hash)
                for level in 1...4 where epoch < covered[level - 1] {
                    expectedOf[level].count += 1
                    expectedOf[level].sum &+= hash
                }
            }
        }
        var missed = 0
        for level in 1...4 {
            for block in 0..<(landings + 1) / RollupSpan.slotCount(level: level) {
                let span = RollupSpan(level: level, block: block)
                let run = try RollupRun(
                    decoding: try await store.get(StoreKey.rollup(span)).bytes)
                let head = try run.head()
                for (key, slots) in try run.entries() {
                    if !head.mayHold(RollupKey(value: key)) { missed += 1 }
                    for slot in slots {
                        held[level].count += 1
                        held[level].sum &+= mixed(key, span.firstEpoch + slot)
                    }
                }
            }
        }
        let isEqual = (1...4).allSatisfy { held[$0] == expectedOf[$0] }
        print(
            "\(held.reduce(0) { $0 + $1.count }) pairs of key and slot compared, over all levels:",
            isEqual ? "all there, none too many;" : "NOT EQUAL;",
            "keys that a filter missed: \(missed).",
            "\(Double(expected.count * 10 / landings) / 10) keys for each landing")
        guard isEqual, missed == 0 else { throw Child.Failed(description: "false negatives") }
    }

    private func warm() async throws {
        let repository = Repository(store: store, world: Profile.world)
        let newest = try await repository.newest()
        var random = SplitMix(state: 5)
        var files: [RepoPath] = []
        for _ in 0..<200 { files.append(history.path(history.hot(&random))) }
        var cold: [RepoPath] = []
        for _ in 0..<200 { cold.append(history.path(random.below(history.files))) }
        let unit = files.compactMap(\.parent)
        let kinds: [(String, [RepoPath])] = [
            ("files by how often they change", files), ("files drawn evenly", cold),
            ("directories", unit), ("directories of many", unit.compactMap { $0.parent?.parent }),
            ("directories of very many", unit.compactMap { $0.parent?.parent?.parent }),
        ]
        _ = try await repository.landings(LandingQuery(path: files[0], limit: 20))
        for (name, paths) in kinds {
            var seconds: [Double] = []
            var entries = 0
            for path in paths {
                let start = Child.now()
                let page = try await repository.landings(LandingQuery(path: path, limit: 20))
                seconds.append(Child.now() - start)
                entries += page.entries.count
            }
            seconds.sort()
            print(
                "warm, a page of 20, \(name): median \(Measurement.shown(seconds[seconds.count / 2])),",
                "99 of 100 within \(Measurement.shown(seconds[seconds.count * 99 / 100])),",
                "\(entries / paths.count) landings on average")
        }
        _ = newest
    }

    private struct Cold {
        var requests: Int
        var rounds: Int
        var matches: RollupMatches
        var tiles: Int
        /// Requests that are neither for a tile nor for a run that may match.
        var odd: Int { requests - tiles - matches.runsAsked }
    }

    /// Requests and rounds of a question by somebody who has nothing in memory.
    private func cold() async throws {
        // The tips with the most tiles: 31 of each level.
        let worst = min(landings, (1 << 20) - 2)
        func ask(_ tip: Epoch, _ path: RepoPath) async throws -> Cold {
            let index = PathIndex(log: LogReader(store: store))
            store.reset(delay: 0.05)
            let matches = try await index.matches(
                RollupQuery(all: [RollupKey.touching(path)], limit: 20), upTo: tip, position: tip)
            let counts = store.counts
            store.reset()
            return Cold(
                requests: counts.requests, rounds: counts.rounds, matches: matches,
                tiles: RollupSpan.tiling(before: tip + 1).count)
        }
        var random = SplitMix(state: 6)
        for (name, path) in [
            ("a file that changes often", history.path(history.hot(&random))),
            ("a file that hardly does", history.path(random.below(history.files))),
            ("a path that never was", try RepoPath("never/was")),
        ] {
            let answer = try await ask(worst, path)
            print(
                "cold, worst tiling of \(answer.tiles), \(name): \(answer.requests) requests in",
                "\(answer.rounds) rounds, \(answer.matches.epochs.count) slots found in",
                "\(answer.matches.runsAsked) runs that say maybe,",
                "\(answer.matches.runsAskedInVain) of those in vain")
        }
        for (name, tips) in [
            ("worst tiling", { worst }), ("tips drawn evenly", { 1 + random.next() % landings }),
        ] as [(String, () -> Epoch)] {
            let count = 200
            var answers: [Cold] = []
            for _ in 0..<count {
                answers.append(try await ask(tips(), history.path(random.below(history.files))))
            }
            func mean(_ value: (Cold) -> Int) -> Double {
                Double(answers.reduce(0) { $0 + value($1) } * 100 / count) / 100
            }
            print(
                "cold, \(name), \(count) files drawn evenly: \(mean(\.requests)) requests on average,",
                "\(mean(\.matches.runsAsked)) of them for runs that say maybe, of which",
                "\(mean(\.matches.runsAskedInVain)) in vain; \(mean(\.matches.epochs.count)) slots found;",
                "\(answers.count { $0.requests > $0.tiles + $0.matches.epochs.count }) questions took more",
                "than a request for each tile and for each slot found; at most",
                "\(answers.map(\.requests).max() ?? 0) requests,",
                "\(answers.map(\.rounds).max() ?? 0) rounds, and \(answers.map(\.odd).max() ?? 0)",
                "requests more than a tile or such a run each")
        }
    }

    /// Questions as they are asked, against a list of what every landing did.
    private mutating func randomQueries() async throws {
        // What is asked about: some files, directories and authors, and every landing of each.
        var slots: [RollupKey: [Epoch]] = [:]
        for _ in 0..<1_000 {
            let path = history.path(history.hot(&random))
            slots[.path(path)] = []
            slots[.directory(path.parent ?? path)] = []
        }
        for _ in 0..<1_000 { slots[.path(history.path(random.below(history.files)))] = [] }
        for number in 0..<500 { slots[.author("user\(number)")] = [] }
        for epoch in 1...landings {
            let paths = history.paths(epoch)
            var keys = Set(paths.map { RollupKey.path($0) })
            for path in paths { if let parent = path.parent { keys.insert(.directory(parent)) } }
            keys.insert(.author("user\(epoch % 500)"))
            for key in keys where slots[key] != nil { slots[key]?.append(epoch) }
        }
        let keys = slots.keys.sorted()
        let index = PathIndex(log: LogReader(store: store))
        var (asked, compared, wrong, extra) = (0, 0, 0, 0)
        let start = Child.now()
        for _ in 0..<300_000 {
            let key = keys[random.below(keys.count)]
            let tip = landings - UInt64(random.below(64))
            let since = random.next() % tip
            let matches = try await index.matches(
                RollupQuery(all: [[key]], downTo: since + 1, limit: 5), upTo: tip, position: tip)
            let all = slots[key] ?? []
            let upper = all.partitioned { $0 > tip }
            let expected = all[..<upper].suffix(5).reversed().filter { $0 > since }
            asked += 1
            compared += expected.count
            let found = matches.epochs.filter { $0 > since }
            if !expected.allSatisfy(found.contains) { wrong += 1 }
            extra += max(0, found.count - expected.count)
        }
        let seconds = Child.now() - start
        print(
            "\(asked) random questions since random positions: \(compared) slots expected,",
            "\(wrong) questions answered without one of them, \(extra) slots too many;",
            "\(Int(seconds / Double(asked) * 1e6)) microseconds each")
        guard wrong == 0 else { throw Child.Failed(description: "false negatives") }
    }
}

extension Array {
    fileprivate func partitioned(_ belongs: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if belongs(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
