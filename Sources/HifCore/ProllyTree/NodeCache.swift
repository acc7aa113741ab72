/// Where the tree's algorithms find nodes: in memory, at once.
///
/// They never wait. What is not there they report, as many nodes as they can name together
/// (`TreeError.missing`); the caller fetches those in one round trip and calls again.
package protocol NodeSource {
    /// The node with this hash; nil when it is not present here. Nothing is said of elsewhere.
    func node(_ hash: Hash) -> TreeNode?
}

/// Decoded nodes in memory, by hash. A value: a copy goes its own way from there.
package struct NodeCache: NodeSource, Sendable {
    private var nodes: [Hash: TreeNode] = [:]
    /// The stored bytes of the nodes held; what they take in memory is about two and a half times
    /// as much.
    package private(set) var byteCount = 0

    package init() {}

    package init(_ nodes: some Sequence<TreeNode>) {
        for node in nodes { insert(node) }
    }

    package var count: Int { nodes.count }

    package func node(_ hash: Hash) -> TreeNode? { nodes[hash] }

    /// Every node held, in no particular order.
    package var allNodes: some Collection<TreeNode> { nodes.values }

    package mutating func insert(_ node: TreeNode) {
        if nodes.updateValue(node, forKey: node.hash) == nil { byteCount += node.bytes.count }
    }

    /// Decodes a node and keeps it.
    ///
    /// - Returns: its hash, which the caller compares with the one it asked for.
    @discardableResult
    package mutating func insert(_ bytes: [UInt8]) throws(FormatError) -> Hash {
        let node = try TreeNode(decoding: bytes)
        insert(node)
        return node.hash
    }

    package mutating func removeAll() {
        nodes.removeAll()
        byteCount = 0
    }
}

/// Why a question to a tree has no answer yet, or none at all.
package enum TreeError: Error, Hashable, Sendable {
    /// Nodes that are not present: fetch all of them and ask again. Each is named once, and every
    /// round gets at least one level further down.
    case missing([Hash])
    /// A node that is well formed but has no place in a tree: ask for it elsewhere, or give up.
    case corrupt(node: Hash, reason: String)
    /// An edit would leave something below this path, which is no directory; or it names the path
    /// twice where that is not allowed.
    case clash(RepoPath)
    /// An edit names a directory that is not explicit. Those follow from what lies below them.
    case derivedDirectory(RepoPath)

    /// The nodes to fetch before asking again; nil if fetching would not help.
    package var missingNodes: [Hash]? {
        if case .missing(let hashes) = self { hashes } else { nil }
    }
}

/// Loads nodes for one call of an algorithm, and remembers those that were not there.
struct NodeLoader<Source: NodeSource> {
    let source: Source
    private(set) var missing: [Hash] = []

    init(_ source: Source) {
        self.source = source
    }

    /// The root of `tree`; nil and noted if it is missing.
    mutating func root(_ tree: ProllyTree) -> TreeNode? {
        if tree == .empty { return .empty }
        guard let node = source.node(tree.root) else {
            missing.append(tree.root)
            return nil
        }
        return node
    }

    /// The child of `parent` at `index`; nil and noted if it is missing.
    ///
    /// - Throws: `TreeError.corrupt` if the child is not what its parent says. So whatever walks a
    ///   tree through here sees keys in order and comes to an end, even in a hostile one.
    mutating func child(_ index: Int, of parent: TreeNode) throws(TreeError) -> TreeNode? {
        let expected = parent.child(index)
        guard let node = source.node(expected.hash) else {
            missing.append(expected.hash)
            return nil
        }
        guard node.level == parent.level - 1, node.child == expected else {
            throw .corrupt(node: node.hash, reason: "its parent says otherwise")
        }
        guard
            KeyOrder.compare(node.lastKey, parent.key(index)) == 0,
            index == 0 || KeyOrder.compare(parent.key(index - 1), node.key(0)) < 0
        else { throw .corrupt(node: node.hash, reason: "keys outside its place") }
        return node
    }

    /// Adds what another walk has found missing.
    mutating func note(_ hashes: [Hash]) {
        missing += hashes
    }

    /// Throws what was missing, each once, in the order it was asked for.
    func throwMissing() throws(TreeError) {
        guard !missing.isEmpty else { return }
        var seen: Set<Hash> = []
        throw .missing(missing.filter { seen.insert($0).inserted })
    }
}
