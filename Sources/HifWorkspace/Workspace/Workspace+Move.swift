package import HifCore
package import HifRepository

/// What became of local edits when the working copy moved.
package struct MoveReport: Sendable {
    package var from: Position
    package var to: Position
    package var writtenCount = 0
    package var removedCount = 0
    /// Paths where local edits and the project's were merged.
    package var merged: [RepoPath] = []
    /// Paths that now hold conflict markers. Where lines mean nothing, they hold the user's version;
    /// the project's is `hif cat PATH --at @N`.
    package var conflicts: [RepoPath] = []
    /// For conflicting texts, the places: line ranges, from 0, in base, yours, theirs.
    package var hunks: [RepoPath: [LandOutcome.Hunk]] = [:]
    /// Those of `conflicts` that the project does not have any more: the user's version was kept.
    package var deletedThere: [RepoPath] = []
    /// Copies of what was replaced, below `.hif/backup`; nil when nothing was.
    package var backupLabel: String?
}

/// How a move treats local edits.
package enum MovePolicy: String, Sendable {
    /// Keep them: where the project changed the same path, merge.
    case merge
    /// Keep them, and touch nothing if the project's versions of an edited path differ.
    case refuse
    /// Replace them, after a copy to `.hif/backup`.
    case force

    /// What is done about what stands in the way of a file. A move that was begun is not refused any
    /// more: what came in the way since stays as it is, and the rest is brought to its end.
    fileprivate func materializing(label: String, resuming: Bool) -> Materializer.Policy {
        switch self {
        case .force: .backUp(label: label)
        case .merge, .refuse: resuming ? .skip : .refuse
        }
    }
}

extension Workspace {
    /// Brings the working copy to `position`: what checkout, goto, update and the end of a landing do.
    ///
    /// Call inside `changing(_:)`. Running it again with the same target after a crash, at any
    /// point, finishes it.
    package func move(
        to position: Position, operation: String, policy: MovePolicy
    ) async throws -> MoveReport {
        let tip = try await remote.newest()
        guard position <= tip.position else {
            throw WorkspaceError(
                .notFound, "there is no position @\(position): the newest is @\(tip.position)",
                hint: "hif log")
        }
        let target = try await remote.tree(at: position)
        let move = PendingMove(
            from: base.tree, fromPosition: base.position, to: target, toPosition: position)
        return try await run(move, operation: operation, policy: policy, tip: tip, resuming: false)
    }

    /// From one tree to another; `from` need not be a tree of the project (it is the base with the
    /// operations of a landing, after that landing).
    struct PendingMove {
        let from: ProllyTree
        let fromPosition: Position
        let to: ProllyTree
        let toPosition: Position
    }

