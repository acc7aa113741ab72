/// Builds a tree from entries in key order, in one pass, handing out every node once.
///
/// Holds one unfinished and one finished node a level: a finished one may still be joined by a tail
/// of one child.
struct TreeBuilder {
    private struct Level {
        var writer: TreeNodeWriter
        /// The last finished node, not handed out yet.
        var held: TreeNode?
        var deliveredCount = 0
    }

    private let baseLevel: Int
    private var levels: [Level] = []

    /// - Parameter baseLevel: the level of the entries that will be appended; above 0 there must be
    ///   two of them or more.
    init(baseLevel: Int = 0) {
        self.baseLevel = baseLevel
    }

    /// - Precondition: `key` sorts after the one before it.
    mutating func append(
        _ key: ArraySlice<UInt8>, _ value: TreeValue, _ emit: (TreeNode) -> Void
    ) {
        push(key, value, at: 0, emit)
    }

    private mutating func push(
        _ key: ArraySlice<UInt8>, _ value: TreeValue, at index: Int, _ emit: (TreeNode) -> Void
    ) {
        if index == levels.count {
            levels.append(Level(writer: TreeNodeWriter(level: baseLevel + index)))
        }
        if let node = levels[index].writer.append(key, value) {
            complete(node, at: index, emit)
        }
    }

    private mutating func complete(
        _ node: TreeNode, at index: Int, _ emit: (TreeNode) -> Void
    ) {
        if let held = levels[index].held { deliver(held, at: index, emit) }
        levels[index].held = node
    }

    private mutating func deliver(
        _ node: TreeNode, at index: Int, _ emit: (TreeNode) -> Void
    ) {
        emit(node)
        levels[index].deliveredCount += 1
        push(node.lastKey, .child(node.child), at: index + 1, emit)
    }

    /// Ends every level, and returns the tree. The root is handed out last; the empty tree's is not,
    /// since everybody knows it.
    mutating func finish(_ emit: (TreeNode) -> Void) -> ProllyTree {
        var index = 0
        while index < levels.count {
            let isLoneTail = baseLevel + index > 0 && levels[index].writer.count == 1
            if let tail = levels[index].writer.finishTail() {
                if isLoneTail, let held = levels[index].held {
                    levels[index].held = held.joined(by: tail)
                } else {
                    complete(tail, at: index, emit)
                }
            }
            let last = levels[index].held!
            if levels[index].deliveredCount == 0 {
                emit(last)
                return ProllyTree(root: last.hash)
            }
            levels[index].held = nil
            deliver(last, at: index, emit)
            index += 1
        }
        return .empty
    }
}

extension TreeNode {
    /// The node of this one's entries and those of the node after it.
    func joined(by tail: TreeNode) -> TreeNode {
        var writer = TreeNodeWriter(level: level)
        writer.add(contentsOf: self)
        writer.add(contentsOf: tail)
        return writer.finish()
    }
}
