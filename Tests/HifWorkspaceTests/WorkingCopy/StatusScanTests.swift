import Glibc
import HifCore
import Support
import Testing

@testable import HifWorkspace

@Suite struct StatusScanTests {
    /// A working copy whose index is made by scanning it.
    final class Copy {
        let directory = TemporaryDirectory()
        var index = WorkspaceIndex()
        var clock = ScanClock.fileSystem

        init() { directory.makeDirectory(".hif") }

        private var hif: DirectoryHandle {
            get throws { try DirectoryHandle(path: directory.pathBytes + Array("/.hif".utf8)) }
        }

        /// Until every stamp made so far is older than the guard, and so trusted.
        func pause() { usleep(25_000) }

        func scan(
            _ options: StatusScan.Options = StatusScan.Options(),
            observe: (([UInt8], FileStat) -> FileStat)? = nil
        ) throws -> StatusReport {
            var scan = try StatusScan(
                root: directory.root, hifDirectory: hif, options: options, clock: clock)
            scan.observe = observe
            return try scan.run(&index)
        }

        /// Tracks everything that stands there, with trusted stats.
        func track() throws {
            let changes = try scan().changes
            index = index.updating(changes.map { IndexUpdate(path: $0.path, leaf: $0.after) })
            pause()
            _ = try scan()
        }
    }

    static func text(_ changes: [WorkingChange]) -> [String] {
        changes.map { "\($0.kind.rawValue) \($0.path)" }
    }