    func run(
        _ move: PendingMove, operation: String, policy: MovePolicy, tip: ProjectTip, resuming: Bool
    ) async throws -> MoveReport {
        var report = MoveReport(from: move.fromPosition, to: move.toPosition)
        let label = "\(operation)-\(now)"
        let changes = try await trees.diff(
            (move.from, move.fromPosition), (move.to, move.toPosition))
        let status = try self.status()
        var plan = try await plan(
            changes, status, policy: policy, position: move.toPosition, resuming: resuming,
            report: &report)

        let journal = Journal(hifDirectory: hifDirectory)
        try journal.begin(
            JournalEntry(
                operation: operation, fromPosition: move.fromPosition, fromRoot: move.from.root,
                toPosition: move.toPosition, toRoot: move.to.root, note: policy.rawValue,
                startedSeconds: now / 1000))
        state.plannedMerges = plan.merges
        try saveState()

        let source = PrefetchingSource(
            remote, at: move.toPosition, changes: plan.targets, own: plan.own, below: top)
        let materializer = Materializer(root: top, hifDirectory: hifDirectory, index: try index)
        let done = try await materializer.apply(
            plan.targets, from: source,
            policy: policy.materializing(label: label, resuming: resuming), isResuming: resuming,
            prepare: {
                for path in plan.backups {
                    guard let ours = try fileContent(path, bytesMax: LeafMerge.bytesMax) else {
                        continue
                    }
                    try WorkingFile.backUp(ours.bytes, of: path, label: label, in: hifDirectory)
                    report.backupLabel = label
                }
            }, progress: filesDone)
        guard !done.isRefused else {
            state.plannedMerges = []
            try saveState()
            try journal.finish()
            throw inTheWay(done.obstructions, operation)
        }
        // What came in the way only after looking stays, as an edit of what is here now.
        for obstruction in done.obstructions {
            let target = plan.targets.first { $0.path == obstruction.path }
            plan.indexUpdates.append(IndexUpdate(path: obstruction.path, leaf: target?.new))
            report.conflicts.append(obstruction.path)
        }
        report.writtenCount = done.writtenCount
        report.removedCount = done.removedCount
        if !done.backups.isEmpty { report.backupLabel = label }

        var index = try self.index.updating(done.updates + plan.indexUpdates)
        index.basePosition = move.toPosition
        index.baseRoot = move.to.root
        keep(index)
        try saveIndex()
        state.plannedMerges = []
        // What now is as the project has it is in conflict no more.
        let kept = Set(report.merged + report.conflicts)
        let replaced = changes.lazy.map(\.path).filter { !kept.contains($0) }.map(\.bytes.hex)
        state.unresolved = Set(state.unresolved).subtracting(replaced)
            .union(report.conflicts.map { $0.bytes.hex }).sorted()
        state.basePosition = move.toPosition
        state.baseEpoch = tip.epoch
        state.baseSlotHash = tip.slotHash.hex
        state.checkoutBegun = nil
        try saveState()
        try journal.finish()
        return report
    }

    /// Obstructions a message names; more of them are only counted.
    private static let obstructionsShownMax = 5

    private func inTheWay(_ obstructions: [Obstruction], _ operation: String) -> WorkspaceError {
        let shown = obstructions.prefix(Workspace.obstructionsShownMax)
        let more = obstructions.count - shown.count
        return WorkspaceError(
            .inTheWay,
            "nothing was changed: " + shown.map(\.description).joined(separator: "; ")
                + (more > 0 ? "; and \(more) more" : ""),
            hint: hint(shown, operation))
    }

    /// A command that makes room, where the names are plain enough to be pasted.
    private func hint(_ obstructions: ArraySlice<Obstruction>, _ operation: String) -> String {
        let isCollision = obstructions.contains {
            if case .caseCollision = $0.kind { true } else { false }
        }
        guard !isCollision else {
            return
                "rename one of them in the project, or work on a file system that tells them apart"
        }
        // A checkout is run from outside of the directory.
        let top =
            operation == "checkout" ? String(decoding: root + [RepoPath.slash], as: UTF8.self) : ""
        var moves: [String] = []
        for obstruction in obstructions {
            let blocker =
                obstruction.kind == .directoryInTheWay
                ? obstruction.path.bytes : obstruction.blocker
            let name = top + String(decoding: blocker, as: UTF8.self)
            let move = "mv \(name) \(name).mine"
            if !moves.contains(move) { moves.append(move) }
        }
        let isPlain = moves.allSatisfy { move in
            move.utf8.allSatisfy { byte in
                byte == 0x20 || byte.isASCIIWordByte || "/._-+=@%,".utf8.contains(byte)
            } && move.split(separator: " ", omittingEmptySubsequences: false).count == 3
        }
        let room = isPlain ? moves.joined(separator: " && ") : "move these away"
        return "\(room), then run the same command again"
            + (operation == "goto"
                ? ", or with --force, which keeps a copy in .hif/backup" : "")
    }

    /// What a move will do to each path.
    private struct Plan {
        var targets: [TargetChange] = []
        /// Rows that are not what the materializer writes: the file keeps, or gets, other content
        /// than the one checked out.
        var indexUpdates: [IndexUpdate] = []
        var merges: [WorkspaceState.PlannedMerge] = []
        /// Contents made here, or lying here.
        var own: [Hash: OwnContent] = [:]
        /// Files whose content would be nowhere else, to be copied before anything is changed.
        var backups: [RepoPath] = []
    }

