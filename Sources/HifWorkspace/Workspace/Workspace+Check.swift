import HifCore
import HifRepository

/// What a check of a workspace found.
package struct WorkspaceCheck: Sendable {
    /// Sentences for people, escaped.
    package var problems: [String] = []
    /// Tracked paths looked at.
    package var fileCount = 0
}

extension Workspace {
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
