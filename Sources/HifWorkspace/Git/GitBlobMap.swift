import Foundation
package import HifCore

/// Content as this system names it.
package struct GitBlob: Hashable, Sendable {
    package let hash: Hash
    package let size: UInt64

    package init(hash: Hash, size: UInt64) {
        self.hash = hash
        self.size = size
    }
}

/// From git's names of blobs to ours, and the same for submodules, whose content is made here.
///
/// 64 bytes an entry in memory, 60 to 70 in a file. Saved from time to time, it lets an import that
/// was broken off go on without reading a blob twice.
package struct GitBlobMap: Sendable, Equatable {
    private var blobs: [GitID: GitBlob] = [:]
    private var submodules: [GitID: GitBlob] = [:]

    package init() {}

    /// Blobs and submodules together.
    package var count: Int { blobs.count + submodules.count }

    /// What stands for one side of a change; nil when it has not been read.
    package subscript(side: GitChange.Side) -> GitBlob? {
        side.isSubmodule ? submodules[side.id] : blobs[side.id]
    }

    package func blob(_ id: GitID) -> GitBlob? { blobs[id] }
    package func submodule(_ id: GitID) -> GitBlob? { submodules[id] }

    package mutating func setBlob(_ id: GitID, _ blob: GitBlob) { blobs[id] = blob }
    package mutating func setSubmodule(_ id: GitID, _ blob: GitBlob) { submodules[id] = blob }

    /// Every content named here, each side's own; one may come twice.
    package var hashes: some Sequence<Hash> {
        [blobs, submodules].lazy.flatMap { $0.values.lazy.map(\.hash) }
    }

    /// Forgets what `shouldForget` says, so that it is read again.
    package mutating func forget(where shouldForget: (Hash) -> Bool) {
        blobs = blobs.filter { !shouldForget($0.value.hash) }
        submodules = submodules.filter { !shouldForget($0.value.hash) }
    }

    private static let format = "git blob map"
    private static let magic = Array("HIFG\u{1}".utf8)

    /// `"HIFG" 1`, then for blobs and for submodules: count varint, and by rising id 20 bytes of id,
    /// 32 of hash, size varint; last a 64-bit FNV-1a sum (little-endian), against accidents: the
    /// file is our own, and a bad one is thrown away.
    package var encoded: [UInt8] {
        var writer = ByteWriter(capacity: 32 + count * 57)
        writer.raw(GitBlobMap.magic)
        for table in [blobs, submodules] {
            writer.varint(table.count)
            for (id, blob) in table.sorted(by: { $0.key < $1.key }) {
                writer.raw(id.bytes)
                writer.hash(blob.hash)
                writer.varint(blob.size)
            }
        }
        writer.u64(GitBlobMap.sum(writer.bytes[...]))
        return writer.bytes
    }

    package init(decoding bytes: [UInt8]) throws(FormatError) {
        guard bytes.count >= 8 else {
            throw FormatError(GitBlobMap.format, at: bytes.count, "truncated")
        }
        var tail = ByteReader(
            bytes, range: bytes.count - 8..<bytes.count, format: GitBlobMap.format)
        guard try tail.u64() == GitBlobMap.sum(bytes.dropLast(8)) else {
            throw FormatError(GitBlobMap.format, at: bytes.count - 8, "the sum does not fit")
        }
        var reader = ByteReader(bytes, range: 0..<bytes.count - 8, format: GitBlobMap.format)
        guard try reader.raw(min(reader.remaining, GitBlobMap.magic.count)) == GitBlobMap.magic
        else { throw FormatError(GitBlobMap.format, at: 0, "not a blob map of version 1") }
        blobs = try GitBlobMap.table(from: &reader)
        submodules = try GitBlobMap.table(from: &reader)
        try reader.expectEnd()
    }

    private static func table(
        from reader: inout ByteReader
    ) throws(FormatError) -> [GitID: GitBlob] {
        let count = try reader.count(bytesEach: GitID.byteCount + Hash.byteCount + 1)
        var table: [GitID: GitBlob] = [:]
        table.reserveCapacity(count)
        var last: GitID?
        for _ in 0..<count {
            guard let id = GitID(bytes: try reader.raw(GitID.byteCount)) else {
                throw reader.error("no id")
            }
            if let last, last >= id { throw reader.error("ids do not rise") }
            last = id
            table[id] = GitBlob(hash: try reader.hash(), size: try reader.varint())
        }
        return table
    }

    private static func sum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.withUnsafeBytes { raw in
            var sum: UInt64 = 0xCBF2_9CE4_8422_2325
            for byte in raw { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01B3 }
            return sum
        }
    }

    /// Replaces the file at `path` in one step.
    package func save(to path: String) throws {
        try Data(encoded).write(to: URL(fileURLWithPath: path), options: .atomic)
    }

    /// What `save(to:)` left; nil when there is no such file. A damaged file is a `FormatError`:
    /// begin with an empty map instead.
    package static func load(from path: String) throws -> GitBlobMap? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        return try GitBlobMap(decoding: Array(Data(contentsOf: URL(fileURLWithPath: path))))
    }
}
