import HifCore
import HifRepository
import HifStore
import Support
import Testing

/// Golden bytes of every object of the log and around it, read and written.
@Suite struct GoldenTests {
    @Test func `slots read and write as they stand`() throws {
        for (slot, text) in [
            (Golden.genesis, Golden.genesisBytes), (Golden.slot, Golden.slotBytes),
        ] {
            let bytes = PackGoldenTests.bytes(text)
            #expect(slot.encode().hex == bytes.hex)
            #expect(try Slot(decoding: bytes) == slot)
        }
        #expect(Golden.slot.landings.map(\.position) == [6, 7])
        #expect(Golden.slot.lastPosition == 7)
    }

    @Test func `session events read and write as they stand`() throws {
        let bytes = PackGoldenTests.bytes(Golden.noteBytes)
        #expect(Golden.note.encode().hex == bytes.hex)
        #expect(try SessionEvent(decoding: bytes) == Golden.note)
        for event in Golden.events {
            #expect(try SessionEvent(decoding: event.encode()) == event)
        }
    }

    @Test func `comments and verdicts read and write as they stand`() throws {
        for (event, text) in [
            (Golden.lineComment, Golden.lineCommentBytes), (Golden.verdict, Golden.verdictBytes),
        ] {
            let bytes = PackGoldenTests.bytes(text)
            #expect(event.encode().hex == bytes.hex)
            #expect(try SessionEvent(decoding: bytes) == event)
        }
    }

    @Test func `remarks of a kind that came later are kept, and any other kind is refused`() throws
    {
        let bytes = Golden.later.encode()
        #expect(try SessionEvent(decoding: bytes) == Golden.later)
        var document = Golden.document
        document.events.append(Golden.later)
        #expect(try SessionDocument(decoding: document.encode()).events.last == Golden.later)
        #expect(SessionStory(document.events).eventCount == document.events.count)
        // The kind stands before the length and three bytes.
        for kind in [UInt8(128), 255] {
            var other = Array(bytes.dropLast(32))
            other[other.count - 5] = kind
            #expect(throws: FormatError.self) {
                try SessionEvent(decoding: other + Blake3.hash(other).bytes)
            }
        }
    }

    @Test func `session documents read and write as they stand`() throws {
        let bytes = PackGoldenTests.bytes(Golden.documentBytes)
        #expect(Golden.document.encode().hex == bytes.hex)
        #expect(try SessionDocument(decoding: bytes) == Golden.document)
    }

    @Test func `operation lists read and write as they stand`() throws {
        let bytes = PackGoldenTests.bytes(Golden.operationListBytes)
        #expect(OperationList.encode(Golden.operations).hex == bytes.hex)
        #expect(try OperationList.decode(bytes, packCount: 2) == Golden.operations)
        #expect(throws: FormatError.self) { try OperationList.decode(bytes, packCount: 1) }
    }

    @Test func `object runs read and write as they stand`() throws {
        let bytes = PackGoldenTests.bytes(Golden.runBytes)
        #expect(Golden.run.encode().hex == bytes.hex)
        let run = try ObjectRun(decoding: bytes)
        #expect(run == Golden.run)
        // The first place given for an id stays.
        #expect(run.location(of: testHash(0xD3))?.pack == testHash(0xE1))
        #expect(run.location(of: testHash(0xD2))?.storedBytes == 101)
        #expect(run.location(of: testHash(0xD4)) == nil)
        #expect(run.endEpoch == 96)
    }

    @Test func `a hint is a slot's number and a checksum`() async throws {
        let store = MemoryStore()
        let project = try await TestProject(store: store)
        for number in 0..<UInt64(64) {
            let operation = try TestIntent.operation("f\(number)", nil, TestProject.leaf("x"))
            _ = try await project.repository.submit(
                TestIntent.land(number, [operation], createdPosition: number))
        }
        await project.repository.upkeep.catchUp()
        let bytes = try await store.get(StoreKey.hint).bytes
        #expect(Array(bytes.prefix(8)).hex == "4000000000000000")
        #expect(Array(bytes.dropFirst(8)) == Blake3.hash(Array(bytes.prefix(8))).bytes)
    }

    @Test func `keys are spelled as they stand`() {
        let session = SessionID(testHash(1))
        let hex = testHash(1).hex
        #expect(StoreKey.slot(0).string == "log/0000000000000/0000000000000000")
        #expect(StoreKey.slot(0x12345).string == "log/0000000000012/0000000000012345")
        #expect(StoreKey.event(session, 10).string == "ses/\(hex)/0000000a")
        #expect(StoreKey.openMarker(session).string == "open/\(hex)")
        #expect(StoreKey.checkpoint(255).string == "ckpt/00000000000000ff")
        #expect(StoreKey.objectRun(level: 2, block: 16).string == "obj/0/2/0000000000000010")
        let span = RollupSpan(level: 2, block: 16)
        #expect(StoreKey.rollup(span).string == "ix/2/0000000000000010")
        #expect(StoreKey.rollup(of: StoreKey.rollup(span)) == span)
        #expect(
            StoreKey.projectPrefix(ProjectID(high: 1, low: 2))
                == "p/00000000000000010000000000000002")
    }
}
