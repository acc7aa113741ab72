import ArgumentParser
import HifCore
import HifRepository
import HifWorkspace

struct Land: HifCommand {
    static let configuration = CommandConfiguration(
        commandName: "land", abstract: "Make changes history, at the next position.",
        discussion: """
            hif land "Fix the greeting"        all changes, a piece of work of its own
            hif land "Fix the greeting" src    only these
            hif land                           as the session that is open here
            hif land "Fix it" --dry-run        what would land, and what conflicts

            Running it again after an interruption is safe: nothing lands twice.
            """)

    @Argument(help: "What was done; with a session open, this may be left out.")
    var goal: String?
    @Argument(help: ArgumentHelp("Land only these.", valueName: "path"))
    var paths: [String] = []
    @Flag(help: "Change nothing; say what would land.")
    var dryRun = false
    @OptionGroup var common: CommonOptions

    static let data = Landing.data

    func run(_ context: Context) async throws -> Outcome {
        let workspace = try await context.workspace(.writing)
        var paths = paths
        // With a session the goal is known; a first word that is a changed path is a path.
        var word = goal
        if workspace.state.session != nil, let first = word,
            let path = try? context.path(first, in: workspace), try workspace.isThere(path)
        {
            paths.insert(first, at: 0)
            word = nil
        }
        if let word, paths.isEmpty, try isChangedPath(word, context, workspace) {
            throw Failure.usage(
                "'\(SafeText.escape(ArgumentBytes.bytes(word)))' is a changed path, and the first word says what was done",
                hint: "hif land \"what you did\" \(Shell.quote(word))")
        }
        let goal = try word.map { try ArgumentBytes.text($0, for: "the goal") }
        if let goal, goal.allSatisfy(\.isWhitespace) {
            throw Failure.usage("the goal is empty", hint: "hif land \"what you did\"")
        }
        return try await Landing.run(
            context, workspace, goal: goal, paths: paths, dryRun: dryRun)
    }

    /// Whether a word that stands alone names a change: then it was hardly meant as a goal.
    private func isChangedPath(
        _ word: String, _ context: Context, _ workspace: Workspace
    ) throws -> Bool {
        guard !ArgumentBytes.text(word).contains(where: \.isWhitespace),
            let path = try? context.path(word, in: workspace), try workspace.isThere(path)
        else { return false }
        return try workspace.status().changes.contains {
            $0.path == path || $0.path.isBelow(path)
        }
    }
}

/// What `land` and `session land` share.
enum Landing {
    static let data: Shape = .open(
        ["position": .maybe(.int), "session": .maybe(.string), "goal": .string],
        [
            "dry_run": .bool, "changes": .list(.change), "merged": .paths, "updated": .int,
            "unresolved": .paths,
        ])

    static func run(
        _ context: Context, _ workspace: Workspace, goal: String?, paths words: [String],
        dryRun: Bool
    ) async throws -> Outcome {
        let console = context.console
        let paths = try context.paths(words, in: workspace)
        for path in paths where try workspace.isIgnored(path) {
            throw WorkspaceError(
                .nothingToDo, "'\(path)' is ignored, and ignored files do not land",
                hint: "echo \(Shell.quote("!/" + path.description)) >> .hifignore")
        }
        if workspace.state.session == nil, goal == nil,
            workspace.state.attempts.allSatisfy({ $0.backsOut != nil })
        {
            if let outcome = try await landedBefore(workspace, console) { return outcome }
            throw WorkspaceError(
                .noSession, "there is no session here to land",
                hint:
                    "hif session start \"what you want to do\", or: hif land \"what you did\"")
        }
        if dryRun { return try await rehearse(context, workspace, goal, paths) }
        return try await context.changing(workspace) {
            // An answer that was lost has been found out by now.
            let settled = workspace.settledNow.last { $0.backsOut == nil }?.landing
            let session = workspace.state.session
            let shownGoal = session?.goal ?? goal ?? ""
            let report: LandReport?
            do {
                report = try await workspace.land(goal: goal, paths: paths)
                tellKept(goal, of: session, console)
            } catch let error as WorkspaceError {
                if workspace.state.session?.landingNote == goal {
                    tellKept(goal, of: session, console)
                }
                if [.nothingToDo, .noSession].contains(error.code), let settled,
                    goal == nil || goal == settled.goal
                {
                    return try await answer(settled, console)
                }
                if error.code == .nothingToDo, !paths.isEmpty {
                    try await PathHints.check(paths, workspace)
                }
                throw error
            }
            guard let report else { return Outcome() }
            let position = report.landed.position
            console.line("Landed @\(position): \(SafeText.escape(shownGoal.firstLine))")
            var outcome = Outcome(
                data: [
                    "position": .int(position), "session": .string(report.session.full),
                    "goal": .string(shownGoal),
                    "merged": paths_(report.landed.mergedPaths),
                    "updated": .int(report.move.writtenCount + report.move.removedCount),
                    "unresolved": paths_(report.move.conflicts),
                ], next: ["hif show @\(position)"])
            for path in report.landed.mergedPaths {
                console.note("Merged '\(path)' with what others landed.")
            }
            tellTaken(report, console)
            Moves.tell(report.move, console, &outcome)
            return outcome
        }
    }

