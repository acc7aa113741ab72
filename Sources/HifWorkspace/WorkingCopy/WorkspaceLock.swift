import Glibc
import HifCore

/// The right to change a working copy: a kernel lock on `.hif/lock`, held until the value goes
/// away or the process ends, so that none is ever left behind by a crash. The file says who holds
/// it; reading commands never take it.
package struct WorkspaceLock: ~Copyable {
    private let descriptor: Int32

    /// Takes the lock or fails at once.
    ///
    /// - Parameters:
    ///   - nowSeconds: since 1970, for the message that another process will see.
    /// - Throws: `locked`, with the process id and the age in the message.
    package init(hifDirectory: DirectoryHandle, nowSeconds: Int64) throws {
        let name = Array("lock".utf8)
        descriptor = withCString(name) {
            openat(hifDirectory.descriptor, $0, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o666)
        }
        guard descriptor >= 0 else {
            throw WorkingCopyError.system("open", Array(".hif/lock".utf8))
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let number = WorkingCopyError.currentErrno
            let holder = WorkspaceLock.holder(hifDirectory)
            close(descriptor)
            guard number == EWOULDBLOCK else {
                throw WorkingCopyError.system("lock", name, errno: number)
            }
            throw WorkspaceLock.lockedError(holder, nowSeconds: nowSeconds)
        }
        // The note is for people: that it could not be written does not make the lock worse.
        let note = Array("\(getpid()) \(nowSeconds)\n".utf8)
        if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, note, note.count, 0) }
    }

    deinit {
        // Closing alone does not give it up while a child that is being started has a copy.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    private static func holder(_ hifDirectory: DirectoryHandle) -> (pid: Int64, since: Int64)? {
        guard let note = try? hifDirectory.contents(Array("lock".utf8), bytesMax: 100) else {
            return nil
        }
        let fields = String(decoding: note, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard fields.count == 2, let pid = Int64(fields[0]), let since = Int64(fields[1]) else {
            return nil
        }
        return (pid, since)
    }

    private static func lockedError(
        _ holder: (pid: Int64, since: Int64)?, nowSeconds: Int64
    ) -> WorkingCopyError {
        guard let holder else {
            return WorkingCopyError(.locked, "another process is changing this working copy")
        }
        let age = max(0, nowSeconds.subtractingReportingOverflow(holder.since).partialValue)
        return WorkingCopyError(
            .locked, "process \(holder.pid) has been changing this working copy for \(age) s")
    }
}
