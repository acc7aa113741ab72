package import HifCore
import HifRepository

/// One file that is to be changed together with others.
package struct FileEdit: Sendable {
    package enum Change: Sendable {
        /// The whole new content. `kind` is file, executable or symlink; nil keeps the present one.
        case write([UInt8], kind: Leaf.Kind?)
        case delete
        /// Hunks of a patch, and the kind it asks for.
        case patch(Patch.FileChange)
    }

    package let path: RepoPath
    package let change: Change
    /// What has to be there now, so that nobody edits what they have not seen.
    package let expected: Expectation

    package enum Expectation: Hashable, Sendable {
        case anything
        case absent
        /// A file with this content.
        case content(Hash)
    }

    package init(path: RepoPath, change: Change, expected: Expectation = .anything) {
        self.path = path
        self.change = change
        self.expected = expected
    }
}

extension FileEdit {
    /// What a patch says of files, as edits. A rename is a deletion and a new file whose content the
    /// patch makes of the old one's.
    package static func edits(of patch: Patch) -> [FileEdit] {
        patch.files.flatMap { file -> [FileEdit] in
            guard let new = file.new else {
                return file.old.map { [FileEdit(path: $0, change: .patch(file))] } ?? []
            }
            var edits = [FileEdit(path: new, change: .patch(file))]
            if let old = file.old, old != new, !file.isCopy {
                edits.append(FileEdit(path: old, change: .delete))
            }
            return edits
        }
    }
}

extension Workspace {
    /// The largest file that an edit may change or make, in bytes.
    package static let editedBytesMax = 256 << 20

    /// Makes these changes to the working copy, all or none: each is compared with what is there and
    /// its result is known before the first file is touched, and what was done is taken back when
    /// something fails on the way. What is replaced or deleted and was an edit already is kept in
    /// `.hif/backup`. What a process that was killed in the middle has left to do, the next one that
    /// changes the workspace does (`finishApplying`).
    ///
    /// Call inside `changing(_:)`. Memory: the old and new contents.
    /// - Parameters:
    ///   - base: where the workspace has to stand; nil: anywhere.
    ///   - isRehearsal: says what would change, and changes nothing.
    /// - Returns: the paths that change, in order, and the name of the backup if there is one.
    /// - Throws: `WorkspaceError` with `doesNotApply` where something is not as expected, naming every
    ///   such path; with `inTheWay` where a link or a directory is; with `nothingToDo`.
    package func apply(
        _ edits: [FileEdit], expectingBase base: Position? = nil, isRehearsal: Bool = false
    ) async throws -> (paths: [RepoPath], backupLabel: String?) {
        if let base, base != self.base.position {
            throw WorkspaceError(
                .doesNotApply,
                "nothing was changed: the workspace stands at @\(self.base.position), not at @\(base)",
                hint: "hif goto @\(base), or make the edits anew from what is here")
        }
        var plan = EditPlan(below: top)
        for edit in edits { try plan.add(edit) }
        guard plan.problems.isEmpty else {
            throw WorkspaceError(
                .doesNotApply, "nothing was changed: " + plan.problems.joined(separator: "; "),
                hint: "hif status; hif diff")
        }
        let targets = plan.targets
        guard !targets.isEmpty else {
            throw WorkspaceError(
                .nothingToDo, "the files are as they should become already", hint: "hif status")
        }
        let paths = targets.map(\.path)
        guard !isRehearsal else { return (paths, nil) }
        let label = "apply-\(now)"
        var hasBackup = false
        for target in targets {
            guard let old = plan.before(target.path), old.leaf != (try index[target.path]) else {
                continue
            }
            try WorkingFile.backUp(old.bytes, of: target.path, label: label, in: hifDirectory)
            hasBackup = true
        }
        try EditJournal(targets: targets, contents: plan.newContents).begin(in: hifDirectory)
        do {
            try await materialize(targets, plan.contents)
        } catch {
            // Whatever is back as it was stays; what cannot be taken back is in the backup or landed.
            try? await materialize(
                targets.map { TargetChange(path: $0.path, expected: $0.new, new: $0.expected) },
                plan.oldContents, policy: .skip)
            try EditJournal.finish(in: hifDirectory)
            throw error
        }
        try EditJournal.finish(in: hifDirectory)
        return (paths, hasBackup ? label : nil)
    }

    /// Whether edits of several files were begun and not finished.
    package func hasPendingEdits() throws -> Bool {
        try EditJournal.pending(in: hifDirectory) != nil
    }

    /// Finishes edits of several files that an earlier process began: what is as it was becomes as it
    /// should, and what somebody changed since stays.
    func finishApplying() async throws {
        guard let journal = try EditJournal.pending(in: hifDirectory) else { return }
        var left: [TargetChange] = []
        for target in journal.targets {
            let present: (leaf: Leaf, bytes: [UInt8])?
            do {
                present = try WorkingFile.read(
                    target.path, below: top, bytesMax: Workspace.editedBytesMax)
            } catch {
                // A directory, a link on the way or something huge: somebody's, who came since.
                continue
            }
            // A new file may have been written halfway.
            let isBegun =
                target.expected == nil
                && target.new.map { new in
                    new.hash != present?.leaf.hash && new.isFile && present?.leaf.isFile == true
                        && journal.contents[new.hash]?.starts(with: present?.bytes ?? []) == true
                } == true
            guard present?.leaf == target.expected || isBegun else { continue }
            left.append(
                TargetChange(path: target.path, expected: present?.leaf, new: target.new))
        }
        try await materialize(left, journal.contents.mapValues { .bytes($0) }, policy: .skip)
        try EditJournal.finish(in: hifDirectory)
    }

