import Foundation
import HifCore
import HifRepository
import HifWorkspace
import Support
import Testing

@testable import HifRemote

@Suite struct ContentCacheTests {
    private func cache(
        _ directory: TemporaryDirectory, seed: UInt64 = 9, bytesMax: Int = 1 << 30
    ) throws -> ContentCache {
        let world = TestProject.world(seed: seed)
        return try ContentCache(
            directory: directory.path + "/cache", bytesMax: bytesMax, random: world.random)
    }

    private func packs(_ directory: TemporaryDirectory) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.path + "/cache")
            .filter { $0.hasSuffix(".pack") }.sorted().map { "\(directory.path)/cache/\($0)" }
    }

    /// A project with two small files and a large one, and the way to it.
    private func project() async throws -> (
        remote: SwitchedRemote, root: Hash, ids: [Hash], contents: [Hash: [UInt8]]
    ) {
        let local = try await TestProject.local()
        var generator = SeededGenerator(seed: 11)
        let large = generator.bytes(1_300_000)
        let (leaf, uploaded) = try await TestProject.upload(large, to: local, seed: 12)
        var request = try TestProject.writing(
            ["a.txt": Array("one\n".utf8), "src/b.txt": Array("two\n".utf8)], seed: 13)
        request.operations.append(
            HifCore.Operation(path: try RepoPath("z.bin"), before: nil, after: leaf))
        request.uploadedPacks = uploaded
        _ = try await local.land(request).landed()
        let ids = request.operations.compactMap { $0.after?.hash }
        return (
            SwitchedRemote(local), try await local.tree(at: 1).root, ids,
            try await local.all(ids, at: 1)
        )
    }

    @Test func `what one process fetched, the next one reads without a network`() async throws {
        let directory = TemporaryDirectory()
        let (remote, root, ids, contents) = try await project()
        let first = try cache(directory)
        let fetching = CachingRemote(remote, cache: first)
        #expect(try await fetching.tree(at: 1).root == root)
        #expect(try await fetching.nodes([root], at: 1).map(\.hash) == [root])
        #expect(try await fetching.all(ids, at: 1) == contents)
        #expect(remote.takeCounts() == .init(nodes: 1, contents: 3))
        first.close()
        #expect(try packs(directory).count == 1)

        remote.isOffline = true
        let reading = CachingRemote(remote, cache: try cache(directory, seed: 10))
        #expect(try await reading.tree(at: 1).root == root)
        #expect(try await reading.nodes([root], at: 1).map(\.hash) == [root])
        #expect(try await reading.all(ids, at: 1) == contents)
        #expect(await refused { _ = try await reading.newest() } == .network)
        #expect(await refused { _ = try await reading.tree(at: 7) } == .network)
        #expect(await refused { _ = try await reading.all([.zero], at: 1) } == .network)
    }

    @Test func `a position is asked for while it can be`() async throws {
        let directory = TemporaryDirectory()
        let (remote, root, _, _) = try await project()
        let cache = try cache(directory)
        // As a history that was replaced would have left it.
        cache.keep(root: .zero, at: 1)
        let caching = CachingRemote(remote, cache: cache)
        #expect(try await caching.tree(at: 1).root == root)
        remote.isOffline = true
        #expect(try await caching.tree(at: 1).root == root)
    }

    @Test func `damage is found, dropped and fetched again`() async throws {
        let (remote, root, ids, contents) = try await project()
        // Each byte of a small pack in turn would take long; these hit header, records and footer.
        for seed in UInt64(1)...12 {
            let directory = TemporaryDirectory()
            let first = try cache(directory)
            let fetching = CachingRemote(remote, cache: first)
            _ = try await fetching.nodes([root], at: 1)
            _ = try await fetching.all(ids, at: 1)
            first.close()
            let path = try #require(try packs(directory).first)
            var bytes = Array(try #require(FileManager.default.contents(atPath: path)))
            var generator = SeededGenerator(seed: seed)
            if seed.isMultiple(of: 3) {
                bytes.removeLast(Int.random(in: 1...bytes.count, using: &generator))
            } else {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            }
            #expect(FileManager.default.createFile(atPath: path, contents: Data(bytes)))
            let reading = CachingRemote(remote, cache: try cache(directory, seed: 10))
            #expect(try await reading.nodes([root], at: 1).map(\.hash) == [root], "seed \(seed)")
            #expect(try await reading.all(ids, at: 1) == contents, "seed \(seed)")
        }
    }

    @Test func `a chunk that is lost in the middle of a file is made up for`() async throws {
        let directory = TemporaryDirectory()
        let (remote, _, ids, contents) = try await project()
        let id = try #require(ids.max { contents[$0]!.count < contents[$1]!.count })
        let first = try cache(directory)
        _ = try await CachingRemote(remote, cache: first).all([id], at: 1)
        first.close()
        let path = try #require(try packs(directory).first)
        var bytes = Array(try #require(FileManager.default.contents(atPath: path)))
        // The content does not compress, so the pack is mostly its bytes.
        bytes[bytes.count / 2] ^= 0xFF
        #expect(FileManager.default.createFile(atPath: path, contents: Data(bytes)))
        let second = try cache(directory, seed: 10)
        let caching = CachingRemote(remote, cache: second)
        #expect(try await caching.all([id], at: 1) == [id: contents[id]!])
        #expect(remote.takeCounts().contents == 2)
        second.close()
        // The bad pack is gone, and a good one is there.
        remote.isOffline = true
        let third = CachingRemote(remote, cache: try cache(directory, seed: 14))
        #expect(try await third.all([id], at: 1) == [id: contents[id]!])
    }

    @Test func `many small packs become one, and nothing is lost`() async throws {
        let directory = TemporaryDirectory()
        let local = try await TestProject.local()
        var ids: [Hash] = []
        for number in UInt64(1)...20 {
            let request = try TestProject.writing(
                ["f\(number)": Array("content \(number)\n".utf8)], seed: number)
            _ = try await local.land(request).landed()
            ids.append(request.operations[0].after!.hash)
        }
        let remote = SwitchedRemote(local)
        for (number, id) in ids.enumerated() {
            let cache = try cache(directory, seed: UInt64(100 + number))
            _ = try await CachingRemote(remote, cache: cache).all([id], at: 20)
            cache.close()
        }
        #expect(try packs(directory).count < 17)
        remote.isOffline = true
        let reading = CachingRemote(remote, cache: try cache(directory, seed: 200))
        #expect(try await reading.all(ids, at: 20).count == 20)
    }

    @Test func `the bound holds, and what was used last stays`() async throws {
        let directory = TemporaryDirectory()
        let remote = try await TestProject.local()
        var generator = SeededGenerator(seed: 21)
        var newest: Hash?
        for number in UInt64(1)...6 {
            let content = generator.bytes(400_000)
            let request = try TestProject.writing(["f\(number)": content], seed: number)
            _ = try await remote.land(request).landed()
            let cache = try cache(directory, seed: 30 + number, bytesMax: 1 << 20)
            newest = request.operations[0].after!.hash
            _ = try await CachingRemote(remote, cache: cache).all([newest!], at: number)
            cache.close()
        }
        let sizes = try packs(directory).map {
            try FileManager.default.attributesOfItem(atPath: $0)[.size] as? Int ?? 0
        }
        #expect(sizes.reduce(0, +) <= 1 << 20)
        let reading = try cache(directory, seed: 40)
        guard case .whole? = reading.find(newest!) else {
            Issue.record("the newest content is gone")
            return
        }
    }

    @Test func `several writers at once disturb nobody`() async throws {
        let directory = TemporaryDirectory()
        let (remote, root, ids, contents) = try await project()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for seed in UInt64(50)..<58 {
                let cache = try cache(directory, seed: seed, bytesMax: 4 << 20)
                group.addTask {
                    for _ in 0..<3 {
                        let caching = CachingRemote(remote, cache: cache)
                        _ = try await caching.nodes([root], at: 1)
                        #expect(try await caching.all(ids, at: 1) == contents)
                        cache.close()
                    }
                }
            }
            try await group.waitForAll()
        }
        let reading = CachingRemote(remote, cache: try cache(directory, seed: 60))
        #expect(try await reading.all(ids, at: 1) == contents)
    }

    @Test func `files are their owner's alone`() async throws {
        let directory = TemporaryDirectory()
        let (remote, _, ids, _) = try await project()
        let cache = try cache(directory)
        _ = try await CachingRemote(remote, cache: cache).all(ids, at: 1)
        cache.keep(root: .zero, at: 3)
        cache.close()
        let manager = FileManager.default
        #expect(
            try manager.attributesOfItem(atPath: directory.path + "/cache")[.posixPermissions]
                as? Int == 0o700)
        for path in try packs(directory) + [directory.path + "/cache/roots"] {
            #expect(try manager.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test func `where caches lie`() {
        #expect(
            ContentCache.standardDirectory(environment: ["HOME": "/people/ana"])
                == "/people/ana/.cache/hif")
        let other = ["HOME": "/people/ana", "XDG_CACHE_HOME": "/fast"]
        #expect(ContentCache.standardDirectory(environment: other) == "/fast/hif")
    }
}
