package import HifCore

extension Repository {
    /// Landings looked at one after another before each path is asked for on its own.
    static let lastLandingsWalkMax = 200
    /// Operations of a landing that are read for it; a longer list ends the walk.
    static let lastLandingsOperationsMax = 5_000

    /// For each of `paths` the newest landing, at or before `position`, that changed it or something
    /// below it. A path that no landing touched is left out.
    ///
    /// Most directories are answered by the landings just before; what those did not touch is asked
    /// of the path index, one question for each path, several at once.
    package func lastLandings(
        of paths: [RepoPath], at position: Position, newest: Slot
    ) async throws -> [RepoPath: LandingPage.Entry] {
        var waiting = Set(paths)
        var found: [RepoPath: LandingPage.Entry] = [:]
        var next = position
        var visited = 0
        try await landingsBackwards(from: position, newest: newest, wantsOperations: false) {
            position, landing, inline in
            next = position
            guard !waiting.isEmpty, visited < Repository.lastLandingsWalkMax else { return false }
            visited += 1
            var operations = inline
            if case .stored(_, let count, _) = landing.operations {
                guard count <= Repository.lastLandingsOperationsMax else { return false }
                operations = try await log.operations(of: landing)
            }
            for landed in operations where !landed.isNoOp {
                for path in [landed.operation.path] + landed.operation.path.ancestors
                where waiting.remove(path) != nil {
                    found[path] = LandingPage.Entry(position: position, landing: landing)
                }
            }
            next = position - 1
            return !waiting.isEmpty
        }
        let left = paths.filter(waiting.contains)
        guard !left.isEmpty, next > 0 else { return found }
        let from = next
        let entries = try await parallel(left) { path throws(ReadError) in
            try await self.found(
                LandingQuery(from: from, path: path, limit: 1), newest: newest
            ).entries.first
        }
        for (path, entry) in zip(left, entries) {
            if let entry { found[path] = entry }
        }
        return found
    }
}
