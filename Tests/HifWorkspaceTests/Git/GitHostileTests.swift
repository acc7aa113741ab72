import Foundation
import HifCore
import Support
import Testing

@testable import HifWorkspace

@Suite struct GitHostileTests {
    /// A bare repository whose only commit has the tree that the entries spell.
    private func repository(
        _ path: String, entries: [(mode: String, name: String, id: GitID?)]
    ) throws -> GitSource {
        try run("git", "init", "-q", "--bare", "--initial-branch=main", path)
        func put(_ kind: String, _ content: [UInt8]) throws -> GitID {
            let output = try run(
                "git", "-C", path, "hash-object", "-t", kind, "-w", "--literally", "--stdin",
                input: content)
            return try #require(GitID(hex: output.dropLast()))
        }
        let blob = try put("blob", Array("x".utf8))
        let inner = try put("tree", Array("100644 b\0".utf8) + blob.bytes)
        var tree: [UInt8] = []
        for entry in entries {
            tree += Array("\(entry.mode) \(entry.name)\0".utf8)
            tree += (entry.id ?? (entry.mode == "40000" ? inner : blob)).bytes
        }
        let root = try put("tree", tree)
        let commit = try put("commit", Array("tree \(root)\nauthor\ncommitter <\n".utf8))
        try run("git", "-C", path, "update-ref", "refs/heads/main", commit.hex)
        return try GitSource.open(path: path)
    }

    @Test func `a tree that names a path twice is refused`() async throws {
        let scratch = try ScratchDirectory()
        let source = try repository(
            scratch("a"), entries: [("100644", "a", nil), ("100644", "a", nil)])
        let error = await #expect(throws: GitError.self) { try await ImportedLine.read(source) }
        #expect(error?.code == .damaged)
    }

    @Test func `names that are paths, and a file beside its own directory`() async throws {
        let scratch = try ScratchDirectory()
        let source = try repository(
            scratch("a"),
            entries: [
                ("100644", "../up", nil), ("100644", "/root", nil), ("100644", "a", nil),
                ("40000", "a", nil), ("100644", "x/.git/config", nil),
            ])
        let error = await #expect(throws: GitError.self) { try await ImportedLine.read(source) }
        #expect(error?.code == .damaged)
    }

    @Test func `an entry whose object is missing, or is no blob, is an error`() async throws {
        let scratch = try ScratchDirectory()
        let gone = try #require(GitID(hex: String(repeating: "12", count: 20)))
        let source = try repository(scratch("a"), entries: [("100644", "a", gone)])
        let error = await #expect(throws: GitError.self) { try await ImportedLine.read(source) }
        #expect(error?.code == .missingObject)
        // The empty tree, which git knows without having it.
        let tree = try #require(GitID(hex: "4b825dc642cb6eb9a060e54bf8d69288fbee4904"))
        let other = try repository(scratch("b"), entries: [("100644", "a", tree)])
        let second = await #expect(throws: GitError.self) { try await ImportedLine.read(other) }
        #expect(second?.code == .damaged)
    }

    @Test func `a submodule that has the id of a blob stays a submodule`() async throws {
        let scratch = try ScratchDirectory()
        let id = try #require(
            GitID(hex: try run("git", "hash-object", "--stdin", input: [0x78]).dropLast()))
        let source = try repository(
            scratch("a"), entries: [("100644", "a", nil), ("160000", "b", id)])
        let read = try await ImportedLine.read(source)
        let leaves = try #require(read.operations.first).map(\.after)
        #expect(leaves.map { $0?.kind } == [.file, .external])
        #expect(leaves.map { $0?.size } == [1, 40])
    }

    @Test func `modes that git shows as others are found by looking`() async throws {
        let found = try OddRepository.source.unusualModes()
        #expect(Set(found.found.map(\.mode)) == [0o100664, 0o100600, 0o100775])
        #expect(found.count == found.found.count)
        #expect(GitMapper.kind(ofMode: 0o100775) == .executable)
        #expect(GitMapper.kind(ofMode: 0o100664) == .file)
    }

    @Test func `commit objects of any bytes are read or refused, never a trap`() throws {
        let id = try #require(GitID(hex: String(repeating: "a", count: 40)))
        let good = Array(
            """
            tree \(id)
            parent \(id)
            author A B <a@b> 1600000000 +0200
            committer  <> -5 +99
            encoding latin1
            gpgsig x
             y

            subject

            body
            """.utf8)
        let commit = try GitCommit(id: id, content: good)
        #expect(commit.parents == [id] && commit.isSigned)
        #expect(commit.author.zoneMinutes == 120)
        #expect(commit.committer.seconds == 0)
        for seed in UInt64(0)..<500 {
            var random = SeededGenerator(seed: seed)
            var bytes = good
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                bytes[at] = UInt8.random(in: 0...255, using: &random)
            }
            bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
            if let commit = try? GitCommit(id: id, content: bytes) {
                _ = (commit.subject, commit.author.zoneMinutes, commit.committer.zoneMinutes)
            }
        }
    }

    @Test func `a blob map comes back as it was, and damage is refused`() throws {
        for seed in UInt64(0)..<4 {
            var random = SeededGenerator(seed: seed)
            var map = GitBlobMap()
            for index in 0..<Int(seed) * 2 {
                let id = try #require(GitID(bytes: random.bytes(20)))
                let blob = GitBlob(
                    hash: try #require(Hash(bytes: random.bytes(32))), size: random.next() >> 20)
                if index % 3 == 0 { map.setSubmodule(id, blob) } else { map.setBlob(id, blob) }
            }
            let bytes = map.encoded
            #expect(try GitBlobMap(decoding: bytes) == map, "seed \(seed)")
            for length in 0..<bytes.count {
                #expect(throws: FormatError.self) {
                    try GitBlobMap(decoding: Array(bytes.prefix(length)))
                }
            }
            for bit in 0..<bytes.count * 8 {
                var flipped = bytes
                flipped[bit / 8] ^= 1 << UInt8(bit % 8)
                #expect(throws: FormatError.self) { try GitBlobMap(decoding: flipped) }
            }
        }
    }

    @Test func `the golden blob map is read and written the same`() throws {
        var map = GitBlobMap()
        map.setBlob(
            try #require(GitID(bytes: Array(0..<20))),
            GitBlob(hash: try #require(Hash(bytes: Array(100..<132))), size: 300))
        let golden =
            "48494647" + "01"  // magic, version
            + "01" + "000102030405060708090a0b0c0d0e0f10111213"  // one blob
            + "6465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f80818283" + "ac02"
            + "00"  // no submodule
        #expect(map.encoded.dropLast(8).hex == golden)
        #expect(try GitBlobMap(decoding: map.encoded) == map)
    }

    @Test func `a git that dies is reported in its own words`() throws {
        let error = #expect(throws: GitError.self) {
            try GitProcess.output(["rev-list", "--no-such-option", "HEAD"])
        }
        #expect(error?.code == .failed)
        #expect(error?.message.isEmpty == false)
        let process = try GitProcess(["version"], input: .pipe)
        let failure = #expect(throws: GitError.self) {
            for _ in 0..<1000 { try process.input?.write([UInt8](repeating: 0, count: 1 << 16)) }
        }
        #expect(failure?.code == .failed)
    }
}
