import HifCore
import HifRepository
import HifStore
import HifWorkspace
import MicelioForge
import Support
import Testing

@testable import HifRemote

/// Fetching from the cache that stands before a forge, and what happens when it fails.
@Suite struct PackDownloadTests {
    /// A forge that names the meddler as the cache before it, with small files and a large one landed.
    private static func with(
        _ meddler: Meddler, files: Int = 40,
        _ body:
            @escaping @Sendable (
                _ fixture: ForgeFixture, _ contents: [Hash: [UInt8]]
            ) async throws -> Void
    ) async throws {
        try await ForgeFixture.with {
            $0.cdn = "http://127.0.0.1:\(meddler.port)"
        } _: { fixture in
            let landed = try await landing(in: fixture, files: files)
            meddler.lead(to: fixture.httpPort)
            try await body(fixture, landed)
        }
    }

    private static func landing(
        in fixture: ForgeFixture, files: Int
    ) async throws -> [Hash: [UInt8]] {
        let box = Box()
        try await fixture.connected(fixture.ana) { remote in
            var generator = SeededGenerator(seed: 5)
            var small: [String: [UInt8]?] = [:]
            for number in 0..<files { small["f\(number)"] = generator.bytes(2_000 + number) }
            let large = generator.bytes(3_000_000)
            let (leaf, packs) = try await TestProject.upload(large, to: remote, seed: 6)
            var request = try TestProject.writing(small, seed: 7)
            request.operations.append(
                HifCore.Operation(path: try RepoPath("z.bin"), before: nil, after: leaf))
            request.uploadedPacks = packs
            _ = try await remote.land(request).landed()
            var contents: [Hash: [UInt8]] = [leaf.hash: large]
            for case let bytes? in small.values { contents[Blake3.hash(bytes)] = bytes }
            box.contents = contents
        }
        return box.contents
    }

    private func expectAll(_ contents: [Hash: [UInt8]], from remote: ForgeRemote) async throws {
        let all = try await remote.all(Array(contents.keys), at: 1)
        #expect(all == contents)
    }

    /// `@unchecked Sendable`: written by one task and read after it ended.
    private final class Box: @unchecked Sendable {
        var contents: [Hash: [UInt8]] = [:]
    }

    @Test func `contents come from the cache, small and large, and are the right ones`()
        async throws
    {
        let meddler = try Meddler(to: nil, [])
        defer { meddler.stop() }
        try await PackDownloadTests.with(meddler) { fixture, contents in
            try await fixture.connected(fixture.ana) { remote in
                try await expectAll(contents, from: remote)
                #expect(remote.packs.isOfUse)
            }
            #expect(meddler.connections > 0)
        }
    }

    @Test(arguments: [0, 200, 30_000, 900_000])
    func `when the cache breaks off, the forge gives what is left, and it is asked no more`(
        after bytes: Int
    ) async throws {
        let meddler = try Meddler(to: nil, [Meddler.Deed](repeating: .cut(after: bytes), count: 99))
        defer { meddler.stop() }
        try await PackDownloadTests.with(meddler) { fixture, contents in
            try await fixture.connected(fixture.ana) { remote in
                try await expectAll(contents, from: remote)
                #expect(meddler.connections > 0)
                #expect(!remote.packs.isOfUse)
                try await expectAll(contents, from: remote)
            }
        }
    }

    @Test func `a cache that is not there costs nothing but the way over the forge`() async throws {
        let meddler = try Meddler(to: nil, [])
        meddler.stop()
        try await PackDownloadTests.with(meddler) { fixture, contents in
            try await fixture.connected(fixture.ana) { remote in
                try await expectAll(contents, from: remote)
                #expect(!remote.packs.isOfUse)
            }
        }
    }

    @Test func `what the caller throws is the caller's, and the cache is not blamed`() async throws
    {
        let meddler = try Meddler(to: nil, [])
        defer { meddler.stop() }
        try await PackDownloadTests.with(meddler) { fixture, contents in
            try await fixture.connected(fixture.ana) { remote in
                let error = await #expect(throws: WorkspaceError.self) {
                    try await remote.contents(Array(contents.keys), at: 1) { _ in
                        throw WorkspaceError(.localStorage, "the disk is full")
                    }
                }
                #expect(error?.code == .localStorage)
                #expect(remote.packs.isOfUse && meddler.connections > 0)
                try await expectAll(contents, from: remote)
            }
        }
    }

    @Test func `only addresses over https or on this machine are asked`() {
        for url in [
            "https://cdn.test/a", "http://127.0.0.1:80/a", "http://localhost/a", "http://[::1]:8/a",
        ] { #expect(PackHTTPStore.isAllowed(url), "\(url)") }
        for url in [
            "http://cdn.test/a", "http://127.0.0.1.evil.test/a", "file:///etc/passwd", "ftp://x/a",
            "http://localhost@evil.test/a", "https://", "http:/localhost/a", "",
        ] { #expect(!PackHTTPStore.isAllowed(url), "\(url)") }
    }

    @Test func `an answer with another range than was asked for is none`() {
        #expect(PackHTTPStore.size("bytes 5-9/100", startingAt: 5) == 100)
        for header in [
            nil, "bytes 4-9/100", "bytes 5-9/*", "bytes 5-9/5", "bytes 5-9", "5-9/100", "bytes */9",
        ] { #expect(PackHTTPStore.size(header, startingAt: 5) == nil) }
    }
}
