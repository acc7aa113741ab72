import HifCore
import Support
import Testing

/// What a tree from elsewhere must not be.
@Suite struct TreeCanonicalTests {
    /// A node of these entries, whatever the rule says.
    static func node(_ entries: [(String, Leaf)]) -> TreeNode {
        var writer = TreeNodeWriter(level: 0)
        for (name, leaf) in entries { writer.add(TreeKey(path(name)).bytes[...], .leaf(leaf)) }
        return writer.finish()
    }

    static func parent(of nodes: [TreeNode]) -> TreeNode {
        var writer = TreeNodeWriter(level: nodes[0].level + 1)
        for node in nodes { writer.add(node.key(node.count - 1), .child(node.child)) }
        return writer.finish()
    }

    static func refusal(_ root: TreeNode, _ others: [TreeNode] = []) -> String? {
        let cache = NodeCache([root] + others)
        do throws(TreeError) {
            try ProllyTree(root: root.hash).checkCanonical(in: cache)
            return nil
        } catch {
            guard case .corrupt(_, let reason) = error else { return "\(error)" }
            return reason
        }
    }

    @Test func `directories must be exactly those that something lies in`() {
        #expect(Self.refusal(Self.node([("a", .directory), ("a/b", file(1))])) == nil)
        #expect(Self.refusal(Self.node([("a", .explicitDirectory)])) == nil)
        #expect(
            Self.refusal(Self.node([("a", .directory)])) == "a directory with nothing below it")
        #expect(Self.refusal(Self.node([("a/b", file(1))])) == "an entry in no directory")
        #expect(
            Self.refusal(Self.node([("a", file(2)), ("a/b", file(1))]))
                == "an entry in no directory")
        #expect(
            Self.refusal(Self.node([("a", .directory), ("a/b/c", file(1))]))
                == "an entry in no directory")
    }

    @Test func `a node that ends elsewhere than the rule says is refused`() {
        let left = Self.node([("a", file(1))])
        let right = Self.node([("b", file(2))])
        #expect(
            Self.refusal(Self.parent(of: [left, right]), [left, right])?.contains("boundary")
                == true)
        // All of a large tree in one leaf.
        let names = (0..<900).map { "\(1_000 + $0)" }
        #expect(Self.refusal(Self.node(names.map { ($0, file(1)) }))?.contains("boundary") == true)
    }

    @Test func `a child that is not what its parent says is refused, not followed`() throws {
        let left = Self.node([("a", file(1))])
        let right = Self.node([("b", file(2))])
        // Out of order.
        var writer = TreeNodeWriter(level: 1)
        writer.add(left.key(0), .child(right.child))
        writer.add(right.key(0), .child(left.child))
        let crossed = writer.finish()
        // A root two levels above its leaves.
        writer = TreeNodeWriter(level: 2)
        writer.add(left.key(0), .child(left.child))
        writer.add(right.key(0), .child(right.child))
        let gap = writer.finish()
        // The same leaf twice.
        writer = TreeNodeWriter(level: 1)
        writer.add(left.key(0), .child(left.child))
        writer.add(right.key(0), .child(left.child))
        let twice = writer.finish()
        for root in [crossed, gap, twice] {
            let cache = NodeCache([root, left, right])
            let tree = ProllyTree(root: root.hash)
            #expect(throws: TreeError.self) { try tree.checkCanonical(in: cache) }
            #expect(throws: TreeError.self) { try tree.get([path("a"), path("b")], in: cache) }
            #expect(throws: TreeError.self) { try tree.allEntries(in: cache) }
            #expect(throws: TreeError.self) { try tree.diff(to: .empty, in: cache) }
            #expect(throws: TreeError.self) {
                try tree.applying([(path("a"), nil), (path("b"), nil)], in: cache)
            }
        }
    }

    @Test(
        arguments: [
            [0x2E, 0x67, 0x69, 0x74], [0], [0, 0], [0, 0x61, 0, 0x62], [0, 0x61, 1, 0x62],
            [0, 0x61, 2],
            [0, 2, 5], [0x61], [0, 0x61, 0x2F, 0x62], [1, 0x61, 0, 0x62],
            [0, 0x2E, 0x67, 0x69, 0x74],
            [0x2E, 0x2E, 0, 0x62],
        ] as [[UInt8]])
    func `a key that is no path never leaves the tree as one`(key: [UInt8]) throws {
        var writer = TreeNodeWriter(level: 0)
        writer.add(key[...], .leaf(file(1)))
        let node = writer.finish()
        #expect(try TreeNode(decoding: node.bytes) == node)
        #expect(Self.refusal(node)?.contains("not a path") == true)
        let tree = ProllyTree(root: node.hash)
        #expect(throws: TreeError.self) { try tree.allEntries(in: NodeCache([node])) }
        #expect(throws: TreeError.self) {
            try ProllyTree.empty.diff(to: tree, in: NodeCache([node]))
        }
    }

    @Test func `sizes that overflow add up to the largest number`() throws {
        let huge = Leaf(kind: .file, size: .max, hash: .zero)
        let node = Self.node([("a", huge), ("b", huge)])
        #expect(try TreeNode(decoding: node.bytes).byteCount == .max)
        #expect(Self.refusal(node) == nil)
    }
}
