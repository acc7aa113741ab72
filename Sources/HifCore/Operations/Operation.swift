/// One change of one path: the complete leaf it replaces and the leaf it leaves behind.
///
/// Naming what it replaces is what makes conflicts exact: an operation applies where the tree still
/// has `before`, has already happened where it has `after`, and conflicts everywhere else.
package struct Operation: Hashable, Sendable {
    package let path: RepoPath
    /// nil: nothing was there (a derived directory counts as nothing).
    package let before: Leaf?
    /// nil: nothing shall be there.
    package let after: Leaf?

    package init(path: RepoPath, before: Leaf?, after: Leaf?) {
        self.path = path
        self.before = before
        self.after = after
    }

    /// The operation that undoes this one.
    package var inverse: Operation { Operation(path: path, before: after, after: before) }
}

extension Operation {
    /// Path with its length, a byte that says which leaves follow (bit 0 before, bit 1 after), and
    /// those leaves. `flags` may use the bits above.
    package func encode(into writer: inout ByteWriter, flags: UInt8 = 0) {
        writer.prefixed(path.bytes)
        writer.u8((before == nil ? 0 : 1) | (after == nil ? 0 : 2) | flags)
        before?.encode(into: &writer)
        after?.encode(into: &writer)
    }

    /// Reads `encode(into:flags:)`; returns the bits of the flags above the lowest two.
    package static func decode(
        from reader: inout ByteReader
    ) throws(FormatError) -> (operation: Operation, flags: UInt8) {
        let start = reader.offset
        let bytes = try reader.prefixed(bytesMax: RepoPath.pathBytesMax)
        let path: RepoPath
        do {
            path = try RepoPath(bytes)
        } catch {
            throw reader.error("at byte \(start): \(error)")
        }
        let flags = try reader.u8()
        let before = flags & 1 != 0 ? try Leaf(from: &reader) : nil
        let after = flags & 2 != 0 ? try Leaf(from: &reader) : nil
        guard before != .directory, after != .directory else {
            throw reader.error("an operation names a derived directory")
        }
        return (Operation(path: path, before: before, after: after), flags & ~3)
    }

    /// Whether `operations` is what a landing may carry: paths strictly ascending (so none twice),
    /// each changing something, none naming a derived directory.
    package static func isWellFormed(_ operations: [Operation]) -> Bool {
        for (index, operation) in operations.enumerated() {
            if operation.before == operation.after { return false }
            if operation.before == .directory || operation.after == .directory { return false }
            if index > 0, !(operations[index - 1].path < operation.path) { return false }
        }
        return true
    }

    /// Names an attempt to land: BLAKE3, in the context `hif operations v1`, of the session id and
    /// the operations in path order.
    package static func digest(session: SessionID, _ operations: [Operation]) -> Hash {
        var writer = ByteWriter(capacity: 32 + operations.count * 96)
        writer.hash(session.hash)
        for operation in operations {
            operation.encode(into: &writer)
        }
        return digestContext.hash(writer.bytes)
    }

    private static let digestContext = Blake3Context("hif operations v1")
}
