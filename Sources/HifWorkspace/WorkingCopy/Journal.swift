package import HifCore

/// What an operation on many files is about to do, written down before it begins: `.hif/journal`.
///
/// While one is there, files are partly those of `from` and partly those of `to`. Whoever starts
/// next applies the difference of the two trees again, with `isResuming`, in either direction:
/// what is done already is accepted by its content.
package struct JournalEntry: Hashable, Sendable {
    /// What the person asked for: `checkout`, `goto`, `update`. For messages, and for the caller to
    /// tell its operations apart.
    package var operation: String
    package var fromPosition: UInt64
    package var fromRoot: Hash
    package var toPosition: UInt64
    package var toRoot: Hash
    /// Whatever else the caller needs to finish: a session's id, the label of a backup.
    package var note: String
    /// When it began, seconds since 1970.
    package var startedSeconds: Int64

    package init(
        operation: String, fromPosition: UInt64, fromRoot: Hash, toPosition: UInt64, toRoot: Hash,
        note: String = "", startedSeconds: Int64
    ) {
        precondition(
            max(operation.utf8.count, note.utf8.count) <= JournalEntry.textBytesMax,
            "a journal's texts are short")
        self.operation = operation
        self.fromPosition = fromPosition
        self.fromRoot = fromRoot
        self.toPosition = toPosition
        self.toRoot = toRoot
        self.note = note
        self.startedSeconds = startedSeconds
    }
}

/// The journal of a working copy; hold the lock to write it.
///
/// The order that makes every crash recoverable: journal begun, files changed, index saved, journal
/// finished.
package struct Journal {
    private static let name = Array("journal".utf8)
    private let hifDirectory: DirectoryHandle
    private let effects: FileEffects

    package init(hifDirectory: DirectoryHandle, effects: FileEffects = FileEffects()) {
        self.hifDirectory = hifDirectory
        self.effects = effects
    }

    /// The operation that was begun and not finished, if any.
    ///
    /// - Throws: `journalUnreadable`.
    package func pending() throws -> JournalEntry? {
        guard let bytes = try hifDirectory.contents(Journal.name) else { return nil }
        do {
            return try JournalEntry(decoding: bytes)
        } catch {
            if let version = JournalEntry.newerVersion(of: bytes) {
                throw WorkingCopyError(
                    .fromNewerVersion,
                    "a newer hif began something here: '.hif/journal' has version \(version)")
            }
            throw WorkingCopyError(
                .journalUnreadable, "'.hif/journal' cannot be read: \(error)")
        }
    }

    /// Makes the intent durable. Replaces one that is pending: the caller decided to go elsewhere.
    package func begin(_ entry: JournalEntry) throws {
        try effects.replaceOwn(Journal.name, with: entry.encoded(), in: hifDirectory)
    }

    /// The operation is complete and its index is saved.
    package func finish() throws {
        try effects.remove(Journal.name, in: hifDirectory)
        try effects.sync(hifDirectory.descriptor, Journal.name)
    }
}

extension JournalEntry {
    private static let magic: UInt32 = 0x4A46_4948  // "HIFJ"
    private static let textBytesMax = 4096

    /// Magic, version u32, operation, from, to, note, start, BLAKE3 of all before.
    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.u32(JournalEntry.magic)
        writer.u32(1)
        writer.prefixed(operation)
        writer.u64(fromPosition)
        writer.hash(fromRoot)
        writer.u64(toPosition)
        writer.hash(toRoot)
        writer.prefixed(note)
        writer.u64(UInt64(bitPattern: startedSeconds))
        writer.hash(Blake3.hash(writer.bytes))
        return writer.bytes
    }

    /// The version of a journal that only a newer program can read.
    static func newerVersion(of bytes: [UInt8]) -> UInt32? {
        var reader = ByteReader(bytes, format: "journal")
        guard let magic = try? reader.u32(), magic == JournalEntry.magic,
            let version = try? reader.u32(), version > 1,
            bytes.count > reader.offset + Hash.byteCount
        else { return nil }
        // Every version ends with this checksum: a damaged one is not taken for a newer one.
        let end = bytes.count - Hash.byteCount
        return bytes[end...].elementsEqual(Blake3.hash(bytes, range: 0..<end).bytes)
            ? version : nil
    }

    init(decoding bytes: [UInt8]) throws(FormatError) {
        var reader = ByteReader(bytes, format: "journal")
        guard try reader.u32() == JournalEntry.magic else { throw reader.error("not a journal") }
        let version = try reader.u32()
        guard version == 1 else { throw reader.error("unknown version \(version)") }
        operation = try reader.string(bytesMax: JournalEntry.textBytesMax)
        fromPosition = try reader.u64()
        fromRoot = try reader.hash()
        toPosition = try reader.u64()
        toRoot = try reader.hash()
        note = try reader.string(bytesMax: JournalEntry.textBytesMax)
        startedSeconds = Int64(bitPattern: try reader.u64())
        let end = reader.offset
        guard try reader.hash() == Blake3.hash(bytes, range: 0..<end) else {
            throw reader.error("does not match its checksum")
        }
        try reader.expectEnd()
    }
}
