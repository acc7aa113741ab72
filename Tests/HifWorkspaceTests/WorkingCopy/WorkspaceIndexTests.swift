import HifCore
import Support
import Testing

@testable import HifWorkspace

@Suite struct WorkspaceIndexTests {
    static let entries: [(path: RepoPath, leaf: Leaf)] = [
        (path("README"), fileLeaf("hello")),
        (path("bin/run"), fileLeaf("#!", .executable)),
        (path("a/b/c"), fileLeaf("deep")),
        (path("a-b"), fileLeaf("dash")),
        (path("a/z"), fileLeaf("link", .symlink)),
        (path("empty"), .explicitDirectory),
        (path("vendor/lib"), Leaf(kind: .external, size: 40, hash: Blake3.hash([1]))),
    ]

    static var sample: WorkspaceIndex {
        WorkspaceIndex(basePosition: 7, baseRoot: Blake3.hash([7]), entries: entries)
            .updating([
                IndexUpdate(
                    path: path("README"), leaf: fileLeaf("hello"),
                    stat: FileStat(
                        modifiedNanos: 1_700_000_000_000_000_001,
                        changedNanos: 1_700_000_000_000_000_002, size: 5, inode: 99, type: .file))
            ])
    }

    @Test func `finds every entry and nothing else`() {
        let index = Self.sample
        #expect(index.count == Self.entries.count)
        for entry in Self.entries { #expect(index[entry.path] == entry.leaf) }
        for name in ["a", "a/b", "a/b/c/d", "README2", "READM", "bin/", "zzz"] {
            guard let path = try? RepoPath(name) else { continue }
            #expect(index[path] == nil)
        }
        #expect(index.isDirectory(path("a/b")))
        #expect(!index.isDirectory(path("a/z")))
    }

    @Test func `rows stand in directory-major order`() {
        var paths: [String] = []
        Self.sample.forEach { path, _ in paths.append(path.description) }
        #expect(paths == ["README", "a-b", "empty", "a/z", "a/b/c", "bin/run", "vendor/lib"])
    }

    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func `any updates give the index that building anew gives`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var model: [RepoPath: Leaf] = [:]
        var index = WorkspaceIndex()
        for round in 0..<30 {
            var updates: [IndexUpdate] = []
            for _ in 0..<Int.random(in: 1...12, using: &generator) {
                let depth = Int.random(in: 0...3, using: &generator)
                // Directories are upper case and files lower case, so none is below a file.
                var parts: [String] = []
                for _ in 0..<depth {
                    parts.append(["A", "A-", "A\u{1}", "B"].randomElement(using: &generator)!)
                }
                parts.append(["a", "a-", "b", "b\u{2}"].randomElement(using: &generator)!)
                let chosen = path(parts.joined(separator: "/"))
                let leaf = Bool.random(using: &generator) ? nil : fileLeaf("\(round)")
                updates.append(IndexUpdate(path: chosen, leaf: leaf))
                model[chosen] = leaf
            }
            index = index.updating(updates)
            let built = WorkspaceIndex(
                basePosition: 0, baseRoot: .zero,
                entries: model.map { (path: $0.key, leaf: $0.value) })
            #expect(index.encoded(writer: "t") == built.encoded(writer: "t"), "seed \(seed)")
            let read = try WorkspaceIndex(decoding: index.encoded(writer: "t"))
            #expect(read.rows == index.rows && read.directories == index.directories)
        }
    }

    @Test func `removing a row makes the scan list the directories above again`() {
        var index = Self.sample
        for number in index.directories.indices { index.directories[number].isComplete = true }
        let after = index.updating([IndexUpdate(path: path("a/b/c"), leaf: nil)])
        let complete = after.directories.map { directory in
            (
                String(decoding: after.names[directory.pathRange], as: UTF8.self),
                directory.isComplete
            )
        }
        #expect(complete.map(\.0) == ["", "a", "bin", "vendor"])
        #expect(complete.map(\.1) == [false, false, true, true])
    }

