import Glibc
import HifCore

/// What can go wrong between a working copy and its disk.
///
/// The code says what the caller can do; the message is for people and names the path. A file that
/// merely cannot be read, or that stands where another should go, is not an error: the scan reports
/// a `ScanWarning`, the materializer an `Obstruction`, and both go on.
package struct WorkingCopyError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// The index is damaged: rebuild it from the base tree, then scan.
        case indexCorrupt
        /// A newer hif wrote the index or the journal; that hif, or a newer one, must read it.
        case fromNewerVersion
        /// The journal is damaged.
        case journalUnreadable
        /// Another process works on this working copy: wait for it, or end it.
        case locked
        /// No space or quota left: free some and run the same operation again.
        case diskFull
        /// The operating system refused; run again with the right permission.
        case permissionDenied
        /// Content that was handed in is not what its leaf says; nothing was replaced.
        case contentMismatch
        /// Any other failure of the file system, `errno` included.
        case io
    }

    package let code: Code
    package let message: String
    /// The C library's number, 0 where the error is our own.
    package let errno: Int32
    /// For the error of a system call: what was tried, as a verb.
    private var doing: String?

    package init(_ code: Code, _ message: String, errno: Int32 = 0) {
        self.code = code
        self.message = message
        self.errno = errno
    }

    /// The same, for people who know what was worked on by this path, not by the name in its
    /// directory.
    func naming(_ path: [UInt8]) -> WorkingCopyError {
        guard let doing else { return self }
        return WorkingCopyError.system(doing, path, errno: errno)
    }

    package var description: String { message }

    /// The error of a system call that just failed, as `errno` tells it.
    ///
    /// - Parameters:
    ///   - doing: what was tried, as a verb: `open`, `rename`.
    ///   - path: relative to the working copy, or whatever the person knows it by.
    static func system(
        _ doing: String, _ path: [UInt8], errno number: Int32 = currentErrno
    ) -> WorkingCopyError {
        let code: Code =
            switch number {
            case ENOSPC, EDQUOT: .diskFull
            case EACCES, EPERM, EROFS: .permissionDenied
            default: .io
            }
        var error = WorkingCopyError(
            code, "cannot \(doing) '\(SafeText.escape(path))': \(text(of: number))", errno: number)
        error.doing = doing
        return error
    }

    /// What the system calls the error: `No space left on device`.
    static func text(of number: Int32) -> String {
        String(cString: strerror(number))
    }

    /// The C library's `errno`, for places where a property named `errno` hides it.
    static var currentErrno: Int32 { Glibc.errno }
}
