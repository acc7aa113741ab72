package import HifCore

/// Many contents in one record, compressed together: the older versions of a file, newest first, or
/// the session documents of landings in a row. What they have in common is stored once, and nothing is
/// spent on each: not even its id, since a content is found by its place and known by its hash.
///
/// ```
/// count varint · members: kind u8 · length varint · their contents, one after the other
/// ```
/// Whoever wants one member decompresses the record up to its end, so bundles are kept small.
package struct PackBundle: Hashable, Sendable {
    package struct Member: Hashable, Sendable {
        package let kind: PackRecordKind
        /// Bytes of the bundle.
        package let range: Range<Int>
    }

    package let members: [Member]
    package let bytes: [UInt8]

    /// The number of a member is 16 bits wide.
    package static let countMax = 1 << 12

    /// - Precondition: one to `countMax` contents whose ids are plain hashes.
    package init(_ contents: [(kind: PackRecordKind, bytes: [UInt8])]) {
        precondition((1...PackBundle.countMax).contains(contents.count), "members of a bundle")
        precondition(contents.allSatisfy { $0.kind.isPlain }, "a kind with an id of its own")
        var writer = ByteWriter(
            capacity: contents.reduce(5) { $0 + $1.bytes.count + 6 })
        writer.varint(contents.count)
        for content in contents {
            writer.u8(content.kind.rawValue)
            writer.varint(content.bytes.count)
        }
        var start = writer.count
        members = contents.map { content in
            defer { start += content.bytes.count }
            return Member(kind: content.kind, range: start..<start + content.bytes.count)
        }
        for content in contents { writer.raw(content.bytes) }
        bytes = writer.bytes
    }

    /// Reads what a bundle record holds; the contents are not looked at.
    package init(_ bytes: [UInt8]) throws(FormatError) {
        var reader = ByteReader(bytes, format: "bundle")
        let count = try reader.count(bytesEach: 2)
        guard (1...PackBundle.countMax).contains(count) else {
            throw reader.error("\(count) members")
        }
        var kinds: [(kind: PackRecordKind, length: Int)] = []
        kinds.reserveCapacity(count)
        var left = bytes.count
        for _ in 0..<count {
            let number = try reader.u8()
            guard let kind = PackRecordKind(rawValue: number), kind.isPlain else {
                throw reader.error("a member of kind \(number)")
            }
            let length = try reader.varint()
            guard length <= UInt64(min(left, kind.rawBytesMax)) else {
                throw reader.error("a member of \(length) bytes")
            }
            left -= Int(length)
            kinds.append((kind, Int(length)))
        }
        var start = reader.offset
        members = kinds.map { member in
            defer { start += member.length }
            return Member(kind: member.kind, range: start..<start + member.length)
        }
        guard start == bytes.count else {
            throw FormatError("bundle", at: bytes.count, "\(start) bytes of members and table")
        }
        self.bytes = bytes
    }

    /// The content of a member; its hash is not checked.
    package func content(_ number: Int) -> [UInt8] { Array(bytes[members[number].range]) }

    /// The member that is wanted, verified.
    func content(_ number: Int, id: Hash) throws(FormatError) -> [UInt8] {
        guard members.indices.contains(number) else {
            throw FormatError("bundle", at: 0, "no member \(number) among \(members.count)")
        }
        let actual = Blake3.hash(bytes, range: members[number].range)
        guard actual == id else {
            throw FormatError(
                "bundle", at: members[number].range.lowerBound,
                "member \(number) hashes to \(actual), not \(id)")
        }
        return content(number)
    }
}
