extension Scenario {
    /// As `seed=398 nodes=1`: the seed, and the fields that differ from what it draws.
    package init?(text: some StringProtocol) {
        var words = text.split(separator: " ")
        guard let first = words.first, first.hasPrefix("seed="),
            let seed = UInt64(first.dropFirst(5))
        else { return nil }
        words.removeFirst()
        self.init(seed: seed)
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, set(String(parts[0]), String(parts[1])) else { return nil }
        }
    }

    /// The fields that differ from what the seed draws, with their values.
    private var changes: [(field: String, value: String)] {
        let drawn = Scenario(seed: seed)
        return Scenario.fields.filter { value($0) != drawn.value($0) }.map { ($0, value($0)) }
    }

    /// What `init(text:)` reads.
    package var text: String {
        (["seed=\(seed)"] + changes.map { "\($0.field)=\($0.value)" }).joined(separator: " ")
    }

    /// The command that runs it alone.
    package var command: String {
        var words = ["hif-sim", "--seed \(seed)"]
        if let planted { words.append("--plant \(planted.rawValue)") }
        return (words + changes.map { "--\($0.field) \($0.value)" }).joined(separator: " ")
    }

    /// Scenarios one to a line; what follows `#`, and empty lines, are for people.
    ///
    /// - Returns: nil when a line is none.
    package static func corpus(_ text: String) -> [Scenario]? {
        var scenarios: [Scenario] = []
        for line in text.split(separator: "\n") {
            let words = line.prefix { $0 != "#" }
            if words.allSatisfy({ $0 == " " }) { continue }
            guard let scenario = Scenario(text: words) else { return nil }
            scenarios.append(scenario)
        }
        return scenarios
    }
}
