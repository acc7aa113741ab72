import HifCore
import HifRepository
import HifStore
import Support
import Testing

struct ReadPlanTests {
    private func locations(_ random: inout SeededGenerator) -> [PackLocation] {
        (0..<Int.random(in: 0..<80, using: &random)).map { _ in
            let bytes = [40, 500, 30_000, 900_000, 9_000_000].randomElement(using: &random)!
            return PackLocation(
                pack: testHash(UInt64.random(in: 0..<3, using: &random)),
                offset: UInt32.random(in: 64..<40_000_000, using: &random),
                storedBytes: UInt32.random(in: 1...UInt32(bytes), using: &random))
        }
    }

    @Test func `every request lies in exactly one range, by pack and offset`() {
        for seed: UInt64 in 1...200 {
            var random = SeededGenerator(seed: seed)
            let locations = locations(&random)
            let ranges = PackRange.covering(locations)
            #expect(ranges.flatMap(\.requests).sorted() == Array(locations.indices), "seed \(seed)")
            for range in ranges {
                for index in range.requests {
                    #expect(locations[index].pack == range.pack)
                    let inside = locations[index].range.clamped(to: range.range)
                    #expect(inside == locations[index].range)
                }
            }
            for (one, two) in zip(ranges, ranges.dropFirst()) where one.pack == two.pack {
                #expect(one.range.lowerBound <= two.range.lowerBound, "seed \(seed)")
            }
        }
    }

    @Test func `neighbours are joined over small gaps, up to the bound`() {
        func at(_ offset: Int, _ bytes: Int, pack: UInt64 = 1) -> PackLocation {
            PackLocation(
                pack: testHash(pack), offset: UInt32(offset), storedBytes: UInt32(bytes))
        }
        let gap = PackRange.gapBytesMax
        #expect(PackRange.covering([at(64, 10), at(74 + gap, 5)]).count == 1)
        #expect(PackRange.covering([at(64, 10), at(75 + gap, 5)]).count == 2)
        #expect(PackRange.covering([at(64, 10), at(74, 5, pack: 2)]).count == 2)
        let records = (0..<100).map { at(64 + $0 * 1_000_000, 1_000_000) }
        let ranges = PackRange.covering(records.reversed())
        #expect(ranges.count == 13)
        #expect(ranges.allSatisfy { $0.range.count <= PackRange.rangeBytesMax })
        // One longer than the bound is read alone.
        let long = PackRange.covering([at(64, 9 << 20), at(64 + (9 << 20), 10)])
        #expect(long.map(\.range.count) == [9 << 20, 10])
        // In the order of a file, what lies before is another request; what was read is not.
        #expect(PackRange.following([at(74, 10), at(64, 10)]).count == 2)
        #expect(PackRange.following([at(64, 10), at(74, 10), at(64, 10)]).count == 1)
    }

    @Test func `a batch reads each byte of its ranges once`() async throws {
        for seed: UInt64 in 1...10 {
            var random = SeededGenerator(seed: seed)
            let store = RecordingStore()
            var writer = PackWriter(nonce: testNonce(seed))
            var contents: [[UInt8]] = []
            for _ in 0..<60 {
                contents.append(random.content(upTo: 90_000))
                writer.add(.blob, contents.last!)
            }
            let pack = writer.finish()
            _ = try await store.put(pack.key, pack.bytes, .ifAbsent)
            let wanted = (0..<40).map { _ in contents.randomElement(using: &random)! }
            let requests = try wanted.map { content in
                let entry = try #require(pack.footer.entry(of: Blake3.hash(content)))
                return ContentRequest(id: entry.id, location: entry.location(in: pack.id))
            }
            var delivered: [Int: [UInt8]] = [:]
            try await ContentReader(store).read(requests) { index, found in
                if case .whole(let content) = found { delivered[index] = content }
            }
            for (index, content) in wanted.enumerated() {
                #expect(delivered[index] == content, "seed \(seed)")
            }
            let planned = PackRange.covering(requests.map(\.location))
            #expect(store.requests.count == planned.count, "seed \(seed)")
            #expect(store.bytesRead == planned.map(\.range.count).reduce(0, +))
            for (one, two) in zip(planned, planned.dropFirst()) {
                #expect(one.range.upperBound <= two.range.lowerBound)
            }
        }
    }
}
