import HifCore
import Support
import Testing

@Suite struct HybridLogicalClockTests {
    @Test func `a tick takes the wall clock when it has moved on, else counts`() {
        var clock = HybridLogicalClock()
        #expect(clock.tick(now: 1_000) == HybridTimestamp(packed: 1_000 << 16))
        #expect(clock.tick(now: 1_000) == HybridTimestamp(packed: 1_000 << 16 | 1))
        #expect(clock.tick(now: 990) == HybridTimestamp(packed: 1_000 << 16 | 2))
        #expect(clock.tick(now: 1_001) == HybridTimestamp(packed: 1_001 << 16))
        #expect(clock.latest.milliseconds == 1_001)
        #expect(clock.latest.counter == 0)
        #expect(clock.latest.description == "1001.0")
    }

    @Test func `a receipt lies behind both the message and the local past`() throws {
        var clock = HybridLogicalClock(latest: HybridTimestamp(packed: 1_000 << 16 | 5))
        let remote = HybridTimestamp(packed: 1_002 << 16 | 9)
        #expect(try clock.receive(remote, now: 1_001).packed == 1_002 << 16 | 10)
        let older = HybridTimestamp(packed: 900 << 16)
        #expect(try clock.receive(older, now: 1_001).packed == 1_002 << 16 | 11)
        #expect(try clock.receive(older, now: 1_003).packed == 1_003 << 16)
        let same = HybridTimestamp(packed: 1_003 << 16 | 7)
        #expect(try clock.receive(same, now: 1_003).packed == 1_003 << 16 | 8)
    }

    @Test func `a full counter borrows the next millisecond`() {
        var clock = HybridLogicalClock(latest: HybridTimestamp(packed: 1_000 << 16 | 0xFFFF))
        #expect(clock.tick(now: 1_000) == HybridTimestamp(packed: 1_001 << 16))
        #expect(clock.tick(now: 1_000) == HybridTimestamp(packed: 1_001 << 16 | 1))
    }

    @Test func `a message from the far future is refused and moves nothing`() throws {
        var clock = HybridLogicalClock()
        let before = clock.tick(now: 1_000)
        let ahead = HybridTimestamp(milliseconds: 61_001)
        #expect(throws: RemoteTimestampAhead(aheadMillis: 60_001)) {
            try clock.receive(ahead, now: 1_000)
        }
        #expect(throws: RemoteTimestampAhead.self) {
            try clock.receive(HybridTimestamp(packed: .max), now: .min)
        }
        #expect(clock.latest == before)
        let limit = HybridTimestamp(milliseconds: 61_000)
        #expect(try clock.receive(limit, now: 1_000).packed == 61_000 << 16 | 1)
    }

    @Test func `time out of range is the nearest in range and the last timestamp stays`() {
        #expect(HybridTimestamp(milliseconds: -1).packed == 0)
        #expect(HybridTimestamp(milliseconds: .min).packed == 0)
        #expect(HybridTimestamp(milliseconds: .max).packed == 0xFFFF_FFFF_FFFF_0000)
        var clock = HybridLogicalClock(latest: HybridTimestamp(packed: .max))
        #expect(clock.tick(now: 0).packed == .max)
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `with drifting machines every effect lies behind its cause`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var clocks = [HybridLogicalClock](repeating: HybridLogicalClock(), count: 4)
        let drifts: [Int64] = [0, 40, -70, 900]
        var wall: Int64 = 1_700_000_000_000
        var mail: [HybridTimestamp] = []
        for _ in 0..<500 {
            wall += Int64.random(in: -1...2, using: &generator)
            let machine = Int.random(in: 0..<4, using: &generator)
            let before = clocks[machine].latest
            let now = wall + drifts[machine]
            if mail.isEmpty || Bool.random(using: &generator) {
                mail.append(clocks[machine].tick(now: now))
            } else {
                let message = mail.remove(at: Int.random(in: 0..<mail.count, using: &generator))
                let receipt = try clocks[machine].receive(message, now: now)
                #expect(receipt > message, "seed \(seed)")
            }
            #expect(clocks[machine].latest > before, "seed \(seed)")
            // The bound of the paper: never further ahead than the fastest clock was.
            #expect(
                clocks[machine].latest.milliseconds <= UInt64(wall + 900 + 500), "seed \(seed)")
        }
    }
}
