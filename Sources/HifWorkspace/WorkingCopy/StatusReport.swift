package import HifCore

/// One path whose content in the working copy is not what was checked out.
package struct WorkingChange: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        /// Not tracked, and not ignored.
        case added
        case modified
        /// Gone, or something that a repository cannot hold stands there.
        case deleted
        /// Another kind of leaf, whatever the content: file, executable, symlink.
        case kindChanged
    }

    package let path: RepoPath
    /// The leaf that was checked out; nil for `added`.
    package let before: Leaf?
    /// The leaf of the present content, hash included; nil for `deleted`.
    package let after: Leaf?

    package init(path: RepoPath, before: Leaf?, after: Leaf?) {
        precondition(before != nil || after != nil, "a change of nothing into nothing")
        self.path = path
        self.before = before
        self.after = after
    }

    package var kind: Kind {
        guard let before else { return .added }
        guard let after else { return .deleted }
        return before.kind == after.kind ? .modified : .kindChanged
    }
}

/// Something that the scan left out, and why. Never a failure: the rest of the report is right.
package struct ScanWarning: Hashable, Sendable, CustomStringConvertible {
    package enum Reason: Hashable, Sendable {
        /// The system refused to let it be read. What is tracked there counts as unchanged.
        case unreadable(errno: Int32)
        /// A socket, pipe or device.
        case specialFile
        /// An untracked directory with a `.hif` or `.git` of its own: somebody else's.
        case nestedCheckout
        /// A path that a repository cannot hold.
        case badPath(PathError.Rule)
    }

    package let path: [UInt8]
    package let reason: Reason

    package var description: String {
        let shown = SafeText.escape(Array(path.prefix(400)))
        return switch reason {
        case .unreadable(let number):
            "cannot read '\(shown)': \(WorkingCopyError.text(of: number))"
        case .specialFile: "'\(shown)' is neither a file nor a link; left out"
        case .nestedCheckout: "'\(shown)' is a checkout of its own; left out"
        case .badPath(let rule): "'\(shown)' cannot be tracked: \(rule.rawValue)"
        }
    }
}

/// What a scan found.
package struct StatusReport: Sendable {
    /// By the bytes of their paths.
    package internal(set) var changes: [WorkingChange] = []
    package internal(set) var warnings: [ScanWarning] = []
    /// The index learned something: write it back if the lock is free, and do without if not.
    package internal(set) var isIndexChanged = false
    /// What the scan cost.
    package internal(set) var cost = Cost()

    package struct Cost: Hashable, Sendable {
        /// Tracked files asked for their stat.
        package var filesStated = 0
        /// Files and links read and hashed.
        package var filesRead = 0
        /// Directories whose entries were listed.
        package var directoriesListed = 0
    }
}
