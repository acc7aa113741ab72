import Foundation
import HifCore
import HifRepository
import HifStore
import Support
import Testing

@testable import HifWorkspace

@Suite struct GitImporterTests {
    /// Git's names of the contents of the odd repository, by ours.
    private static let names = Task {
        let source = try OddRepository.source
        var sink = HashingSink()
        var map = GitBlobMap()
        let needs = try GitBlobNeeds(source, line: try GitLine(of: source))
        try await source.readBlobs(needs, into: &sink, map: &map)
        var names: [Hash: GitID] = [:]
        for id in needs.blobs { names[map.blob(id)!.hash] = id }
        for id in needs.submodules { names[map.submodule(id)!.hash] = id }
        return names
    }

    /// Compares the trees at these positions with git's, without what no repository holds.
    private func check(
        _ project: ImportProject, _ source: GitSource, at positions: some Sequence<Int>
    ) async throws {
        let remote = try await project.remote(seed: 99)
        let line = try GitLine(of: source)
        let names = try await GitImporterTests.names.value
        for position in positions {
            let theirs = try GitTreeIDs.lsTree(source, commit: line.commits[position - 1])
                .compactMap { entry in
                    (try? RepoPath(entry.path)).map {
                        "\(String(entry.mode, radix: 8)) \(entry.id.hex) \($0)"
                    }
                }.sorted()
            let ours = try await project.listing(remote, at: Position(position), names: names)
            #expect(ours == theirs, "@\(position)")
        }
    }

