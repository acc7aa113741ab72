import HifSimulator
import Testing

@Suite struct SimulatorTests {
    private func run(_ scenario: Scenario) async -> SimulationReport {
        await Simulation(scenario) { why in fatalError("seed \(scenario.seed) is stuck: \(why)") }
            .run()
    }

    @Test func `nothing is lost, landed twice or misread in any of a hundred worlds`() async {
        for seed in UInt64(1)...100 {
            let report = await run(Scenario(seed: seed))
            #expect(report.violation == nil, "hif-sim --seed \(seed): \(report.violation ?? "")")
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

    @Test func `a planted mistake makes a run fail`() async {
        var scenario = Scenario(seed: 1)
        scenario.planted = .canary
        #expect(await run(scenario).violation != nil)
    }
}
