import HifCore

extension WorkspaceIndex {
    /// The index's name in `.hif`.
    static let fileName = Array("index".utf8)

    /// Reads `.hif/index`; nil if there is none, as before the first checkout.
    ///
    /// - Throws: `indexCorrupt` or `fromNewerVersion`.
    package static func load(from hifDirectory: DirectoryHandle) throws -> WorkspaceIndex? {
        guard let bytes = try hifDirectory.contents(fileName) else { return nil }
        return try WorkspaceIndex(decoding: bytes)
    }

    /// As `load(from:)`, only position and root of what was checked out, and only as much as that
    /// takes to read.
    static func loadBase(from hifDirectory: DirectoryHandle) throws -> (
        position: UInt64, root: Hash
    )? {
        guard let bytes = try hifDirectory.beginning(of: fileName, byteCount: headerBytes) else {
            return nil
        }
        return try base(inHeader: bytes)
    }

    /// Replaces `.hif/index`: temporary file, sync, rename, sync of the directory. Hold the lock.
    package func save(
        to hifDirectory: DirectoryHandle, writer: String, effects: FileEffects = FileEffects()
    ) throws {
        try effects.replaceOwn(
            WorkspaceIndex.fileName, with: encoded(writer: writer), in: hifDirectory)
    }
}