    @Test func `every commit becomes a landing with git's tree`() async throws {
        let source = try OddRepository.source
        let directory = TemporaryDirectory()
        let project = try await ImportProject(
            store: try DirectoryStore(path: directory.path, fsync: false))
        let result = try await project.run(source, seed: 2)
        let line = try GitLine(of: source)
        #expect(result.from == 0 && result.to == Position(line.count))
        #expect(result.report.count > 0)
        try await check(project, source, at: 1...line.count)

        let remote = try await project.remote(seed: 3)
        #expect(try await remote.newest().position == Position(line.count))
        // Shared packs and slots: far fewer objects than commits.
        #expect(
            try await project.store.listAll(prefix: "p/\(project.project.id.hex)/log/").count < 8)
        #expect(
            try await project.store.listAll(prefix: "p/\(project.project.id.hex)/pack/").count < 60)

        let imported = try await ImportedLine.whole.value
        for (index, step) in imported.steps.enumerated() {
            let detail = try await remote.landing(at: Position(index) + 1)
            let origin = try #require(detail.document?.origin)
            #expect(origin.commit == step.commit.id.bytes)
            #expect(origin.parents == step.commit.parents.map(\.bytes))
            #expect(origin.message == step.commit.rawMessage)
            #expect(origin.sideCommitCount == UInt64(step.mergedCount))
            #expect(origin.author.zone == step.commit.author.zone)
            #expect(detail.landing.startedMillis == step.commit.author.seconds * 1000)
            #expect(detail.landing.landedMillis == step.commit.committer.seconds * 1000)
            #expect(
                detail.landing.author.name
                    == String(decoding: step.commit.author.name, as: UTF8.self))
        }
        let tags = try source.tags(on: line)
        let known = try await remote.tags()
        #expect(known.count == tags.count { $0.index != nil })
        #expect(result.tagsLeftOut.count == tags.count { $0.index == nil })
        for tag in tags {
            guard let index = tag.index else { continue }
            #expect(known[String(decoding: tag.name, as: UTF8.self)] == Position(index) + 1)
        }
    }

    @Test func `importing again changes nothing and says so`() async throws {
        let source = try OddRepository.source
        let project = try await ImportProject()
        try await project.run(source, seed: 2)
        let before = try await project.store.listAll(prefix: "")
        let again = try await project.run(source, seed: 3)
        #expect(again.isUpToDate)
        try FileManager.default.removeItem(atPath: project.scratch("state"))
        #expect(try await project.run(source, seed: 4).isUpToDate)
        #expect(try await project.store.listAll(prefix: "").map(\.key) == before.map(\.key))
    }

    @Test func `an export of what was imported has git's trees`() async throws {
        let source = try OddRepository.source
        let project = try await ImportProject()
        try await project.run(source, seed: 2)
        let scratch = try ScratchDirectory()
        var export = try await GitProjectExport(try await project.remote(seed: 3))
        let result = try await GitExport.write(&export, to: scratch("out"))
        #expect(result.tagsLeftOut.isEmpty && result.checkoutFailure == nil)
        let out = try GitSource.open(path: scratch("out"))
        #expect(try GitTreeIDs.unequalPositions(of: out, importedFrom: source).isEmpty)
        let imported = try await ImportedLine.whole.value
        let merge = try #require(imported.steps.first { $0.commit.parents.count > 1 }?.index)
        #expect(Array(result.commits[..<merge]) == Array(imported.line.commits[..<merge]))
        let tags = try out.tags(on: GitLine(of: out))
        #expect(
            tags.map(\.index)
                == (try source.tags(on: imported.line)).map(\.index).filter { $0 != nil })
    }

    @Test(arguments: [false, true])
    func `an import that breaks off at any call goes on where it stopped`(
        isAfter: Bool
    ) async throws {
        let source = try OddRepository.source
        let count = try GitLine(of: source).count
        let whole = try await ImportProject()
        try await whole.run(source, seed: 2)
        let root = try await whole.remote(seed: 3).newest().root
        var calls = 0
        var isDone = false
        while !isDone {
            let project = try await ImportProject()
            let breaking = BreakingRemote(
                try await project.remote(seed: 10), after: calls, isAfter: isAfter)
            do {
                _ = try await project.importer(source, breaking, seed: 11).run()
                isDone = true
            } catch is BreakingRemote.Broken {}
            let result = try await project.run(source, seed: 12)
            #expect(result.to == Position(count), "broken off at call \(calls)")
            let tip = try await project.remote(seed: 13).newest()
            #expect(tip.position == Position(count) && tip.root == root, "at call \(calls)")
            calls += 1
        }
        #expect(calls > 5)
        #expect(try await whole.run(source, seed: 3).isUpToDate)
    }

    @Test(arguments: [UInt64(1), 2, 3, 4])
    func `an unreliable store is imported into all the same`(seed: UInt64) async throws {
        let source = try OddRepository.source
        let count = try GitLine(of: source).count
        let project = try await ImportProject()
        var generator = SeededGenerator(seed: seed)
        // A slot that is refused: what was to follow it must not land in its place.
        for _ in 0..<12 {
            let fault: Fault = Bool.random(using: &generator) ? .diskFull : .answerLost
            let nth = Int.random(in: 1...8, using: &generator)
            let faulty = FaultyStore(
                project.store, script: [.init(.put, prefix: "p/", nth: nth, fault)])
            let remote = try await project.remote(seed: generator.next(), store: faulty)
            _ = try? await project.importer(source, remote, seed: generator.next()).run()
        }
        let result = try await project.run(source, seed: 50)
        #expect(result.to == Position(count))
        try await check(project, source, at: [1, count / 2, count])
    }

    @Test func `new commits come on top, with and without what the last import left`() async throws
    {
        let scratch = try ScratchDirectory()
        let path = scratch("repo")
        try run("git", "init", "-q", "-b", "main", path)
        func commit(_ name: String, _ text: String) throws {
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
            try run("git", "-C", path, "add", "-A")
            try run("git", "-C", path, "commit", "-q", "--allow-empty", "-m", "\(name) \(text)")
        }
        try commit("a", "one")
        try commit("b", "two")
        let project = try await ImportProject()
        #expect(try await project.run(try .open(path: path), seed: 2).to == 2)
        try commit("a", "three")
        #expect(try await project.run(try .open(path: path), seed: 3).to == 3)
        try FileManager.default.removeItem(atPath: project.scratch("state"))
        // Content that the project has: under another name, and the one that is replaced.
        try commit("c", "two")
        try commit("a", "one")
        let result = try await project.run(try .open(path: path), seed: 4)
        #expect(result.from == 3 && result.to == 5)
        let remote = try await project.remote(seed: 5)
        let operations = try await remote.landing(at: 5).operations
        #expect(operations.count == 1 && operations.first?.location == nil)

        try run("git", "-C", path, "commit", "-q", "--amend", "-m", "rewritten")
        let error = await #expect(throws: WorkspaceError.self) {
            try await project.run(try .open(path: path), seed: 6)
        }
        #expect(error?.code == .refused)
    }

    @Test func `a project with landings of its own is refused`() async throws {
        let source = try OddRepository.source
        let project = try await ImportProject()
        let remote = try await project.remote(seed: 2)
        var writer = PackWriter(nonce: PackNonce(high: 1, low: 7))
        _ = writer.add(.blob, Array("mine".utf8))
        let outcome = try await remote.land(
            LandRequest(
                session: SessionID(Blake3.hash([1])), author: Author(account: "ana", name: "Ana"),
                goal: "Mine", startedMillis: 1, createdPosition: 0,
                operations: [
                    HifCore.Operation(
                        path: try RepoPath("mine"), before: nil,
                        after: Leaf(kind: .file, size: 4, hash: Blake3.hash(Array("mine".utf8))))
                ], staged: try PackReader(writer.finish().bytes)))
        guard case .landed = outcome else {
            Issue.record("\(outcome)")
            return
        }
        let error = await #expect(throws: WorkspaceError.self) {
            try await project.run(source, seed: 3)
        }
        #expect(error?.code == .refused)
        #expect(try await remote.newest().position == 1)
    }
}

/// Names contents as the store does and keeps nothing.
private struct HashingSink: GitBlobSink {
    private var hasher = Blake3()

    mutating func begin(size: UInt64) { hasher = Blake3() }
    mutating func write(_ piece: [UInt8]) { hasher.update(piece) }
    mutating func finish() -> Hash { hasher.finalize() }
    mutating func checkpoint(_ map: GitBlobMap) {}
}
