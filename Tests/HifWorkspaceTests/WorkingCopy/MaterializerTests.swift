import Glibc
import HifCore
import Support
import Testing

@testable import HifWorkspace

/// Content by hash, handed over in small pieces so that a write can be cut short.
struct MemorySource: ContentSource {
    var blobs: [Hash: [UInt8]] = [:]
    var pieceBytes = 4

    mutating func add(_ text: String, _ kind: Leaf.Kind = .file) -> Leaf {
        let leaf = fileLeaf(text, kind)
        blobs[leaf.hash] = Array(text.utf8)
        return leaf
    }

    func content(
        of leaf: Leaf, at path: RepoPath, _ receive: ([UInt8]) throws -> Void
    ) async throws {
        let bytes = blobs[leaf.hash] ?? []
        for start in stride(from: 0, to: bytes.count, by: pieceBytes) {
            try receive(Array(bytes[start..<min(start + pieceBytes, bytes.count)]))
        }
    }
}

/// What the process would do after `kill -9`: nothing at all.
struct Crash: Error {}

/// Two states of a tree and a working copy that goes from one to the other.
final class Journey {
    typealias Tree = [String: Leaf]

    let directory = TemporaryDirectory()
    var source = MemorySource()
    var from: Tree = [:]
    var to: Tree = [:]
    var effects = FileEffects()

    init() { directory.makeDirectory(".hif") }

    var hif: DirectoryHandle {
        get throws { try DirectoryHandle(path: directory.pathBytes + Array("/.hif".utf8)) }
    }

    func changes(_ from: Tree, _ to: Tree) -> [TargetChange] {
        Set(from.keys).union(to.keys).sorted().filter { from[$0] != to[$0] }
            .map { TargetChange(path: path($0), expected: from[$0], new: to[$0]) }
    }

    /// Brings the copy from nothing to `from`.
    func checkOut() async throws {
        let tree = from
        from = [:]
        (from, to) = ([:], tree)
        _ = try await go()
        from = tree
    }

    func loadIndex() throws -> WorkspaceIndex {
        try WorkspaceIndex.load(from: hif) ?? WorkspaceIndex()
    }

    /// A whole operation, in the order that a command keeps.
    @discardableResult
    func go(
        policy: Materializer.Policy = .refuse, isResuming: Bool = false
    ) async throws -> MaterializeReport {
        let hif = try hif
        let index = try loadIndex()
        let journal = Journal(hifDirectory: hif, effects: effects)
        if try journal.pending() == nil {
            try journal.begin(
                JournalEntry(
                    operation: "goto", fromPosition: 1, fromRoot: .zero, toPosition: 2,
                    toRoot: .zero, startedSeconds: 0))
        }
        let materializer = Materializer(
            root: try directory.root, hifDirectory: hif, index: index, effects: effects)
        let report = try await materializer.apply(
            changes(from, to), from: source, policy: policy, isResuming: isResuming)
        if policy == .refuse, !report.obstructions.isEmpty {
            try journal.finish()
            return report
        }
        try index.updating(report.updates).save(to: hif, writer: "test", effects: effects)
        try journal.finish()
        return report
    }

    func status() throws -> StatusReport {
        var index = try loadIndex()
        return try StatusScan(root: directory.root, hifDirectory: hif).run(&index)
    }

