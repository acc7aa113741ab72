package import HifCore
import HifRepository

extension Workspace {
    /// Gives paths, and everything below them, the content they had when they were checked out; no
    /// path means all.
    /// What is replaced is kept below `.hif/backup`; additions are moved there.
    ///
    /// Call inside `changing(_:)`.
    /// - Returns: the paths put back.
    package func revert(_ paths: [RepoPath]) async throws -> (
        paths: [RepoPath], backupLabel: String
    ) {
        let report = try status()
        let changes = report.changes.filter { change in
            paths.isEmpty || paths.contains { $0 == change.path || change.path.isBelow($0) }
        }
        guard !changes.isEmpty else {
            throw WorkspaceError(
                .nothingToDo, "nothing changed in what was named", hint: "hif status")
        }
        let label = "revert-\(now)"
        let targets = changes.map { change in
            // The index knows what was checked out; an addition is nothing to it.
            TargetChange(path: change.path, expected: change.before, new: change.before)
        }
        let source = PrefetchingSource(remote, at: base.position, changes: targets)
        let done = try await Materializer(root: top, hifDirectory: hifDirectory, index: try index)
            .apply(targets, from: source, policy: .backUp(label: label))
        guard done.obstructions.isEmpty else {
            throw WorkspaceError(
                .inTheWay, done.obstructions.map(\.description).joined(separator: "; "))
        }
        keep(try index.updating(done.updates))
        try saveIndex()
        let gone = Set(changes.map { $0.path.bytes.hex })
        state.unresolved.removeAll { gone.contains($0) }
        try saveState()
        return (changes.map(\.path), label)
    }

    /// Writes a file of the working copy, making the directories above it. Never through a link.
    package func writeFile(_ path: RepoPath, _ bytes: [UInt8]) throws {
        let effects = FileEffects()
        var directory = top
        var walked: [UInt8] = []
        let names = path.components
        for name in names.dropLast() {
            walked += (walked.isEmpty ? [] : [RepoPath.slash]) + name
            if try directory.stat(Array(name)) == nil {
                _ = try effects.makeDirectory(Array(name), in: directory)
            }
            guard let inner = try directory.directory(Array(name)) else {
                throw WorkspaceError(
                    .inTheWay, "'\(SafeText.escape(walked))' is not a directory",
                    hint: "a link on the way is not followed")
            }
            directory = inner
        }
        let name = Array(names[names.count - 1])
        if let stat = try directory.stat(name), stat.type == .directory {
            throw WorkspaceError(.inTheWay, "'\(path)' is a directory")
        }
        try effects.replace(name, with: bytes, in: directory)
    }
}
