import HifCore
import HifRepository
import Support
import Testing

/// The pack format byte by byte. Packs are kept for ever: if this test fails, the format has
/// changed, and the version number must say so.
struct PackGoldenTests {
    static let manifest = """
        48 49 46 4d 01                                      # "HIFM", version 1
        aa00000000000000 0100000000000000 0200000000000000 0300000000000000  # file id
        b8 17                                               # size 3,000
        02                                                  # two packs
        0000000000000000 0000000000000000 0000000000000000 0000000000000000  # the manifest's own
        cc00000000000000 0100000000000000 0200000000000000 0300000000000000  # another
        03                                                  # three chunks
        e8 07                                               # raw length 1,000
        0100000000000000 0100000000000000 0200000000000000 0300000000000000  # chunk id
        00 40000000 64                                      # pack 0, offset 64, stored 100
        e8 07
        0200000000000000 0100000000000000 0200000000000000 0300000000000000
        01 00000100 90 03                                   # pack 1, offset 65,536, stored 400
        e8 07
        0300000000000000 0100000000000000 0200000000000000 0300000000000000
        00 a4000000 65                                      # pack 0, offset 164, stored 101
        601b4a286ddc712f e7313fa6f7d33b7e 384c3bee70be9f4b 409db4e6d7d37a11  # hash
        """

    static let pack = """
        48494650                                            # "HIFP"
        01000000                                            # version 1, three zero bytes
        0807060504030201 100f0e0d0c0b0a09                   # nonce
        5e00000000000000 0100000000000000 0200000000000000 0300000000000000  # session
        ef7815007bb5b76f                                    # check of the header
        48495201                                            # "HIR", version 1
        0000                                                # blob, raw
        8e4c7c1b99dbfd50 e7a95185fead5ee1 448fa904a2fdd778 eaf5f2dbfd629a99  # id
        06 06                                               # 6 bytes, 6 stored
        68656c6c6f0a                                        # "hello", line feed
        48495201                                            # "HIR", version 1
        0001                                                # blob, zstd
        02b416ad588682b1 e020f605bae22fab 6de17fb487dfb76f 5cce57647c5294a5  # id
        9a01 5b                                             # 154 bytes, 91 stored
        28b52ffd209a950200e248110bb0b50d64d2d6fa952981084f669304bb25db9d  # frame
        eda2d894d611f54893c225e1863ed21be69299c4471ec15730055c2477e411b9
        b5ab9bdc931db147b3172f78e4ee9aef0803140601a97129bc9901
        48495201                                            # "HIR", version 1
        0003                                                # blob, zstd with a prefix
        f6a61d579998452a 8f9591c4fecbafa3 b504ba8c9f8d99b2 67ac4cc75e7498ff  # id
        9b01 11                                             # 155 bytes, 17 stored
        02b416ad588682b1 e020f605bae22fab 6de17fb487dfb76f 5cce57647c5294a5  # base
        28b52ffd209b45000008210100970e6580                  # frame
        02b416ad588682b1 e020f605bae22fab 6de17fb487dfb76f 5cce57647c5294a5  # id
        6e000000 84000000 9a000000 01                       # offset, stored, raw, kind and codec
        8e4c7c1b99dbfd50 e7a95185fead5ee1 448fa904a2fdd778 eaf5f2dbfd629a99  # id
        40000000 2e000000 06000000 00                       # offset, stored, raw, kind and codec
        f6a61d579998452a 8f9591c4fecbafa3 b504ba8c9f8d99b2 67ac4cc75e7498ff  # id
        f2000000 5a000000 9b000000 03                       # offset, stored, raw, kind and codec
        # fan-out, eight to a line
        00000000 00000000 01000000 01000000 01000000 01000000 01000000 01000000
        01000000 01000000 01000000 01000000 01000000 01000000 01000000 01000000
        01000000 01000000 01000000 01000000 01000000 01000000 01000000 01000000
        01000000 01000000 01000000 01000000 01000000 01000000 01000000 01000000
        01000000 01000000 01000000 01000000 01000000 01000000 01000000 01000000
        01000000 01000000 01000000 01000000 01000000 01000000 01000000 01000000
        01000000 01000000 01000000 01000000 01000000 01000000 01000000 01000000
        01000000 01000000 01000000 01000000 01000000 01000000 01000000 01000000
        01000000 01000000 01000000 01000000 01000000 01000000 01000000 01000000
        01000000 01000000 01000000 01000000 01000000 01000000 01000000 01000000
        01000000 01000000 01000000 01000000 01000000 01000000 01000000 01000000
        01000000 01000000 01000000 01000000 01000000 01000000 01000000 01000000
        01000000 01000000 01000000 01000000 01000000 01000000 01000000 01000000
        01000000 01000000 01000000 01000000 01000000 01000000 01000000 01000000
        01000000 01000000 01000000 01000000 01000000 01000000 01000000 01000000
        01000000 01000000 01000000 01000000 01000000 01000000 01000000 01000000
        01000000 01000000 01000000 01000000 01000000 01000000 01000000 01000000
        01000000 01000000 01000000 01000000 01000000 01000000 02000000 02000000
        02000000 02000000 02000000 02000000 02000000 02000000 02000000 02000000
        02000000 02000000 02000000 02000000 02000000 02000000 02000000 02000000
        02000000 02000000 02000000 02000000 02000000 02000000 02000000 02000000
        02000000 02000000 02000000 02000000 02000000 02000000 02000000 02000000
        02000000 02000000 02000000 02000000 02000000 02000000 02000000 02000000
        02000000 02000000 02000000 02000000 02000000 02000000 02000000 02000000
        02000000 02000000 02000000 02000000 02000000 02000000 02000000 02000000
        02000000 02000000 02000000 02000000 02000000 02000000 02000000 02000000
        02000000 02000000 02000000 02000000 02000000 02000000 02000000 02000000
        02000000 02000000 02000000 02000000 02000000 02000000 02000000 02000000
        02000000 02000000 02000000 02000000 02000000 02000000 02000000 02000000
        02000000 02000000 02000000 02000000 02000000 02000000 02000000 02000000
        02000000 02000000 02000000 02000000 02000000 02000000 03000000 03000000
        03000000 03000000 03000000 03000000 03000000 03000000 03000000 03000000
        31a74f450abd5b65 2aa4928b3bd831a2 2769ae2b9c3e6cce 33029ad891bff919  # hash
        a7040000                                            # footer length
        01                                                  # version
        48494645                                            # "HIFE"
        """

