/// One node of a prolly tree: a run of entries in key order, immutable, named by its hash.
///
/// Level 0 holds the leaves; a node of level n holds the last keys and hashes of nodes of level
/// n - 1. Kept as its stored bytes plus the keys written out in full, three arrays whatever the
/// number of entries, so that decoding costs microseconds and look-up is a binary search.
package final class TreeNode: Sendable {
    /// BLAKE3 of `bytes` in the domain `hif tree node v1`: the node's name.
    package let hash: Hash
    /// The node as it is stored and sent.
    package let bytes: [UInt8]
    /// 0 for leaves, one more than its children otherwise.
    package let level: Int
    /// Entries in this node.
    package let count: Int
    /// Leaves in and below this node, directories included.
    package let entryCount: UInt64
    /// The sum of their sizes; stays at the largest number when it would be more.
    package let byteCount: UInt64

    /// All keys, one after the other.
    let keys: [UInt8]
    /// For entry i: the end of its key in `keys` at 2i, the start of its value in `bytes` at 2i + 1.
    let offsets: [UInt32]

    init(
        hash: Hash, bytes: [UInt8], level: Int, entryCount: UInt64, byteCount: UInt64,
        keys: [UInt8], offsets: [UInt32]
    ) {
        self.hash = hash
        self.bytes = bytes
        self.level = level
        self.count = offsets.count / 2
        self.entryCount = entryCount
        self.byteCount = byteCount
        self.keys = keys
        self.offsets = offsets
    }

    private static let context = Blake3Context("hif tree node v1")

    /// The name of the node with these bytes, whether or not they are one.
    package static func hash(of bytes: [UInt8]) -> Hash {
        context.hash(bytes)
    }

    /// The leaf without entries: the whole tree at position `@0`.
    package static let empty = {
        var writer = TreeNodeWriter(level: 0)
        return writer.finish()
    }()

    package var isLeaf: Bool { level == 0 }

    /// What a parent says of this node.
    package var child: TreeChild {
        TreeChild(hash: hash, entryCount: entryCount, byteCount: byteCount)
    }

    @inline(__always)
    private func keyRange(_ index: Int) -> Range<Int> {
        Int(index == 0 ? 0 : offsets[2 * index - 2])..<Int(offsets[2 * index])
    }

    /// Where the value of an entry stands in `bytes`.
    func valueRange(_ index: Int) -> Range<Int> {
        let end = index + 1 < count ? Int(offsets[2 * index + 3]) : bytes.count
        return Int(offsets[2 * index + 1])..<end
    }

    /// The key of an entry. No copy.
    package func key(_ index: Int) -> ArraySlice<UInt8> { keys[keyRange(index)] }

    /// - Precondition: the node is not empty.
    var lastKey: ArraySlice<UInt8> { key(count - 1) }

    /// The value of an entry of a leaf.
    ///
    /// - Precondition: the node is a leaf.
    func leaf(_ index: Int) -> Leaf {
        precondition(level == 0, "a leaf asked of an inner node")
        var offset = Int(offsets[2 * index + 1])
        let kind = Leaf.Kind(rawValue: bytes[offset])!
        let flags = bytes[offset + 1]
        offset += 2
        if kind == .directory { return flags == 0 ? .directory : .explicitDirectory }
        let size = varint(&offset)
        return Leaf(kind: kind, size: size, hash: hash(at: offset))
    }

    /// The child that an entry of an inner node names.
    ///
    /// - Precondition: the node is not a leaf.
    func child(_ index: Int) -> TreeChild {
        precondition(level > 0, "a child asked of a leaf")
        var offset = Int(offsets[2 * index + 1])
        let hash = hash(at: offset)
        offset += Hash.byteCount
        let entryCount = varint(&offset)
        return TreeChild(hash: hash, entryCount: entryCount, byteCount: varint(&offset))
    }

    func childHash(_ index: Int) -> Hash { hash(at: Int(offsets[2 * index + 1])) }

    /// What stands beside a key.
    package func value(_ index: Int) -> TreeValue {
        level == 0 ? .leaf(leaf(index)) : .child(child(index))
    }

    /// The hashes of an inner node's children, in order; none for a leaf.
    package var children: [Hash] {
        level == 0 ? [] : (0..<count).map(childHash)
    }

    /// The first entry whose key is `key` or after it; `count` if there is none. `O(log n)`.
    func firstIndex(atOrAfter key: ArraySlice<UInt8>) -> Int {
        let keys = keys
        let all = unsafe keys.span.bytes
        let wanted = unsafe key.span.bytes
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if KeyOrder.compare(all.extracting(keyRange(middle)), wanted) < 0 {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    /// The entry with exactly this key.
    func index(of key: ArraySlice<UInt8>) -> Int? {
        let index = firstIndex(atOrAfter: key)
        return index < count && KeyOrder.compare(self.key(index), key) == 0 ? index : nil
    }

    private func hash(at offset: Int) -> Hash {
        let bytes = bytes
        let span = unsafe bytes.span.bytes.extracting(offset..<offset + Hash.byteCount)
        return Hash(
            word0: TreeNode.word(span, 0), word1: TreeNode.word(span, 8),
            word2: TreeNode.word(span, 16), word3: TreeNode.word(span, 24))
    }

    private static func word(_ span: RawSpan, _ offset: Int) -> UInt64 {
        UInt64(
            littleEndian: unsafe span.unsafeLoadUnaligned(
                fromByteOffset: offset, as: UInt64.self))
    }

    /// A varint that decoding has checked before.
    private func varint(_ offset: inout Int) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = bytes[offset]
            offset += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
    }
}

extension TreeNode: Hashable {
    package static func == (left: TreeNode, right: TreeNode) -> Bool { left.hash == right.hash }

    package func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

/// What an inner node says of a child.
package struct TreeChild: Hashable, Sendable {
    package let hash: Hash
    /// Leaves below it, directories included.
    package let entryCount: UInt64
    /// The sum of their sizes.
    package let byteCount: UInt64
}

/// What stands beside a key: a leaf on level 0, a child above.
package enum TreeValue: Hashable, Sendable {
    case leaf(Leaf)
    case child(TreeChild)

    /// The leaves it stands for.
    var entryCount: UInt64 {
        switch self {
        case .leaf: 1
        case .child(let child): child.entryCount
        }
    }

    /// The bytes of content it stands for.
    var byteCount: UInt64 {
        switch self {
        case .leaf(let leaf): leaf.size
        case .child(let child): child.byteCount
        }
    }

    /// Its bytes in a node.
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .leaf(let leaf):
            leaf.encode(into: &writer)
        case .child(let child):
            writer.hash(child.hash)
            writer.varint(child.entryCount)
            writer.varint(child.byteCount)
        }
    }
}

extension UInt64 {
    /// A sum that stays at the largest number: associative, so a total does not depend on how the
    /// nodes divide it, and sizes from outside cannot overflow it.
    func addingClamped(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
