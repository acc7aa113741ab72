import HifCore

/// Edits of several files that were begun: `.hif/applying`. Written before the first file is touched and
/// removed after the last, so that whoever comes after a process that died knows what it was about to
/// write, and finishes it.
struct EditJournal {
    private static let name = Array("applying".utf8)
    private static let magic: UInt32 = 0x4546_4948  // "HIFE"

    /// Each path, what was there, and what it should become; by path.
    var targets: [TargetChange]
    /// Every content that one of them becomes.
    var contents: [Hash: [UInt8]]

    static func pending(in directory: DirectoryHandle) throws -> EditJournal? {
        guard let bytes = try directory.contents(name) else { return nil }
        do {
            return try EditJournal(decoding: bytes)
        } catch {
            throw WorkingCopyError(
                .journalUnreadable, "'.hif/applying' cannot be read: \(error)")
        }
    }

    func begin(in directory: DirectoryHandle) throws {
        try FileEffects().replaceOwn(EditJournal.name, with: encoded(), in: directory)
    }

    static func finish(in directory: DirectoryHandle) throws {
        try FileEffects().remove(name, in: directory)
        try FileEffects().sync(directory.descriptor, name)
    }

    /// Magic, version u32, count, for each target an operation and its new content, BLAKE3 of all before.
    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.u32(EditJournal.magic)
        writer.u32(1)
        writer.varint(targets.count)
        for target in targets {
            Operation(path: target.path, before: target.expected, after: target.new)
                .encode(into: &writer)
            writer.prefixed(target.new.flatMap { contents[$0.hash] } ?? [])
        }
        writer.hash(Blake3.hash(writer.bytes))
        return writer.bytes
    }

    init(targets: [TargetChange], contents: [Hash: [UInt8]]) {
        self.targets = targets
        self.contents = contents
    }

    init(decoding bytes: [UInt8]) throws(FormatError) {
        var reader = ByteReader(bytes, format: "journal of edits")
        guard try reader.u32() == EditJournal.magic else { throw reader.error("not one") }
        let version = try reader.u32()
        guard version == 1 else { throw reader.error("unknown version \(version)") }
        targets = []
        contents = [:]
        for _ in 0..<(try reader.count(bytesEach: 3)) {
            let (operation, flags) = try Operation.decode(from: &reader)
            guard flags == 0 else { throw reader.error("flags \(flags)") }
            let content = try reader.prefixed(bytesMax: Workspace.editedBytesMax)
            targets.append(
                TargetChange(
                    path: operation.path, expected: operation.before, new: operation.after))
            if let new = operation.after { contents[new.hash] = content }
        }
        let end = reader.offset
        guard try reader.hash() == Blake3.hash(bytes, range: 0..<end) else {
            throw reader.error("does not match its checksum")
        }
        try reader.expectEnd()
    }
}
