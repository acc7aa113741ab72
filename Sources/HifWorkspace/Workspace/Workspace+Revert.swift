package import HifCore
import HifRepository

extension Workspace {
    /// Gives paths, and everything below them, the content they had when they were checked out, or
    /// the one they have at `position`: there they are edits then. No path means all.
    ///
    /// Edits that are replaced are kept below `.hif/backup`; additions are moved there.
    ///
    /// Call inside `changing(_:)`.
    /// - Returns: the paths put back, and the name of the backup if there is one.
    package func revert(
        _ paths: [RepoPath], to position: Position? = nil
    ) async throws -> (paths: [RepoPath], backupLabel: String?) {
        func isNamed(_ path: RepoPath) -> Bool {
            paths.isEmpty || paths.contains { $0 == path || path.isBelow($0) }
        }
        var wanted: [RepoPath: TargetChange] = [:]
        for change in try status().changes where isNamed(change.path) {
            // The index knows what was checked out; an addition is nothing to it.
            wanted[change.path] = TargetChange(
                path: change.path, expected: change.before, new: change.before)
        }
        if let position {
            for change in try await changes(from: base.position, to: position, below: paths) {
                wanted[change.path] = TargetChange(
                    path: change.path, expected: change.before, new: change.after)
            }
        }
        guard !wanted.isEmpty else {
            throw WorkspaceError(
                .nothingToDo, "nothing changed in what was named", hint: "hif status")
        }
        let label = "revert-\(now)"
        let targets = wanted.values.sorted { $0.path < $1.path }
        let source = PrefetchingSource(
            remote, at: position ?? base.position, changes: targets, below: top)
        let done = try await Materializer(root: top, hifDirectory: hifDirectory, index: try index)
            .apply(targets, from: source, policy: .backUp(label: label))
        guard done.obstructions.isEmpty else {
            throw WorkspaceError(
                .inTheWay, done.obstructions.map(\.description).joined(separator: "; "))
        }
        // A row says what was checked out: what comes from elsewhere is an edit of it.
        let index = try self.index
        keep(index.updating(done.updates.filter { $0.leaf == index[$0.path] }))
        try saveIndex()
        let gone = Set(targets.map { $0.path.bytes.hex })
        state.unresolved.removeAll { gone.contains($0) }
        try saveState()
        return (targets.map(\.path), done.backups.isEmpty ? nil : label)
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
                let isLink = try directory.stat(Array(name))?.type == .symlink
                throw WorkspaceError(
                    .inTheWay,
                    isLink
                        ? "'\(SafeText.escape(walked))' is a symlink, and none is followed"
                        : "'\(SafeText.escape(walked))' is not a directory",
                    hint: "choose another path, or move it away")
            }
            directory = inner
        }
        let name = Array(names[names.count - 1])
        if let stat = try directory.stat(name), stat.type == .directory {
            throw WorkspaceError(
                .inTheWay, "'\(path)' is a directory",
                hint: "name a file in it")
        }
        try effects.replace(name, with: bytes, in: directory)
    }
}
