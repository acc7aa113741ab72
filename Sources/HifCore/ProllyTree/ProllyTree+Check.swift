extension ProllyTree {
    /// Whether this is the one tree of its content: keys that are paths, in order; nodes that end
    /// where the boundary rule says; totals that add up; exactly the directories there must be.
    ///
    /// Reads every node and hashes every key: for `fsck` and for trees from elsewhere. Holds the
    /// names of all directories meanwhile.
    ///
    /// - Throws: `TreeError.missing` with every missing node that a present one names, before
    ///   anything else is looked at; `corrupt` with the first node that is wrong.
    package func checkCanonical(in source: some NodeSource) throws(TreeError) {
        var loader = NodeLoader(source)
        let root = loader.root(self)
        try loader.throwMissing()
        var check = CanonicalCheck()
        try check.visit(root!, isLast: true, &loader)
        try loader.throwMissing()
        try check.finish()
    }
}

/// One walk over all nodes in key order, and what it has to remember between them.
private struct CanonicalCheck {
    private var scratch: [UInt8] = []
    /// Directories that have an entry: key, whether it is explicit, the node that holds it.
    private var directories: [(key: [UInt8], isExplicit: Bool, node: Hash)] = []
    /// Directories that something lies in, each with a node that holds such an entry.
    private var parents: [(key: [UInt8], node: Hash)] = []
    private var parentNames: [UInt8] = []

    /// - Parameter isLast: whether the node is the last of its level.
    mutating func visit<Source>(
        _ node: TreeNode, isLast: Bool, _ loader: inout NodeLoader<Source>
    ) throws(TreeError) {
        try checkBoundaries(of: node, isLast: isLast)
        for index in 0..<node.count {
            if node.isLeaf {
                try noteDirectories(node, index)
            } else if let child = try loader.child(index, of: node) {
                try visit(child, isLast: isLast && index == node.count - 1, &loader)
            }
        }
    }

    private mutating func checkBoundaries(of node: TreeNode, isLast: Bool) throws(TreeError) {
        var size = 0
        for index in 0..<node.count {
            let key = node.key(index)
            let isCut = TreeBoundary.isCut(
                level: node.level, key: key, index: index, sizeBefore: size, scratch: &scratch)
            size += key.count + TreeBoundary.entryBytes
            let isEnd = index == node.count - 1
            // The last node of a level ends with the level, and above the leaves it may have taken
            // in a tail of one.
            let isBeforeTail = isLast && node.level > 0 && index == node.count - 2
            guard isCut ? isEnd || isBeforeTail : !isEnd || isLast else {
                throw .corrupt(
                    node: node.hash, reason: "a boundary \(isEnd ? "lacks" : "stands") at \(index)")
            }
        }
    }

    private mutating func noteDirectories(_ node: TreeNode, _ index: Int) throws(TreeError) {
        let key = node.key(index)
        _ = try node.path(index)
        let leaf = node.leaf(index)
        if leaf.kind == .directory {
            directories.append((Array(key), leaf.isExplicit, node.hash))
        }
        // What lies right in one directory is contiguous.
        let names = key[..<(key.firstIndex(of: TreeKey.mark) ?? key.startIndex)]
        if !names.elementsEqual(parentNames) {
            parentNames = Array(names)
            if !names.isEmpty { parents.append((TreeKey.directory(named: names), node.hash)) }
        }
    }

    func finish() throws(TreeError) {
        let named = Set(directories.map(\.key))
        for parent in parents where !named.contains(parent.key) {
            throw .corrupt(node: parent.node, reason: "an entry in no directory")
        }
        let needed = Set(parents.map(\.key))
        for directory in directories
        where !directory.isExplicit && !needed.contains(directory.key) {
            throw .corrupt(node: directory.node, reason: "a directory with nothing below it")
        }
    }
}
