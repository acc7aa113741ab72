/// What a patch says is to become of files: `git diff`, `diff -u` and `UnifiedDiff` write it, this reads
/// it. Nothing is known yet of the files themselves; `FileChange.apply(to:)` meets them.
///
/// Read are unified hunks with git's headers or without them, renames, copies, modes, and binary
/// contents that are stored as they are, as `UnifiedDiff` writes them. Prose between the files is passed
/// over, as `git apply` and `patch` do. Paths lose their first name (`a/`, `b/`).
package struct Patch: Hashable, Sendable {
    /// One file's part of a patch.
    package struct FileChange: Hashable, Sendable {
        /// Nil for a file that is added.
        package var old: RepoPath?
        /// Nil for a file that is deleted.
        package var new: RepoPath?
        /// As the patch names them; nil where it says nothing of them.
        package var oldMode: GitFileMode?
        package var newMode: GitFileMode?
        /// The old file stays where it is.
        package var isCopy = false
        package var hunks: [Hunk] = []
        /// The whole new content, of a binary file.
        package var content: [UInt8]?
        /// Where it begins in the patch, counted from 1.
        package var line: Int
    }

    /// A stretch of changed lines with those around it. Lines have their line feeds; only a file's last
    /// may lack one.
    package struct Hunk: Hashable, Sendable {
        package enum Line: Hashable, Sendable {
            case context([UInt8])
            case removed([UInt8])
            case added([UInt8])
        }

        /// Lines of the old file before the hunk, as the patch says.
        package var linesBefore: Int
        package var lines: [Line]
        /// Where it begins in the patch, counted from 1.
        package var line: Int
    }

    /// In the patch's order.
    package let files: [FileChange]

    /// Reads a patch; one pass over it.
    ///
    /// - Throws: `PatchError` with the line, also for a patch that changes nothing at all.
    package init(_ bytes: [UInt8]) throws(PatchError) {
        var reader = PatchReader(bytes)
        files = try reader.read()
    }
}

/// Why a patch cannot be read, or does not fit a file.
package struct PatchError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// The patch is not one, or says something that is not understood.
        case malformed
        /// It is one, and the file is not the one it was made from.
        case doesNotFit
    }

    package let code: Code
    /// Line of the patch, counted from 1.
    package let line: Int
    /// Part of a sentence.
    package let reason: String

    package init(_ code: Code, line: Int, _ reason: String) {
        self.code = code
        self.line = line
        self.reason = reason
    }

    package var description: String { "line \(line) of the patch: \(reason)" }
}
