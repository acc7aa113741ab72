import HifCore
import HifRepository
import HifStore
import Support
import Testing

@Suite struct StoredSlotTests {
    /// A project whose second slot holds many landings: what queued behind the first one.
    static func long() async throws -> (project: TestProject, stored: [UInt8]) {
        let project = try await TestProject()
        let intents = try (0..<UInt64(300)).map { number in
            TestIntent.land(
                number, [try TestIntent.operation("f\(number)", nil, TestProject.leaf("x"))])
        }
        _ = try await project.repository.submit(intents)
        return (project, try await project.store.get(StoreKey.slot(2)).bytes)
    }

    @Test func `a long slot is stored compressed, and its hash is that of its own bytes`()
        async throws
    {
        let (project, stored) = try await StoredSlotTests.long()
        #expect(Array(stored.prefix(8)) == Array("HIFZ".utf8) + [1, 0, 0, 0])
        let bytes = try StoredSlot.unpacked(stored)
        #expect(stored.count < bytes.count / 8 * 7)
        let read = try #require(try await project.reopened().log.slot(2))
        #expect(read.slot.encode() == bytes)
        #expect(read.hash == Slot.hash(ofBytes: bytes))
        #expect(read.byteCount == bytes.count)
        // What comes after it is chained to it, and everything else of it works.
        _ = try await project.land(1_000, [("g", nil, "g")], createdPosition: 300)
        #expect(try await project.reopened().log.slot(3)?.slot.previous == read.hash)
        let report = try await FsckTests.check(project.store, deep: false)
        #expect(report.findings.filter { $0.key.hasPrefix("log/") } == [])
    }

    @Test func `a short slot is stored as it is`() async throws {
        let project = try await TestProject()
        _ = try await project.land(1, [("a", nil, "a")])
        let stored = try await project.store.get(StoreKey.slot(1)).bytes
        #expect(try Slot(decoding: stored).epoch == 1)
        #expect(try StoredSlot.unpacked(stored) == stored)
        #expect(StoredSlot.packed(stored) == stored)
    }

    @Test func `no damage to what is stored is read as another slot`() async throws {
        let (_, stored) = try await StoredSlotTests.long()
        let slot = try StoredSlot.unpacked(stored)
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<400 {
            let count = Int.random(in: 0..<stored.count, using: &generator)
            #expect((try? read(Array(stored[..<count]))) == nil, "\(count) bytes")
            var flipped = stored
            let bit = Int.random(in: 0..<stored.count * 8, using: &generator)
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            if let again = try? read(flipped) { #expect(again == slot, "bit \(bit)") }
        }
        // A length that nobody may be made to allocate.
        var hostile = stored
        hostile.replaceSubrange(8..<12, with: [0xFF, 0xFF, 0xFF, 0x7F])
        #expect(throws: FormatError.self) { try StoredSlot.unpacked(hostile) }
    }

    private func read(_ stored: [UInt8]) throws -> [UInt8] {
        let bytes = try StoredSlot.unpacked(stored)
        _ = try Slot(decoding: bytes)
        return bytes
    }
}
