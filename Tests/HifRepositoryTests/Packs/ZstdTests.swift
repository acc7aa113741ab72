import HifCore
import HifRepository
import Support
import Testing

struct ZstdTests {
    @Test func `any level and any prefix decompress to what was compressed`() throws {
        for seed: UInt64 in 1...30 {
            var random = SeededGenerator(seed: seed)
            let zstd = Zstd()
            let content = random.content(upTo: 100_000)
            let prefix = Bool.random(using: &random) ? random.edited(content) : []
            let level = [1, 3, 9].randomElement(using: &random)!
            let frame = zstd.compress(content, level: level, prefix: prefix)
            let again = try zstd.decompress(
                frame, rawBytes: content.count, rawBytesMax: content.count, prefix: prefix)
            #expect(again == content, "seed \(seed)")
        }
    }

    @Test func `nothing is a content like any other`() throws {
        let zstd = Zstd()
        let frame = zstd.compress([])
        #expect(!frame.isEmpty)
        #expect(try zstd.decompress(frame, rawBytes: 0, rawBytesMax: 0) == [])
        #expect(throws: ZstdError.self) {
            try zstd.decompress([], rawBytes: 0, rawBytesMax: 100)
        }
    }

    @Test func `an edit of a large file costs a hundred bytes with the old version as prefix`() {
        var random = SeededGenerator(seed: 7)
        let old = random.noise(1 << 20)
        let frame = Zstd().compress(random.edited(old), prefix: old)
        #expect(frame.count < 600, "\(frame.count) bytes")
    }

    @Test func `a frame of another length than declared is refused before anything is allocated`() {
        let zstd = Zstd()
        let frame = zstd.compress([UInt8](repeating: 7, count: 5_000))
        for wrong in [0, 4_999, 5_001, 1 << 32, Int.max] {
            #expect(throws: ZstdError.self) {
                try zstd.decompress(frame, rawBytes: wrong, rawBytesMax: Int.max)
            }
        }
        #expect(throws: ZstdError.self) {
            try zstd.decompress(frame, rawBytes: 5_000, rawBytesMax: 4_999)
        }
    }

    @Test func `a second frame, a cut frame and a changed frame are refused or harmless`() throws {
        let zstd = Zstd()
        var random = SeededGenerator(seed: 3)
        let content = random.text(700)
        let frame = zstd.compress(content)
        #expect(throws: ZstdError.self) {
            try zstd.decompress(frame + frame, rawBytes: 700, rawBytesMax: 9_999)
        }
        #expect(throws: ZstdError.self) {
            try zstd.decompress(frame + [0], rawBytes: 700, rawBytesMax: 9_999)
        }
        for cut in 0..<frame.count {
            #expect(throws: ZstdError.self) {
                try zstd.decompress(Array(frame[..<cut]), rawBytes: 700, rawBytesMax: 9_999)
            }
        }
        for bit in 0..<frame.count * 8 {
            var flipped = frame
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            // Without a checksum in the frame, other content may come out; never more of it.
            let other = try? zstd.decompress(flipped, rawBytes: 700, rawBytesMax: 9_999)
            #expect(other == nil || other!.count == 700)
        }
        #expect(try zstd.decompress(frame, rawBytes: 700, rawBytesMax: 700) == content)
    }

    @Test func `the wrong prefix does not give the content`() {
        let zstd = Zstd()
        var random = SeededGenerator(seed: 9)
        let old = random.noise(4_000)
        let new = random.edited(old)
        let frame = zstd.compress(new, prefix: old)
        let wrong = try? zstd.decompress(
            frame, rawBytes: new.count, rawBytesMax: new.count, prefix: random.noise(4_000))
        #expect(wrong != new)
        let none = try? zstd.decompress(frame, rawBytes: new.count, rawBytesMax: new.count)
        #expect(none != new)
    }
}