    /// Words beside a session's own goal became a note of it.
    private static func tellKept(
        _ goal: String?, of session: WorkspaceState.OpenSession?, _ console: Console
    ) {
        guard let goal, let session, goal != session.goal else { return }
        console.note(
            "A session is open here, and lands with its own goal, "
                + "\"\(SafeText.escape(session.goal.firstLine))\"; what you said is kept as a note."
        )
    }

    /// What others landed came into the files as well.
    private static func tellTaken(_ report: LandReport, _ console: Console) {
        let move = report.move
        let taken = move.to &- move.from
        guard taken > 1, move.writtenCount + move.removedCount > 0 else { return }
        let range = taken == 2 ? "@\(move.to - 1)" : "@\(move.from + 1) to @\(move.to - 1)"
        console.note(
            "Took in \(range): \(move.writtenCount) written, \(move.removedCount) removed.")
    }

    private static func paths_(_ paths: [RepoPath]) -> JSON {
        .array(paths.map { .object(JSON.path($0.bytes)) })
    }

    private static func answer(
        _ settled: WorkspaceState.LastLanding, _ console: Console
    ) async throws -> Outcome {
        console.line("Landed @\(settled.position): \(SafeText.escape(settled.goal.firstLine))")
        console.note("It had landed before; nothing was landed twice.")
        return Outcome(data: [
            "position": .int(settled.position), "session": .string(settled.session),
            "goal": .string(settled.goal), "merged": .array([]), "updated": .int(0),
            "unresolved": .array([]),
        ])
    }

    /// `session land` after the session landed, with nothing changed since: the same answer again.
    private static func landedBefore(
        _ workspace: Workspace, _ console: Console
    ) async throws -> Outcome? {
        guard let last = workspace.state.lastLanding, last.wasStarted,
            try workspace.pendingOperation() == nil,
            try workspace.status().changes.isEmpty
        else { return nil }
        return try await answer(last, console)
    }

    private static func rehearse(
        _ context: Context, _ workspace: Workspace, _ goal: String?, _ paths: [RepoPath]
    ) async throws -> Outcome {
        let console = context.console
        let rehearsal = try await workspace.rehearseLanding(paths)
        guard !rehearsal.changes.isEmpty else {
            if !paths.isEmpty { try await PathHints.check(paths, workspace) }
            throw WorkspaceError(
                .nothingToDo,
                paths.isEmpty ? "there is nothing to land" : "nothing changed in what was named",
                hint: "hif status")
        }
        guard rehearsal.conflicts.isEmpty else {
            throw WorkspaceError(
                .conflict,
                "this would not land: \(Changes.count(rehearsal.conflicts.count, "path")) changed since @\(workspace.base.position) in the same places",
                hint: "hif update", conflicts: rehearsal.conflicts)
        }
        for change in rehearsal.changes {
            let word = Changes.word(before: change.before, after: change.after)
            console.line(Changes.line(change.path, word, console))
        }
        console.note("\(Changes.count(rehearsal.changes.count, "path")) would land.")
        return Outcome(
            data: [
                "position": .null, "dry_run": .bool(true),
                "session": .optional(workspace.state.session?.id),
                "goal": .string(workspace.state.session?.goal ?? goal ?? ""),
                "changes": .array(
                    rehearsal.changes.map {
                        .object(Changes.json($0.path, before: $0.before, after: $0.after))
                    }),
            ])
    }
}