    @Test func `reads what it wrote, and refuses every cut and every flipped bit`() throws {
        let bytes = Self.sample.encoded(writer: "hif 1.0")
        let read = try WorkspaceIndex(decoding: bytes)
        #expect(read.encoded(writer: "hif 1.0") == bytes)
        for count in bytes.indices {
            #expect(throws: WorkingCopyError.self) {
                try WorkspaceIndex(decoding: Array(bytes[..<count]))
            }
        }
        for position in bytes.indices {
            var damaged = bytes
            damaged[position] ^= 1 << UInt8(position % 8)
            #expect(throws: WorkingCopyError.self) { try WorkspaceIndex(decoding: damaged) }
        }
    }

    @Test func `damage behind a right checksum is refused or reads as a sound index`() throws {
        let bytes = Self.sample.encoded(writer: "hif 1.0")
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<2_000 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let position = Int.random(in: 136..<bytes.count - 32, using: &generator)
                damaged[position] = UInt8.random(in: 0...255, using: &generator)
            }
            let tail = Blake3.hash(damaged, range: 136..<bytes.count - 32).bytes
            damaged.replaceSubrange(bytes.count - 32..<bytes.count, with: tail)
            guard let index = try? WorkspaceIndex(decoding: damaged) else { continue }
            var count = 0
            index.forEach { _, _ in count += 1 }
            #expect(count == index.count)
            #expect(index.encoded(writer: "hif 1.0") == damaged)
        }
    }

    @Test func `a newer format is refused with the name of the program that wrote it`() {
        var bytes = Self.sample.encoded(writer: "hif 9.1")
        bytes[4] = 2
        let error = #expect(throws: WorkingCopyError.self) { try WorkspaceIndex(decoding: bytes) }
        #expect(error?.code == .fromNewerVersion)
        #expect(error?.message.contains("hif 9.1") == true)
    }

    @Test func `the golden bytes are those of the format page`() throws {
        let index = WorkspaceIndex(
            basePosition: 3, baseRoot: Blake3.hash([]),
            entries: [(path: path("a/b"), leaf: fileLeaf("x"))])
        let bytes = index.encoded(writer: "hif 1.0")
        #expect(bytes.hex == WorkspaceIndexTests.golden)
    }

    @Test func `a saved index loads, and a missing one is nil`() throws {
        let directory = TemporaryDirectory()
        let handle = try directory.root
        #expect(try WorkspaceIndex.load(from: handle) == nil)
        try Self.sample.save(to: handle, writer: "hif 1.0")
        let loaded = try #require(try WorkspaceIndex.load(from: handle))
        #expect(loaded.encoded(writer: "x") == Self.sample.encoded(writer: "x"))
        #expect(TemporaryDirectory.names(directory.path) == ["index"])
    }

    /// Spaces and line ends do not count; each line is a field or a few.
    static let golden = """
        48494658 01000000
        68696620312e3000 0000000000000000 0000000000000000
        0300000000000000
        af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262
        02000000 01000000 0500000000000000
        0000000000000000 0000000000000000
        c3cea6fbd6248b22cd8567cba2c39354f6dece4bf45cc3f25cec1473a164a9ba

        00000000 00000000 00000000 00000000 00000000 02000000
        0000000000000000 0000000000000000 0000000000000000 00000000 00000000
        01000000 01000000 00000000 01000000 00000000 02000000
        0000000000000000 0000000000000000 0000000000000000 00000000 00000000

        0000000000000000 0000000000000000 0100000000000000 0000000000000000
        00000000 03000000

        3ae7d805f6789a6402acb70ad4096a85a56bf6804eaf25c0493ac697548d30b5

        00 6100 6200

        b352e8d72b0b6058e61fd632dc45e24fa99012d6c714f685092598ed7d4c9f75
        """.filter { !$0.isWhitespace }
}
