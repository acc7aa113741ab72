import Foundation
import HifCore
import Support
import Testing

@testable import HifStore

@Suite struct DiskTierTests {
    private let directory = TemporaryDirectory()
    private var path: String { directory.path + "/cache" }

    private func tier(owner: String = "a", bytesMax: Int = 64 << 20) throws -> DiskTier {
        try DiskTier(directory: path, owner: owner, bytesMax: bytesMax)
    }

    private func caching(_ base: any ObjectStore, _ disk: DiskTier) -> CachingStore {
        CachingStore(base, memoryBytesMax: 0, disk: disk) { _ in true }
    }

    /// The files of the pieces, by path.
    private func files() throws -> [String] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: path)
        return names.filter { $0.contains("-") }.sorted().map { "\(path)/\($0)" }
    }

    private func stored(_ objects: [Int]) async throws -> CountingStore {
        let base = CountingStore(MemoryStore())
        for (number, size) in objects.enumerated() {
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ number) }
            _ = try await base.put(ObjectKey("o/\(number)"), bytes, .ifAbsent)
        }
        base.reset()
        return base
    }

    @Test func `what was read is there after a restart, without the store`() async throws {
        let base = try await stored([10, 600_000])
        do {
            let store = caching(base, try tier())
            _ = try await store.get(ObjectKey("o/0"))
            _ = try await store.get(ObjectKey("o/1"))
        }
        let before = base.totals.gets
        let store = caching(base, try tier())
        for number in 0..<2 {
            let key = ObjectKey("o/\(number)")
            #expect(try await store.get(key).bytes == base.get(key).bytes)
        }
        #expect(try await store.get(ObjectKey("o/1"), .suffix(7)).bytes.count == 7)
        #expect(base.totals.gets == before + 2, "only those that the test itself made")
        #expect(store.totals.misses == 0 && store.totals.diskHits > 0)
    }

    /// The directory opened again: whoever had it before may still be letting it go.
    private func tierWhenFree() async throws -> DiskTier {
        for _ in 0..<100_000 {
            if let tier = try? tier() { return tier }
            await Task.yield()
        }
        return try tier()
    }

    @Test func `a file with any byte changed, or cut anywhere, is found out, removed and fetched`()
        async throws
    {
        let base = try await stored([50])
        let key = ObjectKey("o/0")
        let right = try await base.get(key).bytes
        _ = try await caching(base, try tier()).get(key)
        let file = try #require(try files().first)
        let whole = try Data(contentsOf: URL(filePath: file))
        var damaged: [Data] = whole.indices.map { index in
            var changed = whole
            changed[index] ^= 0x10
            return changed
        }
        damaged += (0..<whole.count).map { whole.prefix($0) }
        damaged.append(whole + [0])
        for bytes in damaged {
            try bytes.write(to: URL(filePath: file))
            let store = caching(base, try await tierWhenFree())
            #expect(try await store.get(key).bytes == right)
            #expect(store.totals.damaged == 1)
            #expect(try Data(contentsOf: URL(filePath: file)) == whole, "it was written again")
        }
    }

    @Test func `a file in the place of another is found out`() async throws {
        let base = try await stored([50, 50])
        do {
            let store = caching(base, try tier())
            _ = try await store.get(ObjectKey("o/0"))
            _ = try await store.get(ObjectKey("o/1"))
        }
        let files = try files()
        try Data(contentsOf: URL(filePath: files[0])).write(to: URL(filePath: files[1]))
        let store = caching(base, try tier())
        for number in 0..<2 {
            let key = ObjectKey("o/\(number)")
            #expect(try await store.get(key).bytes == base.get(key).bytes)
        }
        #expect(store.totals.damaged == 1)
    }

    @Test func `a file that goes while it is in use is fetched again`() async throws {
        let base = try await stored([50])
        let store = caching(base, try tier())
        _ = try await store.get(ObjectKey("o/0"))
        for file in try files() { try FileManager.default.removeItem(atPath: file) }
        #expect(try await store.get(ObjectKey("o/0")).bytes.count == 50)
        #expect(store.totals.misses == 2 && store.totals.damaged == 0)
    }

    @Test func `it stays within its bound, also when the bound was larger before`() async throws {
        let base = try await stored([Int](repeating: 100_000, count: 20))
        do {
            let store = caching(base, try tier(bytesMax: 1_000_000))
            for number in 0..<20 { _ = try await store.get(ObjectKey("o/\(number)")) }
            #expect(store.totals.diskBytes <= 1_000_000)
            #expect(try sizeOnDisk() <= 1_000_000)
            #expect(try files().count >= 8)
        }
        let tier = try tier(bytesMax: 300_000)
        #expect(tier.cost <= 300_000)
        #expect(try sizeOnDisk() <= 300_000)
        #expect(try files().count >= 2)
    }

    private func sizeOnDisk() throws -> Int {
        try files().reduce(0) { $0 + (try Data(contentsOf: URL(filePath: $1)).count) }
    }

    @Test func `what a killed process was writing is removed, and what is no piece`() async throws {
        let base = try await stored([50])
        _ = try await caching(base, try tier()).get(ObjectKey("o/0"))
        try Data("half".utf8).write(to: URL(filePath: path + "/.tmp/17"))
        let fanOut = URL(filePath: try #require(try files().first)).deletingLastPathComponent()
        try Data("x".utf8).write(to: fanOut.appending(path: "something-else"))
        let store = caching(base, try tier())
        #expect(try await store.get(ObjectKey("o/0")).bytes.count == 50)
        #expect(store.totals.misses == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: path + "/.tmp").isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: fanOut.path).count == 1)
    }

    @Test func `of another store it keeps nothing`() async throws {
        let base = try await stored([50])
        _ = try await caching(base, try tier(owner: "a")).get(ObjectKey("o/0"))
        let tier = try tier(owner: "b")
        #expect(tier.cost == 0)
        #expect(try files().isEmpty)
    }

    @Test func `a directory that is in use is refused, and free again afterwards`() throws {
        var first: DiskTier? = try tier()
        let error = #expect(throws: StoreError.self) { try tier() }
        #expect(error?.code == .refused)
        #expect(error?.message.contains("another process") == true)
        _ = first?.cost
        first = nil
        _ = try tier()
    }

    @Test func `a disk that takes nothing is done without`() async throws {
        let base = try await stored([50])
        let store = caching(base, try tier())
        // In the place where the pieces would be made.
        try FileManager.default.removeItem(atPath: path + "/.tmp")
        for _ in 0..<2 {
            #expect(try await store.get(ObjectKey("o/0")).bytes.count == 50)
        }
        #expect(store.totals.unwritten == 2 && store.totals.misses == 2)
    }

    @Test func `what was forgotten while it was fetched is not kept`() async throws {
        let tier = try tier()
        let key = ObjectKey("o/0")
        let id = CacheBlockID(object: CachedObjectID(key), index: 0)
        let block = CacheBlock(bytes: [1], version: ObjectVersion(size: 1, etag: ETag("x")))
        let generation = tier.generation
        tier.forget(CachedObjectID(key))
        tier.write(id, block, of: key, generation: generation)
        #expect(tier.block(id, of: key) == nil)
        tier.write(id, block, of: key, generation: tier.generation)
        #expect(tier.block(id, of: key) == block)
        #expect(try files().count == 1)
    }
}
