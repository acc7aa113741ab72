import HifCore
import HifRepository
import HifStore
import Support
import Testing

@Suite struct LandingTests {
    @Test func `a landing gets the next position and its files can be read there`() async throws {
        let project = try await TestProject()
        #expect(
            try await project.land(1, [("a.txt", nil, "one"), ("src/b.txt", nil, "b")]).position
                == 1)
        #expect(
            try await project.land(2, [("a.txt", "one", "two")], createdPosition: 1).position == 2)
        #expect(try await project.texts() == ["a.txt": "two", "src/b.txt": "b"])
        #expect(try await project.texts(at: 1) == ["a.txt": "one", "src/b.txt": "b"])
        #expect(try await project.texts(at: 0) == [:])
    }

    @Test func `landing the same session again answers the same position`() async throws {
        let project = try await TestProject()
        #expect(try await project.land(1, [("a", nil, "one")]).position == 1)
        #expect(try await project.land(2, [("b", nil, "two")]).position == 2)
        #expect(try await project.land(1, [("a", nil, "one")]).position == 1)
        let other = Lander(project.reopened())
        #expect(try await other.land(try TestProject.request(1, [("a", nil, "one")])).position == 1)
        #expect(try await project.repository.newest().lastPosition == 2)
    }

    @Test func `edits of different lines of one file are merged by the server`() async throws {
        let project = try await TestProject()
        let lines = (1...20).map { "line \($0)\n" }
        let base = lines.joined()
        var first = lines, second = lines
        first[1] = "first\n"
        second[17] = "second\n"
        _ = try await project.land(1, [("f", nil, base)])
        #expect(
            try await project.land(2, [("f", base, first.joined())], createdPosition: 1).position
                == 2)
        let merged = try await project.land(3, [("f", base, second.joined())], createdPosition: 1)
        guard case .landed(let landed) = merged else {
            Issue.record("\(merged)")
            return
        }
        #expect(landed.mergedPaths == [try RepoPath("f")])
        first[17] = "second\n"
        #expect(try await project.texts() == ["f": first.joined()])
    }

    @Test func `edits of the same line are a conflict that names the landing and the lines`()
        async throws
    {
        let project = try await TestProject()
        _ = try await project.land(1, [("f", nil, "a\nb\nc\n")])
        _ = try await project.land(2, [("f", "a\nb\nc\n", "a\nX\nc\n")], createdPosition: 1)
        let outcome = try await project.land(
            3, [("f", "a\nb\nc\n", "a\nY\nc\n")], createdPosition: 1)
        guard case .conflict(let conflicts, let position) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(position == 2)
        #expect(conflicts.count == 1)
        #expect(conflicts.first?.landing == 2)
        #expect(conflicts.first?.hunks == [.init(base: 1..<2, ours: 1..<2, theirs: 1..<2)])
        #expect(try await project.texts() == ["f": "a\nX\nc\n"])
    }

    @Test func `a file and a directory of the same name conflict`() async throws {
        let project = try await TestProject()
        _ = try await project.land(1, [("d/x", nil, "x")])
        let file = try await project.land(2, [("d", nil, "file")], createdPosition: 0)
        guard case .conflict(let conflicts, _) = file else {
            Issue.record("\(file)")
            return
        }
        #expect(conflicts.first?.reason == .fileAndDirectory)
        #expect(
            try await project.land(3, [("d", nil, "file"), ("d/x", "x", nil)], createdPosition: 1)
                .position == 2)
        #expect(try await project.texts() == ["d": "file"])
        let below = try await project.land(4, [("d/y", nil, "y")], createdPosition: 1)
        guard case .conflict(let reasons, _) = below else {
            Issue.record("\(below)")
            return
        }
        #expect(reasons.first?.reason == .fileAndDirectory)
    }

    @Test func `many writers at once get a position each and lose nothing`() async throws {
        let project = try await TestProject()
        let repositories = (0..<3).map { project.reopened(seed: UInt64($0) + 10) }
        let positions = try await withThrowingTaskGroup(of: Position?.self) { group in
            for number in 0..<60 {
                group.addTask {
                    let request = try TestProject.request(
                        UInt64(number), [("dir\(number % 7)/file\(number)", nil, "text \(number)")])
                    return try await Lander(repositories[number % 3]).land(request).position
                }
            }
            var positions: [Position] = []
            for try await position in group { positions.append(position ?? 0) }
            return positions
        }
        #expect(positions.sorted() == Array(1...60))
        #expect(try await project.texts().count == 60)
    }

    @Test func `positions far apart are found through checkpoints and index runs`() async throws {
        let project = try await TestProject()
        for number in 0..<120 {
            let changes = (0..<20).map {
                ("d\(number)/f\($0)", String?.none, String?("t\(number) \($0)"))
            }
            #expect(
                try await project.land(UInt64(number), changes).position == Position(number + 1))
        }
        #expect(try await project.repository.keepUp())
        let keys = try await project.store.listAll(prefix: "").map(\.key.description)
        #expect(keys.filter { $0.hasPrefix("ckpt/") }.count == 2)
        #expect(keys.filter { $0.hasPrefix("obj/") }.count == 3)
        #expect(try await project.texts(at: 60).count == 60 * 20)
        #expect(try await project.texts().count == 120 * 20)
        let fresh = project.reopened()
        #expect(
            try await Lander(fresh).land(try TestProject.request(500, [("z", nil, "z")])).position
                == 121)
    }
}