    private func plan(
        _ changes: [TreeChange], _ status: StatusReport, policy: MovePolicy, position: Position,
        resuming: Bool, report: inout MoveReport
    ) async throws -> Plan {
        var local: [RepoPath: WorkingChange] = [:]
        for change in status.changes { local[change.path] = change }
        var planned: [[UInt8]: WorkspaceState.PlannedMerge] = [:]
        for merge in state.plannedMerges { planned[merge.path] = merge }

        var plan = Plan()
        var refused: [RepoPath] = []
        for change in changes {
            guard let edit = local[change.path] else {
                plan.targets.append(
                    TargetChange(path: change.path, expected: change.before, new: change.after))
                continue
            }
            if edit.after == change.after {
                plan.indexUpdates.append(IndexUpdate(path: change.path, leaf: change.after))
                continue
            }
            if resuming, try await isHalfWritten(edit, change, position) {
                plan.targets.append(
                    TargetChange(path: change.path, expected: change.before, new: change.after))
                continue
            }
            switch policy {
            case .force:
                plan.targets.append(
                    TargetChange(path: change.path, expected: change.before, new: change.after))
            case .refuse:
                refused.append(change.path)
            case .merge:
                if let done = planned[change.path.bytes], let after = edit.after,
                    after.hash.hex == done.resultHash,
                    done.resultKind.map({ $0 == after.kind.rawValue }) ?? true
                {
                    // An earlier run of this move has merged it.
                    plan.merges.append(done)
                    plan.indexUpdates.append(IndexUpdate(path: change.path, leaf: change.after))
                    if done.isConflict {
                        report.conflicts.append(change.path)
                        if change.after == nil { report.deletedThere.append(change.path) }
                    } else {
                        report.merged.append(change.path)
                    }
                } else {
                    try await merge(
                        change, edit, into: &plan, position: position, report: &report)
                }
            }
        }
        guard refused.isEmpty else { throw editsInTheWay(refused, of: position) }
        return plan
    }

    /// Whether what stands at a path is what the run that was cut short left there: the beginning
    /// of the new content, which loses nothing when it is written anew.
    private func isHalfWritten(
        _ edit: WorkingChange, _ change: TreeChange, _ position: Position
    ) async throws -> Bool {
        guard let found = edit.after, let wanted = change.after, found.isFile, wanted.isFile,
            change.before?.isFile != true, found.size <= wanted.size
        else { return false }
        var hasher = Blake3()
        var left = found.size
        if left > 0 {
            try await remote.contents([wanted.hash], at: position) { piece in
                let count = min(UInt64(piece.bytes.count), left)
                hasher.update(Array(piece.bytes.prefix(Int(count))))
                left -= count
            }
        }
        return left == 0 && hasher.finalize() == found.hash
    }

