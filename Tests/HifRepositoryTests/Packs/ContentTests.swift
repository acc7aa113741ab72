import HifCore
import HifRepository
import HifStore
import Support
import Testing

/// Contents through a writer into a store and back through a reader.
struct ContentTests {
    /// What a test stores, one pack at a time as an importer would.
    private struct Storing {
        let store = RecordingStore()
        var writer: ContentWriter
        private(set) var heldMax = 0

        init(packBytesTarget: Int = 300_000, known: [ChunkManifest.Chunk] = [], nonces: UInt64 = 0)
        {
            var number = nonces
            let packs = PackSequence(packBytesTarget: packBytesTarget) {
                number += 1
                return testNonce(number)
            }
            writer = ContentWriter(packs: packs, known: known)
        }

        mutating func drain() async throws {
            heldMax = max(heldMax, writer.packs.byteCount)
            while let pack = writer.packs.takeSealed() {
                _ = try await store.put(pack.key, pack.bytes, .ifAbsent)
            }
        }

        mutating func add(_ content: [UInt8]) async throws -> StoredContent {
            let stored = try writer.add(content)
            try await drain()
            return stored
        }

        mutating func seal() async throws {
            writer.packs.seal()
            try await drain()
        }

        func location(_ stored: StoredContent) throws -> PackLocation {
            try #require(writer.packs.location(of: stored.place))
        }
    }

    @Test func `contents of every size come back, alone and in a batch`() async throws {
        for seed: UInt64 in 1...3 {
            var random = SeededGenerator(seed: seed)
            var storing = Storing()
            var contents: [[UInt8]] = [[]]
            for _ in 0..<30 { contents.append(random.content(upTo: 40_000)) }
            contents.append(random.noise(PackRecordKind.blobBytesMax))
            contents.append(random.noise(PackRecordKind.blobBytesMax + 1))
            contents.shuffle(using: &random)
            var stored: [StoredContent] = []
            for content in contents { stored.append(try await storing.add(content)) }
            try await storing.seal()
            let reader = ContentReader(storing.store, readahead: Int(seed % 3))
            var requests: [ContentRequest] = []
            for (content, stored) in zip(contents, stored) {
                #expect(stored.id == Blake3.hash(content) && stored.size == UInt64(content.count))
                #expect(stored.isChunked == (content.count > PackRecordKind.blobBytesMax))
                let location = try storing.location(stored)
                requests.append(ContentRequest(id: stored.id, location: location))
                let read = try await reader.blob(stored.id, at: location, bytesMax: 2 << 20)
                #expect(read == content, "seed \(seed)")
            }
            var delivered = 0
            try await reader.read(requests) { index, found in
                delivered += 1
                switch found {
                case .whole(let content): #expect(content == contents[index], "seed \(seed)")
                case .chunked(let manifest):
                    var joined: [UInt8] = []
                    try await reader.stream(manifest) { joined += $0 }
                    #expect(joined == contents[index], "seed \(seed)")
                }
            }
            #expect(delivered == contents.count)
        }
    }

    @Test func `a large file fed in any pieces is stored as the same chunks`() async throws {
        for seed: UInt64 in 1...2 {
            var random = SeededGenerator(seed: seed)
            let content = random.noise(1_800_000)
            var whole = Storing(packBytesTarget: 500_000)
            let first = try await whole.add(content)
            try await whole.seal()

            var pieces = Storing(packBytesTarget: 500_000)
            var stream = ContentStream()
            var start = 0
            while start < content.count {
                let most = Int.random(in: 1...200_000, using: &random)
                let end = min(content.count, start + Int.random(in: 0...most, using: &random))
                try stream.append(Array(content[start..<end]), to: &pieces.writer)
                try await pieces.drain()
                start = end
            }
            let second = stream.finish(in: &pieces.writer)
            try await pieces.drain()
            try await pieces.seal()
            #expect(second == first, "seed \(seed)")
            #expect(second.id == Blake3.hash(content))
            #expect(pieces.writer.packs.packs == whole.writer.packs.packs)
            #expect(pieces.heldMax < 1_500_000, "held \(pieces.heldMax)")

            let reader = ContentReader(pieces.store)
            let location = try pieces.location(second)
            var joined: [UInt8] = []
            var largest = 0
            try await reader.stream(second.id, at: location) { piece in
                largest = max(largest, piece.count)
                joined += piece
            }
            #expect(joined == content, "seed \(seed)")
            #expect(largest <= Chunker.chunkBytesMax)
        }
    }

    @Test func `a new version of a large file stores only the chunks that changed`() async throws {
        var random = SeededGenerator(seed: 21)
        let old = random.noise(1_400_000)
        var new = old
        new.replaceSubrange(700_000..<700_010, with: random.noise(25))
        var first = Storing(packBytesTarget: 64 << 20)
        let oldStored = try await first.add(old)
        try await first.seal()
        let reader = ContentReader(first.store)
        let found = try await reader.find(oldStored.id, at: first.location(oldStored))
        guard case .chunked(let manifest) = found else {
            Issue.record("two megabytes are a manifest")
            return
        }
        var second = Storing(known: manifest.chunks, nonces: 100)
        let newStored = try await second.add(new)
        try await second.seal()
        let written = second.store.puts.map(\.bytes).reduce(0, +)
        #expect(written < 600_000, "\(written) bytes")
        #expect(newStored.otherPacks == first.writer.packs.packs)
        for (key, bytes) in second.store.written {
            _ = try await first.store.put(key, bytes, .none)
        }
        let read = try await reader.blob(
            newStored.id, at: second.location(newStored), bytesMax: 3_000_000)
        #expect(read == new)
    }

