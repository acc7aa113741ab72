import HifCore

extension NodeCache {
    /// The nodes of the tree with this root that are here. O(nodes of the tree).
    func reachable(from root: Hash) -> NodeCache {
        var kept = NodeCache()
        var stack = [root]
        while let hash = stack.popLast() {
            guard kept.node(hash) == nil, let node = node(hash) else { continue }
            kept.insert(node)
            stack += node.children
        }
        return kept
    }
}
