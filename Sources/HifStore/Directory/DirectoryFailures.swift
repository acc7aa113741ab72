internal import Glibc

/// Sentences for the ways a file system says no, and whether anything was written when it did.
enum DirectoryFailure {
    /// A failure before the object's name appeared: nothing was written.
    static func refused(_ error: SystemError, key: ObjectKey?, doing step: String) -> StoreError {
        let sentence =
            switch error.number {
            case ENOSPC:
                "the disk that holds the store is full; nothing was written"
            case EDQUOT:
                "the disk quota for the store is used up; nothing was written"
            case EACCES, EPERM:
                "the directory of the store may not be written by this user; nothing was written"
            case EROFS:
                "the file system of the store is mounted read-only; nothing was written"
            case EIO:
                "the disk of the store reports an error; nothing was written, and the disk "
                    + "should be checked before it is trusted again"
            case EMFILE, ENFILE:
                "too many files are open; nothing was written: raise the limit of open files"
            case EXDEV:
                "the store spans two file systems; it must lie on one, and nothing was written"
            case ENOTDIR, EISDIR, ELOOP:
                "a file, directory or symbolic link is in the way of this key; nothing was "
                    + "written"
            case ENOENT, ESTALE:
                "the directory of the store is gone; nothing was written"
            case ENOLCK:
                "the file system of the store has no locks to give; nothing was written"
            default:
                "could not \(step); nothing was written"
            }
        var failure = StoreError(.refused, key: key, sentence, cause: error.text)
        failure.isOutOfRoom = error.number == ENOSPC || error.number == EDQUOT
        return failure
    }

    /// A failure of the very call that gives or takes a name. Most errors are decided before
    /// anything changes; the rest (an I/O error, a network file system that timed out) may come
    /// from a change that was made, or will be.
    static func naming(_ error: SystemError, key: ObjectKey, doing step: String) -> StoreError {
        switch error.number {
        case ENOSPC, EDQUOT, EACCES, EPERM, EROFS, EXDEV, ENOTDIR, EISDIR, ELOOP, ENOENT, EMLINK,
            ENAMETOOLONG, EOPNOTSUPP, EINVAL:
            refused(error, key: key, doing: step)
        default:
            unknown(error, key: key, doing: step)
        }
    }

    /// A failure after the object's name may have appeared.
    static func unknown(_ error: SystemError, key: ObjectKey, doing step: String) -> StoreError {
        StoreError(
            .unknown, key: key,
            "could not \(step); the change may have been made, and may not survive a power cut",
            cause: error.text)
    }

    /// A failure of a read or of a listing.
    static func reading(_ error: SystemError, key: ObjectKey?) -> StoreError {
        switch error.number {
        case EACCES, EPERM:
            StoreError(
                .refused, key: key, "the store may not be read by this user", cause: error.text)
        case ELOOP:
            StoreError(
                .refused, key: key, "a symbolic link inside the store is not followed",
                cause: error.text)
        case EMFILE, ENFILE:
            StoreError(
                .refused, key: key, "too many files are open: raise the limit of open files",
                cause: error.text)
        case EIO:
            StoreError(
                .unknown, key: key, "the disk of the store reports an error", cause: error.text)
        default:
            StoreError(.unknown, key: key, "could not read from the store", cause: error.text)
        }
    }
}
