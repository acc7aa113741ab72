import ArgumentParser
import HifCore
import HifRepository
import HifWorkspace

struct SessionLand: HifCommand {
    static let words = "session land"
    static let configuration = CommandConfiguration(
        commandName: "land", abstract: "Land the session that is open here.",
        discussion: """
            hif session land              all changes
            hif session land src docs     only these
            hif session land --dry-run

            A session lands once; asking again gives the same position.
            """)

    @Argument(help: ArgumentHelp("Land only these.", valueName: "path"))
    var paths: [String] = []
    @Flag(help: "Change nothing; say what would land.")
    var dryRun = false
    @OptionGroup var common: CommonOptions

    static let data = Landing.data

    func run(_ context: Context) async throws -> Outcome {
        let workspace = try await context.workspace(.writing)
        return try await Landing.run(context, workspace, goal: nil, paths: paths, dryRun: dryRun)
    }
}

struct SessionAbandon: HifCommand {
    static let words = "session abandon"
    static let configuration = CommandConfiguration(
        commandName: "abandon", abstract: "Close the session without landing it; files stay.",
        discussion: """
            hif session abandon
            hif session abandon "took another way"
            """)

    @Argument(help: "Why.")
    var reason: String = ""
    @Flag(help: "Change nothing; say what would be closed.")
    var dryRun = false
    @OptionGroup var common: CommonOptions

    static let data: Shape = .open(["session": .string], ["dry_run": .bool])

    func run(_ context: Context) async throws -> Outcome {
        let workspace = try await context.workspace(.writing)
        try checkReason(workspace)
        if dryRun {
            guard let session = workspace.state.session else { throw workspace.noSession }
            context.console.line(
                "Would abandon \(session.sessionID.map { "\($0)" } ?? session.id): \(SafeText.escape(session.goal.firstLine))"
            )
            return Outcome(data: ["session": .string(session.id), "dry_run": .bool(true)])
        }
        let id = try await context.changing(workspace) {
            try await workspace.abandonSession(
                reason: ArgumentBytes.text(reason, for: "the reason"))
        }
        context.console.line("Abandoned \(id). The files are as they were.")
        return Outcome(data: ["session": .string(id.full)])
    }

    /// An id is no reason: whoever gives one means that session, which may be another than the one
    /// that is open here.
    private func checkReason(_ workspace: Workspace) throws {
        guard reason.hasPrefix(SessionID.prefix), !reason.contains(where: \.isWhitespace) else {
            return
        }
        let isOpenHere = workspace.state.session?.id.hasPrefix(reason) ?? false
        throw Failure.usage(
            "'\(SafeText.escape(reason))' is a session's id, and abandon takes the reason",
            hint: isOpenHere
                ? "this one is open here: hif session abandon \"why\""
                : "a session is abandoned in the workspace that it is open in: hif session status")
    }
}

struct SessionResolve: HifCommand {
    static let words = "session resolve"
    static let configuration = CommandConfiguration(
        commandName: "resolve", abstract: "Say that conflicts in files are settled.",
        discussion: """
            hif session resolve              all of them
            hif session resolve src/a.txt

            First edit the files that hif status marks C: keep what is right, remove the markers.
            """)

    @Argument(help: "Only these.")
    var paths: [String] = []
    @Flag(help: "Also where conflict markers are left.")
    var force = false
    @Flag(help: "Change nothing; list what would be settled.")
    var dryRun = false
    @OptionGroup var common: CommonOptions

    static let data: Shape = .open(
        ["resolved": .paths, "unresolved": .paths], ["dry_run": .bool])

    func run(_ context: Context) async throws -> Outcome {
        let workspace = try await context.workspace()
        let named = try context.paths(paths, in: workspace)
        func list(_ paths: [RepoPath]) -> JSON {
            .array(paths.map { .object(JSON.path($0.bytes)) })
        }
        let open = workspace.unresolvedPaths
        for path in named where !open.contains(where: { $0 == path || $0.isBelow(path) }) {
            try await PathHints.check([path], workspace)
        }
        if dryRun {
            let settled = try workspace.resolve(named, force: force, isRehearsal: true)
            for path in settled { context.console.line("\(path)") }
            context.console.note("\(Changes.count(settled.count, "conflict")) would be settled.")
            return Outcome(data: [
                "resolved": list(settled),
                "unresolved": list(open.filter { !settled.contains($0) }),
                "dry_run": .bool(true),
            ])
        }
        let settled = try await context.changing(workspace) {
            try workspace.resolve(named, force: force)
        }
        for path in settled { context.console.line("\(path)") }
        let left = workspace.unresolvedPaths
        context.console.note(
            settled.isEmpty
                ? "There was no conflict\(named.isEmpty ? "" : " in what was named")."
                : left.isEmpty
                    ? "Every conflict is settled."
                    : "\(Changes.count(left.count, "conflict")) left.")
        return Outcome(
            data: ["resolved": list(settled), "unresolved": list(left)],
            next: left.isEmpty && !settled.isEmpty
                ? [
                    workspace.state.session == nil
                        ? "hif land \"what you did\"" : "hif session land"
                ]
                : [])
    }
}
