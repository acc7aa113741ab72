package import HifCore
package import HifRepository

/// What would land, and what stands against it.
package struct LandingRehearsal: Sendable {
    package let changes: [WorkingChange]
    /// Position that the changes were compared with.
    package let position: Position
    package let conflicts: [LandOutcome.Conflict]
}

/// A change held against what a position has at its path.
struct JudgedChange {
    struct Result {
        let leaf: Leaf?
        /// For content that was made by merging.
        var bytes: [UInt8]?
    }

    let change: WorkingChange
    let found: Leaf?
    /// What would stand there: with markers in a conflict of texts, nil in any other conflict.
    let result: Result?
    let isConflict: Bool
    var hunks: [LandOutcome.Hunk] = []

    var changesNothing: Bool { !isConflict && result?.leaf == found }
}

extension Workspace {
    /// What `land` would do, judged on this machine against the newest position. Changes nothing.
    ///
    /// - Throws: `WorkspaceError` with code `unresolved`, as `land` does.
    package func rehearseLanding(_ paths: [RepoPath]) async throws -> LandingRehearsal {
        let changes = try changesToLand(paths)
        let position = try await remote.newest().position
        let judged = try await judge(changes, at: position) { change in
            try self.fileContent(change.path, bytesMax: LeafMerge.bytesMax)?.bytes
        }
        var conflicts: [LandOutcome.Conflict] = []
        for one in judged where one.isConflict {
            conflicts.append(try await conflict(one, after: base.position, upTo: position))
        }
        return LandingRehearsal(changes: changes, position: position, conflicts: conflicts)
    }

    /// What `go(to:force:)` would change. Changes nothing.
    ///
    /// - Throws: as `go` does where it would refuse for the sake of edits. What an ignored file stands
    ///   in the way of is found by `go` only.
    package func rehearseGoing(to position: Position, force: Bool) async throws -> [TreeChange] {
        try await checkHistory()
        let changes = try await changes(from: base.position, to: position)
        guard !force, !changes.isEmpty else { return changes }
        var edits: [RepoPath: WorkingChange] = [:]
        for edit in try status().changes { edits[edit.path] = edit }
        let refused = changes.filter { change in
            edits[change.path].map { $0.after != change.after } ?? false
        }
        guard refused.isEmpty else { throw editsInTheWay(refused.map(\.path), of: position) }
        return changes
    }

    /// Why a move does not begin: these edits would be lost by it.
    func editsInTheWay(_ paths: [RepoPath], of position: Position) -> WorkspaceError {
        WorkspaceError(
            .inTheWay,
            "nothing was changed: you have edited "
                + paths.prefix(10).map { "'\($0)'" }.joined(separator: ", ")
                + (paths.count > 10 ? " and \(paths.count - 10) more" : "")
                + ", which \(paths.count == 1 ? "is" : "are") different at @\(position)",
            hint:
                "land or revert the edits, or run again with --force, which keeps a copy in .hif/backup"
        )
    }

    /// The conflict as a landing reports it, with the landing behind it.
    func conflict(
        _ judged: JudgedChange, after: Position, upTo: Position
    ) async throws -> LandOutcome.Conflict {
        let change = judged.change
        return LandOutcome.Conflict(
            operation: Operation(path: change.path, before: change.before, after: change.after),
            found: judged.found, reason: .changed,
            landing: try await lastLanding(of: change.path, after: after, upTo: upTo),
            hunks: judged.hunks)
    }

    /// Holds changes against the tree at a position, as the project would.
    ///
    /// - Parameter content: the new content of a change, for merging.
    func judge(
        _ changes: [WorkingChange], at position: Position,
        content: (WorkingChange) async throws -> [UInt8]?
    ) async throws -> [JudgedChange] {
        let found = try await leaves(changes.map(\.path), at: position)
        var judged: [JudgedChange] = []
        for (change, found) in zip(changes, found) {
            judged.append(try await judge(change, found, at: position, content: content))
        }
        return judged
    }

    private func judge(
        _ change: WorkingChange, _ found: Leaf?, at position: Position,
        content: (WorkingChange) async throws -> [UInt8]?
    ) async throws -> JudgedChange {
        func clean(_ leaf: Leaf?, _ bytes: [UInt8]? = nil) -> JudgedChange {
            JudgedChange(
                change: change, found: found, result: .init(leaf: leaf, bytes: bytes),
                isConflict: false)
        }
        let open = JudgedChange(change: change, found: found, result: nil, isConflict: true)
        if found == change.before { return clean(change.after) }
        if found == .directory, change.before == nil, change.after?.kind == .directory {
            return clean(found)
        }
        switch LeafMerge.withoutContent(base: change.before, ours: change.after, theirs: found) {
        case .leaf(let leaf)?: return clean(leaf)
        case .content?, .conflict?: return open
        case nil: break
        }
        guard let ours = change.after, let bytes = try await content(change), let found else {
            return open
        }
        let wanted = Set([change.before, found].compactMap { $0?.isFile == true ? $0?.hash : nil })
        let contents = try await contents(of: wanted.sorted(), at: position)
        let outcome = LeafMerge.contents(
            base: change.before.flatMap { leaf in contents[leaf.hash].map { (leaf.kind, $0) } },
            ours: (ours.kind, bytes), theirs: (found.kind, contents[found.hash] ?? []),
            labels: ThreeWayMerge.Labels(ours: "yours", theirs: "@\(position)"))
        func leaf(_ bytes: [UInt8], _ kind: Leaf.Kind) -> Leaf {
            Leaf(kind: kind, size: UInt64(bytes.count), hash: Blake3.hash(bytes))
        }
        switch outcome {
        case .leaf(let leaf): return clean(leaf)
        case .content(let merged, let kind): return clean(leaf(merged, kind), merged)
        case .conflict(let hunks, let marked, let kind):
            return JudgedChange(
                change: change, found: found,
                result: marked.map { .init(leaf: leaf($0, kind ?? ours.kind), bytes: $0) },
                isConflict: true, hunks: hunks)
        }
    }
}
