import HifCore
import Support
import Testing

@Suite struct TreeNodeTests {
    /// The tree of `docs/formats/tree.md`.
    static let goldenLeaf = """
        4854 01 00 05
        00 0a 00524541444d452e6d64
        01 03 6f7574
        01 03 737263
        00 08 737263006d61696e
        06 01 70
        05000000
        00 00 ac02 0100000000000000000000000000000000000000000000000000000000000000
        03 01 00 0000000000000000000000000000000000000000000000000000000000000000
        03 00 00 0000000000000000000000000000000000000000000000000000000000000000
        01 00 05 0200000000000000000000000000000000000000000000000000000000000000
        02 00 04 0300000000000000000000000000000000000000000000000000000000000000
        """

    /// An inner node of that leaf and the empty one, which no tree would hold.
    static let goldenInner = """
        4854 01 01 02
        00 02 0062
        00 03 610063
        05000000
        5039a8d2c5caffb5cee520d01b88bd25b761d56ebee11f2720c46a8ce5eae0cb 05 b502
        149da3db6f3adc63995a8ed5824100ebc959bd5a1a8b970ae30b157388c25433 01 00
        """

    static func bytes(_ golden: String) -> [UInt8] {
        [UInt8](hex: String(golden.filter { !$0.isWhitespace }))!
    }

    @Test func `the bytes and the hash of a node are those of the format's page`() throws {
        func content(_ number: UInt64) -> Hash {
            Hash(word0: number, word1: 0, word2: 0, word3: 0)
        }
        let (tree, nodes) = try ProllyTree.build([
            (path("README.md"), Leaf(kind: .file, size: 300, hash: content(1))),
            (path("src/main"), Leaf(kind: .executable, size: 5, hash: content(2))),
            (path("src/map"), Leaf(kind: .symlink, size: 4, hash: content(3))),
            (path("out"), .explicitDirectory),
        ])
        #expect(nodes.map(\.bytes) == [Self.bytes(Self.goldenLeaf)])
        // As `b3sum --derive-key "hif tree node v1"` says.
        #expect(
            tree.root.hex == "5039a8d2c5caffb5cee520d01b88bd25b761d56ebee11f2720c46a8ce5eae0cb")
        #expect(
            ProllyTree.empty.root.hex
                == "149da3db6f3adc63995a8ed5824100ebc959bd5a1a8b970ae30b157388c25433")
        let inner = try TreeNode(decoding: Self.bytes(Self.goldenInner))
        #expect(inner.children == [tree.root, ProllyTree.empty.root])
        #expect(inner.entryCount == 6)
        #expect(inner.byteCount == 309)
    }

    /// Each replaces a part of a golden node by another spelling of the same, or by nonsense.
    @Test(
        arguments: [
            (true, "4854 01", "4855 01", "another magic"),
            (true, "4854 01", "4854 02", "another version"),
            (true, "4854 01 00 05", "4854 01 40 05", "a level too high"),
            (true, "4854 01 00 05", "4854 01 00 8500", "a count with a byte too many"),
            (true, "4854 01 00 05", "4854 01 00 06", "a count of one more"),
            (true, "4854 01 00 05", "4854 01 00 ffffffffffffffffff01", "a count beyond all bounds"),
            (true, "06 01 70", "05 02 6170", "a key that could share more"),
            (true, "06 01 70", "06 01 60", "a key out of order"),
            (true, "06 01 70", "09 01 70", "a share of more than there is"),
            (true, "06 01 70", "06 00", "a key twice"),
            (true, "06 01 70", "ffffffffffffffffff01 01 70", "a share beyond all bounds"),
            (true, "05000000", "06000000", "a restart elsewhere"),
            (true, "00 00 ac02", "05 00 ac02", "an unknown kind"),
            (true, "00 00 ac02", "00 01 ac02", "an explicit file"),
            (true, "00 00 ac02", "00 00 ac8200", "a size with a byte too many"),
            (true, "03 01 00", "03 02 00", "an unknown flag"),
            (true, "03 01 00", "03 01 01", "a directory with a size"),
            (true, "03 00 00 00", "03 00 00 01", "a directory with a hash"),
            (false, "01 00", "00 00", "a child without entries"),
            (false, "0062\n00 03", "0062\n00 00", "an empty key"),
            (false, "05 b502", "8500 b502", "a total with a byte too many"),
        ] as [(Bool, String, String, String)])
    func `another spelling is refused`(
        isLeaf: Bool, part: String, other: String, about: String
    ) throws {
        let golden = isLeaf ? Self.goldenLeaf : Self.goldenInner
        let range = try #require(golden.firstRange(of: part), "\(about)")
        let altered = golden[..<range.lowerBound] + other + golden[range.upperBound...]
        #expect(throws: FormatError.self, "\(about)") {
            try TreeNode(decoding: Self.bytes(String(altered)))
        }
    }

    @Test func `an inner node has two children or more`() throws {
        var writer = TreeNodeWriter(level: 1)
        writer.add([0, 0x61][...], .child(TreeNode.empty.child))
        #expect(throws: FormatError.self) { try TreeNode(decoding: writer.finish().bytes) }
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
        for node in try Self.sample(60).suffix(2) {
            // All of the header and the first keys, then every 37th.
            let lengths = [Array(0..<300), Array(stride(from: 300, to: node.bytes.count, by: 37))]
            for count in lengths.joined() where count < node.bytes.count {
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
            for bit in stride(from: 0, to: node.bytes.count * 8, by: node.level == 0 ? 61 : 23) {
                var bytes = node.bytes
                bytes[bit / 8] ^= 1 << UInt8(bit % 8)
                guard let read = try? TreeNode(decoding: bytes) else { continue }
                #expect(read.hash != node.hash)
                #expect(Self.rewritten(read).bytes == bytes, "bit \(bit)")
            }
        }
    }
}