    /// "0 1 4 9 16 ..." up to 39².
    static let squares = (0..<40).flatMap { Array("\($0 * $0) ".utf8) }

    static func bytes(_ commented: String) -> [UInt8] {
        let digits = commented.split(separator: "\n").flatMap { line in
            line.prefix { $0 != "#" }.filter { $0 != " " }
        }
        return [UInt8](hex: String(digits))!
    }

    static let goldenManifest = ChunkManifest(
        id: testHash(0xAA),
        chunks: [
            .init(
                id: testHash(1), rawBytes: 1_000,
                location: PackLocation(pack: .zero, offset: 64, storedBytes: 100)),
            .init(
                id: testHash(2), rawBytes: 1_000,
                location: PackLocation(pack: testHash(0xCC), offset: 65_536, storedBytes: 400)),
            .init(
                id: testHash(3), rawBytes: 1_000,
                location: PackLocation(pack: .zero, offset: 164, storedBytes: 101)),
        ])

    @Test func `the golden manifest reads and writes as it stands`() throws {
        let bytes = PackGoldenTests.bytes(PackGoldenTests.manifest)
        #expect(PackGoldenTests.goldenManifest.encoded().hex == bytes.hex)
        #expect(try ChunkManifest(bytes) == PackGoldenTests.goldenManifest)
    }

    @Test func `the golden pack reads and writes as it stands`() throws {
        let bytes = PackGoldenTests.bytes(PackGoldenTests.pack)
        let zstd = Zstd()
        let reader = try PackReader(bytes)
        try reader.verify(id: Blake3.hash(bytes), using: zstd)
        let contents = try reader.footer.entriesByOffset().map {
            try reader.content(of: $0, using: zstd)
        }
        #expect(contents[0] == Array("hello\n".utf8))
        #expect(contents[1] == PackGoldenTests.squares)
        #expect(contents[2] == PackGoldenTests.squares + Array("!".utf8))
        #expect(contents.count == 3)
        // What zstd makes of a content is its own affair, so compressed records are copied.
        var writer = PackWriter(session: reader.header.session, nonce: reader.header.nonce)
        writer.add(.blob, contents[0])
        for entry in reader.footer.entriesByOffset() { writer.add(try reader.record(entry)) }
        #expect(writer.finish().bytes.hex == bytes.hex)
    }
}
