/// Makes a failing scenario smaller as long as it goes on failing: fewer nodes, clients and
/// sessions, fewer kinds of trouble, and in the end only as many store faults as it takes.
///
/// Greedy, so the result is small and not the smallest; bounded, since every try is a whole run.
package struct Shrinker {
    /// Runs that are made at most.
    package static let triesMax = 400

    private var tries = 0
    private let fails: (Scenario) async -> Bool
    package private(set) var smallest: Scenario

    package init(_ scenario: Scenario, fails: @escaping (Scenario) async -> Bool) {
        smallest = scenario
        self.fails = fails
    }

    package mutating func run() async {
        var before = ""
        while before != smallest.text, tries < Shrinker.triesMax {
            before = smallest.text
            for field in ["nodes", "clients", "sessions"] { await lower(field, from: 1) }
            for field in [
                "calls", "cancellations", "pauses", "storms", "skew", "crashes", "faults", "slots",
                "cuts", "collectors", "compactors", "history", "forwards",
            ] { await attempt(field, "0") }
            await thin("kinds", smallest.value("kinds"))
            await thin("workloads", smallest.value("workloads"))
            await bisectFaults()
        }
    }

    private mutating func attempt(_ field: String, _ value: String) async {
        var candidate = smallest
        guard tries < Shrinker.triesMax, candidate.set(field, value),
            candidate.text != smallest.text
        else { return }
        tries += 1
        if await fails(candidate) { smallest = candidate }
    }

    private mutating func lower(_ field: String, from least: Int) async {
        guard let value = Int(smallest.value(field)) else { return }
        var next = least
        while next < value, Int(smallest.value(field)) == value {
            await attempt(field, "\(next)")
            next += 1
        }
    }

    private mutating func thin(_ field: String, _ value: String) async {
        var parts = value.split(separator: "+").map(String.init)
        var index = 0
        while index < parts.count, parts.count > 1 {
            var fewer = parts
            fewer.remove(at: index)
            let joined = fewer.joined(separator: "+")
            await attempt(field, joined)
            if smallest.value(field) == joined { parts = fewer } else { index += 1 }
        }
    }

    private mutating func bisectFaults() async {
        var low = 0
        var high = min(4_096, Int(smallest.value("most")) ?? 0)
        while low < high, tries < Shrinker.triesMax {
            let middle = (low + high) / 2
            await attempt("most", "\(middle)")
            if smallest.value("most") == "\(middle)" { high = middle } else { low = middle + 1 }
        }
    }
}