    @Test func `any range of a large file reads only the chunks it lies in`() async throws {
        var random = SeededGenerator(seed: 22)
        let content = random.noise(1_200_000)
        var storing = Storing()
        let stored = try await storing.add(content)
        try await storing.seal()
        let reader = ContentReader(storing.store)
        let found = try await reader.find(stored.id, at: storing.location(stored))
        guard case .chunked(let manifest) = found else {
            Issue.record("two megabytes are a manifest")
            return
        }
        let size = content.count
        var ranges = [0..<0, 0..<1, size - 1..<size, size..<size + 5, 0..<size, 0..<size + 9]
        for _ in 0..<30 {
            let start = Int.random(in: 0..<size, using: &random)
            ranges.append(start..<start + Int.random(in: 0..<100_000, using: &random))
        }
        for range in ranges {
            let before = storing.store.bytesRead
            let read = try await reader.bytes(
                of: manifest, in: UInt64(range.lowerBound)..<UInt64(range.upperBound))
            #expect(read == Array(content[range.clamped(to: 0..<size)]), "\(range)")
            let cost = storing.store.bytesRead - before
            #expect(cost <= range.count + 2 * Chunker.chunkBytesMax + 8_192, "\(range): \(cost)")
        }
    }

    @Test func `deltas read through the footer of their pack`() async throws {
        for seed: UInt64 in 1...4 {
            var random = SeededGenerator(seed: seed)
            let store = RecordingStore()
            var writer = PackWriter(nonce: testNonce(seed))
            var contents = [random.text(30_000)]
            writer.add(.blob, random.noise(100_000))
            var entries = [writer.add(.blob, contents[0])]
            for number in 1..<10 {
                let next = random.edited(contents[number - 1])
                entries.append(
                    writer.add(
                        .blob, id: Blake3.hash(next), next,
                        base: (entries[number - 1].id, contents[number - 1])))
                contents.append(next)
            }
            let pack = writer.finish()
            _ = try await store.put(pack.key, pack.bytes, .ifAbsent)
            let reader = ContentReader(store)
            for (entry, content) in zip(entries, contents).reversed() {
                let before = store.requests.count
                let read = try await reader.blob(
                    entry.id, at: entry.location(in: pack.id), bytesMax: 1 << 20)
                #expect(read == content, "seed \(seed)")
                #expect(store.requests.count - before <= 3, "record, footer, bases")
            }
        }
    }

    @Test func `what is missing, damaged or too large is told apart`() async throws {
        var random = SeededGenerator(seed: 23)
        var storing = Storing()
        let small = random.text(5_000)
        let large = random.noise(1_100_000)
        let smallStored = try await storing.add(small)
        let largeStored = try await storing.add(large)
        try await storing.seal()
        let store = storing.store
        let reader = ContentReader(store)
        let smallAt = try storing.location(smallStored)
        let largeAt = try storing.location(largeStored)
        func code(_ id: Hash, _ location: PackLocation, bytesMax: Int = 1 << 24) async
            -> ContentError.Code?
        {
            do {
                _ = try await reader.blob(id, at: location, bytesMax: bytesMax)
                return nil
            } catch { return (error as? ContentError)?.code }
        }
        #expect(await code(smallStored.id, smallAt) == nil)
        #expect(await code(smallStored.id, smallAt, bytesMax: 4_999) == .tooLarge)
        #expect(await code(largeStored.id, largeAt, bytesMax: 1_099_999) == .tooLarge)
        #expect(await code(testHash(1), smallAt) == .damaged)
        let elsewhere = PackLocation(
            pack: testHash(1), offset: smallAt.offset, storedBytes: smallAt.storedBytes)
        #expect(await code(smallStored.id, elsewhere) == .missing)
        for (offset, bytes): (UInt32, UInt32) in [
            (smallAt.offset, smallAt.storedBytes - 1), (smallAt.offset, smallAt.storedBytes + 1),
            (smallAt.offset + 1, smallAt.storedBytes), (smallAt.offset, 0), (.max, .max),
            (0, .max), (.max, 10),
        ] {
            let wrong = PackLocation(pack: smallAt.pack, offset: offset, storedBytes: bytes)
            #expect(await code(smallStored.id, wrong) == .damaged, "\(offset) \(bytes)")
            await #expect(throws: ContentError.self) {
                try await reader.read([
                    ContentRequest(id: smallStored.id, location: smallAt),
                    ContentRequest(id: smallStored.id, location: wrong),
                ]) { _, _ in }
            }
        }
        // A bit of a chunk: the whole is refused, and the pieces before it were right.
        let key = PackKey.key(of: storing.writer.packs.packs[1])
        var bytes = try await store.get(key).bytes
        bytes[bytes.count / 2] ^= 1
        _ = try await store.put(key, bytes, .none)
        #expect(await code(largeStored.id, largeAt) == .damaged)
    }

    @Test func `a manifest of the wrong chunks is found by the joined hash`() async throws {
        var random = SeededGenerator(seed: 24)
        var writer = PackWriter(nonce: testNonce(1))
        let chunks = (0..<3).map { _ in random.noise(20_000) }
        let entries = chunks.map { writer.add(.chunk, $0) }
        let id = Blake3.hash(chunks[0] + chunks[1] + chunks[2])
        let manifest = ChunkManifest(
            id: id,
            chunks: [0, 2, 1].map {
                .init(
                    id: entries[$0].id, rawBytes: 20_000, location: entries[$0].location(in: .zero))
            })
        let entry = writer.add(.manifest, id: id, manifest.encoded())
        let pack = writer.finish()
        let store = RecordingStore()
        _ = try await store.put(pack.key, pack.bytes, .ifAbsent)
        await #expect(throws: ContentError.self) {
            try await ContentReader(store).blob(
                id, at: entry.location(in: pack.id), bytesMax: 1 << 20)
        }
    }
}
