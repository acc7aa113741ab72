package import HifCore
import HifRepository

extension Workspace {
    /// Positions up to this far apart are compared by what landed between them. Between two
    /// checkpoints lie at least as many operations, so that to make the trees takes reading more of
    /// the log than this.
    static let composedLandingsMax = UInt64(CheckpointSchedule.operationsMin)
    /// Operations that are composed; beyond, two trees share enough to be the better question.
    static let composedOperationsMax = 50_000

    /// The paths that differ between two positions, in key order: files, links and explicit
    /// directories.
    package func changes(
        from: Position, to: Position, below paths: [RepoPath] = []
    ) async throws -> [TreeChange] {
        func isWanted(_ path: RepoPath) -> Bool {
            paths.isEmpty || paths.contains { $0 == path || path.isBelow($0) }
        }
        if let composed = try await composedChanges(from: from, to: to) {
            return composed.filter { isWanted($0.path) }
        }
        return try await treeChanges(from: from, to: to, below: paths.count == 1 ? paths[0] : nil)
            .filter { isWanted($0.path) }
    }

    /// By the operations between; nil where that is not to be had, or too much.
    func composedChanges(from: Position, to: Position) async throws -> [TreeChange]? {
        let (first, last) = (min(from, to), max(from, to))
        guard last - first <= Workspace.composedLandingsMax else { return nil }
        let operations = try await remote.operations(
            from: first + 1, through: last, operationsMax: Workspace.composedOperationsMax)
        guard let operations else { return nil }
        let changes = TreeChange.composing(operations)
        return from <= to ? changes : changes.map(\.inverse)
    }

    /// By the two trees.
    ///
    /// - Parameter path: only of this path and what lies below it.
    func treeChanges(
        from: Position, to: Position, below path: RepoPath? = nil
    ) async throws -> [TreeChange] {
        let sources = [
            (tree: try await remote.tree(at: from), at: from),
            (tree: try await remote.tree(at: to), at: to),
        ]
        let below = try await trees.diff(sources[0], sources[1], below: path)
        guard let path else { return below }
        let own = try await trees.reading(of: sources) { nodes throws(TreeError) in
            TreeChange(
                path: path, before: try sources[0].tree.get([path], in: nodes)[0].meant,
                after: try sources[1].tree.get([path], in: nodes)[0].meant)
        }
        return own.before == own.after ? below : [own] + below
    }
}

extension Leaf? {
    /// What somebody put there; nil for a derived directory.
    fileprivate var meant: Leaf? { self == .directory ? nil : self }
}
