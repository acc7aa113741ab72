import Glibc
import HifSimulator

/// What the command line asks for.
struct Options {
    var seeds: [UInt64] = []
    var isTracing = false
    var settings: [(String, String)] = []
    var planted: PlantedBug?

    init(_ arguments: some Sequence<String>) {
        var rest = Array(arguments)
        var first: UInt64 = 1
        var count: UInt64 = 1
        while !rest.isEmpty {
            let name = rest.removeFirst()
            if name == "--trace" {
                isTracing = true
                continue
            }
            guard !rest.isEmpty else { Options.usage("\(name) needs a value") }
            let value = rest.removeFirst()
            switch name {
            case "--seed":
                guard let seed = UInt64(value) else { Options.usage("\(value) is no seed") }
                first = seed
            case "--count":
                guard let number = UInt64(value) else { Options.usage("\(value) is no number") }
                count = number
            case "--plant":
                guard let bug = PlantedBug(rawValue: value) else {
                    Options.usage("no bug is called \(value)")
                }
                planted = bug
            default:
                let field = String(name.drop { $0 == "-" })
                guard Scenario.fields.contains(field) else { Options.usage("unknown: \(name)") }
                settings.append((field, value))
            }
        }
        seeds = (first..<first + count).map { $0 }
    }

    static func usage(_ problem: String) -> Never {
        print("hif-sim: \(problem)")
        exit(2)
    }

    func run() async -> Int32 {
        for seed in seeds {
            var scenario = Scenario(seed: seed)
            scenario.planted = planted
            for (field, value) in settings where !scenario.set(field, value) {
                Options.usage("\(field) cannot be \(value)")
            }
            let simulation = Simulation(
                scenario, tracer: isTracing ? { print($0) } : nil,
                onStuck: { why in
                    print("seed \(seed): stuck: \(why)")
                    exit(1)
                })
            let report = await simulation.run()
            if seeds.count == 1 || report.violation != nil {
                print(
                    "seed \(seed): \(report.violation ?? "ok")  trace \(String(report.trace, radix: 16)) steps \(report.steps) slots \(report.slots) landings \(report.landings) requests \(report.requests) virtual \(report.virtualMillis) ms"
                )
            }
            if report.violation != nil { return 1 }
        }
        return 0
    }
}
