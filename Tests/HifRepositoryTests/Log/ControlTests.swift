import HifCore
import HifRepository
import HifStore
import Support
import Testing

/// Control records: tags and names, kept whole through lost slots.
@Suite struct ControlTests {
    @Test func `tags are set, moved and removed`() async throws {
        let project = try await TestProject()
        _ = try await project.land(1, [("a", nil, "a")])
        let repository = project.repository
        _ = try await repository.submit(.control(.setTags(["v1": 1, "old": 0])))
        _ = try await repository.submit(.control(.setTags(["v2": 1, "old": Position?.none])))
        _ = try await repository.submit(.control(.rename("ana/other")))
        let other = project.reopened()
        let control = try await other.control(at: try await other.newest())
        #expect(control.tags == ["v1": 1, "v2": 1])
        #expect(control.name == "ana/other")
    }

    @Test func `changes from several writers at once are all kept`() async throws {
        let project = try await TestProject()
        _ = try await project.land(1, [("a", nil, "a")])
        let repositories = (0..<3).map { project.reopened(seed: UInt64($0) + 20) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<12 {
                group.addTask {
                    let answer = try await repositories[number % 3].submit(
                        .control(.setTags(["t\(number)": 1])))
                    guard case .controlled = answer else {
                        Issue.record("\(answer)")
                        return
                    }
                }
            }
            try await group.waitForAll()
        }
        let other = project.reopened()
        let control = try await other.control(at: try await other.newest())
        #expect(control.tags.keys.sorted() == (0..<12).map { "t\($0)" }.sorted())
    }

    @Test func `a lost slot folds the change again, after an answer that was lost too`()
        async throws
    {
        let memory = MemoryStore()
        let project = try await TestProject(store: memory)
        _ = try await project.land(1, [("a", nil, "a")])
        let faulty = FaultyStore(
            memory,
            script: [.init(.put, prefix: "log/", nth: 2, .answerLost)])
        let other = Repository(store: faulty, world: TestProject.world(seed: 9))
        _ = try await other.submit(.control(.setTags(["first": 1])))
        _ = try await project.repository.submit(.control(.setTags(["second": 1])))
        _ = try await other.submit(.control(.setTags(["third": 1])))
        let reader = project.reopened()
        let control = try await reader.control(at: try await reader.newest())
        #expect(control.tags.keys.sorted() == ["first", "second", "third"])
        #expect(!faulty.injected.isEmpty)
    }

    @Test func `what the format could not hold is refused`() async throws {
        let project = try await TestProject()
        let repository = project.repository
        let long = String(repeating: "t", count: 256)
        let many = Dictionary(
            uniqueKeysWithValues: (0..<6_000).map {
                (String(repeating: "t", count: 240) + String($0), Position?.some(0))
            })
        for tags: [String: Position?] in [[long: 0], ["": 0], ["ahead": 1], many] {
            guard case .refused = try await repository.submit(.control(.setTags(tags))) else {
                Issue.record("\(tags.count) tags, such as \(tags.keys.first ?? "")")
                continue
            }
        }
        #expect(try await project.land(1, [("a", nil, "a")]).position == 1)
        #expect(try await project.texts() == ["a": "a"])
    }
}
