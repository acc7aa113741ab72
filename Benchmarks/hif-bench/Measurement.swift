/// Several runs of the same thing.
struct Measurement {
    private(set) var seconds: [Double] = []
    private(set) var busySeconds: [Double] = []
    private(set) var peakBytes = 0

    mutating func add(_ usage: Child.Usage) {
        seconds.append(usage.seconds)
        busySeconds.append(usage.busySeconds)
        peakBytes = max(peakBytes, usage.peakBytes)
    }

    var median: Double { Measurement.median(of: seconds) }
    var busyMedian: Double { Measurement.median(of: busySeconds) }

    private static func median(of seconds: [Double]) -> Double {
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

    var text: String {
        let ratio = Row.ratio(ours.median, theirs.median)
        let busyRatio = Row.ratio(ours.busyMedian, theirs.busyMedian)
        return "| \(name) | \(ours.text) | \(theirs.text) | \(ratio) |"
            + " \(Measurement.shown(ours.busyMedian)) | \(Measurement.shown(theirs.busyMedian)) |"
            + " \(busyRatio) |"
            + " \(Measurement.megabytes(ours.peakBytes)) |"
            + " \(Measurement.megabytes(theirs.peakBytes)) | `\(peer)` |"
    }

    private static func ratio(_ ours: Double, _ theirs: Double) -> Double {
        Double(Int((ours / max(theirs, 1e-9) * 100).rounded())) / 100
    }

    static let header = """
        | what | hif: median (range) | git: median (range) | hif / git | hif busy | git busy | busy / busy | hif peak | git peak | beside |
        |---|---|---|---|---|---|---|---|---|---|
        """
}
