import Glibc
import HifCore

/// Reads and keeps files of a working copy by path, never through a link.
enum WorkingFile {
    /// The directory that holds `path`, and the last name; nil when there is no such directory.
    static func parent(
        of path: RepoPath, below top: DirectoryHandle
    ) throws -> (directory: DirectoryHandle, name: [UInt8])? {
        var directory = top
        let names = path.components
        for name in names.dropLast() {
            guard let inner = try directory.directory(Array(name)) else { return nil }
            directory = inner
        }
        return (directory, Array(names[names.count - 1]))
    }

    /// The directory at `path` itself; nil when there is none.
    static func directory(
        _ path: RepoPath, below top: DirectoryHandle
    ) throws -> DirectoryHandle? {
        guard let (directory, name) = try parent(of: path, below: top) else { return nil }
        return try directory.directory(name)
    }

    /// The file or link at `path` with its whole content; nil when there is neither.
    ///
    /// - Throws: `WorkspaceError.refused` when it is longer than `bytesMax`.
    static func read(
        _ path: RepoPath, below top: DirectoryHandle, bytesMax: Int
    ) throws -> (leaf: Leaf, bytes: [UInt8])? {
        guard let (directory, name) = try parent(of: path, below: top) else { return nil }
        if let (target, _) = try ContentReader.link(directory.descriptor, name) {
            return (
                Leaf(kind: .symlink, size: UInt64(target.count), hash: Blake3.hash(target)), target
            )
        }
        guard let file = try OpenFile.open(directory.descriptor, name) else { return nil }
        guard file.stat.size <= UInt64(bytesMax) else {
            throw WorkspaceError(
                .refused, "'\(path)' is larger than \(bytesMax) bytes, too large for this")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(file.stat.size))
        try file.read { bytes += $0 }
        let leaf = Leaf(
            kind: file.stat.type.leafKind ?? .file, size: UInt64(bytes.count),
            hash: Blake3.hash(bytes))
        return (leaf, bytes)
    }

    /// Opens the regular file at `path` to be read in pieces; nil when there is none.
    static func open(_ path: RepoPath, below top: DirectoryHandle) throws -> Reader? {
        guard let (directory, name) = try parent(of: path, below: top),
            let file = try OpenFile.open(directory.descriptor, name)
        else { return nil }
        return Reader(file: file, path: path)
    }

    /// A regular file read in pieces, closed when it goes away.
    struct Reader: ~Copyable {
        private let file: OpenFile
        private let path: RepoPath
        private static let pieceBytes = 1 << 20

        fileprivate init(file: consuming OpenFile, path: RepoPath) {
            self.file = file
            self.path = path
        }

        var kind: Leaf.Kind { file.stat.type.leafKind ?? .file }

        /// The next piece of at most a mebibyte; nil at the end.
        func next() throws -> [UInt8]? {
            let descriptor = file.descriptor
            var readError: Int32 = 0
            let piece = [UInt8](unsafeUninitializedCapacity: Reader.pieceBytes) { buffer, count in
                repeat {
                    let result = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                    count = max(0, result)
                    readError = result < 0 ? WorkingCopyError.currentErrno : 0
                } while readError == EINTR
            }
            guard readError == 0 else {
                throw WorkingCopyError.system("read", path.bytes, errno: readError)
            }
            return piece.isEmpty ? nil : piece
        }
    }

    /// Writes a copy of `bytes` to `.hif/backup/<label>/<path>`, with a number behind it if something
    /// is there already.
    static func backUp(
        _ bytes: [UInt8], of path: RepoPath, label: String, in hifDirectory: DirectoryHandle
    ) throws {
        let effects = FileEffects()
        var directory = hifDirectory
        let names =
            [Array("backup".utf8), Array(label.utf8)] + path.components.dropLast().map(Array.init)
        for name in names {
            _ = try effects.makeDirectory(name, in: directory)
            guard let inner = try directory.directory(name) else {
                throw WorkspaceError(
                    .localStorage,
                    "'.hif/backup' holds something else at '\(SafeText.escape(name))'")
            }
            directory = inner
        }
        let name = Array(path.name)
        var target = name
        var number = 1
        while try directory.stat(target) != nil {
            target = name + Array("~\(number)".utf8)
            number += 1
        }
        try effects.replace(target, with: bytes, in: directory)
    }
}
