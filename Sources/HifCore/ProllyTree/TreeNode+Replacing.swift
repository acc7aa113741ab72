extension TreeNode {
    /// The node with other values beside some of its keys.
    ///
    /// The keys stay, and with them where the node ends: so what was written of them is copied as it
    /// stands, and the cost is that of the hash. This is what nearly every landing does to nearly
    /// every node on its way.
    ///
    /// - Returns: nil where the node's totals are at their limit, and must be summed anew.
    /// - Precondition: `indices` ascend, with a value of the node's level for each.
    func replacing(_ indices: [Int], by values: some Collection<TreeValue>) -> TreeNode? {
        guard entryCount < .max, byteCount < .max else { return nil }
        var writer = ByteWriter(capacity: bytes.count + 10 * indices.count)
        var offsets = offsets
        var entryCount = entryCount
        var byteCount = byteCount
        var copied = 0
        var next = 0
        var shift = 0
        /// Moves the values from `next` up to and with `last` to where they are now.
        func moveOffsets(through last: Int) {
            if shift != 0 {
                for index in next...last {
                    offsets[2 * index + 1] = UInt32(Int(offsets[2 * index + 1]) + shift)
                }
            }
            next = last + 1
        }
        for (index, new) in zip(indices, values) {
            moveOffsets(through: index)
            let old = value(index)
            entryCount = (entryCount - old.entryCount).addingClamped(new.entryCount)
            byteCount = (byteCount - old.byteCount).addingClamped(new.byteCount)
            let span = valueRange(index)
            writer.raw(bytes[copied..<span.lowerBound])
            new.encode(into: &writer)
            copied = span.upperBound
            shift = writer.count - copied
        }
        if next < count { moveOffsets(through: count - 1) }
        writer.raw(bytes[copied...])
        return TreeNode(
            hash: TreeNode.hash(of: writer.bytes), bytes: writer.bytes, level: level,
            entryCount: entryCount, byteCount: byteCount, keys: keys, offsets: offsets)
    }
}
