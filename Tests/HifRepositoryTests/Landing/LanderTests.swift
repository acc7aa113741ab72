import HifCore
import HifRepository
import HifStore
import Support
import Testing

/// The receiving side of a landing: content, long lists, directories, merging again.
@Suite struct LanderTests {
    static func request(
        _ session: UInt64, _ operations: [HifCore.Operation], texts: [String] = [],
        createdPosition: Position = 0
    ) throws -> LandRequest {
        var writer = PackWriter(nonce: PackNonce(high: session, low: 1))
        for text in texts { writer.add(.blob, Array(text.utf8)) }
        return LandRequest(
            session: TestProject.session(session), author: TestProject.ana, goal: "Change",
            startedMillis: 1, createdPosition: createdPosition,
            operations: operations.sorted { $0.path < $1.path },
            staged: texts.isEmpty ? nil : try PackReader(writer.finish().bytes))
    }

    static func leaves(_ project: TestProject) async throws -> [String: Leaf] {
        let repository = project.reopened()
        let newest = try await repository.newest()
        let tree = try await repository.tree(at: newest.lastPosition, newest: newest)
        let entries = try await repository.trees.reading(newest: newest) {
            nodes throws(TreeError) in
            try ProllyTree.empty.diff(to: tree, in: nodes)
        }
        return Dictionary(
            uniqueKeysWithValues: entries.compactMap { entry in
                entry.after.map { (entry.path.description, $0) }
            })
    }

