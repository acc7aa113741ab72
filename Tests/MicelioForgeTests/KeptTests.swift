import Support
import Testing

@testable import MicelioForge

/// What is kept in memory of what pages showed.
@Suite struct KeptTests {
    @Test func `what is kept never takes more than its room`() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        let kept = Kept<Int, Int>(bytesMax: 1_000)
        var sizes: [Int: Int] = [:]
        for step in 0..<5_000 {
            let key = Int.random(in: 0..<50, using: &generator)
            let size = Int.random(in: 0...300, using: &generator)
            switch Int.random(in: 0..<10, using: &generator) {
            case 0: kept.forget(key)
            case 1..<5:
                kept.keep(step, for: key, bytes: size)
                sizes[key] = size
                if let value = kept[key] { #expect(value == step, "seed \(seed)") }
            default: _ = kept[key]
            }
            let present = (0..<50).filter { kept[$0] != nil }
            #expect(present.count == kept.count, "seed \(seed)")
            #expect(present.reduce(0) { $0 + sizes[$1]! } <= 1_000, "seed \(seed)")
        }
    }

    @Test func `what is larger than all the room is not kept, nor what it replaces`() {
        let kept = Kept<String, Int>(bytesMax: 100)
        kept.keep(1, for: "a", bytes: 100)
        #expect(kept["a"] == 1)
        kept.keep(2, for: "a", bytes: 101)
        #expect(kept["a"] == nil && kept.count == 0)
    }
}
