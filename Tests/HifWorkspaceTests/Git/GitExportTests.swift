import Foundation
import HifCore
import Testing

@testable import HifWorkspace

/// Gives an imported line back, contents in pieces.
private struct LineExport: GitExportSource {
    var commits: [GitExportCommit]
    let contents: [Hash: [UInt8]]
    var pieceBytes = 100_000
    var asked: [Hash: Int] = [:]

    init(_ read: ImportedLine, tags: [GitTag] = []) {
        commits = zip(read.steps, read.operations).map { step, operations in
            GitExportCommit(
                author: step.commit.author, committer: step.commit.committer,
                message: step.commit.message, operations: operations,
                tags: tags.filter { $0.index == step.index }.map {
                    .init(name: $0.name, annotation: $0.annotation)
                })
        }.reversed()
        contents = read.sink.contents
    }

    mutating func next() -> GitExportCommit? { commits.popLast() }

    mutating func content(
        of blob: GitBlob, _ receive: ([UInt8]) async throws -> Void
    ) async throws {
        asked[blob.hash, default: 0] += 1
        let content = try #require(contents[blob.hash])
        for start in stride(from: 0, to: content.count, by: pieceBytes) {
            try await receive(Array(content[start...].prefix(pieceBytes)))
        }
    }
}

/// Positions made by hand.
private struct HandMade: GitExportSource {
    var commits: [GitExportCommit]
    var content: [UInt8] = []

    mutating func next() -> GitExportCommit? { commits.isEmpty ? nil : commits.removeFirst() }
    mutating func content(
        of blob: GitBlob, _ receive: ([UInt8]) async throws -> Void
    ) async throws {
        try await receive(content)
    }

    static func commit(
        _ operations: [GitOperation], name: String = "N", email: String = "e@x",
        seconds: Int64 = 1, zone: String = "+0000", tags: [GitExportCommit.Tag] = []
    ) -> GitExportCommit {
        let person = GitPerson(
            name: Array(name.utf8), email: Array(email.utf8), seconds: seconds,
            zone: Array(zone.utf8))
        return GitExportCommit(
            author: person, committer: person, message: Array("m\n".utf8), operations: operations,
            tags: tags)
    }
}

