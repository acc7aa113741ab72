import HifCore
import HifRepository
import Testing

/// Intents made directly, for what the receiving side would not make or what needs no content.
enum TestIntent {
    static func operation(
        _ path: String, _ before: Leaf?, _ after: Leaf?
    ) throws -> HifCore.Operation {
        HifCore.Operation(path: try RepoPath(path), before: before, after: after)
    }

    static func land(
        _ session: UInt64, _ operations: [HifCore.Operation], createdPosition: Position = 0,
        mergedPaths: [RepoPath] = []
    ) -> Intent {
        let operations = operations.sorted { $0.path < $1.path }
        return .land(
            LandIntent(
                session: TestProject.session(session), author: TestProject.ana,
                goalLine: "goal \(session)", startedMillis: 1, landedMillis: 2,
                sourceDigest: HifCore.Operation.digest(
                    session: TestProject.session(session), operations),
                createdPosition: createdPosition, mergedPaths: mergedPaths,
                operations: operations.map { LandedOperation($0, location: nil) }))
    }

    static func abandon(_ session: UInt64, createdPosition: Position = 0) -> Intent {
        .abandon(
            Abandon(
                session: TestProject.session(session), author: TestProject.ana, reason: "no",
                atMillis: 3),
            createdPosition: createdPosition)
    }
}

extension LandingAnswer {
    var position: Position? {
        if case .landed(let landed) = self { landed.position } else { nil }
    }
}

/// Records an issue, in a guard that has to return.
func fail(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) {
    Issue.record(Comment(rawValue: text), sourceLocation: sourceLocation)
}
