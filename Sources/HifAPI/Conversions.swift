package import HifCore

#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// Between messages and core values: the only place where both shapes are known.
///
/// Out of a message nothing is trusted: each `init(wire:)` checks and throws `WireError`.
package struct WireError: Error, Hashable, Sendable, CustomStringConvertible {
    package let message: String

    package init(_ message: String) {
        self.message = message
    }

    package var description: String { message }
}

extension Hash {
    /// Exactly 32 bytes. `field` names it in the error.
    package init(wire bytes: some Collection<UInt8>, _ field: String) throws(WireError) {
        guard let hash = Hash(bytes: bytes) else {
            throw WireError("\(field) has \(bytes.count) bytes, not 32")
        }
        self = hash
    }
}

extension Leaf {
    package init(wire message: Micelio_V1_Leaf) throws(WireError) {
        let kind: Kind
        switch message.kind {
        case .file: kind = .file
        case .executable: kind = .executable
        case .symlink: kind = .symlink
        case .external: kind = .external
        case .directory:
            guard message.size == 0, message.hash.isEmpty else {
                throw WireError("a directory with a size or a hash")
            }
            self = message.isExplicit ? .explicitDirectory : .directory
            return
        case .UNRECOGNIZED(let number):
            throw WireError("unknown kind of leaf \(number)")
        }
        guard !message.isExplicit else {
            throw WireError("only a directory can be explicit")
        }
        self.init(kind: kind, size: message.size, hash: try Hash(wire: message.hash, "leaf hash"))
    }

    package var wire: Micelio_V1_Leaf {
        var message = Micelio_V1_Leaf()
        switch kind {
        case .file: message.kind = .file
        case .executable: message.kind = .executable
        case .symlink: message.kind = .symlink
        case .external: message.kind = .external
        case .directory:
            message.kind = .directory
            message.isExplicit = isExplicit
            return message
        }
        message.size = size
        message.hash = hash.wire
        return message
    }
}

extension RepoPath {
    package init(wire bytes: some Collection<UInt8>) throws(WireError) {
        do {
            try self.init(Array(bytes))
        } catch {
            throw WireError(error.description)
        }
    }
}

extension Hash {
    /// The 32 bytes, as messages carry them.
    package var wire: Data { Data(bytes) }
}

extension RepoPath {
    /// The path's bytes, as messages carry them.
    package var wire: Data { Data(bytes) }
}
