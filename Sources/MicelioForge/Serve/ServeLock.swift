import Foundation
import Synchronization

/// The right to serve a data directory: a kernel lock on `DATA/serve.lock`, given up by `release` or by
/// the end of the process, however it ends.
///
/// Two servers of one directory would lose nothing, for a landing needs no lock; but each would tell
/// `micelio admin` and scripts its own addresses through the one `RunFile`, and count the tries of a
/// login by itself. Nobody means to start the second. Admin commands and checks do not take the lock.
final class ServeLock: Sendable {
    /// -1 once released.
    private let descriptor: Mutex<Int32>

    /// Takes the lock or fails at once.
    ///
    /// - Throws: `alreadyExists`, naming the process that serves `files` and its address;
    ///   `unavailable` when the file cannot be opened.
    init(_ files: DataFiles) throws(ForgeError) {
        let opened = open(files.lock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard opened >= 0 else {
            throw ForgeError(
                .unavailable, "cannot open \(files.lock): \(String(cString: strerror(errno)))")
        }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            let number = errno
            close(opened)
            guard number == EWOULDBLOCK else {
                throw ForgeError(
                    .unavailable, "cannot lock \(files.lock): \(String(cString: strerror(number)))")
            }
            let server = RunFile.read(files.run)
            let who = server.map { " (process \($0.pid), at \($0.http))" } ?? ""
            throw ForgeError(
                .alreadyExists, "a forge is being served from \(files.directory) already\(who)",
                hint: "stop it first, or name another directory with --data DIR")
        }
        descriptor = Mutex(opened)
    }

    deinit { release() }

    /// Lets the next server in. Does nothing the second time.
    func release() {
        descriptor.withLock { descriptor in
            guard descriptor >= 0 else { return }
            // Closing alone does not give it up while a child that is being started has a copy.
            flock(descriptor, LOCK_UN)
            close(descriptor)
            descriptor = -1
        }
    }
}
