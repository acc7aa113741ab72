import HifCore

/// One application of a target: the plan made by looking, and what was done so far.
final class MaterializerRun {
    /// What is to be done for one change.
    enum Step {
        /// Nothing: it is as wanted, or was obstructed.
        case none
        /// Remove the file with this stat.
        case removeFile(FileStat)
        case removeDirectory
        /// Create, in place of the file with this stat or of nothing.
        case create(replacing: FileStat?)
    }

    struct Plan {
        let change: TargetChange
        var step: Step
        /// Moved to the backup first: the path itself, one above it, or one below.
        var blocker: [UInt8]?
    }

    let materializer: Materializer
    let policy: Materializer.Policy
    let isResuming: Bool
    let cursor: DirectoryCursor
    let cutoff: Int64
    var plans: [Plan]
    var report = MaterializeReport()
    /// Paths that will be gone when creation begins.
    private let removals: Set<RepoPath>
    /// Directories that are meant, so that they stay when they become empty.
    private let meantDirectories: Set<RepoPath>
    /// Directories out of which something was removed.
    var emptied: Set<RepoPath> = []
    var temporaryCount = 0

    var effects: FileEffects { materializer.effects }

    init(
        _ materializer: Materializer, _ changes: [TargetChange], policy: Materializer.Policy,
        isResuming: Bool
    ) {
        self.materializer = materializer
        self.policy = policy
        self.isResuming = isResuming
        cursor = DirectoryCursor(root: materializer.root)
        cutoff = materializer.clock.cutoffNanos(hifDirectory: materializer.hifDirectory)
        plans = changes.map { Plan(change: $0, step: .none, blocker: nil) }
        removals = Set(changes.lazy.filter { $0.new == nil }.map(\.path))
        meantDirectories = Set(
            changes.lazy.filter { $0.new?.isOnDiskDirectory == true }.map(\.path))
    }

    // MARK: - Looking

    /// What stands at a path.
    private enum Present {
        case absent
        case directory(DirectoryHandle)
        case leaf(Leaf, FileStat)
        /// Neither file nor link nor directory.
        case special
        /// A file that is neither of the two leaves one could hope for, told without reading.
        case foreign(FileStat)
    }

    /// Fills in the plans; changes nothing on disk.
    func look(from source: some ContentSource) async throws {
        let collisions = try collisions()
        for position in plans.indices where !collisions.contains(position) {
            plans[position].step = try await look(
                at: plans[position].change, position, from: source)
        }
        cursor.reset()
    }

    private func look(
        at change: TargetChange, _ position: Int, from source: some ContentSource
    ) async throws -> Step {
        let present: Present
        switch try cursor.parent(of: change.path) {
        case .absent:
            present = .absent
        case .blocked(let blocker, let isLink):
            let isMakingRoom = (try? RepoPath(blocker)).map(removals.contains) ?? false
            if change.new != nil, !isMakingRoom {
                return obstruct(position, isLink ? .symlinkInParent : .fileInTheWay, blocker)
            }
            present = .absent
        case .found(let parent):
            present = try self.present(at: change, in: parent)
        }
        guard let new = change.new else { return lookAtRemoval(change, present, position) }
        switch present {
        case .absent:
            return .create(replacing: nil)
        case .directory(let handle):
            if new.isOnDiskDirectory {
                accept(change, nil)
                return .none
            }
            if let blocker = try firstKept(in: handle, change.path) {
                return obstruct(position, .directoryInTheWay, blocker)
            }
            return .create(replacing: nil)
        case .leaf(let leaf, let stat):
            if leaf == new {
                accept(change, stat)
                return .none
            }
            if leaf == change.expected { return .create(replacing: stat) }
            if isResuming, try await isBeginning(leaf, of: new, at: change.path, source) {
                return .create(replacing: stat)
            }
            return obstructLeaf(position)
        case .foreign, .special:
            return obstructLeaf(position)
        }
    }

    private func lookAtRemoval(
        _ change: TargetChange, _ present: Present, _ position: Int
    ) -> Step {
        let wasDirectory = change.expected?.isOnDiskDirectory ?? false
        switch present {
        case .absent:
            noteEmptied(change.path)
            accept(change, nil)
            return .none
        case .directory:
            // A tracked directory goes if it is empty. In place of a tracked file it is the
            // user's, and the file is gone.
            if wasDirectory { return .removeDirectory }
            accept(change, nil)
            return .none
        case .leaf(let leaf, let stat):
            if leaf == change.expected { return .removeFile(stat) }
            if wasDirectory || change.expected == nil {
                accept(change, nil)
                return .none
            }
            return obstruct(position, .localEdit, change.path.bytes)
        case .foreign, .special:
            return obstruct(position, .localEdit, change.path.bytes)
        }
    }

