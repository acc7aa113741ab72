package import HifCore

/// What rollups are asked for: a path that operations name, a directory above such a path, a
/// session, or an author; as 48 bits of a hash.
///
/// Different things may share a key, with a probability of 2^-48 for each pair: a key that is found
/// means "maybe", one that is not found means "no".
package struct RollupKey: Hashable, Comparable, Sendable {
    package static let bits: UInt64 = 48

    /// What a key stands for; the raw value is hashed before the string.
    private enum Kind: UInt8 {
        case path = 1
        case directory = 2
        case session = 3
        case author = 4
    }

    /// Below 2^48. Ascends as the first six bytes of the hash do.
    package let value: UInt64

    /// - Precondition: `value` is below 2^48.
    package init(value: UInt64) {
        precondition(value >> RollupKey.bits == 0, "a key has 48 bits")
        self.value = value
    }

    private init(_ hash: Hash) {
        value = hash.word0.byteSwapped >> 16
    }

    private init(_ kind: Kind, _ bytes: [UInt8]) {
        self.init(RollupKey.context.hash([kind.rawValue] + bytes))
    }

    /// An operation names this path.
    package static func path(_ path: RepoPath) -> RollupKey { RollupKey(.path, path.bytes) }

    /// An operation names a path below this one.
    package static func directory(_ path: RepoPath) -> RollupKey {
        RollupKey(.directory, path.bytes)
    }

    /// The session is closed.
    package static func session(_ session: SessionID) -> RollupKey {
        RollupKey(.session, session.hash.bytes)
    }

    /// A landing's author has this account, agent, name or address.
    package static func author(_ name: String) -> RollupKey { RollupKey(.author, Array(name.utf8)) }

    package static func < (left: RollupKey, right: RollupKey) -> Bool { left.value < right.value }

    private static let context = Blake3Context("hif rollup key v1")
}

extension RollupKey {
    /// Any of these is held by a landing that changed `path`, something below it, or a file that
    /// stood where `path` has a directory.
    package static func touching(_ path: RepoPath) -> [RollupKey] {
        [.path(path), .directory(path)] + path.ancestors.map { .path($0) }
    }

    /// The values of all keys of a slot, ascending, each once. No-ops are left out, but the session
    /// and author of their landing are not.
    package static func values(of slot: ResolvedSlot) -> [UInt64] {
        var values: [UInt64] = []
        for (record, operations) in zip(slot.slot.records, slot.operations) {
            values.append(session(record.session).value)
            guard let landing = record.landing else { continue }
            for name in landing.author.searchNames { values.append(author(name).value) }
            for landed in operations where !landed.isNoOp {
                append(landed.operation.path, to: &values)
            }
        }
        values.sort()
        var kept = 0
        for value in values where kept == 0 || values[kept - 1] != value {
            values[kept] = value
            kept += 1
        }
        values.removeLast(values.count - kept)
        return values
    }

    /// The keys of a path and of every directory above it, hashed from one buffer.
    private static func append(_ path: RepoPath, to values: inout [UInt64]) {
        var bytes = [Kind.path.rawValue] + path.bytes
        values.append(RollupKey(context.hash(bytes)).value)
        bytes[0] = Kind.directory.rawValue
        let span = bytes.span.bytes
        for index in bytes.indices.dropFirst() where bytes[index] == RepoPath.slash {
            values.append(RollupKey(context.hash(span.extracting(0..<index))).value)
        }
    }
}

extension Author {
    /// The names by which `hif log --author` finds this author, each once.
    package var searchNames: [String] {
        var names: [String] = []
        for name in [account, agent, name, email] where !name.isEmpty && !names.contains(name) {
            names.append(name)
        }
        return names
    }
}
