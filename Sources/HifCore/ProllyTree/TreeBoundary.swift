/// Where a node of the tree ends.
///
/// Whether an entry is the last of its node depends on its key, its level and the size of the node
/// before it, never on its value or on what follows. So equal contents have equal nodes whatever
/// order they came in, and a new value moves no boundary. The chance of a cut grows with the third
/// power of the size (a Weibull distribution with shape 4, as in Dolt's prolly trees), which keeps
/// sizes close to their mean; we use integers only, so every machine agrees, and floor and cap bound
/// what chosen keys can do. docs/formats/tree.md has the rule in full.
package enum TreeBoundary {
    /// What an entry counts beside its key, whatever its value really takes.
    package static let entryBytes = 36
    /// No cut while a node with the entry would be smaller.
    package static let sizeMin = 2_048
    /// Always a cut when a node with the entry is this large.
    package static let sizeMax = 65_535
    /// The largest node there can be: one below the cap, the entry that reaches it, and a tail.
    static let nodeSizeMax = sizeMax - 1 + 2 * (TreeKey.bytesMax + entryBytes)

    private static let context = Blake3Context("hif tree cut v1")

    /// Whether a node ends after the entry with `key`.
    ///
    /// - Parameters:
    ///   - index: entries before it in the node.
    ///   - sizeBefore: the sum over those of key bytes plus `entryBytes`.
    ///   - scratch: a buffer to build the hash's input in; its content is of no meaning.
    package static func isCut(
        level: Int, key: ArraySlice<UInt8>, index: Int, sizeBefore: Int, scratch: inout [UInt8]
    ) -> Bool {
        let size = sizeBefore + key.count + entryBytes
        // A node of one child would make chains that never get shorter.
        if level > 0, index == 0 { return false }
        if size < sizeMin { return false }
        if size >= sizeMax { return true }
        scratch.removeAll(keepingCapacity: true)
        scratch.append(UInt8(truncatingIfNeeded: level))
        scratch.append(contentsOf: key)
        let draw = context.hash(scratch).word0 & 0xFFFF_FFFF
        return draw < (fourthPower(size) - fourthPower(sizeBefore)) >> 24
    }

    /// Unsigned: from 55,109 on the fourth power is more than an `Int` holds.
    private static func fourthPower(_ size: Int) -> UInt64 {
        let square = UInt64(size) * UInt64(size)
        return square * square
    }
}
