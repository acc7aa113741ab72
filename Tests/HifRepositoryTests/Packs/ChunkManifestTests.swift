import HifCore
import HifRepository
import Support
import Testing

struct ChunkManifestTests {
    private func manifest(seed: UInt64) -> ChunkManifest {
        var random = SeededGenerator(seed: seed)
        let packs = [Hash.zero, testHash(20), testHash(21), testHash(22)]
        let chunks = (0..<Int.random(in: 0..<50, using: &random)).map { number in
            ChunkManifest.Chunk(
                id: testHash(UInt64(number)), rawBytes: Int.random(in: 1...262_144, using: &random),
                location: PackLocation(
                    pack: packs.randomElement(using: &random)!,
                    offset: UInt32.random(in: 0..<1 << 30, using: &random),
                    storedBytes: UInt32.random(in: 0..<300_000, using: &random)))
        }
        return ChunkManifest(id: testHash(seed), chunks: chunks)
    }

    @Test func `a manifest reads back as it was written`() throws {
        for seed: UInt64 in 1...50 {
            let manifest = manifest(seed: seed)
            let again = try ChunkManifest(manifest.encoded())
            #expect(again == manifest, "seed \(seed)")
            #expect(again.size == manifest.chunks.reduce(0) { $0 + UInt64($1.rawBytes) })
            #expect(!again.packs.contains(.zero))
            let located = again.located(in: testHash(5))
            #expect(located.chunks.allSatisfy { $0.location.pack != .zero })
            #expect(located.chunks.map(\.id) == again.chunks.map(\.id))
            try again.check(id: testHash(seed))
            #expect(throws: FormatError.self) { try again.check(id: testHash(seed + 1)) }
        }
    }

    @Test func `every truncation and every flipped bit of a manifest is refused`() {
        let bytes = manifest(seed: 4).encoded()
        for count in 0..<bytes.count {
            #expect(throws: FormatError.self) { try ChunkManifest(Array(bytes[..<count])) }
        }
        for bit in 0..<bytes.count * 8 {
            var flipped = bytes
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: FormatError.self) { try ChunkManifest(flipped) }
        }
    }

    @Test func `hostile counts and sizes are refused although the hash is right`() {
        func signed(_ body: (inout ByteWriter) -> Void) -> [UInt8] {
            var writer = ByteWriter()
            writer.raw(Array("HIFM".utf8) + [1])
            writer.hash(testHash(1))
            body(&writer)
            writer.hash(Blake3.hash(writer.bytes))
            return writer.bytes
        }
        func chunk(_ writer: inout ByteWriter, raw: UInt64, pack: UInt64 = 0) {
            writer.varint(raw)
            writer.hash(testHash(2))
            writer.varint(pack)
            writer.u32(64)
            writer.varint(UInt64(40))
        }
        let cases: [(String, [UInt8])] = [
            (
                "many packs",
                signed {
                    $0.varint(UInt64(5))
                    $0.varint(UInt64(1) << 60)
                }
            ),
            (
                "many chunks",
                signed {
                    $0.varint(UInt64(5))
                    $0.varint(UInt64(0))
                    $0.varint(UInt64.max)
                }
            ),
            (
                "sizes that differ",
                signed {
                    $0.varint(UInt64(6))
                    $0.varint(UInt64(1))
                    $0.hash(.zero)
                    $0.varint(UInt64(1))
                    chunk(&$0, raw: 5)
                }
            ),
            (
                "a huge chunk",
                signed {
                    $0.varint(UInt64(1) << 32)
                    $0.varint(UInt64(1))
                    $0.hash(.zero)
                    $0.varint(UInt64(1))
                    chunk(&$0, raw: 1 << 32)
                }
            ),
            (
                "an empty chunk",
                signed {
                    $0.varint(UInt64(0))
                    $0.varint(UInt64(1))
                    $0.hash(.zero)
                    $0.varint(UInt64(1))
                    chunk(&$0, raw: 0)
                }
            ),
            (
                "a pack that is not listed",
                signed {
                    $0.varint(UInt64(5))
                    $0.varint(UInt64(1))
                    $0.hash(.zero)
                    $0.varint(UInt64(1))
                    chunk(&$0, raw: 5, pack: 1)
                }
            ),
            (
                "a pack without a chunk",
                signed {
                    $0.varint(UInt64(0))
                    $0.varint(UInt64(1))
                    $0.hash(.zero)
                    $0.varint(UInt64(0))
                }
            ),
        ]
        for (name, bytes) in cases {
            #expect(throws: FormatError.self, "\(name)") { try ChunkManifest(bytes) }
        }
    }
}
