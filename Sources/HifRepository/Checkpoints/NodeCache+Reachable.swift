import HifCore

extension NodeCache {
    /// The nodes of the trees with these roots that are here. O(nodes of the trees).
    func reachable(from roots: [Hash]) -> NodeCache {
        var kept = NodeCache()
        var stack = roots
        while let hash = stack.popLast() {
            guard kept.node(hash) == nil, let node = node(hash) else { continue }
            kept.insert(node)
            stack += node.children
        }
        return kept
    }
}
