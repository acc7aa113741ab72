import Foundation
import HifSimulator
import Testing

@Suite struct SimulatorTests {
    private func run(_ scenario: Scenario) async -> SimulationReport {
        await Simulation(scenario) { why in fatalError("\(scenario.command) is stuck: \(why)") }
            .run()
    }

    @Test func `nothing is lost, landed twice or misread in any of fifty worlds`() async {
        for seed in UInt64(1)...50 {
            let report = await run(Scenario(seed: seed))
            #expect(report.violation == nil, "hif-sim --seed \(seed): \(report.violation ?? "")")
        }
    }

    @Test(arguments: ["4000", "1000000"])
    func `nor where nodes read through a cache`(bytes: String) async {
        for seed in UInt64(1)...30 {
            var scenario = Scenario(seed: seed)
            let isSet = scenario.set("cache", bytes)
            #expect(isSet)
            let report = await run(scenario)
            #expect(report.violation == nil, "\(scenario.command): \(report.violation ?? "")")
        }
    }

    @Test func `what failed once does not fail again`() async throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Corpus/scenarios.txt")
        let corpus = try #require(Scenario.corpus(try String(contentsOf: file, encoding: .utf8)))
        #expect(!corpus.isEmpty)
        for scenario in corpus {
            let report = await run(scenario)
            #expect(report.violation == nil, "\(scenario.command): \(report.violation ?? "")")
        }
    }

    @Test func `equal seeds make equal choices, and others make others`() async {
        var traces: Set<UInt64> = []
        for seed in UInt64(1)...10 {
            let first = await run(Scenario(seed: seed))
            let second = await run(Scenario(seed: seed))
            #expect(first.trace == second.trace, "seed \(seed)")
            traces.insert(first.trace)
        }
        #expect(traces.count == 10)
    }

    @Test func `a planted mistake makes a run fail, and the failure gets smaller`() async {
        var scenario = Scenario(seed: 1)
        scenario.planted = .canary
        #expect(await run(scenario).violation != nil)
        var shrinker = Shrinker(scenario) { await self.run($0).violation != nil }
        await shrinker.run()
        #expect(shrinker.smallest.nodeCount == 1)
        #expect(shrinker.smallest.clientCount == 1)
    }

    /// Those that need few worlds; `hif-sim --bugs` tries all of them.
    static let quicklyFound: [PlantedBug] = [
        .closingsNotSearched, .judgesEmptyTree, .overwrites, .clashesAreAccepted,
        .failedReadIsAbsent, .packsNotAwaited, .absenceCached, .noDirectorySync, .noParentSync,
        .noFileSync, .digestIgnored, .draftsCount, .deletesByAge, .deletesUncondemned,
        .ignoresOpenSessions, .rollupOfUnfinished, .rollupLeavesOut, .hintIsTruth, .readsBack,
        .polls,
    ]

    @Test(arguments: quicklyFound)
    func `a planted mistake is found within four worlds`(bug: PlantedBug) async {
        for seed in UInt64(1)...4 {
            var scenario = Scenario(seed: seed)
            scenario.planted = bug
            if await run(scenario).violation != nil { return }
        }
        Issue.record("\(bug) was not found")
    }

    @Test func `a project that is not new is the same for everybody, and lacks what it is told to`()
        async
    {
        var scenario = Scenario(seed: 3)
        var taken = [scenario.set("history", "40")]
        let first = await run(scenario)
        #expect(first.violation == nil)
        #expect(first.slots > 40)
        #expect(await run(scenario).trace == first.trace)
        taken += [scenario.set("lacking", "obj+ix"), scenario.set("lacking", "log")]
        #expect(taken == [true, true, false])
        let lacking = await run(scenario)
        #expect(lacking.violation == nil)
        #expect(lacking.trace != first.trace)
    }

    @Test func `a scenario's text and command say what differs from its seed`() throws {
        var scenario = Scenario(seed: 7)
        #expect(scenario.text == "seed=7")
        let taken = [
            scenario.set("nodes", "9"), scenario.set("kinds", "lost+zombie"),
            scenario.set("kinds", "nonsense"), scenario.set("nonsense", "1"),
        ]
        #expect(taken == [true, true, false, false])
        let read = try #require(Scenario(text: scenario.text))
        #expect(read.text == scenario.text)
        #expect(read.nodeCount == 9)
        #expect(scenario.command == "hif-sim --seed 7 --nodes 9 --kinds lost+zombie")
        #expect(Scenario.corpus("seed=1 # why\n\n# nothing\n")?.count == 1)
        #expect(Scenario.corpus("seed=one") == nil)
    }
}
