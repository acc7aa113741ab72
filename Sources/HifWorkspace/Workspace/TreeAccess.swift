import HifCore
import HifRepository

/// Tree algorithms over a remote: what is missing is fetched, a level of the tree at a time.
final class TreeAccess {
    /// Rounds of fetching for one question; a tree has few levels, and an edit few neighbours.
    private static let roundsMax = 10_000

    private let remote: any Remote
    private var nodes = NodeCache()
    /// For nodes that were named by another: the position whose tree that one is of.
    private var owners: [Hash: Position] = [:]

    init(_ remote: any Remote) {
        self.remote = remote
    }

    /// Runs `body` until nothing is missing. It may run several times.
    ///
    /// - Parameter sources: the trees that are read, with their positions. A node is asked for at
    ///   the position whose tree led to it: the other side answers for that tree only.
    func reading<Result>(
        of sources: [(tree: ProllyTree, at: Position)],
        _ body: (NodeCache) throws(TreeError) -> Result
    ) async throws -> Result {
        for source in sources { owners[source.tree.root] = source.at }
        for _ in 0..<TreeAccess.roundsMax {
            let missing: [Hash]
            do throws(TreeError) {
                return try body(nodes)
            } catch {
                guard case .missing(let hashes) = error else { throw error }
                missing = hashes
            }
            var wanted: [Position: [Hash]] = [:]
            for hash in missing {
                wanted[owners[hash] ?? sources.last?.at ?? 0, default: []].append(hash)
            }
            for (position, hashes) in wanted.sorted(by: { $0.key < $1.key }) {
                for node in try await remote.nodes(hashes, at: position) {
                    nodes.insert(node)
                    for child in node.children { owners[child] = position }
                }
            }
            if let hash = missing.first(where: { nodes.node($0) == nil }) {
                throw ReadError.noContent(hash)
            }
        }
        throw TreeError.corrupt(node: .zero, reason: "reading it does not end")
    }

    /// The tree with edits applied, kept here only.
    func applying(
        _ operations: [HifCore.Operation], to tree: ProllyTree, at position: Position
    ) async throws -> ProllyTree {
        let result = try await reading(of: [(tree, position)]) { nodes throws(TreeError) in
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
        return try await reading(of: [from, to]) { nodes throws(TreeError) in
            try from.tree.diff(to: to.tree, below: path, in: nodes)
        }
    }
}
