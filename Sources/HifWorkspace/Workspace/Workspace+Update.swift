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
    package func update() async throws -> MoveReport {
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
        let position = try await self.position(text)
        guard position > 0 else {
            throw WorkspaceError(
                .usage, "@0 is the empty beginning, not a landing", hint: "hif log")
        }
        let detail = try await remote.landing(at: position)
        let operations = detail.operations.filter { !$0.isNoOp }.map(\.operation.inverse)
        guard !operations.isEmpty else {
            throw WorkspaceError(.nothingToDo, "@\(position) changed nothing", hint: "hif log")
        }
        let newest = try await remote.newest().position
        guard try await leaves(operations.map(\.path), at: newest) != operations.map(\.after)
        else {
            throw WorkspaceError(
                .nothingToDo,
                "@\(position) is backed out already: at @\(newest) nothing of it is left",
                hint: "hif log")
        }
        let goal = Workspace.goal(backingOut: position, reason)
        let report = try await landInverse(operations, of: position, goal: goal)
        return BackOutReport(
            backedOut: position, position: report.landed.position, goal: goal, move: report.move,
            hadLanded: false)
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
