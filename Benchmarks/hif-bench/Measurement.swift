/// Several runs of the same thing.
struct Measurement {
    private(set) var seconds: [Double] = []
    private(set) var peakBytes = 0

    mutating func add(_ usage: Child.Usage) {
        seconds.append(usage.seconds)
        peakBytes = max(peakBytes, usage.peakBytes)
    }

    var median: Double {
        let sorted = seconds.sorted()
        guard !sorted.isEmpty else { return 0 }
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2)
            ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }

    /// Median, and the fastest and slowest run.
    var text: String {
        let low = Measurement.shown(seconds.min() ?? 0)
        let high = Measurement.shown(seconds.max() ?? 0)
        return "\(Measurement.shown(median)) (\(low) to \(high))"
    }

    static func shown(_ seconds: Double) -> String {
        func rounded(_ value: Double, _ digits: Int) -> String {
            let scale = digits == 0 ? 1.0 : digits == 1 ? 10.0 : 100.0
            let scaled = Int((value * scale).rounded())
            guard digits > 0 else { return "\(scaled)" }
            let fraction = String(scaled % Int(scale))
            return "\(scaled / Int(scale))."
                + String(repeating: "0", count: digits - fraction.count) + fraction
        }
        if seconds >= 100 { return rounded(seconds, 0) + " s" }
        if seconds >= 1 { return rounded(seconds, 2) + " s" }
        return rounded(seconds * 1000, seconds < 0.1 ? 1 : 0) + " ms"
    }

    static func megabytes(_ bytes: Int) -> String { "\((bytes + (1 << 19)) >> 20) MB" }
}

/// One line of the table: hif, its peer, and how they compare.
struct Row {
    let name: String
    let peer: String
    let ours: Measurement
    let theirs: Measurement

    var ratio: Double { ours.median / max(theirs.median, 1e-9) }

    var text: String {
        let ratio = Double(Int((ratio * 100).rounded())) / 100
        return "| \(name) | \(ours.text) | \(theirs.text) | \(ratio) |"
            + " \(Measurement.megabytes(ours.peakBytes)) |"
            + " \(Measurement.megabytes(theirs.peakBytes)) | `\(peer)` |"
    }

    static let header = """
        | what | hif: median (range) | git: median (range) | hif / git | hif peak | git peak | beside |
        |---|---|---|---|---|---|---|
        """
}