@Suite struct GitExportTests {
    @Test func `an imported line goes out with the same trees`() async throws {
        let source = try OddRepository.source
        let read = try await ImportedLine.whole.value
        let scratch = try ScratchDirectory()
        var export = LineExport(read, tags: try source.tags(on: read.line))
        let result = try await GitExport.write(&export, to: scratch("out"))
        #expect(result.tagsLeftOut.isEmpty && result.submodulesAsFiles.isEmpty)
        #expect(result.checkoutFailure == nil)
        #expect(export.asked.values.allSatisfy { $0 == 1 })
        let out = try GitSource.open(path: scratch("out"))
        #expect(out.branch == "main")
        let (theirs, ours) = (try GitTreeIDs.trees(source), try GitTreeIDs.trees(out))
        try #require(ours.count == theirs.count)
        // Only what an import must change: names that are left out, modes, empty trees.
        #expect(try GitTreeIDs.unequalPositions(of: out, importedFrom: source).isEmpty)
        let differing = zip(theirs, ours).count { $0 != $1 }
        // The raw part and all that follows it.
        let odd = try #require(
            read.steps.first { $0.commit.subject.starts(with: "odd modes".utf8) })
        #expect(differing == read.line.count - odd.index)
        // Until the first merge, encoded message or signature not even the commits differ.
        let merge = try #require(read.steps.first { $0.commit.parents.count > 1 }?.index)
        #expect(Array(result.commits[..<merge]) == Array(read.line.commits[..<merge]))
        try run("git", "-C", scratch("out"), "diff", "--quiet", "HEAD")
        let tags = try out.tags(on: GitLine(of: out))
        #expect(
            tags.map(\.index) == (try source.tags(on: read.line)).map(\.index).filter { $0 != nil })
        #expect(tags.contains { $0.annotation?.message == Array("the first release\n".utf8) })
    }

    @Test func `the same positions give the same commits`() async throws {
        let read = try await ImportedLine.whole.value
        let scratch = try ScratchDirectory()
        var first = LineExport(read)
        var second = LineExport(read)
        second.pieceBytes = 7777
        let one = try await GitExport.write(&first, to: scratch("one"), branch: "trunk")
        let two = try await GitExport.write(&second, to: scratch("two"), branch: "trunk")
        #expect(one.commits == two.commits)
        #expect(try GitSource.open(path: scratch("two")).branch == "trunk")
    }

    @Test func `an export with a wrong or missing position is found`() async throws {
        let read = try await ImportedLine.whole.value
        let scratch = try ScratchDirectory()
        var export = LineExport(read)
        // Given last first: the newest commit is missing, and the third changes nothing.
        export.commits.removeFirst()
        let third = export.commits.count - 3
        let kept = export.commits[third]
        export.commits[third] = GitExportCommit(
            author: kept.author, committer: kept.committer, message: kept.message, operations: [])
        _ = try await GitExport.write(&export, to: scratch("out"))
        let unequal = try GitTreeIDs.unequalPositions(
            of: GitSource.open(path: scratch("out")), importedFrom: OddRepository.source)
        #expect(unequal.first == 2)
        #expect(unequal.last == read.line.count - 1)
    }

    @Test func `a directory with something in it is refused and left alone`() async throws {
        let scratch = try ScratchDirectory()
        try Data("mine".utf8).write(to: URL(fileURLWithPath: scratch("file")))
        var source = HandMade(commits: [])
        for target in [scratch.path, scratch("file")] {
            let error = await #expect(throws: GitError.self) {
                try await GitExport.write(&source, to: target)
            }
            #expect(error?.code == .notEmpty)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["file"])
    }

    @Test func `content of the wrong size ends the export and leaves nothing`() async throws {
        let scratch = try ScratchDirectory()
        let leaf = Leaf(kind: .file, size: 5, hash: MemorySink.hash([1]))
        let operation = GitOperation(path: try RepoPath("a"), before: nil, after: leaf)
        for content in [[], Array("123456".utf8)] {
            var source = HandMade(commits: [HandMade.commit([operation])], content: content)
            let error = await #expect(throws: GitError.self) {
                try await GitExport.write(&source, to: scratch("out"))
            }
            #expect(error?.code == .damaged)
            #expect(!FileManager.default.fileExists(atPath: scratch("out")))
        }
    }

    @Test func `hostile people, tags and submodules go out tamed`() async throws {
        let scratch = try ScratchDirectory()
        let leaf = Leaf(kind: .external, size: 5, hash: MemorySink.hash([2]))
        let tags = [
            "ok", "ok/below", "ok", "a..b", "-x", "x.lock", "a b", "", "@", "é", "x/y", "x",
        ]
        var source = HandMade(
            commits: [
                HandMade.commit(
                    [
                        GitOperation(path: try RepoPath("module"), before: nil, after: leaf),
                        GitOperation(
                            path: try RepoPath("dir"), before: nil, after: .explicitDirectory),
                    ],
                    name: "A<b>\nauthor x", email: "<>\n\0e", seconds: -5, zone: "later",
                    tags: tags.map { .init(name: Array($0.utf8)) }),
                HandMade.commit([], name: "", email: "", seconds: .max, zone: "-99999999"),
            ], content: Array("hello".utf8))
        let result = try await GitExport.write(&source, to: scratch("out"))
        #expect(result.commits.count == 2)
        #expect(result.submodulesAsFiles == [try RepoPath("module")])
        #expect(result.tagsLeftOut.count == 9)
        let names = try run("git", "-C", scratch("out"), "tag")
        #expect(String(decoding: names, as: UTF8.self) == "ok\nx/y\né\n")
        let author = try run(
            "git", "-C", scratch("out"), "log", "-1", "--format=%an|%ae|%ad", "--date=raw", "HEAD~1"
        )
        #expect(String(decoding: author, as: UTF8.self) == "Abauthor x|e|0 +0000\n")
    }

    @Test func `a project without positions is a repository without commits`() async throws {
        let scratch = try ScratchDirectory()
        var source = HandMade(commits: [])
        let result = try await GitExport.write(&source, to: scratch("out"), branch: "trunk")
        #expect(result.commits.isEmpty)
        let error = #expect(throws: GitError.self) { try GitSource.open(path: scratch("out")) }
        #expect(error?.code == .empty)
    }

    @Test(arguments: ["", "-b", "a..b", "a b", "x.lock", "/a", "a\n"])
    func `a branch git does not take is refused`(branch: String) async throws {
        let scratch = try ScratchDirectory()
        var source = HandMade(commits: [])
        let error = await #expect(throws: GitError.self) {
            try await GitExport.write(&source, to: scratch("out"), branch: branch)
        }
        #expect(error?.code == .refused)
    }
}
