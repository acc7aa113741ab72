import HifCore
import Support
import Testing

@Suite struct TreeNodeTests {
    @Test func `the empty tree is five bytes`() {
        #expect(TreeNode.empty.bytes == [0x48, 0x54, 1, 0, 0])
        #expect(ProllyTree.empty.root == TreeNode.hash(of: TreeNode.empty.bytes))
    }

    static func sample(_ count: Int = 400) throws -> [TreeNode] {
        var paths = PathGenerator(seed: 3)
        let entries = paths.paths(count).enumerated().map { ($1, file(UInt64($0))) }
        return try ProllyTree.build(entries).nodes
    }

    /// The node of the same entries, written anew.
    static func rewritten(_ node: TreeNode) -> TreeNode {
        var writer = TreeNodeWriter(level: node.level)
        for index in 0..<node.count { writer.add(node.key(index), node.value(index)) }
        return writer.finish()
    }

    @Test func `a node read back says what was written`() throws {
        for node in try Self.sample() {
            let read = try TreeNode(decoding: node.bytes)
            #expect(read.hash == node.hash)
            #expect(read.level == node.level)
            #expect(read.count == node.count)
            #expect(read.entryCount == node.entryCount)
            #expect(read.byteCount == node.byteCount)
            #expect(read.children == node.children)
        }
    }

    @Test func `every truncation of a node is refused`() throws {
        for node in try Self.sample(60) {
            for count in 0..<node.bytes.count {
                #expect(throws: FormatError.self) {
                    try TreeNode(decoding: Array(node.bytes.prefix(count)))
                }
            }
            #expect(throws: FormatError.self) { try TreeNode(decoding: node.bytes + [0]) }
        }
    }

    @Test func `a flipped bit is refused or gives a node whose entries spell the same bytes`()
        throws
    {
        let nodes = try Self.sample(300)
        let leaf = try #require(nodes.first { $0.level == 0 })
        let inner = try #require(nodes.first { $0.level == 1 })
        for node in [leaf, inner] {
            for bit in stride(from: 0, to: node.bytes.count * 8, by: node.level == 0 ? 7 : 1) {
                var bytes = node.bytes
                bytes[bit / 8] ^= 1 << UInt8(bit % 8)
                guard let read = try? TreeNode(decoding: bytes) else { continue }
                #expect(read.hash != node.hash)
                #expect(Self.rewritten(read).bytes == bytes, "bit \(bit)")
            }
        }
    }
}