    /// Something of everything: edits, removals, kinds, files and directories changing places.
    static func varied() -> Journey {
        let journey = Journey()
        func leaf(_ text: String, _ kind: Leaf.Kind = .file) -> Leaf {
            journey.source.add(text, kind)
        }
        journey.from = [
            "same": leaf("the same"), "edit": leaf("before the edit"), "gone/deep/file": leaf("x"),
            "gone/other": leaf("y"), "mode": leaf("tool"), "tolink": leaf("was a file"),
            "tofile": leaf("edit", .symlink), "relink": leaf("one", .symlink),
            "todir": leaf("a file"), "fromdir/a/b": leaf("1"), "fromdir/c": leaf("2"),
            "kept/": .explicitDirectory, "left/": .explicitDirectory, "kept/x": leaf("in kept"),
            "linkdir": leaf("kept", .symlink),
        ]
        journey.to = [
            "same": leaf("the same"), "edit": leaf("after the edit, longer"),
            "mode": leaf("tool", .executable), "tolink": leaf("edit", .symlink),
            "tofile": leaf("now a file"), "relink": leaf("two", .symlink),
            "todir/in/side": leaf("deep"), "fromdir": leaf("a file now"),
            "new/a": leaf("new a"), "new/b": leaf(""), "kept/": .explicitDirectory,
            "empty/": .explicitDirectory, "linkdir/real": leaf("no link any more"),
        ]
        for tree in [\Journey.from, \Journey.to] {
            for (name, leaf) in journey[keyPath: tree] where name.hasSuffix("/") {
                journey[keyPath: tree][name] = nil
                journey[keyPath: tree][String(name.dropLast())] = leaf
            }
        }
        return journey
    }
}

