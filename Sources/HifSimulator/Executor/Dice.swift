/// The only source of chance in a simulation: SplitMix64 (Steele, Lea and Flood, Fast Splittable
/// Pseudorandom Number Generators, 2014). Each concern has dice of its own, so that one more throw
/// for the network does not change what the clients do.
package struct Dice: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// - Parameter stream: which concern; the same seed gives unrelated throws for each.
    package init(seed: UInt64, _ stream: String) {
        state = seed
        for byte in stream.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
        _ = next()
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// 0 ..< `count`.
    package mutating func below(_ count: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(max(1, count))).high)
    }

    package mutating func within(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + below(range.count)
    }

    /// True in so many of a thousand cases.
    package mutating func chance(_ perThousand: Int) -> Bool { below(1_000) < perThousand }

    package mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[below(elements.count)]
    }

    /// About lognormal around `median`, with a heavy tail: one in a hundred is a hundred times as
    /// long. From a table of quantiles (sigma 0.5), so that no floating point decides a run.
    package mutating func latency(median: UInt64) -> UInt64 {
        let draw = next()
        let quantile = Dice.quantiles[Int(draw & 31)]
        let spread = (draw >> 5) % 64
        let usual = median * (quantile + spread) / 1_000
        return (draw >> 32) % 100 == 0 ? usual * 100 : usual
    }

    /// exp(0.5 z) in thousandths, at 32 evenly spaced probabilities.
    private static let quantiles: [UInt64] = [
        341, 434, 493, 541, 583, 621, 657, 692, 726, 760, 794, 829, 864, 900, 937, 976,
        1016, 1058, 1103, 1151, 1202, 1258, 1319, 1387, 1465, 1555, 1663, 1797, 1974, 2229, 2683,
        3600,
    ]
}