    private func obstructLeaf(_ position: Int) -> Step {
        let change = plans[position].change
        return obstruct(
            position, change.expected == nil ? .fileInTheWay : .localEdit, change.path.bytes)
    }

    /// Records an obstruction, or with the backup policy what must be moved away.
    private func obstruct(
        _ position: Int, _ kind: Obstruction.Kind, _ blocker: [UInt8]
    ) -> Step {
        let change = plans[position].change
        guard case .backUp = policy else {
            report.obstructions.append(Obstruction(kind: kind, path: change.path, blocker: blocker))
            return .none
        }
        // A directory moves as a whole.
        plans[position].blocker = kind == .directoryInTheWay ? change.path.bytes : blocker
        if change.new == nil { return .none }
        return .create(replacing: nil)
    }

    private func present(at change: TargetChange, in parent: DirectoryHandle) throws -> Present {
        let name = Array(change.path.name)
        guard let stat = try parent.stat(name) else { return .absent }
        switch stat.type {
        case .other: return .special
        case .directory:
            return try parent.directory(name).map { .directory($0) } ?? .absent
        case .file, .executable, .symlink: break
        }
        if let row = materializer.index.row(of: change.path),
            materializer.index.settledStat(ofRow: row) == stat
        {
            return .leaf(materializer.index.leaf(ofRow: row), stat)
        }
        let isHopeful =
            stat.size == change.expected?.size || stat.size == change.new?.size || isResuming
        guard isHopeful else { return .foreign(stat) }
        guard let found = try ContentReader.leaf(parent.descriptor, name) else { return .absent }
        return .leaf(found.leaf, found.stat)
    }

    /// Whether a file is what an earlier run left half written: it holds the beginning of what
    /// should be there, and so nothing that would be lost.
    private func isBeginning(
        _ found: Leaf, of new: Leaf, at path: RepoPath, _ source: some ContentSource
    ) async throws -> Bool {
        guard found.kind != .symlink, new.kind == .file || new.kind == .executable,
            found.size <= new.size
        else { return false }
        var hasher = Blake3()
        var left = found.size
        try await source.content(of: new, at: path) { piece in
            let count = min(UInt64(piece.count), left)
            hasher.update(Array(piece.prefix(Int(count))))
            left -= count
        }
        return left == 0 && hasher.finalize() == found.hash
    }

    /// The first entry below a directory that no removal takes away; empty directories do not
    /// count. Nil: a file may take the directory's place.
    private func firstKept(in directory: DirectoryHandle, _ path: RepoPath) throws -> [UInt8]? {
        for name in try directory.names().sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            guard let inner = try? path.appending(name) else {
                return path.bytes + [RepoPath.slash] + name
            }
            if let below = try directory.directory(name) {
                if let kept = try firstKept(in: below, inner) { return kept }
            } else if !removals.contains(inner) {
                return inner.bytes
            }
        }
        return nil
    }

    /// The path is as wanted.
    private func accept(_ change: TargetChange, _ stat: FileStat?) {
        let settled = stat.flatMap { $0.newestNanos < cutoff ? $0 : nil }
        let known = change.new.flatMap { new -> FileStat? in
            guard let row = materializer.index.row(of: change.path),
                materializer.index.leaf(ofRow: row) == new
            else { return nil }
            let tracked = materializer.index.settledStat(ofRow: row)
            return tracked == stat ? tracked : nil
        }
        report.acceptedCount += 1
        report.updates.append(
            IndexUpdate(path: change.path, leaf: change.new, stat: known ?? settled))
    }

    /// Whether the path will be gone when creation begins.
    func isRemoved(_ path: RepoPath) -> Bool { removals.contains(path) }

    func noteEmptied(_ path: RepoPath) {
        if let parent = path.parent { emptied.insert(parent) }
    }

    /// Whether a directory stays tracked although it is empty.
    func isKeptEmpty(_ path: RepoPath) -> Bool {
        if meantDirectories.contains(path) { return true }
        guard let leaf = materializer.index[path] else { return false }
        return leaf.isOnDiskDirectory && !removals.contains(path)
    }
}

extension Leaf {
    /// A directory stands for it in a working copy: one that is meant, or a submodule's.
    var isOnDiskDirectory: Bool { kind == .directory || kind == .external }
}
