import HifCore
import HifRepository
import HifStore
import Support
import Testing

/// Landings that their sender prepared whole, as an import does.
@Suite struct PreparedLandingTests {
    private static func intent(
        _ number: UInt64, _ path: String?, at position: Position?, hasDocument: Bool = true
    ) throws -> Intent {
        let operations = try path.map {
            [
                LandedOperation(
                    Operation(path: try RepoPath($0), before: nil, after: TestProject.leaf($0)),
                    location: nil)
            ]
        }
        let session = TestProject.session(number)
        return .land(
            LandIntent(
                session: session, author: TestProject.ana, goalLine: "g", startedMillis: 1,
                landedMillis: 2,
                sourceDigest: Operation.digest(
                    session: session, operations?.map(\.operation) ?? []),
                createdPosition: 0, packs: [Blake3.hash([1])],
                document: hasDocument
                    ? RecordReference(
                        id: Blake3.hash([2]),
                        location: LandedLocation(packOrdinal: 0, offset: 60, storedBytes: 9))
                    : nil,
                operations: operations ?? [], position: position))
    }

    private static func positions(_ answers: [LandingAnswer]) -> [Position?] {
        answers.map { if case .landed(let landed) = $0 { landed.position } else { nil } }
    }

    @Test func `intents that name their positions land there or not at all`() async throws {
        let project = try await TestProject()
        let intents = try (UInt64(1)...5).map {
            try PreparedLandingTests.intent($0, "f\($0)", at: $0 == 3 ? 7 : $0)
        }
        let answers = try await project.repository.submit(intents)
        #expect(PreparedLandingTests.positions(answers) == [1, 2, nil, nil, nil])
        #expect(try await project.repository.newest().lastPosition == 2)
    }

    @Test func `what follows a slot that could not be written does not take its place`()
        async throws
    {
        let base = MemoryStore()
        _ = try await TestProject(store: base)
        let store = FaultyStore(base, script: [.init(.put, prefix: "log/", nth: 1, .diskFull)])
        let repository = Repository(store: store, world: TestProject.world(seed: 3))
        let intents = try (UInt64(1)...4).map {
            try PreparedLandingTests.intent($0, "f\($0)", at: $0)
        }
        #expect(
            PreparedLandingTests.positions(try await repository.submit(intents)) == [
                nil, nil, nil, nil,
            ])
        #expect(
            PreparedLandingTests.positions(try await repository.submit(intents)) == [1, 2, 3, 4])
        #expect(
            PreparedLandingTests.positions(try await repository.submit(intents)) == [1, 2, 3, 4])
        #expect(try await repository.newest().lastPosition == 4)
    }

    @Test func `a landing without operations needs a document`() async throws {
        let project = try await TestProject()
        let answers = try await project.repository.submit([
            try PreparedLandingTests.intent(1, nil, at: nil),
            try PreparedLandingTests.intent(2, nil, at: nil, hasDocument: false),
            try PreparedLandingTests.intent(3, "f", at: nil),
        ])
        #expect(PreparedLandingTests.positions(answers) == [1, nil, 2])
        let slot = try await project.reopened().newest()
        #expect(slot.lastPosition == 2)
        let request = try TestProject.request(9, [])
        guard case .refused = try await Lander(project.repository).land(request) else {
            Issue.record("a request without operations landed")
            return
        }
    }
}
