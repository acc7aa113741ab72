internal import Glibc

/// What a failed system call left in `errno`.
struct SystemError: Error, Equatable {
    let number: Int32

    /// The last error of this thread; only meaningful right after the call that failed.
    static var last: SystemError { SystemError(number: errno) }

    /// The system's words, with the symbolic number for searching.
    var text: String { "\(String(cString: strerror(number))) (errno \(number))" }
}

/// An open file or directory, closed exactly once when it goes out of scope.
///
/// A thin skin over the calls the directory store needs: interrupted calls are repeated, short
/// writes and reads continued, and every name is relative to an open directory, so that nothing
/// can be redirected by renaming a parent or by a symbolic link in the path.
struct Descriptor: ~Copyable {
    let raw: Int32

    init(raw: Int32) {
        self.raw = raw
    }

    deinit {
        _ = close(raw)
    }

    /// Opens by path, following symbolic links: for the root of a store, which the user names.
    static func directory(path: String) throws(SystemError) -> Descriptor {
        try Descriptor(
            raw: retrying { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) })
    }

    /// Opens a child directory; a symbolic link fails with `ENOTDIR`.
    func directory(_ name: String) throws(SystemError) -> Descriptor {
        try Descriptor(
            raw: retrying {
                openat(raw, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
            })
    }

    /// Opens a child for reading; a symbolic link fails with `ELOOP`, and a named pipe does not
    /// block.
    func file(_ name: String) throws(SystemError) -> Descriptor {
        try Descriptor(
            raw: retrying {
                openat(raw, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
            })
    }

    /// Opens a child for writing with `flags` added, creating it with the process's umask.
    func file(_ name: String, creating flags: Int32) throws(SystemError) -> Descriptor {
        try Descriptor(
            raw: retrying {
                openat(raw, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0o666)
            })
    }

    /// Makes a child directory; true if it was not there before.
    func makeDirectory(_ name: String) throws(SystemError) -> Bool {
        do {
            _ = try retrying { mkdirat(raw, name, 0o777) }
            return true
        } catch {
            if error.number == EEXIST { return false }
            throw error
        }
    }

    func status() throws(SystemError) -> FileStatus {
        var status = stat()
        _ = try retrying { fstat(raw, &status) }
        return FileStatus(status)
    }

    /// The status of a child, of a symbolic link itself; nil if there is none.
    func status(of name: String) throws(SystemError) -> FileStatus? {
        var status = stat()
        do {
            _ = try retrying { fstatat(raw, name, &status, AT_SYMLINK_NOFOLLOW) }
        } catch {
            if error.number == ENOENT { return nil }
            throw error
        }
        return FileStatus(status)
    }

    /// Up to `count` bytes from `offset`; fewer only at the end of the file.
    func read(offset: Int, count: Int) throws(SystemError) -> [UInt8] {
        guard count > 0 else { return [] }
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let result = pread(
                    raw, buffer.baseAddress! + filled, count - filled, off_t(offset + filled))
                if result == 0 { return }
                if result > 0 {
                    filled += result
                } else if errno != EINTR {
                    failure = SystemError.last
                    return
                }
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Appends all of `bytes` at the file's position.
    func write(_ bytes: [UInt8]) throws(SystemError) {
        var failure: SystemError?
        bytes.withUnsafeBytes { buffer in
            var written = 0
            while written < buffer.count {
                let result = Glibc.write(
                    raw, buffer.baseAddress! + written, buffer.count - written)
                if result >= 0 {
                    written += result
                } else if errno != EINTR {
                    failure = SystemError.last
                    return
                }
            }
        }
        if let failure { throw failure }
    }

    /// Waits until the file's content and size are on the disk.
    func syncData() throws(SystemError) {
        _ = try retrying { fdatasync(raw) }
    }

    /// Waits until the directory's entries are on the disk.
    func sync() throws(SystemError) {
        _ = try retrying { fsync(raw) }
    }

    /// Takes the exclusive lock of the whole file for this open file description; with `wait`
    /// false, returns false when another description holds it. Released when the descriptor closes,
    /// also by the death of the process.
    ///
    /// Open-file-description locks, because the older record locks belong to the process: two
    /// threads would not exclude each other, and closing any descriptor of the file drops them.
    func lock(wait: Bool) throws(SystemError) -> Bool {
        var request = flock()
        request.l_type = Int16(F_WRLCK)
        request.l_whence = Int16(SEEK_SET)
        do {
            _ = try retrying { fcntl(raw, wait ? ofdSetLockWait : ofdSetLock, &request) }
            return true
        } catch {
            if !wait && (error.number == EAGAIN || error.number == EACCES) { return false }
            throw error
        }
    }

    /// Names of the children without `.` and `..`, in no order, at most `limit` of them.
    func children(limit: Int = .max) throws(SystemError) -> [(name: String, kind: FileKind?)] {
        // A description of its own: the stream owns it, and its position is not shared.
        let copy = try retrying { openat(raw, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard let stream = fdopendir(copy) else {
            let failure = SystemError.last
            _ = close(copy)
            throw failure
        }
        defer { _ = closedir(stream) }
        var children: [(name: String, kind: FileKind?)] = []
        while children.count < limit {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw SystemError.last }
                break
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
                    String(cString: $0)
                }
            }
            if name == "." || name == ".." { continue }
            let kind: FileKind? =
                switch Int(entry.pointee.d_type) {
                case Int(DT_REG): .file
                case Int(DT_DIR): .directory
                case Int(DT_UNKNOWN): nil
                default: .other
                }
            children.append((name, kind))
        }
        return children
    }
}

enum FileKind {
    case file
    case directory
    /// Symbolic links, pipes, devices: never an object.
    case other
}

/// The parts of `stat` that the store looks at.
struct FileStatus: Equatable {
    let kind: FileKind
    let size: Int
    let inode: UInt64
    let device: UInt64
    let linkCount: Int
    let modifiedSeconds: Int
    let modifiedNanoseconds: Int

    fileprivate init(_ status: stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            default: .other
            }
        size = Int(status.st_size)
        inode = UInt64(status.st_ino)
        device = UInt64(status.st_dev)
        linkCount = Int(status.st_nlink)
        modifiedSeconds = status.st_mtim.tv_sec
        modifiedNanoseconds = status.st_mtim.tv_nsec
    }
}

// Linux's numbers, from include/uapi/asm-generic/fcntl.h: the headers show them only to code
// compiled with _GNU_SOURCE.
private let ofdSetLock: Int32 = 37
private let ofdSetLockWait: Int32 = 38

/// Runs a system call until it is not interrupted; throws what it left in `errno`.
func retrying(_ call: () -> Int32) throws(SystemError) -> Int32 {
    while true {
        let result = call()
        if result >= 0 { return result }
        if errno != EINTR { throw SystemError.last }
    }
}
