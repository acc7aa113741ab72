extension ProllyTree {
    /// The tree of these files, links and explicit directories, in any order; directories above
    /// them are derived.
    ///
    /// `O(n log n)`, and `O(n)` if they come in key order. Keys are held once while it runs; nodes
    /// are handed to `emit` as they are finished, children before parents, the root last.
    ///
    /// - Throws: `TreeError.clash` for a path named twice or with something below a file,
    ///   `TreeError.derivedDirectory` for a directory that is not explicit.
    package static func build(
        _ entries: some Sequence<(RepoPath, Leaf)>, _ emit: (TreeNode) -> Void
    ) throws(TreeError) -> ProllyTree {
        var keys = KeyList()
        var leaves: [Leaf] = []
        for (path, leaf) in entries {
            guard leaf != .directory else { throw .derivedDirectory(path) }
            keys.append(path)
            leaves.append(leaf)
        }
        let order = keys.sortedOrder()
        var directories = KeyList()
        directories.appendDirectories(above: keys, in: order)
        let directoryOrder = directories.sortedOrder()

        var builder = TreeBuilder()
        var next = 0
        var nextDirectory = 0
        while next < order.count || nextDirectory < directoryOrder.count {
            var side = next < order.count ? -1 : 1
            if next < order.count, nextDirectory < directoryOrder.count {
                side = KeyOrder.compare(
                    keys[order[next]], directories[directoryOrder[nextDirectory]])
            }
            if side > 0 {
                let key = directories[directoryOrder[nextDirectory]]
                builder.append(key, .leaf(.directory), emit)
                nextDirectory += 1
                continue
            }
            let key = keys[order[next]]
            let leaf = leaves[Int(order[next])]
            next += 1
            let isRepeated =
                next < order.count && KeyOrder.compare(key, keys[order[next]]) == 0
            if isRepeated || (side == 0 && leaf != .explicitDirectory) {
                throw .clash(TreeKey.path(key)!)
            }
            if side == 0 { nextDirectory += 1 }
            builder.append(key, .leaf(leaf), emit)
        }
        return builder.finish(emit)
    }

    /// As `build(_:_:)`, with all nodes at once.
    package static func build(
        _ entries: some Sequence<(RepoPath, Leaf)>
    ) throws(TreeError) -> (tree: ProllyTree, nodes: [TreeNode]) {
        var nodes: [TreeNode] = []
        let tree = try build(entries) { nodes.append($0) }
        return (tree, nodes)
    }
}

/// Many keys in one buffer.
private struct KeyList {
    private var bytes: [UInt8] = []
    private var ends: [Int] = []

    subscript(_ index: UInt32) -> ArraySlice<UInt8> { bytes[range(index)] }

    private func range(_ index: UInt32) -> Range<Int> {
        (index == 0 ? 0 : ends[Int(index) - 1])..<ends[Int(index)]
    }

    mutating func append(_ path: RepoPath) {
        TreeKey.append(path, to: &bytes)
        ends.append(bytes.count)
    }

    private mutating func append(key: [UInt8]) {
        bytes.append(contentsOf: key)
        ends.append(bytes.count)
    }

    /// The keys' indices in key order.
    func sortedOrder() -> [UInt32] {
        func isBefore(_ left: UInt32, _ right: UInt32) -> Bool {
            unsafe KeyOrder.compare(
                bytes.span.bytes.extracting(range(left)), bytes.span.bytes.extracting(range(right)))
                < 0
        }
        let order = Array(0..<UInt32(ends.count))
        let isSorted = order.dropFirst().allSatisfy { !isBefore($0, $0 - 1) }
        return isSorted ? order : order.sorted(by: isBefore)
    }

    /// Appends the key of every directory above those keys, each once.
    ///
    /// In key order a directory's whole content is contiguous, so a directory is new exactly if it
    /// is not above the key before.
    mutating func appendDirectories(above keys: KeyList, in order: [UInt32]) {
        var previous: ArraySlice<UInt8> = []
        for index in order {
            let key = keys[index]
            let names = key[..<(key.firstIndex(of: TreeKey.mark) ?? key.startIndex)]
            guard KeyOrder.compare(names, previous) != 0 else { continue }
            var end = names.endIndex
            while end > names.startIndex {
                let directory = names[..<end]
                let count = directory.count
                let isKnown =
                    previous.starts(with: directory)
                    && (previous.count == count
                        || previous[previous.startIndex + count] == TreeKey.joint)
                if isKnown { break }
                append(key: TreeKey.directory(named: directory))
                end = directory.lastIndex(of: TreeKey.joint) ?? names.startIndex
            }
            previous = names
        }
    }
}
