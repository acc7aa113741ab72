import HifCore
import HifRepository
import HifStore
import Support
import Testing

/// The bytes of rollup runs; truncations and flipped bits are in `FormatDamageTests`.
@Suite struct RollupFormatTests {
    @Test func `runs read and write as they stand`() throws {
        let bytes = PackGoldenTests.bytes(Golden.rollupBytes)
        #expect(Golden.rollup.bytes.hex == bytes.hex)
        let run = try RollupRun(decoding: bytes)
        #expect(
            try run.entries() == [
                0x1: [5], 0x0203_0405_0607: Array(0..<32), 0x0203_0405_0608: [0, 31],
                0xFFFF_FFFF_FFFF: Array(stride(from: 1, to: 32, by: 2)),
            ])
        let head = try run.head()
        #expect(head.firstPosition == 100 && head.landingCount == 32)
        #expect(head.keyCount == 4 && head.postingCount == 51)
    }

    @Test func `keys are hashes of a kind and a string`() throws {
        // printf '\001src/a.txt' | b3sum --derive-key 'hif rollup key v1' --length 6
        #expect(RollupKey.path(try RepoPath("src/a.txt")).value == Golden.pathKey)
        #expect(RollupKey.directory(try RepoPath("src")).value == Golden.directoryKey)
        #expect(RollupKey.author("ana").value == Golden.authorKey)
    }

    @Test func `every set of slots is read as it was written, in its shortest form`() throws {
        let span = RollupSpan(level: 1, block: 0)
        for seed: UInt64 in 1...30 {
            var random = SeededGenerator(seed: seed)
            var slots: [[UInt64]] = Array(repeating: [], count: 32)
            var model: [UInt64: [UInt64]] = [:]
            for _ in 0..<Int.random(in: 0...400, using: &random) {
                let key = UInt64.random(in: 0..<1 << 48, using: &random)
                guard model[key] == nil else { continue }
                let share = Int.random(in: 1...32, using: &random)
                let offsets = (0..<32).filter { _ in
                    Int.random(in: 0..<32, using: &random) < share
                }
                guard !offsets.isEmpty else { continue }
                for offset in offsets { slots[offset].append(key) }
                model[key] = offsets.map { UInt64($0) }
            }
            let run = Golden.rollup(span, slots.map { $0.sorted() })
            #expect(try RollupRun(decoding: run.bytes).entries() == model, "seed \(seed)")
            let head = try run.head()
            for key in model.keys.sorted() {
                #expect(head.mayHold(RollupKey(value: key)), "seed \(seed), key \(key)")
            }
        }
    }

    @Test func `the filter says maybe to about one stranger in four thousand`() throws {
        var random = SeededGenerator(seed: 12)
        let keys = Set((0..<2_000).map { _ in UInt64.random(in: 0..<1 << 48, using: &random) })
        var slots: [[UInt64]] = Array(repeating: [], count: 32)
        slots[3] = keys.sorted()
        let head = try Golden.rollup(RollupSpan(level: 1, block: 0), slots).head()
        var maybe = 0
        let asked = 400_000
        for _ in 0..<asked {
            let key = UInt64.random(in: 0..<1 << 48, using: &random)
            if !keys.contains(key), head.mayHold(RollupKey(value: key)) { maybe += 1 }
        }
        #expect(maybe > 25 && maybe < 400, "\(maybe) of \(asked)")
    }
}
