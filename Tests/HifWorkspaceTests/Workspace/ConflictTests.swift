import Foundation
import HifCore
import HifRepository
import HifWorkspace
import Support
import Testing

/// What becomes of a file that two sides changed, and of a workspace while its conflicts are open.
@Suite struct ConflictTests {
    /// A workspace that landed `files` at @1, and another that stands there.
    private static func pair(
        _ directory: TemporaryDirectory, _ files: [String: String] = ["f": "1\n2\n3\n"]
    ) async throws -> (theirs: Workspace, ours: Workspace, store: TestStore) {
        let store = try await TestStore()
        let theirs = try await store.workspace(directory, name: "theirs", seed: 1)
        for (name, text) in files.sorted(by: { $0.key < $1.key }) { try theirs.put(name, text) }
        #expect(try await theirs.landAll("Begin") == 1)
        let ours = try await store.workspace(directory, name: "ours", seed: 2)
        return (theirs, ours, store)
    }

    /// The same, with "f" in conflict between @2 and an edit.
    private static func conflicting(
        _ directory: TemporaryDirectory, _ files: [String: String] = ["f": "1\n2\n3\n"]
    ) async throws -> (theirs: Workspace, ours: Workspace) {
        let (theirs, ours, _) = try await pair(directory, files)
        try theirs.put("f", "1\n2\nTHREE\n")
        #expect(try await theirs.landAll("Three") == 2)
        try ours.put("f", "1\n2\ndrei\n")
        let move = try await ours.changing { try await ours.update() }
        #expect(move.conflicts == [path("f")])
        return (theirs, ours)
    }

    // MARK: Kind and content

    struct Sides: CustomTestStringConvertible, Sendable {
        enum Text: String, CaseIterable { case same, top, bottom, binary }
        let base: Text
        let ourText: Text
        let theirText: Text
        let ourBit: Bool
        let theirBit: Bool
        let baseBit: Bool

        static func content(_ text: Text, _ who: String) -> String {
            switch text {
            case .same: "1\n2\n3\n4\n5\n"
            case .top: "\(who)\n2\n3\n4\n5\n"
            case .bottom: "1\n2\n3\n4\n\(who)\n"
            case .binary: "\(who)\u{0}"
            }
        }

        /// Every combination of texts and of executable bits.
        static let all: [Sides] = [false, true].flatMap { baseBit in
            Text.allCases.flatMap { ours in
                Text.allCases.flatMap { theirs in
                    [false, true].flatMap { ourBit in
                        [false, true].map { theirBit in
                            Sides(
                                base: .same, ourText: ours, theirText: theirs, ourBit: ourBit,
                                theirBit: theirBit, baseBit: baseBit)
                        }
                    }
                }
            }
        }

        var bit: Bool { ourBit == baseBit ? theirBit : ourBit }

        var testDescription: String {
            "\(baseBit), ours \(ourText) \(ourBit), theirs \(theirText) \(theirBit)"
        }
    }

    private static func chmod(_ workspace: Workspace, _ isExecutable: Bool) throws {
        try FileManager.default.setAttributes(
            [.posixPermissions: isExecutable ? 0o755 : 0o644],
            ofItemAtPath: workspace.rootPath + "/f")
    }

