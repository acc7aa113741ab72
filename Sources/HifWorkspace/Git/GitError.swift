/// Why git could not be read or written, as a sentence for people.
package struct GitError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the caller can do about it.
    package enum Code: String, Hashable, Sendable {
        /// No `git` on the search path: install it.
        case notInstalled
        /// Nothing git can open there: another path.
        case notARepository
        /// Nobody answers at the URL: try again, or another address.
        case unreachable
        /// A repository without a commit to begin from: another branch, or nothing to import.
        case empty
        /// History is cut off: fetch the rest first (`git fetch --unshallow`).
        case shallow
        /// A URL or name that is never handed to git.
        case refused
        /// A kind of repository this reader does not know.
        case unsupported
        /// An object that the history names is not there.
        case missingObject
        /// Bytes that are not what git writes: the repository is damaged or hostile.
        case damaged
        /// The directory to be written holds something already.
        case notEmpty
        /// A git command failed; the message carries what it said.
        case failed
        /// The operating system refused something.
        case system
    }

    package let code: Code
    /// One sentence; text from outside is escaped.
    package let message: String
    /// What to try, when something is worth trying.
    package let hint: String?

    package init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    package var description: String { message }
}
