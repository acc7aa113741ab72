package import HifCore
import HifRepository

/// How the inverse of a landing landed.
package struct BackOutReport: Sendable {
    package let backedOut: Position
    package let position: Position
    package let goal: String
    /// What became of the files.
    package let move: MoveReport
    /// An earlier run landed it and never heard of it.
    package let hadLanded: Bool
}

extension Workspace {
    /// Takes in what others landed, with local edits kept and merged.
    ///
    /// Call inside `changing(_:)`.
    /// - Throws: `WorkspaceError` with code `unresolved` while conflicts are open: merging what holds
    ///   markers would put markers into markers.
    package func update() async throws -> MoveReport {
        try checkSettled(unresolvedPaths)
        try await checkHistory()
        let tip = try await remote.newest()
        return try await move(to: tip.position, operation: "update", policy: .merge)
    }

    /// Goes to a position. Local edits are kept; where they differ from what is there, nothing is
    /// touched unless `force`.
    package func go(to position: Position, force: Bool) async throws -> MoveReport {
        try await checkHistory()
        return try await move(
            to: position, operation: "goto", policy: force ? .force : .refuse)
    }

    /// Lands the inverse of the landing that `text` names, as `position(_:)` reads it, and brings the
    /// files along. One whose answer was lost is found out, and not landed again.
    ///
    /// Call inside `changing(_:)`.
    /// - Throws: `WorkspaceError` with code `nothingToDo` when nothing of it is left to undo.
    package func backOut(_ text: String, reason: String) async throws -> BackOutReport {
        if let settled = settledNow.last(where: { isAnswer($0, to: text, reason) }),
            let position = settled.backsOut
        {
            return BackOutReport(
                backedOut: position, position: settled.landing.position,
                goal: settled.landing.goal, move: settled.move, hadLanded: true)
        }
        // What an inverse before this one has left in the files is settled first, as by an update.
        try checkSettled(unresolvedPaths)
        try await checkHistory()
        let position = try await self.position(text)
        guard position > 0 else {
            throw WorkspaceError(
                .notFound, "@0 is the empty beginning, not a landing", hint: "hif log")
        }
        let detail = try await remote.landing(at: position)
        let operations = detail.operations.filter { !$0.isNoOp }.map(\.operation.inverse)
        guard !operations.isEmpty else {
            throw WorkspaceError(.nothingToDo, "@\(position) changed nothing", hint: "hif log")
        }
        let goal = Workspace.goal(backingOut: position, reason)
        try await judge(operations, undoing: position, goal: goal)
        let report = try await landInverse(operations, of: position, goal: goal)
        return BackOutReport(
            backedOut: position, position: report.landed.position, goal: goal, move: report.move,
            hadLanded: false)
    }

    /// Refuses an inverse of which nothing is left to do, and one that conflicts: that is put into
    /// the files, as far as they hold no edits, to be settled and landed by hand.
    private func judge(
        _ operations: [HifCore.Operation], undoing position: Position, goal: String
    ) async throws {
        let newest = try await remote.newest().position
        let judged = try await judge(
            operations.map { WorkingChange(path: $0.path, before: $0.before, after: $0.after) },
            at: newest
        ) { change in
            guard let leaf = change.after, leaf.size <= UInt64(LeafMerge.bytesMax) else {
                return nil
            }
            return try await self.contents(of: [leaf.hash], at: newest)[leaf.hash]
        }
        guard judged.contains(where: { !$0.changesNothing }) else {
            throw WorkspaceError(
                .nothingToDo,
                "@\(position) is backed out already: at @\(newest) nothing of it is left",
                hint: "hif log")
        }
        var conflicts: [LandOutcome.Conflict] = []
        for one in judged where one.isConflict {
            conflicts.append(try await conflict(one, after: position, upTo: newest))
        }
        guard !conflicts.isEmpty else { return }
        let count = conflicts.count == 1 ? "a path was" : "\(conflicts.count) paths were"
        let text = "\(count) changed after @\(position) in the same places"
        let edited = Set(try status().changes.map(\.path))
        guard base.position == newest, state.unresolved.isEmpty,
            !judged.contains(where: { edited.contains($0.change.path) })
        else {
            throw WorkspaceError(
                .conflict,
                "@\(position) cannot be undone by itself: \(text). To have it put into the files, these must stand at the newest position and hold no edits",
                hint: "hif update, land or revert your edits, then run the command again",
                conflicts: conflicts)
        }
        try await putIntoFiles(judged)
        throw WorkspaceError(
            .conflict,
            "@\(position) cannot be undone by itself: \(text). What undoes it was put into your files, and did not land",
            hint: "edit them, then: hif session resolve, and: hif land \"\(goal)\"",
            conflicts: conflicts)
    }

