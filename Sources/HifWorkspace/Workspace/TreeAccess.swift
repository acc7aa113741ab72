import HifCore
import HifRepository

/// Tree algorithms over a remote: what is missing is fetched, a level of the tree at a time.
final class TreeAccess {
    /// Rounds of fetching for one question; a tree has few levels, and an edit few neighbours.
    private static let roundsMax = 10_000

    private let remote: any Remote
    private var nodes = NodeCache()

    init(_ remote: any Remote) {
        self.remote = remote
    }

    /// Runs `body` until nothing is missing. It may run several times.
    ///
    /// - Parameter positions: positions whose trees are read; each missing node is asked for at the
    ///   last of them first.
    func reading<Result>(
        at positions: [Position], _ body: (NodeCache) throws(TreeError) -> Result
    ) async throws -> Result {
        for _ in 0..<TreeAccess.roundsMax {
            let missing: [Hash]
            do throws(TreeError) {
                return try body(nodes)
            } catch {
                guard case .missing(let hashes) = error else { throw error }
                missing = hashes
            }
            var wanted = missing
            for position in positions.reversed() where !wanted.isEmpty {
                let found = try await remote.nodes(wanted, at: position)
                for node in found { nodes.insert(node) }
                wanted.removeAll { nodes.node($0) != nil }
            }
            if let hash = wanted.first { throw ReadError.noContent(hash) }
        }
        throw TreeError.corrupt(node: .zero, reason: "reading it does not end")
    }

    /// The tree with edits applied, kept here only.
    func applying(
        _ operations: [HifCore.Operation], to tree: ProllyTree, at position: Position
    ) async throws -> ProllyTree {
        let result = try await reading(at: [position]) { nodes throws(TreeError) in
            try tree.applying(operations.map { ($0.path, $0.after) }, in: nodes)
        }
        for node in result.newNodes { nodes.insert(node) }
        return result.tree
    }

    func diff(
        _ from: (tree: ProllyTree, at: Position), _ to: (tree: ProllyTree, at: Position),
        below path: RepoPath? = nil
    ) async throws -> [TreeChange] {
        if from.tree == to.tree { return [] }
        return try await reading(at: [from.at, to.at]) { nodes throws(TreeError) in
            try from.tree.diff(to: to.tree, below: path, in: nodes)
        }
    }
}
