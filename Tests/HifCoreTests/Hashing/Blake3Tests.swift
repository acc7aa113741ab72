import HifCore
import Support
import Testing

@Suite struct Blake3Tests {
    private static let key = Hash(bytes: Array(Blake3Vectors.keyText.utf8))!

    private static func input(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8($0 % 251) }
    }

    @Test(arguments: Blake3Vectors.cases.map(\.count))
    func `every official vector is met in one piece and in extended output`(count: Int) {
        let vector = Blake3Vectors.cases.first { $0.count == count }!
        let bytes = Self.input(count)
        #expect(Blake3.hash(bytes).hex == vector.hash.prefix(64))
        #expect(Blake3.hash(key: Self.key, bytes).hex == vector.keyed.prefix(64))
        let derived = Blake3.deriveKey(context: Blake3Vectors.context, bytes)
        #expect(derived.hex == vector.derived.prefix(64))
        #expect(Blake3Context(Blake3Vectors.context).hash(bytes) == derived)
        #expect(Blake3Context(Blake3Vectors.context).hash(bytes.span.bytes) == derived)

        let hashers = [
            (Blake3(), vector.hash), (Blake3(key: Self.key), vector.keyed),
            (Blake3(deriveKey: Blake3Vectors.context), vector.derived),
        ]
        for (empty, expected) in hashers {
            var hasher = empty
            hasher.update(bytes)
            #expect(hasher.finalize().hex == expected.prefix(64))
            #expect(hasher.finalize(byteCount: 131).hex == expected)
            #expect(hasher.finalize(byteCount: 0).isEmpty)
            #expect(hasher.finalize(byteCount: 70).hex == expected.prefix(140))
        }
    }

    @Test(arguments: Blake3.laneWidths)
    func `every lane width meets the vectors, whole and in random pieces`(lanes: UInt32) {
        var generator = SeededGenerator(seed: 0xB1A3 + UInt64(lanes))
        for vector in Blake3Vectors.cases {
            let bytes = Self.input(vector.count)
            let modes: [(Hash, Blake3.Mode, String)] = [
                (Self.initialKey, .hash, vector.hash),
                (Self.key, .keyed, vector.keyed),
                (Self.contextKey, .derive, vector.derived),
            ]
            for (key, mode, expected) in modes {
                let whole = Blake3.hash(bytes.span.bytes, key: key, mode: mode, lanes: lanes)
                #expect(whole.hex == expected.prefix(64), "\(lanes) lanes, \(vector.count) bytes")
                var hasher = Blake3(key: key, mode: mode, lanes: lanes)
                var start = 0
                while start < bytes.count {
                    let limit = [1, 64, 1_100, 40_000].randomElement(using: &generator)!
                    let size = min(
                        Int.random(in: 0...limit, using: &generator), bytes.count - start)
                    hasher.update(bytes.span.bytes.extracting(start..<start + size))
                    start += size
                }
                #expect(
                    hasher.finalize(byteCount: 131).hex == expected,
                    "\(lanes) lanes, \(vector.count) bytes in pieces")
            }
        }
    }

    @Test func `all widths agree around every batch and lane boundary`() {
        let batch = 256 * 1_024
        let bytes = Self.input(3 * batch + 5_000)
        let counts =
            (1...40).map { $0 * 1_024 } + [1_025, 17 * 1_024 + 3, batch - 1, batch, batch + 1]
            + [batch + 1_024, batch + 1_025, 2 * batch, 2 * batch + 7, 3 * batch, bytes.count]
        for count in counts {
            let part = bytes.span.bytes.extracting(first: count)
            let expected = Blake3.hash(part, key: Self.initialKey, mode: .hash, lanes: 1)
            for lanes in Blake3.laneWidths {
                let hash = Blake3.hash(part, key: Self.initialKey, mode: .hash, lanes: lanes)
                #expect(hash == expected, "\(lanes) lanes, \(count) bytes")
                var hasher = Blake3(key: Self.initialKey, mode: .hash, lanes: lanes)
                hasher.update(part.extracting(first: count / 3))
                hasher.update(part.extracting(droppingFirst: count / 3))
                #expect(hasher.finalize() == expected, "\(lanes) lanes, \(count) bytes in two")
            }
        }
    }

    @Test func `a range hashes as its copy would`() {
        let bytes = Self.input(5_000)
        for range in [0..<0, 0..<1, 17..<2_900, 5_000..<5_000, 1..<5_000] {
            #expect(Blake3.hash(bytes, range: range) == Blake3.hash(Array(bytes[range])))
        }
    }

    @Test func `a copied hasher goes its own way, and finishing leaves it open`() {
        var first = Blake3()
        first.update(Self.input(3_000))
        #expect(first.finalize() == Blake3.hash(Self.input(3_000)))
        var second = first
        first.update([1])
        second.update([2])
        #expect(first.finalize() == Blake3.hash(Self.input(3_000) + [1]))
        #expect(second.finalize() == Blake3.hash(Self.input(3_000) + [2]))
    }

    /// The first words of the fractional parts of square roots, which SHA-2 starts from as well.
    private static let initialKey = Hash(
        hex: "67e6096a85ae67bb72f36e3c3af54fa57f520e518c68059babd9831f19cde05b")!

    private static let contextKey = Blake3.hash(
        Array(Blake3Vectors.context.utf8).span.bytes, key: initialKey, mode: .context)
}