    @Test func `a list too long for a slot lies in a pack, with its no-ops`() async throws {
        let project = try await TestProject()
        let leaf = TestProject.leaf("same")
        let paths = (0..<1_000).map { "directory/with/a/long/name/file-\($0)" }
        let some = try [3, 500, 999].map { try TestIntent.operation(paths[$0], nil, leaf) }
        let first = try LanderTests.request(1, some, texts: ["same"])
        #expect(try await Lander(project.repository).land(first).position == 1)
        let all = try paths.map { try TestIntent.operation($0, nil, leaf) }
        let second = try LanderTests.request(2, all, createdPosition: 1)
        #expect(try await Lander(project.repository).land(second).position == 2)

        let repository = project.reopened()
        let newest = try await repository.newest()
        let (landing, operations) = try await repository.landing(at: 2, newest: newest)
        guard case .stored(_, let count, let noOps) = landing.operations else {
            Issue.record("the list is in the slot")
            return
        }
        #expect(count == 1_000)
        #expect(noOps.count == 3)
        #expect(
            operations.filter(\.isNoOp).map(\.operation.path.description).sorted()
                == [3, 500, 999].map { paths[$0] }.sorted())
        #expect(try await LanderTests.leaves(project).count == 1_000)
        #expect(try await FsckTests.check(project.store, deep: true).findings == [])
    }

    @Test func `content that is nowhere is asked for`() async throws {
        let project = try await TestProject()
        let operation = try TestIntent.operation("a", nil, TestProject.leaf("new"))
        let outcome = try await Lander(project.repository).land(
            try LanderTests.request(1, [operation]))
        guard case .lacking(let hashes) = outcome else { return fail("\(outcome)") }
        #expect(hashes == [TestProject.leaf("new").hash])
        #expect(try await project.repository.newest().epoch == 0)
    }

    @Test func `content of an uploaded pack is found there`() async throws {
        let project = try await TestProject()
        let lander = Lander(project.repository)
        var writer = PackWriter(nonce: PackNonce(high: 9, low: 9))
        writer.add(.blob, Array("new".utf8))
        let sealed = writer.finish()
        let pack = try await lander.upload(sealed.bytes)
        #expect(try await lander.upload(sealed.bytes) == pack)
        var request = try LanderTests.request(
            1, [try TestIntent.operation("a", nil, TestProject.leaf("new"))])
        request.uploadedPacks = [pack]
        #expect(try await lander.land(request).position == 1)
        #expect(try await project.texts() == ["a": "new"])
        // What is not a pack is not stored.
        await #expect(throws: FormatError.self) { try await lander.upload(Array("junk".utf8)) }
        request.session = TestProject.session(2)
        request.uploadedPacks = [testHash(4)]
        request.operations = [try TestIntent.operation("b", nil, TestProject.leaf("other"))]
        guard case .lacking = try await lander.land(request) else {
            return fail("a pack that does not exist was believed")
        }
    }

    @Test func `empty directories that are meant stay`() async throws {
        let project = try await TestProject()
        let lander = Lander(project.repository)
        let add = try LanderTests.request(
            1,
            [
                try TestIntent.operation("kept", nil, .explicitDirectory),
                try TestIntent.operation("other/f", nil, TestProject.leaf("f")),
            ], texts: ["f"])
        #expect(try await lander.land(add).position == 1)
        let remove = try LanderTests.request(
            2, [try TestIntent.operation("other/f", TestProject.leaf("f"), nil)],
            createdPosition: 1)
        #expect(try await lander.land(remove).position == 2)
        #expect(try await LanderTests.leaves(project) == ["kept": .explicitDirectory])
    }

    @Test func `files that others added to a deleted directory stay`() async throws {
        let project = try await TestProject()
        _ = try await project.land(1, [("d/a", nil, "a"), ("d/b", nil, "b")])
        // Two sessions from the same base: one deletes what it sees, one adds.
        #expect(try await project.land(2, [("d/c", nil, "c")], createdPosition: 1).position == 2)
        let deletion = try await project.land(
            3, [("d/a", "a", nil), ("d/b", "b", nil)], createdPosition: 1)
        #expect(deletion.position == 3)
        #expect(try await project.texts() == ["d/c": "c"])
        // The other way round.
        let again = try await project.land(
            4, [("d/c", "c", nil)], createdPosition: 3)
        #expect(again.position == 4)
        #expect(try await project.land(5, [("d/e", nil, "e")], createdPosition: 3).position == 5)
        #expect(try await project.texts() == ["d/e": "e"])
    }

    @Test func `a file becomes a directory and a file again`() async throws {
        let project = try await TestProject()
        _ = try await project.land(1, [("x", nil, "file")])
        let there = try await project.land(
            2, [("x", "file", nil), ("x/y/z", nil, "deep")], createdPosition: 1)
        #expect(there.position == 2)
        let back = try await project.land(
            3, [("x", nil, "file"), ("x/y/z", "deep", nil)], createdPosition: 2)
        #expect(back.position == 3)
        #expect(try await project.texts() == ["x": "file"])
        #expect(try await project.texts(at: 2) == ["x/y/z": "deep"])
        // A change of the file as it was conflicts with the directory in between, not with the file.
        #expect(try await project.land(4, [("x", "file", "new")], createdPosition: 1).position == 4)
    }

    @Test func `a conflict names the landing, however many paths conflict`() async throws {
        let project = try await TestProject()
        _ = try await project.land(1, [("a", nil, "a"), ("b", nil, "b"), ("c", nil, "c")])
        _ = try await project.land(2, [("a", "a", "a2")], createdPosition: 1)
        _ = try await project.land(3, [("b", "b", nil)], createdPosition: 1)
        _ = try await project.land(4, [("unrelated", nil, "u")], createdPosition: 1)
        let outcome = try await project.land(
            5, [("a", "a", "mine"), ("b", "b", "mine"), ("c", "c", "mine")], createdPosition: 1)
        guard case .conflict(let conflicts, let position) = outcome else {
            return fail("\(outcome)")
        }
        #expect(position == 4)
        #expect(conflicts.map(\.operation.path.description) == ["a", "b"])
        #expect(conflicts.map(\.landing) == [2, 3])
        #expect(conflicts.map(\.found) == [TestProject.leaf("a2"), nil])
    }

    @Test func `many merges of one file at once are all kept`() async throws {
        let project = try await TestProject()
        let lines = (0..<40).map { "line \($0)\n" }
        _ = try await project.land(0, [("f", nil, lines.joined())])
        let repositories = (0..<2).map { project.reopened(seed: UInt64($0) + 40) }
        let outcomes = try await withThrowingTaskGroup(of: LandOutcome.self) { group in
            for number in 0..<6 {
                var edited = lines
                edited[number * 6] = "changed by \(number)\n"
                let text = edited.joined()
                group.addTask {
                    try await Lander(repositories[number % 2]).land(
                        try TestProject.request(
                            UInt64(number + 1), [("f", lines.joined(), text)], createdPosition: 1))
                }
            }
            var outcomes: [LandOutcome] = []
            for try await outcome in group { outcomes.append(outcome) }
            return outcomes
        }
        #expect(outcomes.compactMap(\.position).sorted() == Array(2...7))
        let text = try #require(try await project.texts()["f"])
        for number in 0..<6 { #expect(text.contains("changed by \(number)\n")) }
    }

    @Test func `a request that says nothing, or not in order, is refused`() async throws {
        let project = try await TestProject()
        let a = try TestIntent.operation("a", nil, TestProject.leaf("a"))
        let b = try TestIntent.operation("b", nil, TestProject.leaf("b"))
        for operations in [[], [b, a], [a, a]] {
            var request = try LanderTests.request(1, [], texts: ["a", "b"])
            request.operations = operations
            guard case .refused = try await Lander(project.repository).land(request) else {
                Issue.record("\(operations.count) operations")
                continue
            }
        }
    }

    @Test func `events are folded into the document`() async throws {
        let project = try await TestProject()
        let session = TestProject.session(1)
        for number in 0..<UInt64(3) {
            _ = try await project.repository.append(
                SessionLogTests.event(number), to: session)
        }
        var request = try TestProject.request(1, [("a", nil, "a")], goal: "\n  \nFirst\nSecond")
        request.eventCount = 3
        let outcome = try await Lander(project.repository).land(request)
        guard case .landed(let landed) = outcome else { return fail("\(outcome)") }
        #expect(landed.eventCount == 3)
        let reader = project.reopened()
        let newest = try await reader.newest()
        let landing = try await reader.landing(at: 1, newest: newest).landing
        #expect(landing.goalLine == "First")
        let document = try #require(try await reader.document(of: landing))
        #expect(document.events == (0..<3).map { SessionLogTests.event(UInt64($0)) })
        #expect(document.goal == "\n  \nFirst\nSecond")
        // Fewer events than the client knows of: ask again, elsewhere.
        var other = try TestProject.request(2, [("b", nil, "b")])
        other.eventCount = 1
        await #expect(throws: ReadError.self) { try await Lander(project.repository).land(other) }
    }
}
