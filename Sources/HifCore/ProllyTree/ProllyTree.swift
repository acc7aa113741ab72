/// A snapshot of a repository: an immutable map from paths to leaves, named by one hash.
///
/// A prolly tree (Noms and Dolt have the idea): a search tree whose nodes end where a hash of the
/// key says so. Its shape follows from its content alone, so equal snapshots have equal roots, two
/// snapshots differ in as many nodes as their contents do, and a shared part is found by comparing
/// hashes. The value is the root's hash only; nodes come from a `NodeSource`.
///
/// Directories have entries too, derived from what lies below them, so that listing one is reading
/// one contiguous range. Every method is synchronous; when nodes are missing it throws
/// `TreeError.missing` with all it can name, and the caller fetches them and calls again. That
/// takes at most as many rounds as the tree has levels.
package struct ProllyTree: Hashable, Sendable {
    /// The hash of the root node.
    package let root: Hash

    package init(root: Hash) {
        self.root = root
    }

    /// The tree without entries: position `@0`.
    package static let empty = ProllyTree(root: TreeNode.empty.hash)
}

extension ProllyTree {
    /// Entries, directories included, and the bytes of all content. One node.
    package func totals(
        in source: some NodeSource
    ) throws(TreeError) -> (entryCount: UInt64, byteCount: UInt64) {
        let root = try rootNode(in: source)
        return (root.entryCount, root.byteCount)
    }

    func rootNode(in source: some NodeSource) throws(TreeError) -> TreeNode {
        var loader = NodeLoader(source)
        guard let node = loader.root(self) else { throw .missing([root]) }
        return node
    }

    /// The leaf at each path, nil where there is nothing, in the order of `paths`. For a directory
    /// that is its derived or explicit entry.
    ///
    /// As many node reads for each path as the tree has levels, shared between neighbours.
    package func get(
        _ paths: [RepoPath], in source: some NodeSource
    ) throws(TreeError) -> [Leaf?] {
        var loader = NodeLoader(source)
        let leaves = try get(paths.map { TreeKey($0).bytes }, with: &loader)
        try loader.throwMissing()
        return leaves
    }

    /// As `get(_:in:)` for one path.
    package func get(_ path: RepoPath, in source: some NodeSource) throws(TreeError) -> Leaf? {
        try get([path], in: source)[0]
    }

    /// As `get(_:in:)`, for keys; nil also where a node is missing, which the loader notes.
    func get<Source>(
        _ keys: [[UInt8]], with loader: inout NodeLoader<Source>
    ) throws(TreeError) -> [Leaf?] {
        var leaves = [Leaf?](repeating: nil, count: keys.count)
        guard !keys.isEmpty, let root = loader.root(self) else { return leaves }
        let order = keys.indices.sorted { KeyOrder.compare(keys[$0][...], keys[$1][...]) < 0 }
        try ProllyTree.descend(root, keys, order[...], &leaves, &loader)
        return leaves
    }

    private static func descend<Source>(
        _ node: TreeNode, _ keys: [[UInt8]], _ order: ArraySlice<Int>, _ leaves: inout [Leaf?],
        _ loader: inout NodeLoader<Source>
    ) throws(TreeError) {
        var rest = order
        while let first = rest.first {
            let index = node.firstIndex(atOrAfter: keys[first][...])
            // Beyond the last key of the tree; so is the rest.
            guard index < node.count else { return }
            let bound = node.key(index)
            let end =
                rest.firstIndex { KeyOrder.compare(keys[$0][...], bound) > 0 } ?? rest.endIndex
            if node.isLeaf {
                for position in rest[..<end]
                where KeyOrder.compare(keys[position][...], bound) == 0 {
                    leaves[position] = node.leaf(index)
                }
            } else if let child = try loader.child(index, of: node) {
                try descend(child, keys, rest[..<end], &leaves, &loader)
            }
            rest = rest[end...]
        }
    }

    /// What lies directly in a directory (nil for the root), by name in byte order of the escaped
    /// names; nothing for a path that is no directory. Reads one contiguous range.
    package func list(
        _ directory: RepoPath?, in source: some NodeSource
    ) throws(TreeError) -> [(name: [UInt8], leaf: Leaf)] {
        let range = KeyRange.children(of: directory)
        var result: [(name: [UInt8], leaf: Leaf)] = []
        for node in try leafNodes(in: range, source) {
            for index in node.firstIndex(atOrAfter: range.lower[...])..<node.count {
                let key = node.key(index)
                if range.isPast(key) { break }
                result.append((Array(try node.path(index).name), node.leaf(index)))
            }
        }
        return result
    }

    /// The nodes of level 0 that a range touches, in order.
    private func leafNodes(
        in range: KeyRange, _ source: some NodeSource
    ) throws(TreeError) -> [TreeNode] {
        var loader = NodeLoader(source)
        var nodes = loader.root(self).map { [$0] } ?? []
        while let first = nodes.first, !first.isLeaf {
            var below: [TreeNode] = []
            for node in nodes {
                for index in node.children(in: range) {
                    if let child = try loader.child(index, of: node) { below.append(child) }
                }
            }
            nodes = below
        }
        try loader.throwMissing()
        return nodes
    }
}

extension TreeNode {
    /// The entries of an inner node whose children may hold a key of `range`.
    func children(in range: KeyRange) -> Range<Int> {
        let start = firstIndex(atOrAfter: range.lower[...])
        guard let upper = range.upper else { return start..<count }
        // The child that holds the first key beyond the range may begin within it.
        return start..<max(start, min(count, firstIndex(atOrAfter: upper[...]) + 1))
    }

    /// The path of an entry of a leaf. A tree from outside may hold keys that are none.
    func path(_ index: Int) throws(TreeError) -> RepoPath {
        guard let path = TreeKey.path(key(index)) else {
            throw .corrupt(node: hash, reason: "entry \(index) is not a path")
        }
        return path
    }
}
