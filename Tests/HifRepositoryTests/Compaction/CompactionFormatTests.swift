import HifCore
import Support
import Testing

@testable import HifRepository

@Suite struct CompactionFormatTests {
    @Test func `bundles read and write as they stand`() throws {
        let bytes = PackGoldenTests.bytes(Golden.bundleBytes)
        let bundle = PackBundle([
            (.blob, Array("hello\n".utf8)), (.sessionDocument, []), (.blob, Array("hello!\n".utf8)),
        ])
        #expect(bundle.bytes.hex == bytes.hex)
        #expect(try PackBundle(bytes) == bundle)
        #expect(bundle.content(2) == Array("hello!\n".utf8))
        #expect(
            try bundle.content(0, id: Blake3.hash(Array("hello\n".utf8)))
                == Array("hello\n".utf8))
        // A member is what its id says, or nothing.
        #expect(throws: FormatError.self) { try bundle.content(0, id: testHash(1)) }
        #expect(throws: FormatError.self) { try bundle.content(3, id: testHash(1)) }
    }

    @Test func `a bundle of nothing, of nodes, or that is not full is refused`() {
        for bytes: [UInt8] in [
            [0], [1, 2, 0], [1, 4, 0], [1, 6, 0], [1, 0, 2, 9], [1, 0, 1, 9, 9],
        ] {
            #expect(throws: FormatError.self, "\(bytes)") { try PackBundle(bytes) }
        }
    }

    static let index = PlaceIndex(
        epoch: 70, slotHash: testHash(0xD1), completeBefore: 64,
        records: [
            PlaceIndex.Held(
                pack: testHash(0xE1), offset: 64, storedBytes: 100, kind: .blob,
                ids: [testHash(0xC3)]),
            PlaceIndex.Held(
                pack: testHash(0xE1), offset: 164, storedBytes: 30, kind: .bundle,
                ids: [testHash(0xC1), testHash(0xC3), testHash(0xC4)]),
            PlaceIndex.Held(
                pack: testHash(0xE2), offset: 64, storedBytes: 31, kind: .manifest,
                ids: [testHash(0xC1)]),
        ])

    @Test func `place indexes read and write as they stand`() throws {
        let bytes = PackGoldenTests.bytes(Golden.placeIndexBytes)
        #expect(CompactionFormatTests.index.encode().hex == bytes.hex)
        let index = try PlaceIndex(decoding: bytes)
        #expect(index == CompactionFormatTests.index)
        #expect(index.packs == [testHash(0xE1), testHash(0xE2)])
        #expect(index.completeBefore == 64)
        // The first place of a content stays, and a manifest is another thing than a content.
        #expect(
            index.location(of: testHash(0xC3))
                == PackLocation(
                    pack: testHash(0xE1), offset: 64, storedBytes: 100, part: .found))
        let member = PackLocation(
            pack: testHash(0xE1), offset: 164, storedBytes: 30, part: .member(0))
        #expect(index.location(of: testHash(0xC1), isFile: false) == member)
        #expect(index.location(of: testHash(0xC2)) == nil)
    }

    @Test func `ids that begin alike are told apart`() throws {
        let ids = (0..<4).map { number in
            Hash(word0: 7, word1: UInt64(number), word2: 1, word3: 1)
        }
        let index = PlaceIndex(
            epoch: 1, slotHash: .zero, completeBefore: 0,
            records: ids.enumerated().map { number, id in
                PlaceIndex.Held(
                    pack: testHash(1), offset: UInt32(100 * number), storedBytes: 9, kind: .blob,
                    ids: [id])
            })
        let read = try PlaceIndex(decoding: index.encode())
        for (number, id) in ids.enumerated() {
            #expect(read.location(of: id)?.offset == UInt32(100 * number))
        }
        #expect(
            read.location(of: Hash(word0: 7, word1: 9, word2: 1, word3: 1)) == nil)
    }

    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func `an index finds what is in it and nothing else`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        func id() -> Hash {
            Hash(
                word0: generator.next(), word1: generator.next(), word2: generator.next(),
                word3: generator.next())
        }
        var records: [PlaceIndex.Held] = []
        var places: [Hash: PackLocation] = [:]
        for pack in (1...3 as ClosedRange<UInt64>).map({ testHash($0) }).sorted() {
            for number in 0..<Int.random(in: 1...60, using: &generator) {
                let isBundle = Bool.random(using: &generator)
                let ids = (0..<(isBundle ? Int.random(in: 1...9, using: &generator) : 1)).map { _ in
                    id()
                }
                let held = PlaceIndex.Held(
                    pack: pack, offset: UInt32(64 + 100 * number), storedBytes: 90,
                    kind: isBundle ? .bundle : .chunk, ids: ids)
                records.append(held)
                for (member, id) in ids.enumerated() {
                    places[id] = PackLocation(
                        pack: pack, offset: held.offset, storedBytes: 90,
                        part: isBundle ? .member(UInt16(member)) : .found)
                }
            }
        }
        let index = PlaceIndex(
            epoch: 9, slotHash: .zero, completeBefore: 0, records: records)
        for (id, place) in places {
            #expect(index.location(of: id) == place, "seed \(seed)")
        }
        for _ in 0..<100 { #expect(index.location(of: id()) == nil, "seed \(seed)") }
    }
}

extension Golden {
    static let bundleBytes = """
        03                                   # 3 members
        00 06                                # blob, 6 bytes
        03 00                                # session document, empty
        00 07                                # blob, 7 bytes
        68656c6c6f0a                         # "hello" and a line feed
        68656c6c6f210a                       # "hello!" and a line feed
        """

    static let placeIndexBytes = """
        4849464c                             # "HIFL"
        0100                                 # version 1
        0800                                 # bytes of each id
        4600000000000000                     # epoch
        d100000000000000010000000000000002000000000000000300000000000000  # hash of the slot
        4000000000000000                     # complete before
        02000000                             # packs
        03000000                             # records
        04000000                             # entries
        e100000000000000010000000000000002000000000000000300000000000000  # pack
        e200000000000000010000000000000002000000000000000300000000000000  # pack
        00000000 40000000 64000000           # pack ordinal, offset, stored length
        00000000 a4000000 1e000000           # pack ordinal, offset, stored length
        01000000 40000000 1f000000           # pack ordinal, offset, stored length
        c100000000000000 01000000 0000       # id, record, member 0
        c100000000000000 02000000 feff       # id, record, a manifest
        c300000000000000 00000000 ffff       # id, record, all of it
        c400000000000000 01000000 0200       # id, record, member 2
        006f5f241c6e44a2c31abf57e0e690e9fb0aff2153b607ee1030ebb3241a2392  # hash
        """
}