    private func materialize(
        _ targets: [TargetChange], _ contents: [Hash: OwnContent],
        policy: Materializer.Policy = .refuse
    ) async throws {
        let source = PrefetchingSource(
            remote, at: base.position, changes: targets, own: contents, below: top)
        let done = try await Materializer(root: top, hifDirectory: hifDirectory, index: try index)
            .apply(targets, from: source, policy: policy)
        guard done.obstructions.isEmpty || policy == .skip else {
            throw WorkspaceError(
                .inTheWay,
                "nothing was changed: "
                    + done.obstructions.map(\.description).joined(separator: "; "),
                hint: "move that away, or name another file")
        }
    }
}

/// What edits come to, worked out before anything is changed.
private struct EditPlan {
    struct File {
        var leaf: Leaf
        var bytes: [UInt8]

        init(kind: Leaf.Kind, bytes: [UInt8]) {
            leaf = Leaf(kind: kind, size: UInt64(bytes.count), hash: Blake3.hash(bytes))
            self.bytes = bytes
        }

        init(_ read: (leaf: Leaf, bytes: [UInt8])) {
            (leaf, bytes) = read
        }
    }

    private let top: DirectoryHandle
    /// As it is on the disk, of every path that was looked at.
    private var befores: [RepoPath: File?] = [:]
    /// As it should become.
    private var afters: [RepoPath: File?] = [:]
    /// What is not as the edits expect, a part of a sentence each.
    private(set) var problems: [String] = []

    init(below top: DirectoryHandle) {
        self.top = top
    }

    func before(_ path: RepoPath) -> File? { befores[path] ?? nil }

    var targets: [TargetChange] {
        afters.keys.sorted().compactMap { path in
            let (before, after) = (before(path)?.leaf, (afters[path] ?? nil)?.leaf)
            return before == after ? nil : TargetChange(path: path, expected: before, new: after)
        }
    }

    var contents: [Hash: OwnContent] { EditPlan.contents(afters) }
    var oldContents: [Hash: OwnContent] { EditPlan.contents(befores) }

    var newContents: [Hash: [UInt8]] {
        var contents: [Hash: [UInt8]] = [:]
        for case let file? in afters.values { contents[file.leaf.hash] = file.bytes }
        return contents
    }

    private static func contents(_ files: [RepoPath: File?]) -> [Hash: OwnContent] {
        var contents: [Hash: OwnContent] = [:]
        for case let file? in files.values { contents[file.leaf.hash] = .bytes(file.bytes) }
        return contents
    }

    private mutating func look(_ path: RepoPath) throws -> File? {
        if let known = befores[path] { return known }
        let file = try WorkingFile.read(path, below: top, bytesMax: Workspace.editedBytesMax)
            .map(File.init)
        befores[path] = .some(file)
        return file
    }

    mutating func add(_ edit: FileEdit) throws {
        let onDisk = try look(edit.path)
        let isAsExpected =
            switch edit.expected {
            case .anything: true
            case .absent: onDisk == nil
            case .content(let hash): onDisk?.leaf.hash == hash
            }
        guard isAsExpected else {
            problems.append("'\(edit.path)' is not what the edit expects to find")
            return
        }
        // A patch may delete a file and add another in its place.
        let present = afters[edit.path] ?? onDisk
        switch edit.change {
        case .write(let bytes, let kind):
            let kept: Leaf.Kind = present?.leaf.kind == .executable ? .executable : .file
            afters[edit.path] = .some(File(kind: kind ?? kept, bytes: bytes))
        case .delete:
            if present == nil { problems.append("'\(edit.path)' is not there to be deleted") }
            afters[edit.path] = .some(nil)
        case .patch(let change):
            do throws(PatchError) {
                if let after = try patched(edit.path, change, present) {
                    afters[edit.path] = .some(after)
                }
            } catch {
                problems.append("\(error)")
            }
        }
    }

    /// What a patch makes of a file: nil when there is a problem, `.some(nil)` when it deletes it.
    private mutating func patched(
        _ path: RepoPath, _ change: Patch.FileChange, _ present: File?
    ) throws(PatchError) -> File?? {
        guard change.newMode != .submodule, change.oldMode != .submodule else {
            problems.append("'\(path)' is a submodule, and those are not changed by patches")
            return nil
        }
        var old: File?
        if let source = change.old {
            if source == path {
                old = present
            } else {
                do {
                    old = try look(source)
                } catch {
                    problems.append("\(error)")
                    return nil
                }
            }
            guard let old else {
                problems.append("'\(source)' is not there")
                return nil
            }
            guard
                (change.oldMode == .symlink) == (old.leaf.kind == .symlink)
                    || change.oldMode == nil
            else {
                problems.append("'\(source)' is a link here and a file there")
                return nil
            }
        }
        if change.old != path, present != nil {
            problems.append("'\(path)' is there already")
            return nil
        }
        let bytes = try change.apply(to: old?.bytes ?? [])
        guard change.new != nil else {
            if !bytes.isEmpty { problems.append("'\(path)' holds more than the patch deletes") }
            return .some(nil)
        }
        let kind: Leaf.Kind =
            switch change.newMode {
            case .executable: .executable
            case .symlink: .symlink
            case .file: .file
            case .submodule, nil: old?.leaf.kind ?? .file
            }
        return File(kind: kind, bytes: bytes)
    }
}