    @Test(arguments: Sides.all)
    func `kind and content merge separately, and neither side's is reverted by the next landing`(
        sides: Sides
    ) async throws {
        let directory = TemporaryDirectory()
        let store = try await TestStore()
        let theirs = try await store.workspace(directory, name: "theirs", seed: 1)
        try theirs.put("f", Sides.content(sides.base, "base"))
        try Self.chmod(theirs, sides.baseBit)
        _ = try await theirs.landAll("Begin")
        let ours = try await store.workspace(directory, name: "ours", seed: 2)
        try theirs.put("f", Sides.content(sides.theirText, "theirs"))
        try Self.chmod(theirs, sides.theirBit)
        let isTheirs = sides.theirText != .same || sides.theirBit != sides.baseBit
        if isTheirs { #expect(try await theirs.landAll("Theirs") == 2) }
        try ours.put("f", Sides.content(sides.ourText, "ours"))
        try Self.chmod(ours, sides.ourBit)
        let move = try await ours.changing { try await ours.update() }

        let kind: Leaf.Kind = sides.bit ? .executable : .file
        let found = try #require(try ours.fileContent(path("f"), bytesMax: 1 << 20))
        #expect(found.leaf.kind == kind)
        let isConflict =
            sides.ourText != .same && sides.theirText != .same
            && (sides.ourText == sides.theirText || sides.ourText == .binary
                || sides.theirText == .binary)
        #expect(move.conflicts == (isConflict ? [path("f")] : []))
        _ = try ours.resolve([], force: true)
        guard try !ours.changes().isEmpty else { return }
        _ = try await ours.landAll("Ours")
        #expect(try await ours.leaves([path("f")], at: ours.base.position)[0]?.kind == kind)
    }

    @Test func `a bit changed there and a long file edited here are both kept`() async throws {
        let directory = TemporaryDirectory()
        let long = String(repeating: "0123456789abcde\n", count: (LeafMerge.bytesMax >> 4) + 10)
        let (theirs, ours, _) = try await Self.pair(directory, ["f": long])
        try Self.chmod(theirs, true)
        #expect(try await theirs.landAll("Run it") == 2)
        try ours.put("f", long + "and more\n")
        let move = try await ours.changing { try await ours.update() }
        #expect(move.merged == [path("f")])
        let found = try #require(try ours.fileContent(path("f"), bytesMax: 1 << 30))
        #expect(found.leaf.kind == .executable)
        #expect(found.bytes == Array((long + "and more\n").utf8))
    }

    // MARK: While conflicts are open

    @Test func `a second update does not put markers into markers`() async throws {
        let directory = TemporaryDirectory()
        let (theirs, ours) = try await Self.conflicting(directory)
        let marked = try ours.text("f")
        // Nothing new: the conflict is what there is to say.
        var error = await #expect(throws: WorkspaceError.self) {
            try await ours.changing { try await ours.update() }
        }
        #expect(error?.code == .unresolved)
        #expect(error?.message.contains("'f'") == true)
        try theirs.put("f", "1\n2\nTRE\n")
        #expect(try await theirs.landAll("Tre") == 3)
        error = await #expect(throws: WorkspaceError.self) {
            try await ours.changing { try await ours.update() }
        }
        #expect(error?.code == .unresolved)
        #expect(try ours.text("f") == marked)
        #expect(ours.base.position == 2)
    }

    @Test func `a rehearsal of a landing says what the landing says of open conflicts`()
        async throws
    {
        let directory = TemporaryDirectory()
        let (_, ours) = try await Self.conflicting(directory)
        let error = await #expect(throws: WorkspaceError.self) {
            try await ours.rehearseLanding([])
        }
        #expect(error?.code == .unresolved)
    }

    @Test func `what is not in conflict lands beside an open conflict when it is named`()
        async throws
    {
        let directory = TemporaryDirectory()
        let (_, ours) = try await Self.conflicting(directory)
        try ours.put("other", "x")
        let marked = try ours.text("f")
        let report = try await ours.changing {
            try await ours.land(goal: "Other", paths: [path("other")])
        }
        #expect(report?.landed.position == 3)
        #expect(try ours.text("f") == marked)
        #expect(ours.unresolvedPaths == [path("f")])
        for paths in [[], [path("f")]] {
            let error = await #expect(throws: WorkspaceError.self) {
                try await ours.changing { try await ours.land(goal: "All", paths: paths) }
            }
            #expect(error?.code == .unresolved)
        }
    }

    @Test func `going elsewhere by force settles the conflicts it takes away`() async throws {
        let directory = TemporaryDirectory()
        let (_, ours) = try await Self.conflicting(directory)
        _ = try await ours.changing { try await ours.go(to: 1, force: true) }
        #expect(try ours.text("f") == "1\n2\n3\n")
        #expect(ours.unresolvedPaths == [])
        try ours.put("other", "x")
        #expect(try await ours.landAll("Other") == 3)
    }

    @Test func `a rehearsal of resolving lists what would be settled, and refuses what is not`()
        async throws
    {
        let directory = TemporaryDirectory()
        let (_, ours) = try await Self.conflicting(directory)
        #expect(throws: WorkspaceError.self) {
            try ours.resolve([], force: false, isRehearsal: true)
        }
        try ours.put("f", "1\n2\n3!\n")
        #expect(try ours.resolve([], force: false, isRehearsal: true) == [path("f")])
        #expect(ours.unresolvedPaths == [path("f")])
    }

    @Test func `a move that is refused leaves no backup and no merge behind`() async throws {
        let directory = TemporaryDirectory()
        let (theirs, ours, _) = try await Self.pair(directory)
        try theirs.put("f", "1\n2\nTHREE\n")
        try theirs.put("made.log", "theirs")
        #expect(try await theirs.landAll("Three") == 2)
        try ours.put(".hifignore", "*.log\n")
        try ours.put("made.log", "ignored")
        try ours.put("f", "1\n2\ndrei\n")
        let error = await #expect(throws: WorkspaceError.self) {
            try await ours.changing { try await ours.update() }
        }
        #expect(error?.code == .inTheWay)
        #expect(error?.hint?.contains("--force") == false)
        #expect(error?.message.contains("tracked") == false)
        #expect(try ours.text("f") == "1\n2\ndrei\n")
        #expect(!FileManager.default.fileExists(atPath: ours.rootPath + "/.hif/backup"))
        #expect(ours.state.plannedMerges.isEmpty)
    }

    @Test func `a report of a conflict knows that the other side deleted`() async throws {
        let directory = TemporaryDirectory()
        let (theirs, ours, _) = try await Self.pair(directory, ["f": "1\n", "g": "1\n"])
        try FileManager.default.removeItem(atPath: theirs.rootPath + "/f")
        #expect(try await theirs.landAll("Without f") == 2)
        try ours.put("f", "2\n")
        let move = try await ours.changing { try await ours.update() }
        #expect(move.conflicts == [path("f")])
        #expect(move.deletedThere == [path("f")])
    }

    // MARK: Backing out

    @Test func `a landing backed out below later edits is not backed out again`() async throws {
        let directory = TemporaryDirectory()
        let (_, ours, _) = try await Self.pair(directory, ["f": "1\n2\n3\n4\n5\n"])
        try ours.put("f", "BAD\n2\n3\n4\n5\n")
        #expect(try await ours.landAll("Bad") == 2)
        try ours.put("f", "BAD\n2\n3\n4\nfive\n")
        #expect(try await ours.landAll("Five") == 3)
        let report = try await ours.changing { try await ours.backOut("@2", reason: "bad") }
        #expect(report.position == 4)
        #expect(try ours.text("f") == "1\n2\n3\n4\nfive\n")
        let error = await #expect(throws: WorkspaceError.self) {
            try await ours.changing { try await ours.backOut("@2", reason: "again") }
        }
        #expect(error?.code == .nothingToDo)
        #expect(try await ours.remote.newest().position == 4)
    }

    @Test func `an inverse that conflicts is put into the files, to be settled and landed`()
        async throws
    {
        let directory = TemporaryDirectory()
        let (_, ours, _) = try await Self.pair(directory, ["f": "1\n2\n3\n", "g": "1\n"])
        try ours.put("f", "1\nBAD\n3\n")
        try ours.put("g", "bad\n")
        #expect(try await ours.landAll("Bad") == 2)
        try ours.put("f", "1\nWORSE\n3\n")
        #expect(try await ours.landAll("Worse") == 3)
        let error = await #expect(throws: WorkspaceError.self) {
            try await ours.changing { try await ours.backOut("@2", reason: "bad") }
        }
        #expect(error?.code == .conflict)
        #expect(error?.conflicts.map(\.landing) == [3])
        #expect(
            try ours.text("f")
                == "1\n<<<<<<< yours\n2\n=======\nWORSE\n>>>>>>> @3\n3\n")
        #expect(try ours.text("g") == "1\n")
        #expect(ours.unresolvedPaths == [path("f")])
        try ours.put("f", "1\n2\n3\n")
        _ = try ours.resolve([], force: false)
        #expect(try await ours.landAll("Back out @2: bad") == 4)
        #expect(try ours.changes() == [])
    }

    @Test func `an inverse that conflicts with an edit too changes nothing`() async throws {
        let directory = TemporaryDirectory()
        let (_, ours, _) = try await Self.pair(directory)
        try ours.put("f", "1\nBAD\n3\n")
        #expect(try await ours.landAll("Bad") == 2)
        try ours.put("f", "1\nWORSE\n3\n")
        #expect(try await ours.landAll("Worse") == 3)
        try ours.put("f", "1\nWORST\n3\n")
        await #expect(throws: WorkspaceError.self) {
            try await ours.changing { try await ours.backOut("@2", reason: "bad") }
        }
        #expect(try ours.text("f") == "1\nWORST\n3\n")
        #expect(ours.unresolvedPaths == [])
    }
}
