/// A walk over the entries of a tree in key order that holds one path of nodes, not the tree.
///
/// When a node is missing, `next(in:)` throws without losing its place: insert the nodes it names
/// and call it again.
package struct TreeCursor: Sendable {
    private let tree: ProllyTree
    private let range: KeyRange
    /// How many missing nodes to name at once, so that a long walk is not a round trip per node.
    private let readAhead: Int
    private var stack: [(node: TreeNode, index: Int)] = []
    private var isStarted = false

    init(_ tree: ProllyTree, _ range: KeyRange, readAhead: Int) {
        self.tree = tree
        self.range = range
        self.readAhead = readAhead
    }

    /// The next entry; nil after the last.
    package mutating func next(
        in source: some NodeSource
    ) throws(TreeError) -> (path: RepoPath, leaf: Leaf)? {
        guard let top = try advance(in: source) else { return nil }
        return (try top.node.path(top.index), top.node.leaf(top.index))
    }

    /// Where the next entry is, stepping past it; nil after the last.
    mutating func advance(
        in source: some NodeSource
    ) throws(TreeError) -> (node: TreeNode, index: Int)? {
        if !isStarted {
            let root = try tree.rootNode(in: source)
            stack = [(root, root.firstIndex(atOrAfter: range.lower[...]))]
            isStarted = true
        }
        while let top = stack.last {
            guard top.index < top.node.count else {
                stack.removeLast()
                if !stack.isEmpty { stack[stack.count - 1].index += 1 }
                continue
            }
            if top.node.isLeaf {
                if range.isPast(top.node.key(top.index)) { break }
                stack[stack.count - 1].index += 1
                return top
            }
            if top.index > 0, range.isPast(top.node.key(top.index - 1)) { break }
            var loader = NodeLoader(source)
            guard let child = try loader.child(top.index, of: top.node) else {
                throw .missing(absent(from: top, in: source))
            }
            stack.append((child, child.firstIndex(atOrAfter: range.lower[...])))
        }
        stack = []
        return nil
    }

    private func absent(
        from top: (node: TreeNode, index: Int), in source: some NodeSource
    ) -> [Hash] {
        let ahead = top.index..<min(top.index + readAhead, top.node.children(in: range).upperBound)
        var seen: Set<Hash> = []
        return ahead.map(top.node.childHash).filter {
            seen.insert($0).inserted && source.node($0) == nil
        }
    }
}

extension ProllyTree {
    /// A walk over everything below `directory` (nil for the root), derived directories included.
    ///
    /// - Parameters:
    ///   - key: begin after this key, for a walk that was left and is taken up again.
    ///   - readAhead: how many missing nodes to name at once; at least 1.
    package func entries(
        below directory: RepoPath? = nil, after key: TreeKey? = nil, readAhead: Int = 64
    ) -> TreeCursor {
        var range = KeyRange.below(directory)
        if let key, KeyOrder.compare(range.lower[...], key.bytes[...]) <= 0 {
            // The first byte string after it.
            range.lower = key.bytes + [0]
        }
        return TreeCursor(self, range, readAhead: max(1, readAhead))
    }

    /// Calls `visit` with every entry below `directory`, in key order, until it returns false.
    /// For trees whose nodes are all present; others want `entries(below:after:readAhead:)`.
    package func forEach(
        below directory: RepoPath? = nil, in source: some NodeSource,
        _ visit: (RepoPath, Leaf) -> Bool
    ) throws(TreeError) {
        var cursor = entries(below: directory)
        while let (path, leaf) = try cursor.next(in: source) {
            if !visit(path, leaf) { return }
        }
    }
}
