import Support
import Testing

@testable import HifStore

@Suite struct CacheQueueTests {
    @Test(arguments: 1...40)
    func `it never holds more than there is room for, and knows what it holds`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let room = Int.random(in: 0...400, using: &generator)
        let countMax = Int.random(in: 0...30, using: &generator)
        var queue = CacheQueue<Int>(costMax: room, countMax: countMax)
        var held: [Int: Int] = [:]
        for _ in 0..<3_000 {
            let key = Int.random(in: 0..<60, using: &generator)
            switch Int.random(in: 0..<10, using: &generator) {
            case 0:
                queue.remove(key)
                held[key] = nil
            case 1..<5:
                #expect(queue.use(key) == (held[key] != nil), "seed \(seed)")
            default:
                let cost = Int.random(in: 0...60, using: &generator)
                held[key] = cost
                for gone in queue.insert(key, cost: cost) {
                    #expect(held.removeValue(forKey: gone) != nil, "seed \(seed)")
                }
            }
            #expect(queue.cost <= room && queue.count <= countMax, "seed \(seed)")
            #expect(queue.cost == held.values.reduce(0, +), "seed \(seed)")
            #expect(queue.count == held.count, "seed \(seed)")
        }
        for key in 0..<60 { #expect(queue.contains(key) == (held[key] != nil), "seed \(seed)") }
    }

    @Test func `one long reading of everything does not drive out what is asked for all day`() {
        var queue = CacheQueue<Int>(costMax: 100)
        for _ in 0..<4 {
            for key in 0..<50 where !queue.use(key) { _ = queue.insert(key, cost: 1) }
        }
        for key in 1_000..<3_000 { _ = queue.insert(key, cost: 1) }
        let left = (0..<50).count { queue.contains($0) }
        #expect(left >= 45, "of 50 that were in use \(left) are left")
    }

    @Test func `who is asked for again soon after going stays longer the next time`() {
        var queue = CacheQueue<Int>(costMax: 10)
        for key in 0..<12 { _ = queue.insert(key, cost: 1) }
        #expect(!queue.contains(0))
        _ = queue.insert(0, cost: 1)
        for key in 100..<150 { _ = queue.insert(key, cost: 1) }
        #expect(queue.contains(0))
    }
}