@Suite struct MaterializerTests {
    @Test func `goes from one tree to another, and the status after it reads nothing`() async throws
    {
        let journey = Journey.varied()
        let target = journey.to
        try await journey.checkOut()
        #expect(try journey.status().changes.isEmpty)
        journey.to = target
        try await journey.go()
        #expect(
            journey.directory.snapshot() == [
                "edit = after the edit, longer", "empty/", "fromdir = a file now", "kept/",
                "linkdir/", "linkdir/real = no link any more", "mode* = tool", "new/",
                "new/a = new a", "new/b = ", "relink -> two", "same = the same", "todir/",
                "todir/in/", "todir/in/side = deep", "tofile = now a file", "tolink -> edit",
            ])
        let status = try journey.status()
        #expect(status.changes.isEmpty && status.warnings.isEmpty)
        #expect(status.cost.filesRead == 0)
        #expect(try journey.loadIndex().count == target.count)
        let again = try await journey.go()
        #expect(again.writtenCount == 0 && again.removedCount == 0)
    }

    /// Stops the world before the n-th effect, for every n, and runs again.
    @Test func `a crash at any point is completed by running again`() async throws {
        let reference = Journey.varied()
        let target = reference.to
        try await reference.checkOut()
        reference.to = target
        var effectCount = 0
        reference.effects = FileEffects { _, _ in effectCount += 1 }
        try await reference.go()
        let expected = reference.directory.snapshot()
        #expect(effectCount > 60)

        for crashAt in 1...effectCount {
            let journey = Journey.varied()
            try await journey.checkOut()
            journey.to = target
            var count = 0
            journey.effects = FileEffects { _, _ in
                count += 1
                if count >= crashAt { throw Crash() }
            }
            await #expect(throws: Crash.self) { try await journey.go() }
            journey.effects = FileEffects()
            // Whatever the crash left is either known to the journal or nothing had begun.
            let pending = try Journal(hifDirectory: journey.hif).pending()
            if pending == nil {
                #expect([1, 2, 3, 4, 5].contains(crashAt) || crashAt == effectCount)
            }
            // The user adds something meanwhile.
            journey.directory.write("mine/note", "user")
            let report = try await journey.go(isResuming: true)
            #expect(report.obstructions.isEmpty, "crash at \(crashAt): \(report.obstructions)")
            journey.directory.remove("mine")
            #expect(journey.directory.snapshot() == expected, "crash at \(crashAt)")
            #expect(try journey.status().changes.isEmpty, "crash at \(crashAt)")
            #expect(TemporaryDirectory.names(journey.directory.path + "/.hif/tmp").isEmpty)
            #expect(try Journal(hifDirectory: journey.hif).pending() == nil)
        }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
    func `crash after crash, the target is reached`(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let journey = Journey.varied()
        let target = journey.to
        try await journey.checkOut()
        journey.to = target
        var isDone = false
        for _ in 0..<200 where !isDone {
            var left = Int.random(in: 0...30, using: &generator)
            journey.effects = FileEffects { _, _ in
                left -= 1
                if left < 0 { throw Crash() }
            }
            do {
                try await journey.go(isResuming: true)
                isDone = true
            } catch is Crash {
                continue
            }
        }
        journey.effects = FileEffects()
        #expect(isDone, "seed \(seed)")
        #expect(try journey.status().changes.isEmpty, "seed \(seed)")
        #expect(journey.directory.snapshot().contains("todir/in/side = deep"), "seed \(seed)")
        #expect(!journey.directory.snapshot().contains { $0.hasPrefix("gone") }, "seed \(seed)")
    }

    @Test func `where stamps cannot be set, the next scan reads what was written`() async throws {
        let journey = Journey()
        journey.to = ["f": journey.source.add("text"), "l": journey.source.add("f", .symlink)]
        journey.effects = FileEffects { effect, name in
            if effect == .setTimes { throw WorkingCopyError.system("set", name, errno: EPERM) }
        }
        try await journey.go()
        let status = try journey.status()
        #expect(status.changes.isEmpty && status.cost.filesRead == 2)
    }

    @Test func `modes honour the umask`() async throws {
        let journey = Journey()
        journey.to = ["f": journey.source.add("a"), "x": journey.source.add("b", .executable)]
        try await journey.go()
        let mask = umask(0)
        umask(mask)
        for (name, mode) in [("f", mode_t(0o666)), ("x", 0o777)] {
            var raw = stat()
            lstat(journey.directory.path + "/" + name, &raw)
            #expect(raw.st_mode & 0o777 == mode & ~mask)
        }
    }

    @Test func `a checkout cut short at any point is completed by running again`() async throws {
        let reference = Journey.varied()
        var effectCount = 0
        reference.effects = FileEffects { _, _ in effectCount += 1 }
        reference.from = [:]
        try await reference.go()
        for crashAt in 1...effectCount {
            let journey = Journey.varied()
            journey.from = [:]
            var count = 0
            journey.effects = FileEffects { _, _ in
                count += 1
                if count >= crashAt { throw Crash() }
            }
            await #expect(throws: Crash.self) { try await journey.go() }
            journey.effects = FileEffects()
            let report = try await journey.go(isResuming: true)
            #expect(report.obstructions.isEmpty, "crash at \(crashAt): \(report.obstructions)")
            #expect(
                journey.directory.snapshot() == reference.directory.snapshot(),
                "crash at \(crashAt)")
            #expect(try journey.status().changes.isEmpty)
        }
    }

    @Test func `edits made after a crash survive, in place or in the backup`() async throws {
        let reference = Journey.varied()
        let target = reference.to
        for crashAt in stride(from: 8, to: 70, by: 3) {
            for policy in [Materializer.Policy.skip, .backUp(label: "before")] {
                let journey = Journey.varied()
                try await journey.checkOut()
                journey.to = target
                var count = 0
                journey.effects = FileEffects { _, _ in
                    count += 1
                    if count >= crashAt { throw Crash() }
                }
                _ = try? await journey.go()
                journey.effects = FileEffects()
                journey.directory.write("edit", "by the user")
                let report = try await journey.go(policy: policy, isResuming: true)
                if policy == .skip {
                    #expect(report.obstructions.map(\.kind) == [.localEdit])
                    #expect(journey.directory.read("edit") == "by the user")
                } else {
                    #expect(journey.directory.read("edit") == "after the edit, longer")
                    #expect(journey.directory.read(".hif/backup/before/edit") == "by the user")
                }
                #expect(journey.directory.read("todir/in/side") == "deep")
            }
        }
    }

    @Test func `a full disk at any point loses nothing, and running again finishes`() async throws {
        let reference = Journey.varied()
        let target = reference.to
        try await reference.checkOut()
        reference.to = target
        var effectCount = 0
        reference.effects = FileEffects { _, _ in effectCount += 1 }
        try await reference.go()
        for failAt in 1...effectCount {
            let journey = Journey.varied()
            try await journey.checkOut()
            journey.to = target
            var count = 0
            journey.effects = FileEffects { effect, name in
                count += 1
                if count == failAt {
                    throw WorkingCopyError.system("write", name, errno: ENOSPC)
                }
            }
            let error = await #expect(throws: WorkingCopyError.self) { try await journey.go() }
            #expect(error?.code == .diskFull)
            // Every file is the old one or the new one: nothing is half written.
            let known = Set(journey.from.values).union(target.values)
            var index = WorkspaceIndex()
            let found = try StatusScan(root: journey.directory.root, hifDirectory: nil).run(&index)
            for change in found.changes {
                #expect(change.after.map(known.contains) == true, "fail at \(failAt) \(change)")
            }
            journey.effects = FileEffects()
            // Not resuming: the error, unlike a crash, left no partial file.
            let report = try await journey.go()
            #expect(report.obstructions.isEmpty, "fail at \(failAt): \(report.obstructions)")
            #expect(journey.directory.snapshot() == reference.directory.snapshot())
        }
    }

    // MARK: - Obstructions

    /// One change against a file the user put there.
    private func obstruction(
        _ from: Journey.Tree, _ to: Journey.Tree, _ journey: Journey,
        by edit: (TemporaryDirectory) -> Void
    ) async throws -> [Obstruction] {
        journey.from = from
        try await journey.checkOut()
        journey.to = to
        edit(journey.directory)
        let before = journey.directory.snapshot()
        let report = try await journey.go()
        #expect(journey.directory.snapshot() == before)
        #expect(report.writtenCount == 0 && report.removedCount == 0)

        // With force everything is done, and what stood there is in the backup.
        let forced = try await journey.go(policy: .backUp(label: "b"))
        #expect(forced.obstructions.isEmpty)
        #expect(!forced.backups.isEmpty)
        for backup in forced.backups {
            let name = ".hif/" + String(decoding: backup.backupPath, as: UTF8.self)
            #expect(lstatExists(journey.directory.path + "/" + name))
        }
        #expect(try journey.status().changes.filter { $0.kind != .added }.isEmpty)
        return report.obstructions
    }

    private func lstatExists(_ path: String) -> Bool {
        var raw = stat()
        return lstat(path, &raw) == 0
    }

    @Test func `a local edit is not overwritten`() async throws {
        let journey = Journey()
        let (old, new) = (journey.source.add("old"), journey.source.add("new!"))
        let found = try await obstruction(["f": old], ["f": new], journey) {
            $0.write("f", "mine")
        }
        #expect(found == [Obstruction(kind: .localEdit, path: path("f"), blocker: Array("f".utf8))])
        #expect(journey.directory.read(".hif/backup/b/f") == "mine")
    }

    @Test func `a local edit is not removed`() async throws {
        let journey = Journey()
        let old = journey.source.add("old")
        let found = try await obstruction(["d/f": old], [:], journey) { $0.write("d/f", "mine") }
        #expect(found.map(\.kind) == [.localEdit])
        #expect(journey.directory.snapshot().isEmpty)
    }

    @Test func `an untracked file in the way is not overwritten`() async throws {
        let journey = Journey()
        let new = journey.source.add("new")
        let found = try await obstruction([:], ["f": new], journey) { $0.write("f", "mine") }
        #expect(found.map(\.kind) == [.fileInTheWay])
    }

    @Test func `an untracked file of the same content is taken for done`() async throws {
        let journey = Journey()
        journey.to = ["f": journey.source.add("same")]
        journey.directory.write("f", "same")
        let report = try await journey.go()
        #expect(report.obstructions.isEmpty && report.acceptedCount == 1)
        #expect(try journey.status().changes.isEmpty)
    }

    @Test func `a symlink on the way is not followed`() async throws {
        let journey = Journey()
        let new = journey.source.add("new")
        let outside = TemporaryDirectory()
        let found = try await obstruction([:], ["d/f": new], journey) {
            $0.link("d", to: outside.path)
        }
        #expect(
            found == [
                Obstruction(kind: .symlinkInParent, path: path("d/f"), blocker: Array("d".utf8))
            ])
        #expect(outside.snapshot(withMetadata: true).isEmpty)
    }

    @Test func `removing does not go through a symlink either`() async throws {
        let journey = Journey()
        journey.from = ["d/f": journey.source.add("x")]
        try await journey.checkOut()
        let outside = TemporaryDirectory()
        outside.write("f", "x")
        journey.directory.remove("d")
        journey.directory.link("d", to: outside.path)
        journey.to = [:]
        #expect(try await journey.go().obstructions.isEmpty)
        #expect(outside.read("f") == "x")
    }

    @Test func `a directory with untracked content is not replaced by a file`() async throws {
        let journey = Journey()
        let (old, new) = (journey.source.add("old"), journey.source.add("new"))
        let found = try await obstruction(["d/f": old], ["d": new], journey) {
            $0.write("d/mine", "mine")
        }
        #expect(
            found == [
                Obstruction(
                    kind: .directoryInTheWay, path: path("d"), blocker: Array("d/mine".utf8))
            ])
        #expect(journey.directory.read(".hif/backup/b/d/mine") == "mine")
    }

    @Test func `a pipe in the way is not opened`() async throws {
        let journey = Journey()
        let new = journey.source.add("new")
        let found = try await obstruction([:], ["f": new], journey) {
            mkfifo($0.path + "/f", 0o644)
        }
        #expect(found.map(\.kind) == [.fileInTheWay])
    }

    @Test func `a file in the place of a directory is in the way`() async throws {
        let journey = Journey()
        let new = journey.source.add("new")
        let found = try await obstruction([:], ["d/e/f": new], journey) { $0.write("d", "mine") }
        #expect(found.map(\.kind) == [.fileInTheWay])
    }

    @Test func `an edit made between looking and writing is left alone`() async throws {
        let journey = Journey()
        journey.from = ["f": journey.source.add("old"), "g": journey.source.add("old g")]
        try await journey.checkOut()
        journey.to = ["f": journey.source.add("new"), "g": journey.source.add("new g")]
        let directory = journey.directory
        journey.effects = FileEffects { effect, name in
            // The write of the temporary file for `f`; then the user saves.
            if effect == .write, name == Array("1".utf8) { directory.write("f", "mine") }
        }
        let report = try await journey.go(policy: .skip)
        #expect(report.obstructions.map(\.kind) == [.localEdit])
        #expect(journey.directory.read("f") == "mine")
        #expect(journey.directory.read("g") == "new g")
        #expect(try journey.status().changes.map(\.path) == [path("f")])
    }

    @Test func `a file made between looking and creating is left alone`() async throws {
        let journey = Journey()
        journey.to = ["f": journey.source.add("new")]
        let directory = journey.directory
        journey.effects = FileEffects { effect, name in
            if effect == .create, name == Array("f".utf8) { directory.write("f", "mine") }
        }
        let report = try await journey.go(policy: .skip)
        #expect(report.obstructions.map(\.kind) == [.fileInTheWay])
        #expect(journey.directory.read("f") == "mine")
    }

    @Test func `two names that the file system takes for one are reported`() async throws {
        let journey = Journey()
        journey.to = ["FILE": journey.source.add("upper"), "file": journey.source.add("lower")]
        let directory = journey.directory
        journey.effects = FileEffects { effect, name in
            // What a case-insensitive file system does: the other name is the same file.
            if effect == .create, name == Array("file".utf8) {
                Glibc.link(directory.path + "/FILE", directory.path + "/file")
            }
        }
        let report = try await journey.go(policy: .skip)
        #expect(report.obstructions.map(\.kind) == [.caseCollision(with: path("FILE"))])
        #expect(journey.directory.read("FILE") == "upper")
    }

    @Test func `content that is not what its hash says replaces nothing`() async throws {
        for wrong in ["short", "much longer than it should be", "other"] {
            let journey = Journey()
            journey.from = ["f": journey.source.add("old")]
            try await journey.checkOut()
            let leaf = fileLeaf("right")
            journey.source.blobs[leaf.hash] = Array(wrong.utf8)
            journey.to = ["f": leaf, "new": leaf]
            let error = await #expect(throws: WorkingCopyError.self) { try await journey.go() }
            #expect(error?.code == .contentMismatch)
            #expect(journey.directory.snapshot() == ["f = old"])
        }
    }

    @Test func `directories with anything left in them stay`() async throws {
        let journey = Journey()
        journey.from = ["a/b/f": journey.source.add("x"), "c/f": journey.source.add("x")]
        try await journey.checkOut()
        journey.directory.write("a/mine", "mine")
        journey.to = [:]
        try await journey.go()
        #expect(journey.directory.snapshot() == ["a/", "a/mine = mine"])
    }

    @Test func `a write in the same tick as the checkout is seen`() async throws {
        for _ in 0..<20 {
            let journey = Journey()
            journey.to = ["f": journey.source.add("old")]
            try await journey.go()
            journey.directory.write("f", "new")
            #expect(try journey.status().changes.map(\.path) == [path("f")])
        }
    }

    /// Random trees, random local edits, forced: the target is reached and nothing is lost.
    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func `any tree is reached from any other`(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        func tree(_ journey: Journey) -> Journey.Tree {
            var result: Journey.Tree = [:]
            for _ in 0..<Int.random(in: 0...10, using: &generator) {
                let depth = Int.random(in: 1...3, using: &generator)
                let parts = (0..<depth).map { _ in
                    ["a", "b", "c"].randomElement(using: &generator)!
                }
                let name = parts.joined(separator: "/")
                let clashes = result.keys.contains {
                    $0.hasPrefix(name + "/") || name.hasPrefix($0 + "/") || $0 == name
                }
                if clashes { continue }
                let text = "content \(Int.random(in: 0...3, using: &generator))"
                result[name] =
                    switch Int.random(in: 0...5, using: &generator) {
                    case 0: journey.source.add(text, .symlink)
                    case 1: journey.source.add(text, .executable)
                    case 2: .explicitDirectory
                    default: journey.source.add(text)
                    }
            }
            return result
        }
        for round in 0..<25 {
            let journey = Journey()
            journey.from = tree(journey)
            try await journey.checkOut()
            let target = tree(journey)
            var edited = 0
            if round.isMultiple(of: 2) {
                for name in journey.from.keys.sorted().prefix(2) {
                    guard journey.from[name]?.kind == .file else { continue }
                    journey.directory.write(name, "mine \(edited)")
                    edited += 1
                }
            }
            journey.to = target
            let report = try await journey.go(policy: .backUp(label: "b"))
            #expect(report.obstructions.isEmpty, "seed \(seed), round \(round)")
            let left = try journey.status().changes.filter {
                // Edits to what stays the same are the user's, and stay.
                journey.from[$0.path.description] != target[$0.path.description]
            }
            #expect(left.isEmpty, "seed \(seed), round \(round): \(left)")
            let everything = journey.directory.snapshot(withMetadata: true)
            for number in 0..<edited {
                #expect(everything.contains { $0.hasSuffix("= mine \(number)") }, "seed \(seed)")
            }
        }
    }
}
