import Foundation
import HifCore
import Testing

@testable import HifWorkspace

@Suite struct GitReadTests {
    @Test func `every commit of the line gives the tree that git lists`() async throws {
        let source = try OddRepository.source
        let read = try await ImportedLine.whole.value
        let wanted = try run(
            "git", "-C", source.gitDirectory, "rev-list", "--first-parent", "--reverse", "main"
        ).split(separator: 0x0A).compactMap { GitID(hex: $0) }
        #expect(read.line.commits == wanted)
        #expect(read.steps.map(\.commit.id) == wanted)
        var tree = ModelTree()
        var refused: Set<[UInt8]> = []
        var kinds: Set<Leaf.Kind> = []
        for (step, operations) in zip(read.steps, read.operations) {
            tree.apply(operations, "commit \(step.index)")
            var expected: [RepoPath: Leaf] = [:]
            for entry in try GitTreeIDs.lsTree(source, commit: step.commit.id) {
                guard let path = try? RepoPath(entry.path) else {
                    refused.insert(entry.path)
                    continue
                }
                let blob = try #require(
                    read.map[.init(mode: entry.mode, id: entry.id)], "\(path)")
                let kind = GitMapper.kind(ofMode: entry.mode)
                kinds.insert(kind)
                expected[path] = Leaf(kind: kind, size: blob.size, hash: blob.hash)
            }
            #expect(tree.files == expected, "commit \(step.index)")
        }
        #expect(Set(read.report.entries.map(\.path)) == refused)
        #expect(refused.count >= 6)
        #expect(kinds == [.file, .executable, .symlink, .external])
    }

    @Test func `contents are git's, read once each`() async throws {
        let source = try OddRepository.source
        let read = try await ImportedLine.whole.value
        #expect(read.sink.begun == read.map.count)
        let last = try #require(read.line.commits.last)
        var large = 0
        for entry in try GitTreeIDs.lsTree(source, commit: last) {
            guard (try? RepoPath(entry.path)) != nil else { continue }
            let blob = try #require(read.map[.init(mode: entry.mode, id: entry.id)])
            if entry.mode == 0o160000 {
                #expect(read.sink.contents[blob.hash] == Array(entry.id.hex.utf8))
                continue
            }
            if blob.size > 1 << 20 { large += 1 }
            let content = try run(
                "git", "-C", source.gitDirectory, "cat-file", "blob", entry.id.hex)
            #expect(read.sink.contents[blob.hash] == content)
            #expect(blob.size == UInt64(content.count))
        }
        #expect(large == 1)
    }

    @Test func `a walk begun in the middle equals the whole one from there`() async throws {
        let source = try OddRepository.source
        let whole = try await ImportedLine.whole.value
        for first in [1, whole.line.count / 2, whole.line.count - 1, whole.line.count] {
            let part = try await ImportedLine.read(source, from: first)
            #expect(part.operations == Array(whole.operations[first...]))
            #expect(part.steps.map(\.commit) == whole.steps[first...].map(\.commit))
            #expect(part.steps.map(\.merged) == whole.steps[first...].map(\.merged))
        }
    }

    @Test func `a broken-off reading of contents goes on from its saved map`() async throws {
        let source = try OddRepository.source
        let scratch = try ScratchDirectory()
        let line = try GitLine(of: source)
        let needs = try GitBlobNeeds(source, line: line)
        var sink = MemorySink()
        sink.failsAfter = 50
        var map = GitBlobMap()
        await #expect(throws: MemorySink.Full.self) {
            try await source.readBlobs(needs, into: &sink, map: &map, checkpointBytes: 1000)
        }
        #expect(sink.checkpoints > 2)
        try map.save(to: scratch("map"))
        sink.failsAfter = .max
        let before = sink.begun
        var reloaded = try #require(try GitBlobMap.load(from: scratch("map")))
        try await source.readBlobs(needs, into: &sink, map: &reloaded)
        #expect(sink.begun - before == reloaded.count - map.count)
        #expect(reloaded == (try await ImportedLine.whole.value).map)
    }

    @Test func `merges name the commits they brought in`() async throws {
        let source = try OddRepository.source
        let read = try await ImportedLine.whole.value
        var merges = 0
        for step in read.steps {
            guard let first = step.commit.parents.first else { continue }
            let listed = try run(
                "git", "-C", source.gitDirectory, "rev-list", step.commit.id.hex, "^\(first.hex)"
            ).split(separator: 0x0A).compactMap { GitID(hex: $0) }.filter { $0 != step.commit.id }
            #expect(Set(step.merged.map(\.id)) == Set(listed), "\(step.index)")
            #expect(step.mergedCount == listed.count)
            if step.commit.parents.count > 1 { merges += 1 }
        }
        #expect(merges == 4)
        let octopus = try #require(read.steps.first { $0.commit.parents.count == 3 })
        #expect(octopus.mergedCount == 4)
        #expect(octopus.merged.contains { $0.author.name == Array("Side Author".utf8) })
        #expect(octopus.merged.contains { $0.subject == Array("side 2, again".utf8) })
    }

    @Test func `odd people, times and encodings survive`() async throws {
        let steps = try await ImportedLine.whole.value.steps
        func commit(_ subject: String) throws -> GitCommit {
            try #require(steps.first { $0.commit.subject.elementsEqual(subject.utf8) }).commit
        }
        let latin = try commit("café latin")
        #expect(latin.author.name == Array("André".utf8))
        #expect(latin.rawMessage == Array("caf".utf8) + [0xE9] + Array(" latin\n".utf8))
        #expect(try commit("no email").author.email.isEmpty)
        #expect(try commit("no name").author.name.isEmpty)
        let zones = steps.filter { $0.commit.subject.elementsEqual("zone".utf8) }
            .map(\.commit.author)
        #expect(
            zones.map { String(decoding: $0.zone, as: UTF8.self) } == [
                "+0545", "-0000", "+1400", "+51800",
            ])
        #expect(zones.map(\.zoneMinutes) == [345, 0, 840, 0])
        #expect(steps.contains { $0.commit.message.isEmpty })
        #expect(steps.contains { $0.commit.message.count > 200_000 })
        #expect(try commit("odd modes and refused names").isSigned)
        #expect(try commit("leading lines").message.starts(with: "\n\n  leading".utf8))
        #expect(try commit("other committer").committer.name == Array("Com Mitter".utf8))
        #expect(steps.contains { $0.changes.isEmpty && $0.commit.parents.count == 1 })
    }

    @Test func `tags on the line know their commit, the others are listed`() async throws {
        let source = try OddRepository.source
        let line = try GitLine(of: source)
        let tags = try source.tags(on: line)
        func tag(_ name: String) throws -> GitTag {
            try #require(tags.first { $0.name.elementsEqual(name.utf8) })
        }
        for tag in tags {
            let name = String(decoding: tag.name, as: UTF8.self)
            let peeled = try run(
                "git", "-C", source.gitDirectory, "rev-parse", "refs/tags/\(name)^{}")
            #expect(GitID(hex: peeled.dropLast()) == tag.target)
            #expect(tag.index.map { line.commits[$0] } ?? tag.target == tag.target)
        }
        #expect(try tag("v0").index == 0)
        #expect(try tag("v1.0").index != nil)
        #expect(try tag("nested").target == tag("v1.0").target)
        #expect(try tag("v1.0").annotation?.message == Array("the first release\n".utf8))
        #expect(try tag("v1.0").annotation?.tagger?.zoneMinutes == -210)
        #expect(try tag("v2.0").index == line.count - 1)
        for name in ["off-light", "off-annotated", "of-a-blob"] {
            #expect(try tag(name).index == nil)
        }
    }
}
