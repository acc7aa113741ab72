// The bytes of a node; docs/formats/tree.md describes them. `TreeNodeWriter` writes them.

extension TreeNode {
    static let version: UInt8 = 1
    /// No node is longer: what the boundary rule allows, with the longest values.
    package static let bytesMax = 131_072
    /// No tree is higher: inner nodes have two children or more.
    static let levelMax = 63

    /// Reads a node, and refuses every spelling but the one that is written.
    ///
    /// Checked here is everything one node can show of itself, but for where it ends: that is a
    /// hash per key, and `ProllyTree.checkCanonical(in:)` does it. Linear, a few microseconds.
    package convenience init(decoding bytes: [UInt8]) throws(FormatError) {
        let format = "tree node"
        guard bytes.count <= TreeNode.bytesMax else {
            throw FormatError(format, at: 0, "\(bytes.count) bytes, more than a node can have")
        }
        var reader = ByteReader(bytes, format: format)
        guard try reader.u8() == UInt8(ascii: "H"), try reader.u8() == UInt8(ascii: "T") else {
            throw FormatError(format, at: 0, "not a tree node")
        }
        let version = try reader.u8()
        guard version == TreeNode.version else { throw reader.error("version \(version)") }
        let level = Int(try reader.u8())
        guard level <= TreeNode.levelMax else { throw reader.error("level \(level)") }
        // A leaf entry has 3 bytes of key and 35 of value at least.
        let count = try reader.count(bytesEach: 38)
        guard count >= 2 || level == 0 else {
            throw reader.error("an inner node with \(count) children")
        }
        var offsets: [UInt32] = []
        offsets.reserveCapacity(2 * count)
        var restarts: [UInt32] = []
        let keys = try TreeNode.readKeys(
            of: bytes, &reader, count: count, offsets: &offsets, restarts: &restarts)
        for restart in restarts {
            guard try reader.u32() == restart else { throw reader.error("wrong restart offset") }
        }
        var entryCount: UInt64 = 0
        var byteCount: UInt64 = 0
        for index in 0..<count {
            offsets[2 * index + 1] = UInt32(reader.offset)
            let size: (entries: UInt64, bytes: UInt64)
            if level == 0 {
                size = (1, try TreeNode.checkLeaf(&reader))
            } else {
                _ = try reader.skip(Hash.byteCount)
                size = (try reader.varint(), try reader.varint())
                guard size.entries > 0 else { throw reader.error("a child without entries") }
            }
            entryCount = entryCount.addingClamped(size.entries)
            byteCount = byteCount.addingClamped(size.bytes)
        }
        try reader.expectEnd()
        self.init(
            hash: TreeNode.hash(of: bytes), bytes: bytes, level: level, entryCount: entryCount,
            byteCount: byteCount, keys: keys, offsets: offsets)
    }

    /// Reads the key area: keys strictly ascending, each sharing with the one before it as much as
    /// it can, except that every sixteenth shares nothing.
    private static func readKeys(
        of bytes: [UInt8], _ reader: inout ByteReader, count: Int, offsets: inout [UInt32],
        restarts: inout [UInt32]
    ) throws(FormatError) -> [UInt8] {
        var keys: [UInt8] = []
        keys.reserveCapacity(min(count * 64, TreeBoundary.nodeSizeMax))
        // Apart from `keys`, which a slice of itself cannot be appended to without a copy of all.
        var key: [UInt8] = []
        for index in 0..<count {
            let isRestart = index % TreeNodeWriter.restartInterval == 0
            if isRestart { restarts.append(UInt32(reader.offset)) }
            let sharedCount = try reader.varint()
            let length = try reader.count()
            guard length > 0, sharedCount <= (isRestart ? 0 : key.count) else {
                throw reader.error("a key that shares \(sharedCount) and adds \(length) bytes")
            }
            let shared = Int(sharedCount)
            guard
                shared + length <= TreeKey.bytesMax,
                keys.count + (index + 1) * TreeBoundary.entryBytes <= TreeBoundary.nodeSizeMax
            else { throw reader.error("keys longer than a node can have") }
            let suffix = bytes[try reader.skip(length)]
            // In order, and nothing more could have been shared.
            let isInOrder =
                isRestart
                ? KeyOrder.compare(key[...], suffix) < 0
                : shared == key.count || key[shared] < suffix[suffix.startIndex]
            guard isInOrder else { throw reader.error("keys not in order, or sharing too little") }
            key.removeLast(key.count - shared)
            key.append(contentsOf: suffix)
            keys.append(contentsOf: key)
            offsets.append(UInt32(keys.count))
            offsets.append(0)
        }
        return keys
    }

    /// Passes over a leaf value, checking what `Leaf.init(from:)` checks, and returns its size.
    private static func checkLeaf(_ reader: inout ByteReader) throws(FormatError) -> UInt64 {
        let kind = try reader.u8()
        guard kind <= Leaf.Kind.external.rawValue else {
            throw reader.error("unknown kind \(kind)")
        }
        let flags = try reader.u8()
        let size = try reader.varint()
        if kind == Leaf.Kind.directory.rawValue {
            guard flags <= 1, size == 0, try reader.hash() == .zero else {
                throw reader.error("a directory with flags \(flags), size \(size) or a hash")
            }
        } else {
            guard flags == 0 else { throw reader.error("flags \(flags) on a file") }
            _ = try reader.skip(Hash.byteCount)
        }
        return size
    }
}
