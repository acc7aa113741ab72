package import HifCore

/// One thing that happened in an open session: numbered from 0 in the session's own log, written
/// once, if absent. Event 0 is always `started`.
package struct SessionEvent: Hashable, Sendable {
    package static let textBytesMax = 256 << 10
    /// Operations of one draft, and packs that hold their content.
    package static let operationsMax = 5_000
    package static let packsMax = 256
    private static let magic: UInt32 = 0x5645_4948  // "HIEV"
    private static let version: UInt16 = 1

    package enum Body: Hashable, Sendable {
        /// The goal, the newest landing at that moment, and the key under which a repeated start
        /// finds the session again (may be empty).
        case started(goal: String, createdPosition: Position, key: String)
        /// Something said, by whom in the conversation: `human`, `assistant`, `system`, `tool`.
        case note(role: String, text: String)
        case decision(text: String, why: String)
        /// A wish to abandon; only the closing record in the log makes it so.
        case abandonWished(reason: String)
        /// The session's draft: all that it wants to change, in place of what it wanted before.
        /// Paths ascending; the content lies in these packs, or the project has it.
        case changed([Operation], packs: [Hash])
        case comment(on: Subject, text: String)
        /// On the decision with this id.
        case verdict(Verdict, on: EventID, text: String)
        /// Of a kind that this program does not know, and need not (`remarkKinds`).
        case other(kind: UInt8, [UInt8])
    }

    /// Chosen by whoever wrote it, so that a repeated write is recognised.
    package let id: EventID
    package let author: Author
    package let atMillis: Int64
    package let body: Body

    /// Texts longer than `textBytesMax` are cut at a character.
    package init(id: EventID, author: Author, atMillis: Int64, body: Body) {
        func cut(_ text: String) -> String { text.prefix(utf8Max: SessionEvent.textBytesMax) }
        self.id = id
        self.author = author
        self.atMillis = atMillis
        self.body =
            switch body {
            case .started(let goal, let position, let key):
                .started(goal: cut(goal), createdPosition: position, key: key.prefix(utf8Max: 255))
            case .note(let role, let text): .note(role: role.prefix(utf8Max: 64), text: cut(text))
            case .decision(let text, let why): .decision(text: cut(text), why: cut(why))
            case .abandonWished(let reason): .abandonWished(reason: cut(reason))
            case .comment(let subject, let text): .comment(on: subject, text: cut(text))
            case .verdict(let verdict, let decision, let text):
                .verdict(verdict, on: decision, text: cut(text))
            case .changed, .other: body
            }
    }

    /// The event without envelope, as a session document holds it.
    func encodeFields(into writer: inout ByteWriter) {
        id.encode(into: &writer)
        author.encode(into: &writer)
        writer.u64(UInt64(bitPattern: atMillis))
        switch body {
        case .started(let goal, let position, let key):
            writer.u8(0)
            writer.prefixed(goal)
            writer.varint(position)
            writer.prefixed(key)
        case .note(let role, let text):
            writer.u8(1)
            writer.prefixed(role)
            writer.prefixed(text)
        case .decision(let text, let why):
            writer.u8(2)
            writer.prefixed(text)
            writer.prefixed(why)
        case .abandonWished(let reason):
            writer.u8(3)
            writer.prefixed(reason)
        case .changed(let operations, let packs):
            writer.u8(4)
            writer.varint(operations.count)
            for operation in operations { operation.encode(into: &writer) }
            writer.varint(packs.count)
            for pack in packs { writer.hash(pack) }
        case .comment, .verdict, .other:
            guard let (kind, bytes) = SessionEvent.remark(body) else { return }
            writer.u8(kind)
            writer.prefixed(bytes)
        }
    }

    init(fieldsFrom reader: inout ByteReader) throws(FormatError) {
        id = try EventID(from: &reader)
        author = try Author(from: &reader)
        atMillis = Int64(bitPattern: try reader.u64())
        let kind = try reader.u8()
        let textMax = SessionEvent.textBytesMax
        switch kind {
        case 0:
            body = .started(
                goal: try reader.string(bytesMax: textMax), createdPosition: try reader.varint(),
                key: try reader.string(bytesMax: 255))
        case 1:
            body = .note(
                role: try reader.string(bytesMax: 64), text: try reader.string(bytesMax: textMax))
        case 2:
            body = .decision(
                text: try reader.string(bytesMax: textMax),
                why: try reader.string(bytesMax: textMax))
        case 3:
            body = .abandonWished(reason: try reader.string(bytesMax: textMax))
        case 4: body = try SessionEvent.draft(from: &reader)
        case SessionEvent.remarkKinds:
            body = try SessionEvent.remark(kind: kind, from: &reader)
        default:
            throw reader.error("unknown event kind \(kind)")
        }
    }

    private static func draft(from reader: inout ByteReader) throws(FormatError) -> Body {
        var operations: [Operation] = []
        let count = try reader.count(bytesEach: 3)
        guard count <= operationsMax else { throw reader.error("\(count) operations in a draft") }
        for _ in 0..<count {
            let (operation, flags) = try Operation.decode(from: &reader)
            guard flags == 0 else { throw reader.error("flags \(flags) on a draft's operation") }
            operations.append(operation)
        }
        guard Operation.isWellFormed(operations) else {
            throw reader.error("a draft's operations are not in order, or change nothing")
        }
        let packCount = try reader.count(bytesEach: Hash.byteCount)
        guard packCount <= packsMax else { throw reader.error("\(packCount) packs in a draft") }
        var packs: [Hash] = []
        for _ in 0..<packCount { packs.append(try reader.hash()) }
        return .changed(operations, packs: packs)
    }

    /// The object to store: magic, version, fields, BLAKE3 of everything before.
    package func encode() -> [UInt8] {
        var writer = ByteWriter(capacity: 256)
        writer.u32(SessionEvent.magic)
        writer.u16(SessionEvent.version)
        encodeFields(into: &writer)
        writer.hash(Blake3.hash(writer.bytes))
        return writer.bytes
    }

    package init(decoding bytes: [UInt8]) throws(FormatError) {
        let payload = bytes.count - Hash.byteCount
        guard payload >= 0 else { throw FormatError("session event", at: 0, "truncated") }
        var trailer = ByteReader(bytes, range: payload..<bytes.count, format: "session event")
        guard try trailer.hash() == Blake3.hash(bytes, range: 0..<payload) else {
            throw FormatError("session event", at: payload, "checksum does not match")
        }
        var reader = ByteReader(bytes, range: 0..<payload, format: "session event")
        guard try reader.u32() == SessionEvent.magic else {
            throw FormatError("session event", at: 0, "does not begin with HIEV")
        }
        let version = try reader.u16()
        guard version == SessionEvent.version else {
            throw reader.error("version \(version), this program reads 1")
        }
        try self.init(fieldsFrom: &reader)
        try reader.expectEnd()
    }
}
