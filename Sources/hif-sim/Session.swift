import Foundation
import HifSimulator
import Synchronization

/// One invocation: the corpus, seeds one after the other, or a table of planted bugs.
struct Session {
    private let options: Options

    init(_ options: Options) {
        self.options = options
    }

    /// - Returns: the exit code: 0 when nothing was wrong.
    func run() async -> Int32 {
        let started = ContinuousClock.now
        if options.triesBugs { return await bugs() }
        var failures = 0
        if let path = options.corpus {
            guard let text = try? String(contentsOfFile: path, encoding: .utf8),
                let corpus = Scenario.corpus(text)
            else { Options.end("\(path) is not a corpus") }
            failures += await run(corpus.count) { corpus[$0] }.failures
            print("corpus: \(corpus.count) scenarios, \(failures) failed")
            if options.count == nil { return failures == 0 ? 0 : 1 }
        }
        let count = Int(options.count ?? 1)
        let first = options.first
        let (failed, traces) = await run(count) { options.scenario(first + UInt64($0)) }
        failures += failed
        let seconds = (ContinuousClock.now - started) / .seconds(1)
        print(
            "\(count) seeds from \(first) on: \(failures) failed, traces \(String(traces, radix: 16)), "
                + "\(Int(Double(count) / seconds)) a second")
        return failures == 0 ? 0 : 1
    }

    /// Runs scenarios, `options.jobs` at a time, up to the first few failures.
    ///
    /// - Returns: how many failed, and the sum of all traces: equal for equal seeds in whichever
    ///   process, however many run at a time.
    private func run(
        _ count: Int, _ scenario: @escaping @Sendable (Int) -> Scenario
    ) async -> (failures: Int, traces: UInt64) {
        let work = Work(count: count)
        await withDiscardingTaskGroup { group in
            for _ in 0..<options.jobs {
                group.addTask {
                    while let index = work.next() {
                        let report = await simulate(scenario(index), isTracing: options.isTracing)
                        work.add(trace: report.trace)
                        if report.violation != nil {
                            work.fail()
                            await tell(report)
                        } else if count == 1 {
                            print(Session.line(report))
                        }
                    }
                }
            }
        }
        return (work.failureCount, work.traces)
    }

    /// What is left to do, shared by those who do it.
    private final class Work: Sendable {
        /// More failures than these tell nothing new.
        private static let failuresMax = 5
        private let count: Int
        private let started = Atomic<Int>(0)
        private let failed = Atomic<Int>(0)
        private let traceSum = Atomic<UInt64>(0)

        init(count: Int) {
            self.count = count
        }

        var failureCount: Int { failed.load(ordering: .relaxed) }
        var traces: UInt64 { traceSum.load(ordering: .relaxed) }

        func next() -> Int? {
            guard failureCount < Work.failuresMax else { return nil }
            let index = started.add(1, ordering: .relaxed).oldValue
            return index < count ? index : nil
        }

        func add(trace: UInt64) {
            traceSum.wrappingAdd(trace, ordering: .relaxed)
        }

        func fail() {
            failed.add(1, ordering: .relaxed)
        }
    }

    private func tell(_ report: SimulationReport) async {
        print("FAILED \(Session.line(report))\n  replay: \(report.scenario.command)")
        fflush(nil)
        guard options.isShrinking else { return }
        let kind = report.violation?.prefix { $0 != ":" }
        var shrinker = Shrinker(report.scenario) { candidate in
            await simulate(candidate).violation?.prefix { $0 != ":" } == kind
        }
        await shrinker.run()
        print("  smaller: \(shrinker.smallest.command)\n  corpus: \(shrinker.smallest.text)")
        fflush(nil)
    }

    /// For each planted bug, how many seeds it takes to see it.
    private func bugs() async -> Int32 {
        let seedsMax = options.count ?? 1_000
        var missed = 0
        for bug in PlantedBug.allCases {
            var found: (seed: UInt64, violation: String)?
            for seed in options.first..<options.first + seedsMax {
                var scenario = options.scenario(seed)
                scenario.planted = bug
                if let violation = await simulate(scenario).violation {
                    found = (seed, violation)
                    break
                }
            }
            if let found {
                print("| \(bug) | \(found.seed - options.first + 1) | \(found.violation) |")
            } else {
                missed += 1
                print("| \(bug) | not in \(seedsMax) | |")
            }
            fflush(nil)
        }
        print("\(PlantedBug.allCases.count - missed) of \(PlantedBug.allCases.count) were found")
        return missed == 0 ? 0 : 1
    }

    private func simulate(
        _ scenario: Scenario, isTracing: Bool = false
    ) async -> SimulationReport {
        await Simulation(scenario, tracer: isTracing ? { print($0) } : nil) { why in
            print("FAILED stuck: \(why)\n  replay: \(scenario.command)")
            exit(1)
        }.run()
    }

    private static func line(_ report: SimulationReport) -> String {
        "seed \(report.scenario.seed): \(report.violation ?? "ok") [trace \(String(report.trace, radix: 16)), "
            + "\(report.steps) steps, \(report.landings) landings in \(report.slots) slots, "
            + "\(report.requests) requests, \(report.virtualMillis) ms]"
    }
}