    /// Makes edits of what was judged at the base, with markers where there are conflicts.
    private func putIntoFiles(_ judged: [JudgedChange]) async throws {
        var targets: [TargetChange] = []
        var own: [Hash: OwnContent] = [:]
        for one in judged {
            guard let result = one.result, result.leaf != one.found else { continue }
            if let bytes = result.bytes, let leaf = result.leaf { own[leaf.hash] = .bytes(bytes) }
            targets.append(
                TargetChange(path: one.change.path, expected: one.found, new: result.leaf))
        }
        // Before the files: a run that is cut short leaves conflicts that are named.
        state.unresolved = Set(state.unresolved)
            .union(judged.filter(\.isConflict).map { $0.change.path.bytes.hex }).sorted()
        try saveState()
        let source = PrefetchingSource(
            remote, at: base.position, changes: targets, own: own, below: top)
        let done = try await Materializer(root: top, hifDirectory: hifDirectory, index: try index)
            .apply(targets, from: source)
        guard done.obstructions.isEmpty else {
            let gone = Set(judged.map { $0.change.path.bytes.hex })
            state.unresolved.removeAll { gone.contains($0) }
            try saveState()
            throw WorkspaceError(
                .inTheWay,
                "nothing was changed: "
                    + done.obstructions.prefix(10).map(\.description).joined(separator: "; "),
                hint: "move these away, then run the command again")
        }
    }

    private static func goal(backingOut position: Position, _ reason: String) -> String {
        "Back out @\(position): \(reason)"
    }

    /// Whether the landing that was found out is what the command, run again, asks for. `@latest` and
    /// `@base` have moved by it, so only a number is compared.
    private func isAnswer(
        _ settled: SettledLanding, to text: String, _ reason: String
    ) -> Bool {
        guard let position = settled.backsOut,
            settled.landing.goal == Workspace.goal(backingOut: position, reason)
        else { return false }
        let number = Position(text.hasPrefix("@") ? text.dropFirst() : text[...])
        return number == nil || number == position
    }

    /// Refuses to go on when the project's history is not the one that was checked out from.
    func checkHistory() async throws {
        guard let hash = Hash(hex: state.baseSlotHash), base.position > 0 else { return }
        guard try await remote.hasSlot(state.baseEpoch, hash: hash) else {
            throw WorkspaceError(
                .historyReplaced,
                "the history of '\(config.project)' was replaced: it does not contain @\(base.position) as it was checked out here. All files are untouched",
                hint: "check the project out again into another directory and copy your edits over")
        }
    }

    /// `@5`, `5`, `@latest`, `@base`, `@latest~2`, or the name of a position.
    package func position(_ text: String) async throws -> Position {
        try await Workspace.position(text, remote: remote, base: base.position)
    }

    /// As `position(_:)`, without a workspace when `base` is nil.
    package static func position(
        _ text: String, remote: any Remote, base: Position?
    ) async throws -> Position {
        func bad() -> WorkspaceError {
            WorkspaceError(
                .usage, "'\(SafeText.escape(text))' is not a position",
                hint: "positions are @5, @latest, @base, @latest~2, or a tag's name")
        }
        let parts = text.split(separator: "~", omittingEmptySubsequences: false)
        guard parts.count <= 2, let name = parts.first else { throw bad() }
        var back: Position = 0
        if parts.count == 2 {
            guard let count = Position(parts[1]) else { throw bad() }
            back = count
        }
        let plain = name.hasPrefix("@") ? name.dropFirst() : name
        let found: Position
        switch plain {
        case "latest", "tip": found = try await remote.newest().position
        case "base":
            guard let base else { throw bad() }
            found = base
        default:
            if let number = Position(plain) {
                let newest = try await remote.newest().position
                guard number <= newest else {
                    throw WorkspaceError(
                        .notFound, "there is no position @\(number): the newest is @\(newest)",
                        hint: "hif log")
                }
                found = number
            } else if let tagged = try await remote.tags()[String(plain)] {
                found = tagged
            } else {
                throw bad()
            }
        }
        guard back <= found else {
            throw WorkspaceError(.notFound, "@\(found)~\(back) is before the beginning")
        }
        return found - back
    }
}
