import Glibc
import HifCore

/// An open directory, closed when the handle goes away. Every call names one entry in it and never
/// follows a symlink, so nobody can lead an operation out of the working copy by swapping a
/// directory for a link while it runs.
package final class DirectoryHandle {
    let descriptor: Int32

    /// Opens a directory by a path that the user chose: links in it are followed.
    package init(path: [UInt8]) throws {
        descriptor = withCString(path) {
            Glibc.open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        }
        guard descriptor >= 0 else { throw WorkingCopyError.system("open", path) }
    }

    private init(adopting descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// The directory `name`, or nil if there is none: nothing, a file or a symlink.
    func directory(_ name: [UInt8]) throws -> DirectoryHandle? {
        let opened = withCString(name) { DirectoryHandle.open(descriptor, $0) }
        if opened >= 0 { return DirectoryHandle(adopting: opened) }
        if DirectoryHandle.meansAbsent(WorkingCopyError.currentErrno) { return nil }
        throw WorkingCopyError.system("open", name)
    }

    /// `openat` for a directory that must not be a link.
    static func open(_ parent: Int32, _ name: UnsafePointer<CChar>) -> Int32 {
        openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    }

    /// Whether an error of `openat` says that there is no such directory.
    static func meansAbsent(_ number: Int32) -> Bool {
        number == ENOENT || number == ENOTDIR || number == ELOOP
    }

    /// The entry's stat, not following it; nil if there is no entry.
    package func stat(_ name: [UInt8]) throws -> FileStat? {
        var raw = Glibc.stat()
        let result = withCString(name) { fstatat(descriptor, $0, &raw, AT_SYMLINK_NOFOLLOW) }
        if result == 0 { return FileStat(raw) }
        let number = WorkingCopyError.currentErrno
        if number == ENOENT || number == ENOTDIR { return nil }
        throw WorkingCopyError.system("stat", name, errno: number)
    }

    /// The directory's own stat.
    func stat() throws -> FileStat {
        try FileStat.of(descriptor: descriptor, name: [])
    }

    /// The entries' names, without `.` and `..`, in no order.
    package func names() throws -> [[UInt8]] {
        try DirectoryHandle.entries(descriptor).map(\.name)
    }

    struct Entry {
        var name: [UInt8]
        /// Nil where the file system does not tell without a `stat`.
        var isDirectory: Bool?
    }

    /// Reads a directory whose descriptor stays open and may be read again.
    static func entries(_ descriptor: Int32) throws -> [Entry] {
        let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0, let stream = fdopendir(copy) else {
            let number = WorkingCopyError.currentErrno
            if copy >= 0 { close(copy) }
            throw WorkingCopyError.system("list", Array(".".utf8), errno: number)
        }
        defer { closedir(stream) }
        var result: [Entry] = []
        while true {
            Glibc.errno = 0
            guard let entry = readdir(stream) else {
                let number = WorkingCopyError.currentErrno
                guard number == 0 else {
                    throw WorkingCopyError.system("list", Array(".".utf8), errno: number)
                }
                return result
            }
            let type = entry.pointee.d_type
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: UInt8.self, capacity: 256) { bytes in
                    Array(UnsafeBufferPointer(start: bytes, count: Int(strlen(bytes))))
                }
            }
            if name == [0x2E] || name == [0x2E, 0x2E] { continue }
            result.append(
                Entry(
                    name: name,
                    isDirectory: type == UInt8(DT_UNKNOWN) ? nil : type == UInt8(DT_DIR)))
        }
    }

    /// The first bytes of a regular file, all of a shorter one; nil if there is none.
    func beginning(of name: [UInt8], byteCount: Int) throws -> [UInt8]? {
        guard let file = try OpenFile.open(descriptor, name) else { return nil }
        var bytes = [UInt8](repeating: 0, count: byteCount)
        var filled = 0
        while filled < byteCount {
            let count = bytes[filled...].withUnsafeMutableBytes {
                pread(file.descriptor, $0.baseAddress, $0.count, off_t(filled))
            }
            if count < 0 {
                if Glibc.errno == EINTR { continue }
                throw WorkingCopyError.system("read", name)
            }
            if count == 0 { break }
            filled += count
        }
        return Array(bytes[..<filled])
    }

    /// A small file as a whole; nil if there is none or it is not a regular file.
    package func contents(_ name: [UInt8], bytesMax: Int = .max) throws -> [UInt8]? {
        guard let file = try OpenFile.open(descriptor, name) else { return nil }
        guard file.stat.size <= bytesMax else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(Int(file.stat.size))
        try file.read { result.append(contentsOf: $0) }
        return result
    }
}

extension FileStat {
    /// `fstat`.
    static func of(descriptor: Int32, name: [UInt8]) throws -> FileStat {
        var raw = Glibc.stat()
        guard fstat(descriptor, &raw) == 0 else { throw WorkingCopyError.system("stat", name) }
        return FileStat(raw)
    }
}

