import Glibc
import HifCore

/// Every change that hif makes to a working copy and its `.hif` directory, in one place, so that a
/// test can stop the world before any of them.
///
/// All calls name one entry in an open directory and never follow a link.
package struct FileEffects {
    package enum Effect: String, Hashable, Sendable {
        case create, write, rename, remove, makeDirectory, removeDirectory, link, setTimes, sync
    }

    /// Runs before each change with the entry's name; what it throws is thrown instead of making
    /// the change. For tests.
    private let before: ((Effect, [UInt8]) throws -> Void)?

    package init(before: ((Effect, [UInt8]) throws -> Void)? = nil) {
        self.before = before
    }

    private func check(_ result: Int32, _ doing: String, _ name: [UInt8]) throws {
        guard result == 0 else { throw WorkingCopyError.system(doing, name) }
    }

    /// Creates a file that must not exist; mode 0666 or 0777 less the umask, as every program does.
    /// Nil if something by that name exists.
    func create(
        _ name: [UInt8], in directory: DirectoryHandle, isExecutable: Bool = false
    ) throws -> NewFile? {
        try before?(.create, name)
        let mode: mode_t = isExecutable ? 0o777 : 0o666
        let opened = withCString(name) {
            openat(
                directory.descriptor, $0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode
            )
        }
        if opened >= 0 { return NewFile(descriptor: opened, name: name) }
        if WorkingCopyError.currentErrno == EEXIST { return nil }
        throw WorkingCopyError.system("create", name)
    }

    func write(_ bytes: ArraySlice<UInt8>, to file: NewFile) throws {
        try before?(.write, file.name)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(file.descriptor, $0.baseAddress! + written, $0.count - written)
            }
            if count < 0 {
                if WorkingCopyError.currentErrno == EINTR { continue }
                throw WorkingCopyError.system("write", file.name)
            }
            written += count
        }
    }

    /// Moves an entry over another, which it replaces.
    func rename(
        _ name: [UInt8], in source: DirectoryHandle, to target: [UInt8],
        in destination: DirectoryHandle
    ) throws {
        try before?(.rename, target)
        let result = withCString(name) { from in
            withCString(target) { renameat(source.descriptor, from, destination.descriptor, $0) }
        }
        try check(result, "rename", target)
    }

    /// Removes a file or link; it is no error if there is none.
    func remove(_ name: [UInt8], in directory: DirectoryHandle) throws {
        try before?(.remove, name)
        let result = withCString(name) { unlinkat(directory.descriptor, $0, 0) }
        if result != 0, WorkingCopyError.currentErrno == ENOENT { return }
        try check(result, "remove", name)
    }

    /// Makes a directory; false if something by that name exists.
    @discardableResult
    func makeDirectory(_ name: [UInt8], in directory: DirectoryHandle) throws -> Bool {
        try before?(.makeDirectory, name)
        let result = withCString(name) { mkdirat(directory.descriptor, $0, 0o777) }
        if result != 0, WorkingCopyError.currentErrno == EEXIST { return false }
        try check(result, "make directory", name)
        return true
    }

    /// Removes a directory if it is empty; false if it is not, or is not there.
    func removeDirectory(_ name: [UInt8], in directory: DirectoryHandle) throws -> Bool {
        try before?(.removeDirectory, name)
        let result = withCString(name) { unlinkat(directory.descriptor, $0, AT_REMOVEDIR) }
        if result == 0 { return true }
        switch WorkingCopyError.currentErrno {
        case ENOTEMPTY, EEXIST, ENOENT, ENOTDIR, EBUSY, EINVAL: return false
        default: throw WorkingCopyError.system("remove directory", name)
        }
    }

    /// Makes a symlink; false if something by that name exists.
    func makeLink(to target: [UInt8], _ name: [UInt8], in directory: DirectoryHandle) throws -> Bool
    {
        try before?(.link, name)
        let result = withCString(target) { target in
            withCString(name) { symlinkat(target, directory.descriptor, $0) }
        }
        if result != 0, WorkingCopyError.currentErrno == EEXIST { return false }
        try check(result, "link", name)
        return true
    }

    /// Sets the content stamp of an open file, or of the entry `name` itself.
    func setModified(
        _ nanos: Int64, of name: [UInt8], descriptor: Int32? = nil, in directory: DirectoryHandle
    ) throws {
        try before?(.setTimes, name)
        let omit = timespec(tv_sec: 0, tv_nsec: (1 << 30) - 2)
        let second: Int64 = 1_000_000_000
        let below = nanos % second
        let fraction = below < 0 ? below + second : below
        let time = timespec(tv_sec: Int((nanos - fraction) / second), tv_nsec: Int(fraction))
        let times = [omit, time]
        let result =
            if let descriptor {
                futimens(descriptor, times)
            } else {
                withCString(name) {
                    utimensat(directory.descriptor, $0, times, AT_SYMLINK_NOFOLLOW)
                }
            }
        try check(result, "set the time of", name)
    }

    /// Makes what was written durable: content of a file, entries of a directory.
    func sync(_ descriptor: Int32, _ name: [UInt8]) throws {
        try before?(.sync, name)
        try check(fsync(descriptor), "sync", name)
    }

    /// Replaces `name` so that a crash at any instant leaves the old content or the new:
    /// temporary file, sync, rename, sync of the directory.
    func replace(_ name: [UInt8], with bytes: [UInt8], in directory: DirectoryHandle) throws {
        let temporary = name + Array(".new".utf8)
        try remove(temporary, in: directory)
        guard let file = try create(temporary, in: directory) else {
            throw WorkingCopyError(
                .locked, "another process is writing '\(SafeText.escape(temporary))'")
        }
        do {
            try write(bytes[...], to: file)
            try sync(file.descriptor, temporary)
            try rename(temporary, in: directory, to: name, in: directory)
            try sync(directory.descriptor, name)
        } catch {
            try? remove(temporary, in: directory)
            throw error
        }
    }
}

extension FileEffects {
    /// `replace` in `.hif`: an error names the file as it is seen from the working copy's top.
    func replaceOwn(
        _ name: [UInt8], with bytes: [UInt8], in hifDirectory: DirectoryHandle
    ) throws {
        do {
            try replace(name, with: bytes, in: hifDirectory)
        } catch let error as WorkingCopyError {
            throw error.naming(Array(".hif/".utf8) + name)
        }
    }
}

/// A file being written, closed when it goes away.
final class NewFile {
    let descriptor: Int32
    let name: [UInt8]

    init(descriptor: Int32, name: [UInt8]) {
        self.descriptor = descriptor
        self.name = name
    }

    func stat() throws -> FileStat {
        try FileStat.of(descriptor: descriptor, name: name)
    }

    deinit { close(descriptor) }
}
