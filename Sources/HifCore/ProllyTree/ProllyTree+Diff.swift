/// A path at which two trees differ in a file, a link or an explicit directory.
package struct TreeChange: Hashable, Sendable {
    package let path: RepoPath
    /// In the first tree; nil if nothing is there, or only a derived directory.
    package let before: Leaf?
    /// In the second tree, likewise.
    package let after: Leaf?

    package init(path: RepoPath, before: Leaf?, after: Leaf?) {
        self.path = path
        self.before = before
        self.after = after
    }
}

extension ProllyTree {
    /// What distinguishes `other` from this tree, in key order.
    ///
    /// Derived directories are left out, so applying the `after`s to this tree gives `other`. Reads
    /// only nodes that the trees do not share: a few for a small change, whatever the size.
    ///
    /// - Parameter directory: compare only what lies below it.
    package func diff(
        to other: ProllyTree, below directory: RepoPath? = nil, in source: some NodeSource
    ) throws(TreeError) -> [TreeChange] {
        let range = KeyRange.below(directory)
        var walk = TreeDifference(range: range, source)
        try walk.run(from: self, to: other)
        var before = LeafRun(walk.left)
        var after = LeafRun(walk.right)
        var changes: [TreeChange] = []
        while true {
            var order = 0
            switch (before.key, after.key) {
            case (nil, nil): return changes
            case (_?, nil): order = -1
            case (nil, _?): order = 1
            case (let first?, let second?): order = KeyOrder.compare(first, second)
            }
            let place = order <= 0 ? before.place : after.place
            let old = order <= 0 ? before.next() : nil
            let new = order >= 0 ? after.next() : nil
            guard old != new, old?.meant != new?.meant, range.contains(place.node.key(place.index))
            else { continue }
            changes.append(
                TreeChange(
                    path: try place.node.path(place.index), before: old?.meant, after: new?.meant))
        }
    }

    /// The nodes of `other` that this tree does not have, parents before children: what somebody
    /// who has this tree needs to read the other.
    package func newNodes(
        of other: ProllyTree, in source: some NodeSource
    ) throws(TreeError) -> [TreeNode] {
        var walk = TreeDifference(range: .all, source)
        try walk.run(from: self, to: other)
        return walk.rightNodes.filter { $0 != .empty }
    }
}

extension Leaf {
    /// The leaf, if somebody put it there; nil for a derived directory.
    fileprivate var meant: Leaf? { self == .directory ? nil : self }
}

/// The entries of several leaves, in order.
private struct LeafRun {
    private let nodes: [TreeNode]
    private var nodeIndex = 0
    private var index = 0

    init(_ nodes: [TreeNode]) {
        self.nodes = nodes.filter { $0.count > 0 }
    }

    /// - Precondition: not at the end.
    var place: (node: TreeNode, index: Int) { (nodes[nodeIndex], index) }

    var key: ArraySlice<UInt8>? {
        nodeIndex < nodes.count ? nodes[nodeIndex].key(index) : nil
    }

    mutating func next() -> Leaf {
        let leaf = nodes[nodeIndex].leaf(index)
        index += 1
        if index == nodes[nodeIndex].count {
            nodeIndex += 1
            index = 0
        }
        return leaf
    }
}

/// Two trees walked down together, level by level, leaving out what they share.
///
/// Subtrees with one hash hold the same entries in either tree, so an entry in a leaf that is left
/// on one side cannot be in a shared one of the other. All nodes wanted of a level are asked for
/// together.
private struct TreeDifference<Source: NodeSource> {
    let range: KeyRange
    private var loader: NodeLoader<Source>
    /// Nodes of the present level that only one of the trees has; at the end, leaves.
    private(set) var left: [TreeNode] = []
    private(set) var right: [TreeNode] = []
    /// All nodes found that only the right tree has.
    private(set) var rightNodes: [TreeNode] = []

    init(range: KeyRange, _ source: Source) {
        self.range = range
        loader = NodeLoader(source)
    }

    mutating func run(from first: ProllyTree, to second: ProllyTree) throws(TreeError) {
        guard first != second else { return }
        let leftRoot = loader.root(first)
        let rightRoot = loader.root(second)
        try loader.throwMissing()
        left = [leftRoot!]
        right = [rightRoot!]
        rightNodes = right
        var level = max(left[0].level, right[0].level)
        while level > 0 {
            level -= 1
            let leftPlaces = places(of: left, at: level)
            let rightPlaces = places(of: right, at: level)
            let leftKept = TreeDifference.dropShared(leftPlaces, rightPlaces)
            let rightKept = TreeDifference.dropShared(rightPlaces, leftPlaces)
            left = try load(leftKept)
            right = try load(rightKept)
            try loader.throwMissing()
            rightNodes += right.filter { $0 !== rightRoot }
            if rightKept.isEmpty, rightRoot!.level == level { rightNodes = [] }
        }
    }

    /// Where a node of some level is found: below a parent, or as a root that is no higher.
    private struct Place {
        let node: TreeNode
        let index: Int?

        var hash: Hash { index.map { node.childHash($0) } ?? node.hash }
        /// Nil for an empty node, which no other can equal.
        var lastKey: ArraySlice<UInt8>? {
            index.map { node.key($0) } ?? (node.count == 0 ? nil : node.lastKey)
        }
    }

    private func places(of nodes: [TreeNode], at level: Int) -> [Place] {
        nodes.flatMap { node in
            node.level > level
                ? node.children(in: range).map { Place(node: node, index: $0) }
                : [Place(node: node, index: nil)]
        }
    }

    /// The places of which the other side has no equal. Both are in key order, and equal subtrees
    /// end with equal keys.
    private static func dropShared(_ places: [Place], _ others: [Place]) -> [Place] {
        var other = 0
        return places.filter { place in
            guard let key = place.lastKey else { return true }
            while other < others.count {
                guard let otherKey = others[other].lastKey else { return true }
                let order = KeyOrder.compare(otherKey, key)
                if order > 0 { return true }
                if order == 0 { return others[other].hash != place.hash }
                other += 1
            }
            return true
        }
    }

    private mutating func load(_ places: [Place]) throws(TreeError) -> [TreeNode] {
        var nodes: [TreeNode] = []
        for place in places {
            if let index = place.index {
                if let child = try loader.child(index, of: place.node) { nodes.append(child) }
            } else {
                nodes.append(place.node)
            }
        }
        return nodes
    }
}
