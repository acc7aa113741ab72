import HifCore
import HifRepository

/// What a check of a workspace found.
package struct WorkspaceCheck: Sendable {
    /// Sentences for people, escaped.
    package var problems: [String] = []
    /// Tracked paths looked at.
    package var fileCount = 0

    package init() {}
}

extension Workspace {
    /// Makes an index that is damaged anew, from the tree that was checked out, and keeps the damaged
    /// one as `.hif/index.damaged`. Files are not touched: edits are found by reading every file.
    ///
    /// - Returns: whether there was anything to repair.
    package func repairIndex() async throws -> Bool {
        let lock = try WorkspaceLock(hifDirectory: hifDirectory, nowSeconds: now / 1000)
        do {
            _ = try WorkspaceIndex.load(from: hifDirectory)
            return false
        } catch let error as WorkingCopyError where error.code == .indexCorrupt {}
        let known = try? WorkspaceIndex.loadBase(from: hifDirectory)
        guard let position = known?.position ?? state.basePosition else {
            throw WorkspaceError(
                .damaged, "neither '.hif/index' nor '.hif/state' says what was checked out here",
                hint: "check the project out again into another directory and copy your edits over")
        }
        let tree = try await remote.tree(at: position)
        let rows = try await trees.diff((.empty, 0), (tree, position)).map {
            IndexUpdate(path: $0.path, leaf: $0.after)
        }
        let name = WorkspaceIndex.fileName
        try FileEffects().rename(
            name, in: hifDirectory, to: name + Array(".damaged".utf8), in: hifDirectory)
        keep(WorkspaceIndex(basePosition: position, baseRoot: tree.root).updating(rows))
        try saveIndex()
        _ = consume lock
        return true
    }

    /// Checks that index, state and project belong together: that the project has the base as it
    /// was checked out, that the index tracks exactly the base's tree, and that nothing is pending.
    /// Files are the user's and are not judged. Changes nothing.
    package func check() async throws -> WorkspaceCheck {
        var check = WorkspaceCheck()
        if let pending = try pendingOperation() {
            check.problems.append(
                "\(SafeText.escape(pending.operation)) to @\(pending.toPosition) was interrupted; hif update finishes it"
            )
        }
        if try hasPendingEdits() {
            check.problems.append("hif apply was interrupted; hif update finishes it")
        }
        // One that is damaged says nothing of what was checked out.
        _ = try index
        let tree = try await remote.tree(at: base.position)
        guard tree == base.tree else {
            check.problems.append(
                "the project has another tree at @\(base.position) than was checked out")
            return check
        }
        let empty = ProllyTree.empty
        var expected: [RepoPath: Leaf] = [:]
        for change in try await trees.diff((empty, 0), (tree, base.position)) {
            expected[change.path] = change.after
        }
        try index.forEach { path, leaf in
            check.fileCount += 1
            if expected.removeValue(forKey: path) != leaf {
                check.problems.append("the index has '\(path)' otherwise than @\(base.position)")
            }
        }
        for path in expected.keys.sorted() {
            check.problems.append("the index lacks '\(path)' of @\(base.position)")
        }
        for attempt in state.attempts
        where try hifDirectory.stat(Array(attempt.file.utf8)) == nil {
            check.problems.append("'.hif/\(SafeText.escape(attempt.file))' is missing")
        }
        return check
    }
}
