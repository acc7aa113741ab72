/// A change to one entry of one level: a new value, or nil to remove it.
struct TreeLevelEdit {
    let key: ArraySlice<UInt8>
    let value: TreeValue?
}

extension ProllyTree {
    /// The tree with the entries of its leaves edited, and the nodes it has and this one lacks.
    ///
    /// Works from the leaves up. On each level it writes the touched nodes anew, from the start of
    /// the first, until a new node ends where an old one did; from there on the old nodes are what
    /// writing the whole level would give. What changed in a level's nodes are the edits of the
    /// level above. `O(edits · height)`.
    ///
    /// - Precondition: `edits` are in key order, no key twice.
    func rewritten<Source>(
        with edits: [TreeLevelEdit], _ loader: inout NodeLoader<Source>
    ) throws(TreeError) -> (tree: ProllyTree, newNodes: [TreeNode]) {
        guard let root = loader.root(self) else { throw .missing([root]) }
        var edits = edits
        var newNodes: [TreeNode] = []
        for level in 0...root.level {
            guard !edits.isEmpty else { return (self, newNodes) }
            var rewrite = TreeLevelRewrite(root: root, level: level)
            try rewrite.run(edits, &loader)
            try loader.throwMissing()
            // Nothing else is left on this level, so its one child is the root.
            if let only = rewrite.onlyChild { return (ProllyTree(root: only), newNodes) }
            if level == root.level {
                if rewrite.written == [root] { return (self, newNodes) }
                newNodes += rewrite.written.filter { $0 != root }
                return ProllyTree.raised(over: rewrite.written, level: level, newNodes)
            }
            rewrite.dropUnchanged()
            newNodes += rewrite.written
            edits = rewrite.editsAbove
        }
        return (self, newNodes)
    }

    /// The tree whose nodes of `level` are these, all of them.
    private static func raised(
        over nodes: [TreeNode], level: Int, _ newNodes: [TreeNode]
    ) -> (tree: ProllyTree, newNodes: [TreeNode]) {
        guard nodes.count > 1 else {
            return (ProllyTree(root: nodes.first?.hash ?? TreeNode.empty.hash), newNodes)
        }
        var newNodes = newNodes
        var builder = TreeBuilder(baseLevel: level + 1)
        for node in nodes {
            builder.append(node.lastKey, .child(node.child)) { newNodes.append($0) }
        }
        let tree = builder.finish { newNodes.append($0) }
        return (tree, newNodes)
    }
}

/// The edits of one level carried out.
struct TreeLevelRewrite {
    /// Old nodes that were read and written anew.
    private(set) var removed: [(key: ArraySlice<UInt8>, hash: Hash)] = []
    /// What they became.
    private(set) var written: [TreeNode] = []
    /// The child that is left, if the level has come down to one.
    private(set) var onlyChild: Hash?

    private var cursor: TreeLevelCursor
    private var writer: TreeNodeWriter

    init(root: TreeNode, level: Int) {
        cursor = TreeLevelCursor(root: root, level: level)
        writer = TreeNodeWriter(level: level)
    }

    /// Where nodes are missing the result is of no use; the loader has noted them, and as many
    /// others as could be found.
    mutating func run<Source>(
        _ edits: [TreeLevelEdit], _ loader: inout NodeLoader<Source>
    ) throws(TreeError) {
        var next = 0
        while next < edits.count {
            guard try cursor.seek(edits[next].key, &loader) else {
                next += 1
                continue
            }
            while true {
                let isLast = cursor.isLast
                rewriteNode(edits, &next, isLast: isLast)
                if isLast { return try finishLevel(&loader) }
                // A new node ends where an old one did.
                if writer.isEmpty { break }
                guard try cursor.advance(by: 1, &loader) else {
                    writer.reset()
                    break
                }
            }
        }
    }

    /// Writes the cursor's node with the edits that belong to it; to the level's last node belong
    /// all that are left.
    private mutating func rewriteNode(
        _ edits: [TreeLevelEdit], _ next: inout Int, isLast: Bool
    ) {
        let node = cursor.node
        if node.count > 0 { removed.append((node.lastKey, node.hash)) }
        if replaceValues(of: node, edits, &next, isLast: isLast) { return }
        var index = 0
        while true {
            let hasEdit =
                next < edits.count
                && (isLast || KeyOrder.compare(edits[next].key, node.lastKey) <= 0)
            guard hasEdit || index < node.count else { return }
            var order = hasEdit ? -1 : 1
            if hasEdit, index < node.count {
                order = KeyOrder.compare(edits[next].key, node.key(index))
            }
            if order > 0 {
                append(node.key(index), node.value(index))
                index += 1
                continue
            }
            if order == 0 { index += 1 }
            if let value = edits[next].value { append(edits[next].key, value) }
            next += 1
        }
    }

