import Foundation
import HifSimulator

/// What the command line asks for.
struct Options {
    static let usage = """
        usage: hif-sim [--seed N] [--count N] [--jobs N] [--trace] [--shrink]
                       [--corpus FILE] [--plant BUG | --bugs] [--FIELD VALUE]...

          --seed N        the first seed; 1 if it is not given
          --count N       how many seeds from there on
          --jobs N        worlds at a time; 1 if it is not given
          --trace         print what happens
          --shrink        make a failing seed smaller before it is printed
          --corpus FILE   replay the scenarios of a file, before the seeds
          --plant BUG     with this mistake put in
          --bugs          how many seeds it takes to find each planted mistake, COUNT at most
          --FIELD VALUE   set by hand what the seed would draw

        """

    var first: UInt64 = 1
    var count: UInt64?
    var jobs = 1
    var isTracing = false
    var isShrinking = false
    var corpus: String?
    var planted: PlantedBug?
    var triesBugs = false
    var settings: [(field: String, value: String)] = []

    init(_ arguments: some Sequence<String>) {
        var rest = Array(arguments)
        while !rest.isEmpty {
            let name = rest.removeFirst()
            switch name {
            case "--trace": isTracing = true
            case "--shrink": isShrinking = true
            case "--bugs": triesBugs = true
            case "--help": Options.end("")
            default:
                guard !rest.isEmpty else { Options.end("\(name) needs a value") }
                take(name, rest.removeFirst())
            }
        }
    }

    private mutating func take(_ name: String, _ value: String) {
        func number() -> UInt64 {
            guard let number = UInt64(value) else { Options.end("\(value) is no number") }
            return number
        }
        switch name {
        case "--seed": first = number()
        case "--count": count = number()
        case "--jobs": jobs = max(1, Int(clamping: number()))
        case "--corpus": corpus = value
        case "--plant":
            guard let bug = PlantedBug(rawValue: value) else {
                let names = PlantedBug.allCases.map(\.rawValue).joined(separator: ", ")
                Options.end("no bug is called \(value); there are \(names)")
            }
            planted = bug
        default:
            let field = String(name.drop { $0 == "-" })
            var scenario = Scenario(seed: 1)
            guard Scenario.fields.contains(field) else {
                let names = Scenario.fields.joined(separator: ", ")
                Options.end("no field is called \(field); there are \(names)")
            }
            guard scenario.set(field, value) else { Options.end("\(field) cannot be \(value)") }
            settings.append((field, value))
        }
    }

    func scenario(_ seed: UInt64) -> Scenario {
        var scenario = Scenario(seed: seed)
        scenario.planted = planted
        for (field, value) in settings { _ = scenario.set(field, value) }
        return scenario
    }

    static func end(_ problem: String) -> Never {
        print(problem.isEmpty ? usage : "hif-sim: \(problem)\n\n\(usage)", terminator: "")
        exit(problem.isEmpty ? 0 : 2)
    }
}
