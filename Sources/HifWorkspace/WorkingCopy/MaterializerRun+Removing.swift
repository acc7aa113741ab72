import HifCore

extension MaterializerRun {
    /// Moves away what is in the way, removes what should go, and then the directories that
    /// became empty by it.
    func remove() throws {
        try removeTemporaries()
        for position in plans.indices {
            if let blocker = plans[position].blocker { try backUp(blocker, plans[position].change) }
        }
        cursor.reset()
        var directories: [TargetChange] = []
        for plan in plans {
            switch plan.step {
            case .none, .create: continue
            case .removeFile(let stat): try removeFile(plan.change, stat)
            case .removeDirectory: directories.append(plan.change)
            }
        }
        for change in directories { emptied.insert(change.path) }
        // Longest first, so that a directory is asked after everything in it.
        let candidates = emptied.sorted {
            $0.bytes.count != $1.bytes.count ? $0.bytes.count > $1.bytes.count : $0 < $1
        }
        for directory in candidates { try removeIfEmpty(directory) }
        for change in directories {
            report.removedCount += 1
            report.updates.append(IndexUpdate(path: change.path, leaf: nil))
        }
        try makeRoom()
        cursor.reset()
    }

    /// What a run that was killed left in `.hif/tmp`; the lock says that nobody else writes there.
    private func removeTemporaries() throws {
        guard let directory = try materializer.hifDirectory.directory(Array("tmp".utf8)) else {
            return
        }
        for name in try directory.names() where try directory.stat(name)?.type != .directory {
            try effects.remove(name, in: directory)
        }
    }

    private func removeFile(_ change: TargetChange, _ planned: FileStat) throws {
        let name = Array(change.path.name)
        // It may be gone meanwhile, with the directory that was moved to the backup.
        if case .found(let parent) = try cursor.parent(of: change.path),
            let stat = try parent.stat(name)
        {
            guard stat == planned else {
                report.obstructions.append(
                    Obstruction(kind: .localEdit, path: change.path, blocker: change.path.bytes))
                return
            }
            try effects.remove(name, in: parent)
        }
        noteEmptied(change.path)
        report.removedCount += 1
        report.updates.append(IndexUpdate(path: change.path, leaf: nil))
    }

    /// Removes a directory and those above it, as long as they are empty and not tracked
    /// themselves.
    private func removeIfEmpty(_ directory: RepoPath) throws {
        var next: RepoPath? = directory
        while let path = next, !isKeptEmpty(path) {
            cursor.reset()
            guard case .found(let parent) = try cursor.parent(of: path) else { return }
            guard try effects.removeDirectory(Array(path.name), in: parent) else { return }
            next = path.parent
        }
    }

    /// Empty directories in the place of a file to be created hold nothing and are removed.
    private func makeRoom() throws {
        for plan in plans {
            guard case .create(replacing: nil) = plan.step, let new = plan.change.new,
                !new.isOnDiskDirectory
            else { continue }
            guard case .found(let parent) = try cursor.parent(of: plan.change.path),
                let handle = try parent.directory(Array(plan.change.path.name))
            else { continue }
            if try removeEmptyTree(handle) {
                _ = try effects.removeDirectory(Array(plan.change.path.name), in: parent)
            }
        }
    }

    /// Removes directories below, deepest first; false if anything else is there.
    private func removeEmptyTree(_ directory: DirectoryHandle) throws -> Bool {
        for name in try directory.names() {
            guard let below = try directory.directory(name), try removeEmptyTree(below),
                try effects.removeDirectory(name, in: directory)
            else { return false }
        }
        return true
    }

    // MARK: - Backup

    /// Moves an entry to `.hif/backup/<label>/` under its own path, or with a number behind it if
    /// something is there from before. A rename: no content is copied.
    private func backUp(_ blocker: [UInt8], _ change: TargetChange) throws {
        guard case .backUp(let label) = policy, let path = try? RepoPath(blocker) else { return }
        cursor.reset()
        guard case .found(let parent) = try cursor.parent(of: path) else { return }
        let name = Array(path.name)
        // Another change may have moved it already.
        guard try parent.stat(name) != nil else { return }
        var names =
            [Array("backup".utf8), Array(label.utf8)] + path.components.dropLast().map(Array.init)
        var directory = materializer.hifDirectory
        for name in names {
            try effects.makeDirectory(name, in: directory)
            guard let inner = try directory.directory(name) else {
                throw WorkingCopyError(
                    .io, "'.hif/backup' holds something else at '\(SafeText.escape(name))'")
            }
            directory = inner
        }
        var target = name
        var number = 1
        while try directory.stat(target) != nil {
            target = name + Array("~\(number)".utf8)
            number += 1
        }
        try effects.rename(name, in: parent, to: target, in: directory)
        names.append(target)
        report.backups.append(
            MaterializeReport.Backup(
                path: blocker, backupPath: Array(names.joined(separator: [RepoPath.slash]))))
        if blocker == change.path.bytes, change.new == nil {
            noteEmptied(change.path)
            report.removedCount += 1
            report.updates.append(IndexUpdate(path: change.path, leaf: nil))
        }
    }
}
