/// Collects the entries of one level, in key order, and cuts them into nodes.
package struct TreeNodeWriter {
    /// Every so many entries a key is written in full.
    static let restartInterval = 16

    let level: Int
    /// Entries of the node that is being written.
    private(set) var count = 0
    /// Their size as `TreeBoundary` counts it.
    private var size = 0
    private var entryCount: UInt64 = 0
    private var byteCount: UInt64 = 0
    private var keys: [UInt8] = []
    private var keyArea: [UInt8] = []
    private var restarts: [UInt32] = []
    private var values = ByteWriter()
    /// As in `TreeNode`, with value offsets counted from the start of the value area.
    private var offsets: [UInt32] = []
    private var scratch: [UInt8] = []

    package init(level: Int) {
        self.level = level
    }

    /// Whether the next entry begins a node.
    var isEmpty: Bool { count == 0 }

    /// Adds an entry, and returns the node if it ends there.
    ///
    /// - Precondition: `key` sorts after the entry before it.
    mutating func append(_ key: ArraySlice<UInt8>, _ value: TreeValue) -> TreeNode? {
        let isCut = TreeBoundary.isCut(
            level: level, key: key, index: count, sizeBefore: size, scratch: &scratch)
        add(key, value)
        return isCut ? finish() : nil
    }

    /// Adds an entry without asking whether the node ends there: for nodes whose keys, and so whose
    /// end, are known, and for a tail that joins its neighbour.
    package mutating func add(_ key: ArraySlice<UInt8>, _ value: TreeValue) {
        let start = Int(count == 0 ? 0 : offsets[2 * count - 2])
        var shared = 0
        if count % TreeNodeWriter.restartInterval == 0 {
            restarts.append(UInt32(keyArea.count))
        } else {
            let previous = Int(count == 1 ? 0 : offsets[2 * count - 4])
            shared = unsafe KeyOrder.sharedCount(
                keys.span.bytes.extracting(previous..<start), key.span.bytes)
        }
        keyArea.append(varint: shared)
        keyArea.append(varint: key.count - shared)
        keyArea.append(contentsOf: key.dropFirst(shared))
        keys.append(contentsOf: key)
        offsets.append(UInt32(keys.count))
        offsets.append(UInt32(values.count))
        value.encode(into: &values)
        count += 1
        size += key.count + TreeBoundary.entryBytes
        entryCount = entryCount.addingClamped(value.entryCount)
        byteCount = byteCount.addingClamped(value.byteCount)
    }

    /// Adds every entry of a finished node.
    mutating func add(contentsOf node: TreeNode) {
        for index in 0..<node.count { add(node.key(index), node.value(index)) }
    }

    /// The node of what was added, and a fresh start.
    package mutating func finish() -> TreeNode {
        var writer = ByteWriter(
            capacity: 8 + keyArea.count + 4 * restarts.count + values.count)
        writer.u8(UInt8(ascii: "H"))
        writer.u8(UInt8(ascii: "T"))
        writer.u8(TreeNode.version)
        writer.u8(UInt8(level))
        writer.varint(count)
        let keyAreaStart = UInt32(writer.count)
        writer.raw(keyArea)
        for restart in restarts { writer.u32(keyAreaStart + restart) }
        let valuesStart = UInt32(writer.count)
        writer.raw(values.bytes)
        for index in stride(from: 1, to: offsets.count, by: 2) { offsets[index] += valuesStart }
        defer { reset() }
        return TreeNode(
            hash: TreeNode.hash(of: writer.bytes), bytes: writer.bytes, level: level,
            entryCount: entryCount, byteCount: byteCount, keys: Array(keys[...]),
            offsets: Array(offsets[...]))
    }

    /// The node of the entries after the last cut; nil if there are none.
    mutating func finishTail() -> TreeNode? {
        isEmpty ? nil : finish()
    }

    /// Forgets the entries of the node that is being written, and keeps the room they took.
    mutating func reset() {
        count = 0
        size = 0
        entryCount = 0
        byteCount = 0
        keys.removeAll(keepingCapacity: true)
        keyArea.removeAll(keepingCapacity: true)
        restarts.removeAll(keepingCapacity: true)
        values = ByteWriter(capacity: values.count)
        offsets.removeAll(keepingCapacity: true)
    }
}

extension [UInt8] {
    /// As `ByteWriter.varint`, into a buffer that is used again.
    fileprivate mutating func append(varint value: Int) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }
}
