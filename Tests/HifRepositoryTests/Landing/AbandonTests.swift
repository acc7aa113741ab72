import HifCore
import HifRepository
import HifStore
import Support
import Testing

/// A session is closed once, by a landing or an abandon.
@Suite struct AbandonTests {
    @Test func `an abandoned session does not land, also after a restart`() async throws {
        let project = try await TestProject()
        _ = try await project.land(1, [("a", nil, "a")])
        let abandoned = try await project.repository.submit(
            TestIntent.abandon(2, createdPosition: 1))
        #expect(abandoned == .abandoned)
        // The slot that says so has no landing, so the tip's position does not tell of it.
        let request = try TestProject.request(2, [("b", nil, "b")], createdPosition: 1)
        for lander in [Lander(project.repository), Lander(project.reopened())] {
            guard case .abandoned = try await lander.land(request) else {
                Issue.record("landed")
                return
            }
        }
        #expect(try await project.texts() == ["a": "a"])
    }

    @Test func `abandoning what has landed answers the landing`() async throws {
        let project = try await TestProject()
        _ = try await project.land(1, [("a", nil, "a")])
        #expect(try await project.reopened().submit(TestIntent.abandon(1)).position == 1)
    }

    @Test func `abandoning twice writes one record`() async throws {
        let project = try await TestProject()
        for repository in [project.repository, project.repository, project.reopened()] {
            #expect(try await repository.submit(TestIntent.abandon(1)) == .abandoned)
        }
        #expect(try await project.reopened().newest().epoch == 1)
    }
}