/// A regular file open for reading, closed when it goes away.
struct OpenFile: ~Copyable {
    let descriptor: Int32
    /// Taken after opening, before reading.
    let stat: FileStat
    private let name: [UInt8]

    private init(descriptor: Int32, stat: FileStat, name: [UInt8]) {
        self.descriptor = descriptor
        self.stat = stat
        self.name = name
    }

    /// Nil if there is no such entry or it is not a regular file. Never follows a link and never
    /// blocks on a pipe.
    static func open(_ directory: Int32, _ name: [UInt8]) throws -> OpenFile? {
        let opened = withCString(name) {
            openat(directory, $0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        }
        guard opened >= 0 else {
            let number = WorkingCopyError.currentErrno
            if DirectoryHandle.meansAbsent(number) || number == ENXIO { return nil }
            throw WorkingCopyError.system("read", name, errno: number)
        }
        var raw = Glibc.stat()
        guard fstat(opened, &raw) == 0 else {
            let error = WorkingCopyError.system("stat", name)
            close(opened)
            throw error
        }
        let file = OpenFile(descriptor: opened, stat: FileStat(raw), name: name)
        guard file.stat.type == .file || file.stat.type == .executable else { return nil }
        return file
    }

    deinit { close(descriptor) }

    static let pieceBytes = 1 << 18

    /// Hands over the rest of the file in pieces of at most 256 KiB.
    func read(_ receive: (ArraySlice<UInt8>) throws -> Void) throws {
        let capacity = Int(min(UInt64(OpenFile.pieceBytes), stat.size + 1))
        var buffer = [UInt8](repeating: 0, count: capacity)
        while true {
            let count = buffer.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0 {
                if WorkingCopyError.currentErrno == EINTR { continue }
                throw WorkingCopyError.system("read", name)
            }
            if count == 0 { return }
            try receive(buffer[..<count])
        }
    }
}

/// The leaf that an entry's present content would have.
struct ContentReader {
    /// Reads and hashes the entry: O(size). Nil if it is gone, or is neither a regular file nor a
    /// symlink. The stat is from before the reading, so a write during it shows at the next scan.
    static func leaf(_ directory: Int32, _ name: [UInt8]) throws -> (leaf: Leaf, stat: FileStat)? {
        if let file = try OpenFile.open(directory, name) {
            let kind = file.stat.type.leafKind ?? .file
            var size: UInt64 = 0
            // One piece is the usual case, and hashing it at once is faster than in a stream.
            var first: [UInt8]?
            var hasher: Blake3?
            try file.read { piece in
                size += UInt64(piece.count)
                if hasher == nil, first == nil {
                    first = Array(piece)
                    return
                }
                if let start = first {
                    hasher = Blake3()
                    hasher?.update(start)
                    first = nil
                }
                hasher?.update(piece.span.bytes)
            }
            let hash = hasher?.finalize() ?? Blake3.hash(first ?? [])
            return (Leaf(kind: kind, size: size, hash: hash), file.stat)
        }
        guard let (target, stat) = try link(directory, name) else { return nil }
        let leaf = Leaf(kind: .symlink, size: UInt64(target.count), hash: Blake3.hash(target))
        return (leaf, stat)
    }

    /// A symlink's target; nil if the entry is no symlink.
    static func link(
        _ directory: Int32, _ name: [UInt8]
    ) throws -> (target: [UInt8], stat: FileStat)? {
        var raw = Glibc.stat()
        guard withCString(name, { fstatat(directory, $0, &raw, AT_SYMLINK_NOFOLLOW) }) == 0 else {
            let number = WorkingCopyError.currentErrno
            if number == ENOENT || number == ENOTDIR { return nil }
            throw WorkingCopyError.system("stat", name, errno: number)
        }
        let stat = FileStat(raw)
        guard stat.type == .symlink else { return nil }
        var target = [UInt8](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = withCString(name) { pointer in
            target.withUnsafeMutableBytes {
                readlinkat(
                    directory, pointer, $0.baseAddress!.assumingMemoryBound(to: CChar.self),
                    $0.count)
            }
        }
        guard count >= 0 else {
            let number = WorkingCopyError.currentErrno
            if number == ENOENT || number == EINVAL { return nil }
            throw WorkingCopyError.system("read", name, errno: number)
        }
        target.removeLast(target.count - count)
        return (target, stat)
    }
}

/// Calls `body` with the name as a C string. - Precondition: the name holds no NUL.
func withCString<Result>(_ name: [UInt8], _ body: (UnsafePointer<CChar>) -> Result) -> Result {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: name.count + 1) { buffer in
        for index in name.indices { buffer[index] = CChar(bitPattern: name[index]) }
        buffer[name.count] = 0
        return body(UnsafePointer(buffer.baseAddress!))
    }
}
