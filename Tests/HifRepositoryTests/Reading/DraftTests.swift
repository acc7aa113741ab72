import HifCore
import HifRepository
import Testing

/// What pages ask of a project besides its history: how a draft stands, and who touched what last.
@Suite struct DraftTests {
    private func operation(_ path: String, _ before: String?, _ after: String?) throws
        -> HifCore.Operation
    {
        HifCore.Operation(
            path: try RepoPath(path), before: before.map { TestProject.leaf($0) },
            after: after.map { TestProject.leaf($0) })
    }

    /// A pack with these contents, uploaded for a session.
    private func pack(_ texts: [String], in project: TestProject) async throws -> Hash {
        var writer = PackWriter(
            session: TestProject.session(9).hash, nonce: PackNonce(high: 9, low: 9))
        for text in texts { _ = writer.add(.blob, Array(text.utf8)) }
        return try await Lander(project.repository).upload(writer.finish().bytes)
    }

    @Test func `a draft is clear, there already, merges, or conflicts with a landing`() async throws
    {
        let project = try await TestProject()
        let base = "one\ntwo\nthree\nfour\nfive\n"
        _ = try await project.land(
            1,
            [
                ("clear", nil, base), ("merges", nil, base), ("same", nil, base),
                ("stops", nil, base),
            ])
        _ = try await project.land(
            2,
            [
                ("merges", base, "ONE\ntwo\nthree\nfour\nfive\n"), ("same", base, "same\n"),
                ("stops", base, "one\nTWO\nthree\nfour\nfive\n"),
            ], createdPosition: 1)
        let ours = [
            "clear\n", "one\ntwo\nthree\nfour\nFIVE\n", "same\n", "one\nzwei\nthree\nfour\nfive\n",
        ]
        let pack = try await pack(ours, in: project)
        let newest = try await project.repository.newest()
        let verdicts = try await project.repository.judge(
            [
                operation("clear", base, ours[0]), operation("merges", base, ours[1]),
                operation("new", nil, "clear\n"), operation("same", base, ours[2]),
                operation("stops", base, ours[3]),
            ], packs: [pack], newest: newest)
        #expect(
            verdicts.map(\.outcome) == [
                .clean, .merges, .clean, .already,
                .conflicts([LandOutcome.Hunk(base: 1..<2, ours: 1..<2, theirs: 1..<2)]),
            ])
        #expect(verdicts.map { $0.landing?.position } == [nil, 2, nil, 2, 2])
        let content = try await project.repository.draftContent(
            TestProject.leaf(ours[1]).hash, packs: [pack], newest: newest, bytesMax: 100)
        #expect(content == Array(ours[1].utf8))
    }

    @Test func `the newest landing of each path is found near and far`() async throws {
        let project = try await TestProject()
        var last: [String: Position] = [:]
        var texts: [String: String] = [:]
        // More landings than are looked at one by one, so that some answers come from the index.
        for number in 1...260 {
            let path = number == 1 ? "docs/old" : number <= 3 ? "a/b/\(number)" : "f\(number % 5)"
            let text = "text \(number)\n"
            let answer = try await project.land(
                UInt64(number), [(path, texts[path], text)], createdPosition: Position(number - 1))
            #expect(answer.position == Position(number))
            texts[path] = text
            last[path] = Position(number)
        }
        let newest = try await project.repository.newest()
        let names = ["docs", "docs/old", "a", "a/b/2", "f0", "f4", "nowhere"]
        let paths = try names.map { try RepoPath($0) }
        let found = try await project.repository.lastLandings(
            of: paths, at: newest.lastPosition, newest: newest)
        #expect(found[paths[0]]?.position == 1 && found[paths[1]]?.position == 1)
        #expect(found[paths[2]]?.position == 3 && found[paths[3]]?.position == 2)
        #expect(found[paths[4]]?.position == last["f0"] && found[paths[5]]?.position == last["f4"])
        #expect(found[paths[6]] == nil)
        // At an earlier position nothing later counts.
        let early = try await project.repository.lastLandings(of: paths, at: 2, newest: newest)
        #expect(early[paths[2]]?.position == 2 && early[paths[4]] == nil)
    }

    @Test func `a story numbers what was said and decided, and knows the newest draft`() throws {
        func event(_ number: UInt64, _ body: SessionEvent.Body) -> SessionEvent {
            SessionEvent(
                id: EventID(high: 0, low: number), author: TestProject.ana,
                atMillis: Int64(number), body: body)
        }
        let story = SessionStory([
            event(1, .started(goal: "Do it", createdPosition: 4, key: "")),
            event(2, .note(role: "human", text: "a")), event(3, .decision(text: "b", why: "c")),
            event(4, .changed([try operation("x", nil, "1")], packs: [])),
            event(5, .note(role: "tool", text: "d")),
            event(6, .changed([try operation("y", nil, "2")], packs: [.zero])),
            event(7, .decision(text: "e", why: "")),
        ])
        #expect(story.goal == "Do it" && story.createdPosition == 4 && story.eventCount == 7)
        #expect(story.messages.map(\.number) == [1, 2] && story.decisions.map(\.number) == [1, 2])
        #expect(story.decisions.map(\.afterMessage) == [1, 2])
        #expect(story.draftCount == 2 && story.draft?.packs == [.zero])
        #expect(story.draft?.operations.map(\.path.description) == ["y"])
    }
}
