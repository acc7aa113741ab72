import HifCore
import Support
import Testing

@Suite struct ChunkerTests {
    /// Random bytes, eight at a time: a debug build makes megabytes of them in no time.
    private static func input(_ count: Int, seed: UInt64) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        var words = (0..<(count + 7) / 8).map { _ in generator.next().littleEndian }
        return words.withUnsafeMutableBytes { Array($0.prefix(count)) }
    }

    private static func chunks(_ bytes: [UInt8]) -> [Hash] {
        var start = 0
        return Chunker.boundaries(of: bytes).map { end in
            defer { start = end }
            return Blake3.hash(bytes, range: start..<end)
        }
    }

    @Test func `the cuts of known input are where the format says`() {
        // Found by a second implementation, with the table from `b3sum --derive-key`.
        #expect(Chunker.gears[0] == 0xAC3A_57AA_7038_F4F7)
        #expect(Chunker.gears[255] == 0xFAD1_AF4D_8903_D2A6)
        #expect(
            Chunker.boundaries(of: Self.input(1_000_000, seed: 1)) == [
                83148, 150116, 224995, 301115, 366655, 456326, 526052, 600371, 681730, 755735,
                821951, 923262, 1_000_000,
            ])
        #expect(
            Chunker.boundaries(of: Self.input(1_000_000, seed: 2)) == [
                80818, 159921, 227754, 258043, 278865, 355482, 454310, 478505, 575254, 665981,
                732775, 751922, 867598, 934063, 962272, 993073, 1_000_000,
            ])
    }

    @Test func `short input is one chunk and none has none`() {
        #expect(Chunker.boundaries(of: []) == [])
        #expect(Chunker.boundaries(of: [7]) == [1])
        let minimum = Chunker.chunkBytesMin
        let short = Self.input(minimum, seed: 3)
        #expect(Chunker.boundaries(of: short) == [minimum])
    }

    @Test func `input without variety is cut at one bound or the other`() {
        for byte: UInt8 in [0, 32, 255] {
            let bytes = [UInt8](repeating: byte, count: 600_000)
            let ends = Chunker.boundaries(of: bytes)
            let first = ends[0]
            #expect(first > Chunker.chunkBytesMin && first <= Chunker.chunkBytesMax)
            #expect(ends.dropLast() == (1..<ends.count).map { $0 * first }[...])
            #expect(ends.last == bytes.count)
        }
    }

    @Test(arguments: [11, 12, 13] as [UInt64])
    func `every chunk keeps the bounds and the sizes gather around the average`(seed: UInt64) {
        let bytes = Self.input(4_000_000, seed: seed)
        let ends = Chunker.boundaries(of: bytes)
        let sizes = zip(ends, [0] + ends).map { $0 - $1 }
        #expect(ends.last == bytes.count)
        #expect(sizes.dropLast().allSatisfy { $0 > Chunker.chunkBytesMin }, "seed \(seed)")
        #expect(sizes.allSatisfy { $0 <= Chunker.chunkBytesMax }, "seed \(seed)")
        let average = bytes.count / sizes.count
        #expect((48_000...100_000).contains(average), "seed \(seed)")
    }

    @Test(arguments: [21, 22, 23] as [UInt64])
    func `an insertion near the front leaves the later chunks as they were`(seed: UInt64) {
        let bytes = Self.input(3_000_000, seed: seed)
        var edited = bytes
        edited.insert(contentsOf: Array("a line more\n".utf8), at: 40_000)
        let before = Set(Self.chunks(bytes))
        let after = Self.chunks(edited)
        let changed = after.filter { !before.contains($0) }.count
        #expect(after.count > 30)
        #expect(changed >= 1 && changed <= 4, "seed \(seed): \(changed) of \(after.count)")
    }

    @Test(arguments: [31, 32, 33, 34] as [UInt64])
    func `a stream in random pieces is cut as the whole is`(seed: UInt64) {
        let bytes = Self.input(1_500_000, seed: seed)
        var generator = SeededGenerator(seed: seed)
        var chunker = Chunker()
        var ends: [Int] = []
        var start = 0
        while start < bytes.count {
            let limit = [1, 300, 20_000, 300_000].randomElement(using: &generator)!
            let end = min(bytes.count, start + Int.random(in: 0...limit, using: &generator))
            while let cut = chunker.nextCut(in: bytes.span.bytes.extracting(start..<end)) {
                #expect(cut >= 1 && cut <= end - start)
                start += cut
                ends.append(start)
            }
            start = end
        }
        if ends.last != bytes.count { ends.append(bytes.count) }
        #expect(ends == Chunker.boundaries(of: bytes), "seed \(seed)")
    }
}
