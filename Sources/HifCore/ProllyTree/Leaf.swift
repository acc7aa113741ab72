/// What the tree says of one path: kind, size and content hash, and nothing about where or how the
/// content is stored, so equal content has an equal leaf.
package struct Leaf: Hashable, Sendable {
    package enum Kind: UInt8, Hashable, Sendable, CaseIterable {
        case file = 0
        case executable = 1
        /// The blob holds the link's target.
        case symlink = 2
        case directory = 3
        /// A git submodule: the blob holds the commit id, as hexadecimal text.
        case external = 4
    }

    package let kind: Kind
    /// Bytes of content; 0 for a directory.
    package let size: UInt64
    /// BLAKE3 of the content; zero for a directory.
    package let hash: Hash
    /// For a directory: kept although nothing lies below it. Always false for other kinds.
    package let isExplicit: Bool

    package init(kind: Kind, size: UInt64, hash: Hash) {
        self.kind = kind
        self.size = size
        self.hash = hash
        isExplicit = false
    }

    private init(isExplicit: Bool) {
        kind = .directory
        size = 0
        hash = .zero
        self.isExplicit = isExplicit
    }

    /// A directory that exists because something lies below it. Derived by the tree itself;
    /// operations never name one.
    package static let directory = Leaf(isExplicit: false)
    /// A directory that is meant, also when it is empty.
    package static let explicitDirectory = Leaf(isExplicit: true)
}

extension Leaf {
    /// `kind` u8, `flags` u8 (bit 0: explicit directory), `size` varint, 32 bytes of hash.
    package func encode(into writer: inout ByteWriter) {
        writer.u8(kind.rawValue)
        writer.u8(isExplicit ? 1 : 0)
        writer.varint(size)
        writer.hash(hash)
    }

    /// Reads `encode(into:)` and refuses every other spelling.
    package init(from reader: inout ByteReader) throws(FormatError) {
        let rawKind = try reader.u8()
        guard let kind = Kind(rawValue: rawKind) else {
            throw reader.error("unknown kind \(rawKind)")
        }
        let flags = try reader.u8()
        let size = try reader.varint()
        let hash = try reader.hash()
        if kind == .directory {
            guard flags <= 1, size == 0, hash == .zero else {
                throw reader.error("a directory with flags \(flags), size \(size) or a hash")
            }
            self.init(isExplicit: flags == 1)
        } else {
            guard flags == 0 else { throw reader.error("flags \(flags) on a file") }
            self.init(kind: kind, size: size, hash: hash)
        }
    }
}
