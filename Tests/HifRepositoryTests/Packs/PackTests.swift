import HifCore
import HifRepository
import HifStore
import Support
import Testing

struct PackTests {
    @Test func `what goes into a pack comes out of it`() throws {
        for seed: UInt64 in 1...15 {
            var random = SeededGenerator(seed: seed)
            let zstd = Zstd()
            var writer = PackWriter(session: testHash(seed), nonce: testNonce(seed), zstd: zstd)
            var expected: [(PackEntry, [UInt8])] = []
            for _ in 0..<Int.random(in: 0..<40, using: &random) {
                let kind = PackRecordKind.allCases.filter { $0 != .manifest && $0 != .bundle }
                    .randomElement(using: &random)!
                let content = random.content(upTo: 70_000)
                expected.append((writer.add(kind, content), content))
            }
            let predicted = writer.byteCount
            let pack = writer.finish()
            #expect(pack.bytes.count == predicted, "seed \(seed)")
            let reader = try PackReader(pack.bytes)
            try reader.verify(id: pack.id, using: zstd)
            #expect(reader.header == PackHeader(nonce: testNonce(seed), session: testHash(seed)))
            #expect(reader.footer == pack.footer)
            #expect(reader.footer.entriesByOffset() == pack.entries)
            for (entry, content) in expected {
                #expect(reader.footer.entry(of: entry.id, kind: entry.kind) == entry)
                #expect(try reader.content(of: entry, using: zstd) == content, "seed \(seed)")
                let location = entry.location(in: pack.id)
                let record = try PackRecord(
                    filling: 0..<location.range.count, of: Array(pack.bytes[location.range]))
                try record.expect(entry.id, [entry.kind])
                #expect(try record.content(using: zstd) == content)
            }
            #expect(reader.footer.entry(of: testHash(99)) == nil)
        }
    }

    @Test func `the same content is stored once, and once more as another kind`() throws {
        var writer = PackWriter(nonce: testNonce(1))
        let blob = writer.add(.blob, [1, 2, 3])
        #expect(writer.add(.blob, [1, 2, 3]) == blob)
        let chunk = writer.add(.chunk, [1, 2, 3])
        let node = writer.add(.node, [1, 2, 3])
        #expect(chunk.id == blob.id && chunk != blob)
        #expect(node.id == Blake3.deriveKey(context: "hif tree node v1", [1, 2, 3]))
        let pack = writer.finish()
        #expect(pack.entries == [blob, chunk, node])
        #expect(pack.footer.entry(of: blob.id) == blob)
        #expect(pack.footer.entry(of: blob.id, kind: .chunk) == chunk)
        #expect(pack.footer.entry(of: blob.id, kind: .node) == nil)
    }

    @Test func `content that does not compress is stored as it is`() {
        var random = SeededGenerator(seed: 5)
        var writer = PackWriter(nonce: testNonce(1))
        #expect(writer.add(.blob, random.noise(3_000)).codec == .raw)
        #expect(writer.add(.blob, random.noise(500_000)).codec == .raw)
        #expect(writer.add(.blob, []).codec == .raw)
        #expect(writer.add(.blob, random.text(3_000)).codec == .zstd)
        #expect(writer.add(.blob, random.text(500_000)).codec == .zstd)
    }

    @Test func `a chain of deltas decodes up to its bound`() throws {
        for length in [1, 5, 16, 17] {
            let seed = UInt64(length)
            var random = SeededGenerator(seed: seed)
            let zstd = Zstd()
            var writer = PackWriter(nonce: testNonce(seed), zstd: zstd)
            var content = random.text(20_000)
            var entry = writer.add(.blob, content)
            for _ in 1..<length {
                let next = random.edited(content)
                entry = writer.add(
                    .blob, id: Blake3.hash(next), next, base: (entry.id, content))
                #expect(entry.codec == .zstdPrefix && entry.storedBytes < 400)
                content = next
            }
            let reader = try PackReader(writer.finish().bytes)
            if length <= PackRecord.chainMax {
                #expect(try reader.content(of: entry, using: zstd) == content)
            } else {
                #expect(throws: FormatError.self) { try reader.content(of: entry, using: zstd) }
            }
        }
    }