    @Test func `a clean copy is believed without reading or listing anything`() throws {
        let copy = Copy()
        copy.directory.write("a", "1")
        copy.directory.write("d/e/f", "2")
        copy.directory.write("d/run", "3", mode: 0o755)
        copy.directory.link("d/link", to: "nowhere")
        try copy.track()
        let report = try copy.scan()
        #expect(report.changes.isEmpty && report.warnings.isEmpty && !report.isIndexChanged)
        #expect(
            report.cost == StatusReport.Cost(filesStated: 4, filesRead: 0, directoriesListed: 0))
        #expect(copy.index[path("d/run")] == fileLeaf("3", .executable))
        #expect(copy.index[path("d/link")] == fileLeaf("nowhere", .symlink))
    }

    @Test func `reports every kind of change with both leaves`() throws {
        let copy = Copy()
        for name in ["edit", "gone", "mode", "tolink", "d/x", "d/y", "todir", "sub/a/b"] {
            copy.directory.write(name, name)
        }
        copy.directory.link("link", to: "one")
        try copy.track()
        copy.directory.write("edit", "EDIT")
        copy.directory.remove("gone")
        chmod(copy.directory.path + "/mode", 0o755)
        copy.directory.remove("tolink")
        copy.directory.link("tolink", to: "edit")
        copy.directory.remove("link")
        copy.directory.link("link", to: "two")
        copy.directory.remove("d")
        copy.directory.write("d", "now a file")
        copy.directory.remove("todir")
        copy.directory.write("todir/in", "new")
        copy.directory.remove("sub")
        copy.directory.write("new/deep/file", "n")
        let report = try copy.scan()
        #expect(
            Self.text(report.changes) == [
                "added d", "deleted d/x", "deleted d/y", "modified edit", "deleted gone",
                "modified link", "kindChanged mode", "added new/deep/file", "deleted sub/a/b",
                "deleted todir", "added todir/in", "kindChanged tolink",
            ])
        let edit = report.changes.first { $0.path == path("edit") }
        #expect(edit?.before == fileLeaf("edit") && edit?.after == fileLeaf("EDIT"))
        let link = report.changes.first { $0.path == path("tolink") }
        #expect(link?.after == fileLeaf("edit", .symlink))
        #expect(try Self.text(copy.scan().changes) == Self.text(report.changes))
    }

    @Test func `a rewrite in the same tick is seen because young stamps are not trusted`() throws {
        let copy = Copy()
        copy.directory.write("f", "old")
        let index = WorkspaceIndex(
            basePosition: 0, baseRoot: .zero, entries: [(path: path("f"), leaf: fileLeaf("old"))])
        let tick: Int64 = 1_000_000_000_500_000_000
        // A kernel with coarse stamps: whatever happens, the file's stat is the same.
        func frozen(_ path: [UInt8], _ stat: FileStat) -> FileStat {
            var stat = stat
            stat.modifiedNanos = tick
            stat.changedNanos = tick
            return stat
        }
        copy.index = index
        copy.clock = .fixed(tick + 3_000_000)
        #expect(try copy.scan(observe: frozen).changes.isEmpty)
        copy.directory.write("f", "new")
        copy.clock = .fixed(tick + 300_000_000)
        #expect(try Self.text(copy.scan(observe: frozen).changes) == ["modified f"])

        // Once the clock has moved on by more than the guard, the stamp is trusted.
        copy.directory.write("f", "old")
        copy.clock = .fixed(tick + ScanClock.guardNanos)
        #expect(try copy.scan(observe: frozen).cost.filesRead == 1)
        copy.clock = .fixed(tick + ScanClock.guardNanos + 1)
        #expect(try copy.scan(observe: frozen).cost.filesRead == 1)
        #expect(try copy.scan(observe: frozen).cost.filesRead == 0)
    }

    @Test func `a file added in the tick of the listing is seen by the next scan`() throws {
        let copy = Copy()
        copy.directory.write("d/f", "1")
        copy.index = WorkspaceIndex(
            basePosition: 0, baseRoot: .zero, entries: [(path: path("d/f"), leaf: fileLeaf("1"))])
        let tick: Int64 = 1_000_000_000_500_000_000
        func frozen(_ path: [UInt8], _ stat: FileStat) -> FileStat {
            var stat = stat
            stat.modifiedNanos = tick
            stat.changedNanos = tick
            return stat
        }
        copy.clock = .fixed(tick + 3_000_000)
        _ = try copy.scan(observe: frozen)
        copy.directory.write("d/g", "2")
        copy.clock = .fixed(tick + 300_000_000)
        #expect(try Self.text(copy.scan(observe: frozen).changes) == ["added d/g"])
    }

    @Test func `a stamp of whole seconds is trusted only after two of them`() {
        #expect(ScanClock.fixed(5_000_000_000).cutoffNanos(hifDirectory: nil) == 3_000_000_000)
        #expect(ScanClock.fixed(5_000_000_001).cutoffNanos(hifDirectory: nil) == 4_990_000_001)
    }

    @Test func `the file system's clock is sampled through a file in its own directory`() throws {
        let directory = TemporaryDirectory()
        let cutoff = ScanClock.fileSystem.cutoffNanos(hifDirectory: try directory.root)
        let stat = try #require(try directory.root.stat(Array("clock".utf8)))
        #expect(cutoff < stat.modifiedNanos)
    }

    @Test func `touching a file refreshes its row and changes nothing`() throws {
        let copy = Copy()
        copy.directory.write("f", "same")
        try copy.track()
        utimes(
            copy.directory.path + "/f",
            [timeval(tv_sec: 1000, tv_usec: 5), timeval(tv_sec: 1000, tv_usec: 5)])
        copy.pause()
        let report = try copy.scan()
        #expect(report.changes.isEmpty && report.isIndexChanged && report.cost.filesRead == 1)
        #expect(try copy.scan().cost.filesRead == 0)
    }

    @Test func `an old stamp put back does not hide an edit of the same size`() throws {
        let copy = Copy()
        copy.directory.write("f", "abc")
        try copy.track()
        let before = try #require(try copy.directory.root.stat(Array("f".utf8)))
        copy.directory.write("f", "xyz")
        try FileEffects().setModified(
            before.modifiedNanos, of: Array("f".utf8), in: copy.directory.root)
        #expect(
            try copy.directory.root.stat(Array("f".utf8))?.modifiedNanos == before.modifiedNanos)
        #expect(try Self.text(copy.scan().changes) == ["modified f"])
    }

    @Test func `stamps and inodes that move on their own can be left out`() throws {
        let copy = Copy()
        copy.directory.write("f", "abc")
        try copy.track()
        func moved(_ path: [UInt8], _ stat: FileStat) -> FileStat {
            var stat = stat
            stat.changedNanos += 1
            stat.inode += 1
            return stat
        }
        var options = StatusScan.Options()
        options.trustsInode = false
        options.trustsChangeTime = false
        #expect(try copy.scan(options, observe: moved).cost.filesRead == 0)
        #expect(try copy.scan(observe: moved).cost.filesRead == 1)
        chmod(copy.directory.path + "/f", 0o755)
        options.trustsExecutableBit = false
        #expect(try copy.scan(options).changes.isEmpty)
        #expect(try Self.text(copy.scan().changes) == ["kindChanged f"])
    }

    @Test func `ignored files are left out unless they are tracked`() throws {
        let copy = Copy()
        copy.directory.write("kept.log", "tracked")
        copy.directory.write("out/tracked", "t")
        try copy.track()
        copy.directory.write(".gitignore", "*.log\nout/\n")
        copy.directory.write("noise.log", "n")
        copy.directory.write("out/noise", "n")
        copy.directory.write("kept.log", "edited")
        copy.directory.write("out/tracked", "edited")
        copy.directory.write("src/.hifignore", "tmp\n")
        copy.directory.write("src/tmp/x", "n")
        copy.directory.write("src/x", "n")
        #expect(
            try Self.text(copy.scan().changes) == [
                "added .gitignore", "modified kept.log", "modified out/tracked",
                "added src/.hifignore", "added src/x",
            ])
    }

    @Test func `special files, nested checkouts and reserved names are warned of or skipped`()
        throws
    {
        let copy = Copy()
        copy.directory.write("f", "1")
        try copy.track()
        mkfifo(copy.directory.path + "/pipe", 0o644)
        copy.directory.write("nested/.git/config", "x")
        copy.directory.write("nested/file", "x")
        copy.directory.write("inner/.hif/index", "x")
        copy.directory.write("worktree/.git", "gitdir: elsewhere")
        copy.directory.write(".git/config", "x")
        copy.directory.remove("f")
        mkfifo(copy.directory.path + "/f", 0o644)
        let report = try copy.scan()
        #expect(Self.text(report.changes) == ["deleted f"])
        let warnings = report.warnings.map { String(decoding: $0.path, as: UTF8.self) }.sorted()
        #expect(warnings == ["f", "inner", "nested", "pipe", "worktree"])
    }

    @Test func `a link in place of a directory is not followed`() throws {
        let copy = Copy()
        copy.directory.write("d/f", "1")
        copy.directory.write("elsewhere/f", "1")
        try copy.track()
        copy.directory.remove("d")
        copy.directory.link("d", to: "elsewhere")
        #expect(try Self.text(copy.scan().changes) == ["added d", "deleted d/f"])
    }

    @Test func `explicit directories and submodules are there or not`() throws {
        let copy = Copy()
        let external = Leaf(kind: .external, size: 40, hash: Blake3.hash([1]))
        copy.index = WorkspaceIndex(
            basePosition: 0, baseRoot: .zero,
            entries: [
                (path: path("empty"), leaf: .explicitDirectory),
                (path: path("full"), leaf: .explicitDirectory),
                (path: path("gone"), leaf: .explicitDirectory),
                (path: path("lib"), leaf: external),
            ])
        copy.directory.makeDirectory("empty")
        copy.directory.write("full/x", "1")
        copy.directory.write("lib/.git", "gitdir: x")
        copy.directory.write("lib/x", "1")
        for _ in 0..<3 {
            let report = try copy.scan()
            #expect(Self.text(report.changes) == ["added full/x", "deleted gone"])
            #expect(report.warnings.isEmpty)
        }
    }

    @Test(.enabled(if: geteuid() != 0, "root may read everything"))
    func `what cannot be read is warned of and counts as unchanged`() throws {
        let copy = Copy()
        copy.directory.write("f", "1")
        copy.directory.write("d/g", "2")
        try copy.track()
        copy.directory.write("f", "changed")
        copy.directory.write("new", "3", mode: 0)
        chmod(copy.directory.path + "/f", 0)
        chmod(copy.directory.path + "/d", 0)
        defer { chmod(copy.directory.path + "/d", 0o755) }
        let report = try copy.scan()
        #expect(report.changes.isEmpty)
        #expect(
            report.warnings.map { String(decoding: $0.path, as: UTF8.self) }.sorted() == [
                "d", "f", "new",
            ])
    }

    @Test func `a path too long for a repository is warned of`() throws {
        let copy = Copy()
        copy.directory.write("f", "1")
        let name = [UInt8](repeating: UInt8(ascii: "n"), count: 250)
        var directory = try copy.directory.root
        let effects = FileEffects()
        for _ in 0..<17 {
            try effects.makeDirectory(name, in: directory)
            directory = try #require(try directory.directory(name))
        }
        _ = try effects.create(name, in: directory)
        defer { system("rm -rf '\(copy.directory.path)'/n*") }
        let report = try copy.scan()
        #expect(Self.text(report.changes) == ["added f"])
        #expect(report.warnings.map(\.reason) == [.badPath(.pathTooLong)])
    }

    @Test func `an index rebuilt from the base tree learns everything in one scan`() throws {
        let copy = Copy()
        copy.directory.write("a/f", "1")
        copy.directory.write("g", "edited")
        copy.index = WorkspaceIndex(
            basePosition: 1, baseRoot: .zero,
            entries: [
                (path: path("a/f"), leaf: fileLeaf("1")), (path: path("g"), leaf: fileLeaf("2")),
            ])
        copy.pause()
        let first = try copy.scan()
        #expect(Self.text(first.changes) == ["modified g"] && first.cost.filesRead == 2)
        #expect(first.isIndexChanged)
        let second = try copy.scan()
        #expect(second.cost.filesRead == 1 && second.cost.directoriesListed == 0)
    }

    @Test func `a file of several pieces is hashed as one`() throws {
        let copy = Copy()
        let text = String(repeating: "0123456789abcdef", count: 90_000)
        copy.directory.write("big", text)
        copy.directory.write("empty", "")
        let after = try copy.scan().changes.map(\.after)
        #expect(after == [fileLeaf(text), fileLeaf("")])
    }

    /// A model of the copy as a dictionary, changed at random along with the files.
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `any series of edits is reported as the model says`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let copy = Copy()
        var model: [String: Leaf] = [:]
        var base: [String: Leaf] = [:]
        for round in 0..<40 {
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let depth = Int.random(in: 0...2, using: &generator)
                let directories = (0..<depth).map { _ in
                    ["D", "E"].randomElement(using: &generator)!
                }
                let file = ["f", "g", "h"].randomElement(using: &generator)!
                let name = (directories + [file]).joined(separator: "/")
                copy.directory.remove(name)
                model[name] = nil
                switch Int.random(in: 0..<5, using: &generator) {
                case 0: continue
                case 1:
                    copy.directory.link(name, to: "t\(round % 3)")
                    model[name] = fileLeaf("t\(round % 3)", .symlink)
                case 2:
                    copy.directory.write(name, "x\(round % 3)", mode: 0o755)
                    model[name] = fileLeaf("x\(round % 3)", .executable)
                default:
                    copy.directory.write(name, "f\(round % 3)")
                    model[name] = fileLeaf("f\(round % 3)")
                }
            }
            let expected = Set(model.keys).union(base.keys)
                .filter { model[$0] != base[$0] }
                .map { WorkingChange(path: path($0), before: base[$0], after: model[$0]) }
                .sorted { $0.path < $1.path }
            if round.isMultiple(of: 3) { copy.pause() }
            let report = try copy.scan()
            #expect(report.changes == expected, "seed \(seed), round \(round)")
            if round % 5 == 4 {
                copy.index = copy.index.updating(
                    report.changes.map { IndexUpdate(path: $0.path, leaf: $0.after) })
                base = model
            }
        }
    }
}