    /// Plans one path that both the user and the project changed.
    private func merge(
        _ change: TreeChange, _ edit: WorkingChange, into plan: inout Plan, position: Position,
        report: inout MoveReport
    ) async throws {
        let path = change.path
        func keepOurs(conflict: Bool) {
            plan.indexUpdates.append(IndexUpdate(path: path, leaf: change.after))
            if conflict { report.conflicts.append(path) } else { report.merged.append(path) }
            if conflict, change.after == nil { report.deletedThere.append(path) }
        }
        func write(_ leaf: Leaf, _ bytes: [UInt8]? = nil, conflict: Bool) {
            if let bytes {
                plan.own[leaf.hash] = .bytes(bytes)
            } else if leaf.hash == edit.after?.hash {
                plan.own[leaf.hash] = .file(path)
            }
            // What the project has, and what stays, needs no copy.
            if ![leaf.hash, change.before?.hash].contains(edit.after?.hash) {
                plan.backups.append(path)
            }
            plan.targets.append(TargetChange(path: path, expected: edit.after, new: leaf))
            plan.merges.append(
                WorkspaceState.PlannedMerge(
                    path: path.bytes, resultHash: leaf.hash.hex, resultKind: leaf.kind.rawValue,
                    isConflict: conflict))
            keepOurs(conflict: conflict)
        }
        /// The content cannot be merged; the kind, where it is known, can.
        func keepContent(_ kind: Leaf.Kind?) {
            guard let kind, let ours = edit.after, kind != ours.kind else {
                return keepOurs(conflict: true)
            }
            write(Leaf(kind: kind, size: ours.size, hash: ours.hash), conflict: true)
        }

        if let early = LeafMerge.withoutContent(
            base: change.before, ours: edit.after, theirs: change.after)
        {
            switch early {
            case .leaf(let leaf) where leaf == edit.after: keepOurs(conflict: false)
            case .leaf(let leaf?): write(leaf, conflict: false)
            case .leaf(nil), .content: keepOurs(conflict: true)
            case .conflict(_, _, let kind): keepContent(kind)
            }
            return
        }
        guard let ours = try fileContent(path, bytesMax: LeafMerge.bytesMax),
            let theirs = change.after
        else { return keepOurs(conflict: true) }
        let wanted = [change.before, change.after].compactMap {
            $0?.isFile == true ? $0?.hash : nil
        }
        var contents: [Hash: [UInt8]] = [:]
        for hash in Set(wanted) {
            // The base is older than the position, so the project has it there too.
            contents.merge(try await self.contents(of: [hash], at: position)) { first, _ in first }
        }
        let outcome = LeafMerge.contents(
            base: change.before.flatMap { leaf in
                leaf.isFile ? contents[leaf.hash].map { (leaf.kind, $0) } : nil
            },
            ours: (ours.leaf.kind, ours.bytes), theirs: (theirs.kind, contents[theirs.hash] ?? []),
            labels: ThreeWayMerge.Labels(ours: "yours", theirs: "@\(position)"))
        switch outcome {
        case .leaf: keepOurs(conflict: true)
        case .content(let bytes, let kind):
            let leaf = Leaf(kind: kind, size: UInt64(bytes.count), hash: Blake3.hash(bytes))
            write(leaf, bytes, conflict: false)
        case .conflict(let hunks, let marked?, let kind):
            report.hunks[path] = hunks
            let leaf = Leaf(
                kind: kind ?? ours.leaf.kind, size: UInt64(marked.count),
                hash: Blake3.hash(marked))
            write(leaf, marked, conflict: true)
        case .conflict(_, nil, let kind): keepContent(kind)
        }
    }

    // MARK: Finishing what was begun

    /// Finishes a move that an earlier process began and did not end.
    func finishMove() async throws {
        let journal = Journal(hifDirectory: hifDirectory)
        guard let entry = try journal.pending() else { return }
        if base == (entry.toPosition, ProllyTree(root: entry.toRoot)) {
            // The index was saved: only the note about it is left.
            if !state.plannedMerges.isEmpty {
                let conflicts = state.plannedMerges.filter(\.isConflict).map(\.path.hex)
                state.unresolved = Array(Set(state.unresolved).union(conflicts)).sorted()
                state.plannedMerges = []
                try saveState()
            }
            return try journal.finish()
        }
        if entry.operation == Workspace.landOperation, !state.attempts.isEmpty {
            // It began from a tree that only the attempt can make again: `settleAttempts` does it.
            isLandCutShort = true
            return
        }
        let tip = try await remote.newest()
        let move = PendingMove(
            from: ProllyTree(root: entry.fromRoot), fromPosition: entry.fromPosition,
            to: ProllyTree(root: entry.toRoot), toPosition: entry.toPosition)
        // Half of the files are there already, so a refusal would leave a mixture for good. Edits that
        // were made since are kept and merged, as an update does it.
        let policy = MovePolicy(rawValue: entry.note) ?? .merge
        _ = try await run(
            move, operation: entry.operation, policy: policy == .refuse ? .merge : policy,
            tip: tip, resuming: true)
    }
}

extension UInt8 {
    /// `a` to `z`, `A` to `Z`, `0` to `9`.
    fileprivate var isASCIIWordByte: Bool {
        (0x30...0x39).contains(self) || (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self)
    }
}