    @Test func `a base outside the pack is asked for by its id`() throws {
        var random = SeededGenerator(seed: 11)
        let zstd = Zstd()
        let old = random.text(9_000)
        let new = random.edited(old)
        var writer = PackWriter(nonce: testNonce(1), zstd: zstd)
        let entry = writer.add(.blob, id: Blake3.hash(new), new, base: (Blake3.hash(old), old))
        let pack = writer.finish()
        let reader = try PackReader(pack.bytes)
        #expect(throws: FormatError.self) { try reader.content(of: entry, using: zstd) }
        #expect(throws: FormatError.self) {
            try reader.content(of: entry, using: zstd) { _ in random.text(9_000) }
        }
        let content = try reader.content(of: entry, using: zstd) { id in
            id == Blake3.hash(old) ? old : nil
        }
        #expect(content == new)
        try reader.verify(id: pack.id, using: zstd) { _ in old }
    }

    @Test func `two records that are each other's base end in an error`() throws {
        var random = SeededGenerator(seed: 12)
        let zstd = Zstd()
        let one = random.text(5_000)
        let two = random.edited(one)
        var writer = PackWriter(nonce: testNonce(1), zstd: zstd)
        let entry = writer.add(.blob, id: Blake3.hash(one), one, base: (Blake3.hash(two), two))
        writer.add(.blob, id: Blake3.hash(two), two, base: (Blake3.hash(one), one))
        let reader = try PackReader(writer.finish().bytes)
        #expect(throws: FormatError.self) { try reader.content(of: entry, using: zstd) }
    }

    @Test func `a delta that gains nothing is stored whole`() {
        var random = SeededGenerator(seed: 13)
        var writer = PackWriter(nonce: testNonce(1))
        let content = random.noise(1_000)
        let entry = writer.add(
            .blob, id: Blake3.hash(content), content, base: (testHash(1), random.noise(1_000)))
        #expect(entry.codec == .raw)
    }

    @Test func `records copied to another pack decode there`() throws {
        var random = SeededGenerator(seed: 14)
        let zstd = Zstd()
        var first = PackWriter(nonce: testNonce(1), zstd: zstd)
        let contents = (0..<10).map { _ in random.content(upTo: 10_000) }
        for content in contents { first.add(.blob, content) }
        let source = try PackReader(first.finish().bytes)
        var second = PackWriter(nonce: testNonce(2), zstd: zstd)
        for entry in source.footer.entriesByOffset().reversed() {
            second.add(try source.record(entry))
        }
        let pack = second.finish()
        let copy = try PackReader(pack.bytes)
        try copy.verify(id: pack.id, using: zstd)
        for content in contents {
            let entry = try #require(copy.footer.entry(of: Blake3.hash(content)))
            #expect(try copy.content(of: entry, using: zstd) == content)
        }
    }

    @Test func `a suffix that is too short says how much is needed`() throws {
        var writer = PackWriter(nonce: testNonce(1))
        for number in 0..<2_000 { writer.add(.blob, Array("blob \(number)".utf8)) }
        let pack = writer.finish()
        func parse(_ count: Int) throws -> PackFooter.Parsed {
            try PackFooter.parse(
                suffix: Array(pack.bytes.suffix(count)), packBytes: pack.bytes.count)
        }
        guard case .needs(let first) = try parse(10) else {
            Issue.record("ten bytes are no footer")
            return
        }
        #expect(first == PackFooter.suffixBytes)
        guard case .needs(let second) = try parse(first) else {
            Issue.record("90 KB do not fit 64")
            return
        }
        guard case .footer(let footer) = try parse(second) else {
            Issue.record("asked for enough")
            return
        }
        #expect(footer == pack.footer)
        guard case .needs = try parse(second - 1) else {
            Issue.record("one byte short")
            return
        }
    }

    @Test func `packs of a sequence are sealed one by one and places become locations`() throws {
        var random = SeededGenerator(seed: 15)
        var number: UInt64 = 0
        var sequence = PackSequence(session: testHash(4), packBytesTarget: 20_000) {
            number += 1
            return testNonce(number)
        }
        var places: [(PackSequence.Place, [UInt8])] = []
        var packs: [SealedPack] = []
        var held = 0
        for _ in 0..<60 {
            let content = random.content(upTo: 30_000)
            places.append((sequence.add(.blob, content), content))
            held = max(held, sequence.byteCount)
            if let pack = sequence.takeSealed() { packs.append(pack) }
        }
        sequence.seal()
        places.append((sequence.add(.blob, [1, 2, 3]), [1, 2, 3]))
        #expect(sequence.location(of: places.last!.0) == nil)
        sequence.seal()
        sequence.seal()
        while let pack = sequence.takeSealed() { packs.append(pack) }
        #expect(packs.map(\.id) == sequence.packs)
        #expect(packs.count > 3 && held < 60_000)
        #expect(Set(packs.map(\.id)).count == packs.count)
        for (place, content) in places {
            let location = try #require(sequence.location(of: place))
            let pack = packs[place.packOrdinal]
            #expect(location.pack == pack.id)
            let record = try PackRecord(filling: location.range, of: pack.bytes)
            #expect(try record.content(using: Zstd()) == content)
            #expect(try PackReader(pack.bytes).header.session == testHash(4))
        }
    }

    @Test func `a pack's key spreads over 256 prefixes and names it`() throws {
        let pack = PackWriter(nonce: testNonce(1)).finish()
        #expect(pack.key.string == "pack/\(pack.id.hex.prefix(2))/\(pack.id.hex)")
        #expect(PackKey.pack(of: pack.key) == pack.id)
        for key in ["pack/00/\(pack.id.hex)", "pack/\(pack.id.hex)", "pack/ab/cd", "x"] {
            #expect(PackKey.pack(of: ObjectKey(key)) == nil)
        }
    }
}