    /// Writes the node without asking where it ends, if the edits only replace values and so move
    /// no boundary: the common case, and most of its cost is the hash of every key.
    private mutating func replaceValues(
        of node: TreeNode, _ edits: [TreeLevelEdit], _ next: inout Int, isLast: Bool
    ) -> Bool {
        guard writer.isEmpty, node.count > 0 else { return false }
        var end = next
        var indices: [Int] = []
        while end < edits.count,
            isLast || KeyOrder.compare(edits[end].key, node.lastKey) <= 0
        {
            guard edits[end].value != nil, let index = node.index(of: edits[end].key) else {
                return false
            }
            indices.append(index)
            end += 1
        }
        let values = edits[next..<end].compactMap(\.value)
        guard let replaced = node.replacing(indices, by: values) else { return false }
        next = end
        written.append(replaced)
        return true
    }

    private mutating func append(_ key: ArraySlice<UInt8>, _ value: TreeValue) {
        if let node = writer.append(key, value) { written.append(node) }
    }

    /// Writes the tail. Above the leaves, one of a single child joins the node before it, whether
    /// that is new or old.
    private mutating func finishLevel<Source>(
        _ loader: inout NodeLoader<Source>
    ) throws(TreeError) {
        let isLone = writer.count == 1
        guard let tail = writer.finishTail() else { return }
        guard writer.level > 0, isLone else {
            written.append(tail)
            return
        }
        // The last old node that was not written anew, and its place among those that were.
        var old: TreeNode?
        var place = removed.count
        var back = cursor
        while true {
            let isRemoved = place > 0 && removed[place - 1].hash == back.node.hash
            if !isRemoved {
                old = back.node
                break
            }
            place -= 1
            if back.isFirst { break }
            guard try back.advance(by: -1, &loader) else { return }
        }
        if let last = written.last, old.map({ $0.lastKey.precedes(last.lastKey) }) ?? true {
            written[written.count - 1] = last.joined(by: tail)
        } else if let old {
            removed.insert((old.lastKey, old.hash), at: place)
            written.append(old.joined(by: tail))
        } else {
            onlyChild = tail.childHash(0)
        }
    }

    /// Forgets nodes that came out as they were.
    mutating func dropUnchanged() {
        var kept: [TreeNode] = []
        var gone: [(key: ArraySlice<UInt8>, hash: Hash)] = []
        var index = 0
        for node in written {
            while index < removed.count, removed[index].key.precedes(node.lastKey) {
                gone.append(removed[index])
                index += 1
            }
            if index < removed.count, removed[index].hash == node.hash {
                index += 1
            } else {
                kept.append(node)
            }
        }
        removed = gone + removed[index...]
        written = kept
    }

    /// What the level above has to change.
    var editsAbove: [TreeLevelEdit] {
        var edits: [TreeLevelEdit] = []
        var index = 0
        for node in written {
            let key = node.lastKey
            while index < removed.count, !key.precedes(removed[index].key) {
                if removed[index].key.precedes(key) {
                    edits.append(TreeLevelEdit(key: removed[index].key, value: nil))
                }
                index += 1
            }
            edits.append(TreeLevelEdit(key: key, value: .child(node.child)))
        }
        return edits + removed[index...].map { TreeLevelEdit(key: $0.key, value: nil) }
    }
}

extension ArraySlice<UInt8> {
    fileprivate func precedes(_ other: ArraySlice<UInt8>) -> Bool {
        KeyOrder.compare(self, other) < 0
    }
}

/// A place on one level of a tree: the nodes from the root down to it.
struct TreeLevelCursor {
    private let level: Int
    /// The root first, a node of `level` last.
    private var nodes: [TreeNode]
    /// The entry of each node but the last that leads to the next.
    private var indices: [Int] = []

    init(root: TreeNode, level: Int) {
        nodes = [root]
        self.level = level
    }

    var node: TreeNode { nodes[nodes.count - 1] }
    var isFirst: Bool { indices.allSatisfy { $0 == 0 } }
    var isLast: Bool { indices.indices.allSatisfy { indices[$0] == nodes[$0].count - 1 } }

    /// Goes to the node that holds `key` or would; false if one on the way is missing.
    mutating func seek<Source>(
        _ key: ArraySlice<UInt8>, _ loader: inout NodeLoader<Source>
    ) throws(TreeError) -> Bool {
        nodes.removeSubrange(1...)
        indices = []
        return try descend(&loader) { min($0.firstIndex(atOrAfter: key), $0.count - 1) }
    }

    /// Goes to the node after (`step` 1) or before (-1); false if one on the way is missing.
    ///
    /// - Precondition: there is one.
    mutating func advance<Source>(
        by step: Int, _ loader: inout NodeLoader<Source>
    ) throws(TreeError) -> Bool {
        var depth = indices.count - 1
        while indices[depth] == (step > 0 ? nodes[depth].count - 1 : 0) { depth -= 1 }
        let index = indices[depth] + step
        nodes.removeSubrange((depth + 1)...)
        indices.removeSubrange(depth...)
        guard let child = try loader.child(index, of: node) else { return false }
        indices.append(index)
        nodes.append(child)
        return try descend(&loader) { step > 0 ? 0 : $0.count - 1 }
    }

    private mutating func descend<Source>(
        _ loader: inout NodeLoader<Source>, _ choose: (TreeNode) -> Int
    ) throws(TreeError) -> Bool {
        while node.level > level {
            let index = choose(node)
            guard let child = try loader.child(index, of: node) else { return false }
            indices.append(index)
            nodes.append(child)
        }
        return true
    }
}
