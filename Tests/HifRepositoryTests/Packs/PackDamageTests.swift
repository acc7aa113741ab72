import HifCore
import HifRepository
import Support
import Testing

/// What a reader says of bytes that are not what was written.
struct PackDamageTests {
    private func smallPack(seed: UInt64 = 1) -> SealedPack {
        var random = SeededGenerator(seed: seed)
        var writer = PackWriter(session: testHash(7), nonce: testNonce(seed))
        let old = random.text(300)
        let new = random.edited(old)
        let base = writer.add(.blob, old)
        writer.add(.blob, id: Blake3.hash(new), new, base: (base.id, old))
        writer.add(.chunk, random.noise(50))
        writer.add(.node, [])
        writer.add(.sessionDocument, random.text(200))
        return writer.finish()
    }

    @Test func `no truncation of a pack is taken for a pack`() {
        let pack = smallPack()
        for count in 0..<pack.bytes.count {
            #expect(throws: FormatError.self) { try PackReader(Array(pack.bytes[..<count])) }
        }
    }

    @Test func `every flipped bit is found by the pack's id`() throws {
        let pack = smallPack()
        let zstd = Zstd()
        for bit in 0..<pack.bytes.count * 8 {
            var bytes = pack.bytes
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: FormatError.self) {
                try PackReader(bytes).verify(id: pack.id, using: zstd)
            }
        }
    }

    @Test func `every flipped bit of header and footer is found without the records`() {
        let pack = smallPack()
        let footerStart = pack.footer.recordsEnd
        for byte in Array(0..<PackHeader.byteCount) + Array(footerStart..<pack.bytes.count) {
            for bit in 0..<8 {
                var bytes = pack.bytes
                bytes[byte] ^= 1 << UInt8(bit)
                #expect(throws: FormatError.self) { try PackReader(bytes) }
            }
        }
    }

    @Test func `a flipped bit in a record is refused, or changes nothing`() throws {
        let pack = smallPack()
        let zstd = Zstd()
        let whole = try PackReader(pack.bytes)
        var harmless = 0
        for entry in pack.entries {
            let content = try whole.content(of: entry, using: zstd)
            let baseID = try whole.record(entry).base
            let base = try baseID.map { id in
                try whole.content(of: #require(whole.footer.entry(of: id)), using: zstd)
            }
            let record = Array(pack.bytes[entry.range])
            for count in 0..<record.count {
                #expect(throws: FormatError.self) {
                    try PackRecord(filling: 0..<count, of: Array(record[..<count]))
                }
            }
            for bit in 0..<record.count * 8 {
                var flipped = record
                flipped[bit / 8] ^= 1 << UInt8(bit % 8)
                let result = Result { () throws(FormatError) -> [UInt8] in
                    let read = try PackRecord(filling: 0..<flipped.count, of: flipped)
                    try read.expect(entry.id, [entry.kind])
                    return try read.content(using: zstd, base: read.base == baseID ? base : nil)
                }
                if case .success(let other) = result {
                    #expect(other == content)
                    harmless += 1
                }
            }
        }
        // A few bits of a zstd frame mean nothing.
        #expect(harmless < 32, "\(harmless)")
    }

    @Test func `a record that declares four gigabytes is refused before they are allocated`() {
        for kind in PackRecordKind.allCases {
            for raw: UInt64 in [UInt64(kind.rawBytesMax) + 1, 1 << 32, .max] {
                var writer = ByteWriter()
                writer.raw(Array("HIR".utf8) + [1, kind.rawValue, 1])
                writer.hash(testHash(1))
                writer.varint(raw)
                writer.varint(3)
                writer.raw([1, 2, 3])
                #expect(throws: FormatError.self) {
                    try PackRecord(filling: 0..<writer.count, of: writer.bytes)
                }
            }
        }
    }

    @Test func `a footer with a length or count from nowhere is refused`() throws {
        let pack = smallPack()
        let at = pack.bytes.count - 9
        for length: UInt32 in [0, 1, 1_055, 1_057, .max, UInt32(pack.bytes.count)] {
            var bytes = Array(pack.bytes[..<at])
            for index in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: length >> (index * 8))) }
            bytes += pack.bytes[(at + 4)...]
            #expect(throws: FormatError.self) { try PackReader(bytes) }
        }
    }

    @Test func `another version is named, in a pack, a record and a footer`() throws {
        let pack = smallPack()
        func message(_ body: () throws -> Void) -> String {
            do {
                try body()
                return "read"
            } catch { return "\(error)" }
        }
        var bytes = pack.bytes
        bytes[4] = 2
        #expect(message { _ = try PackReader(bytes) }.contains("version 2"))
        bytes = pack.bytes
        bytes[bytes.count - 5] = 9
        #expect(message { _ = try PackReader(bytes) }.contains("version 9"))
        bytes = Array(pack.bytes[pack.entries[0].range])
        bytes[3] = 3
        #expect(
            message { _ = try PackRecord(filling: bytes.indices, of: bytes) }
                .contains("version 3"))
        bytes[3] = 1
        bytes[5] = 2
        #expect(
            message { _ = try PackRecord(filling: bytes.indices, of: bytes) }
                .contains("reserved"))
    }

    @Test func `a lost footer is rebuilt as it was`() {
        for seed: UInt64 in 1...20 {
            let pack = smallPack(seed: seed)
            let zstd = Zstd()
            var random = SeededGenerator(seed: seed)
            var bytes = pack.bytes
            for index in pack.footer.recordsEnd..<bytes.count {
                bytes[index] = UInt8.random(in: 0...255, using: &random)
            }
            let found = PackReader.recover(bytes, using: zstd)
            #expect(found.reader.footer == pack.footer, "seed \(seed)")
            #expect(found.reader.header.session == testHash(7))
            #expect(found.damaged.isEmpty)
        }
    }

    @Test func `a pack with a damaged record gives up that one and what builds on it`() throws {
        let pack = smallPack()
        let zstd = Zstd()
        for (index, entry) in pack.entries.enumerated() {
            var bytes = pack.bytes
            bytes[entry.range.lowerBound + 1] ^= 0x10
            let found = PackReader.recover(bytes, using: zstd)
            let kept = found.reader.footer.entriesByOffset()
            #expect(kept == pack.entries.filter { $0 != entry }, "record \(index)")
            #expect(found.damaged == [entry.range], "record \(index)")
        }
    }

    @Test func `recovering from any truncation or noise never traps`() {
        let pack = smallPack()
        let zstd = Zstd()
        for count in stride(from: 0, to: pack.bytes.count, by: 7) {
            let found = PackReader.recover(Array(pack.bytes[..<count]), using: zstd)
            #expect(found.reader.footer.count <= pack.entries.count)
        }
        var random = SeededGenerator(seed: 3)
        for _ in 0..<50 {
            let found = PackReader.recover(random.noise(500), using: zstd)
            #expect(found.reader.footer.count == 0)
        }
    }
}
