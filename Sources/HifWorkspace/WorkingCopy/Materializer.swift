package import HifCore

/// One path and what it should become.
package struct TargetChange: Hashable, Sendable {
    package let path: RepoPath
    /// What was checked out there; nil: nothing. A file with other content is the user's.
    package let expected: Leaf?
    /// What should stand there; nil: nothing.
    package let new: Leaf?

    package init(path: RepoPath, expected: Leaf?, new: Leaf?) {
        self.path = path
        self.expected = expected
        self.new = new
    }
}

/// Where the materializer gets content from: a pack, a remote, memory.
package protocol ContentSource {
    /// Hands over the content of `leaf` in order, in pieces of any size. Pieces are checked
    /// against the leaf's size and hash; more than its size is refused at once.
    ///
    /// - Parameter path: the first place it is wanted at, for prefetching and for messages.
    func content(
        of leaf: Leaf, at path: RepoPath, _ receive: ([UInt8]) throws -> Void
    ) async throws
}

/// Something of the user's where a target should go. Nothing of it was touched.
package struct Obstruction: Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        /// Tracked, and edited since it was checked out.
        case localEdit
        /// Not tracked, where a file or a directory should go.
        case fileInTheWay
        /// A directory with content that would be lost, where a file should go.
        case directoryInTheWay
        /// A symlink where a directory on the way should be.
        case symlinkInParent
        /// The file system takes two names for one: this and another of the target.
        case caseCollision(with: RepoPath)
    }

    package let kind: Kind
    /// The target.
    package let path: RepoPath
    /// What stands in the way: the target's own path, one above or one below it.
    package let blocker: [UInt8]

    package var description: String {
        let shown = SafeText.escape(blocker)
        return switch kind {
        case .localEdit: "'\(shown)' has local edits"
        case .fileInTheWay:
            blocker == path.bytes
                ? "'\(shown)' is a file of your own, and the project has one of that name"
                : "'\(shown)' is a file of your own where '\(path)' needs a directory"
        case .directoryInTheWay:
            "the directory '\(path)' is to become a file, and holds your own '\(shown)'"
        case .symlinkInParent: "'\(shown)' is a symlink where '\(path)' needs a directory"
        case .caseCollision(let other):
            "'\(path)' and '\(other)' are one name on this file system"
        }
    }
}

/// What a materializer did.
package struct MaterializeReport: Sendable {
    /// The index rows of every path that now is as wanted, in directory-major order, with stat
    /// data that spares the next scan the reading. Apply them also when something was obstructed.
    package internal(set) var updates: [IndexUpdate] = []
    package internal(set) var obstructions: [Obstruction] = []
    /// The obstructions were found by looking, and nothing was touched. Without it they came in the
    /// way later, and everything but their paths is done.
    package internal(set) var isRefused = false
    package internal(set) var writtenCount = 0
    package internal(set) var removedCount = 0
    /// Paths found as wanted already, as after a crash.
    package internal(set) var acceptedCount = 0
    /// What was moved away, and where to below `.hif`.
    package internal(set) var backups: [Backup] = []

    package struct Backup: Hashable, Sendable {
        package let path: [UInt8]
        package let backupPath: [UInt8]
    }
}

/// Brings a working copy to a target: checkout, goto, update and revert.
///
/// What it promises, whatever happens between its system calls:
/// - Content of the user's is never lost. A file is replaced or removed only if its content is
///   what was checked out, looked at twice: before anything is touched, and again right before.
/// - No link is followed, so nothing outside the working copy is touched.
/// - It can be stopped at any point and run again with the same target: what is as wanted already
///   is accepted by its content.
///
/// The second look and the rename are two system calls; an editor that saves between them, within
/// microseconds, is overtaken. New files are created in place with `O_EXCL`, and replaced ones are
/// written in `.hif/tmp` and renamed over the old.
///
/// Hold the workspace lock; write a `JournalEntry` before, save the index after.
package struct Materializer {
    /// What to do about what stands in the way.
    package enum Policy: Hashable, Sendable {
        /// Touch nothing at all if anything is obstructed. What comes in the way only after
        /// looking is left as it is and reported, as with `skip`.
        case refuse
        /// Leave obstructed paths as they are and do the others.
        case skip
        /// Move what stands in the way to `.hif/backup/<label>/`, then do everything. Two names that
        /// the file system takes for one are refused all the same.
        ///
        /// - Precondition: the label is a good file name.
        case backUp(label: String)
    }

    let root: DirectoryHandle
    let hifDirectory: DirectoryHandle
    let index: WorkspaceIndex
    let effects: FileEffects
    let clock: ScanClock

    /// - Parameter index: the index as it was before the operation: its stats spare reading, and
    ///   its explicit directories are kept when they become empty.
    package init(
        root: DirectoryHandle, hifDirectory: DirectoryHandle, index: WorkspaceIndex,
        effects: FileEffects = FileEffects(), clock: ScanClock = .fileSystem
    ) {
        self.root = root
        self.hifDirectory = hifDirectory
        self.index = index
        self.effects = effects
        self.clock = clock
    }

    /// Applies the changes: first looks at every path, then removes, then creates.
    ///
    /// - Parameters:
    ///   - changes: in any order, no path twice. Where a file makes room for a directory or the
    ///     other way round, both the removal and the creation are among them.
    ///   - isResuming: a journal says that this target was begun before. Then a file that holds
    ///     only the beginning of what should be there counts as a write cut short.
    ///   - prepare: runs once, after everything was looked at and before anything is changed; not
    ///     at all if the target is refused.
    ///   - progress: told after each change how many of how many are done.
    /// - Throws: `diskFull`, `permissionDenied`, `contentMismatch` or `io`. What was done until
    ///   then stays and is accepted by the next run; no target is left half written, except by the
    ///   end of the process.
    package func apply(
        _ changes: [TargetChange], from source: some ContentSource, policy: Policy = .refuse,
        isResuming: Bool = false, prepare: () throws -> Void = {},
        progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) async throws -> MaterializeReport {
        if case .backUp(let label) = policy {
            precondition(RepoPath.allows(name: Array(label.utf8)[...]), "a label is a file name")
        }
        let run = MaterializerRun(
            self, changes.sorted { precedesDirectoryMajor($0.path.bytes, $1.path.bytes) },
            policy: policy, isResuming: isResuming)
        try await run.look(from: source)
        if policy != .skip, !run.report.obstructions.isEmpty {
            run.report.isRefused = true
            return run.report
        }
        try prepare()
        try run.remove()
        for position in run.plans.indices {
            try await run.create(position, from: source)
            progress(position + 1, run.plans.count)
        }
        run.report.updates.sort { precedesDirectoryMajor($0.path.bytes, $1.path.bytes) }
        return run.report
    }
}
