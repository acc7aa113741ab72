import ArgumentParser
import HifCore
import HifRepository
import HifWorkspace

struct SessionStart: HifCommand {
    static let words = "session start"
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Say what you are about to do.",
        discussion: """
            hif session start "Add a greeting"
            hif session start "Add a greeting" --key ticket-42

            With a key, starting again gives the same session again.
            """)

    @Argument(help: "The goal; its first line is what log shows.")
    var goal: String
    @Option(help: "A name of your own: the same key gives the same session.")
    var key: String?
    @OptionGroup var common: CommonOptions

    static let data: Shape = .object([
        "session": .string, "goal": .string, "base": .int, "started": .time,
    ])

    func run(_ context: Context) async throws -> Outcome {
        let workspace = try await context.workspace(.writing)
        let goal =
            goal == "-"
            ? try Input.withoutLastNewline(
                ArgumentBytes.text(
                    Input.read("-", bytesMax: LandRequest.goalBytesMax), for: "the goal"))
            : try ArgumentBytes.text(goal, for: "the goal")
        let key = try key.map { try ArgumentBytes.text($0, for: "the key") }
        let session = try await context.changing(workspace) {
            try await workspace.startSession(goal: goal, key: key)
        }
        let shown = session.sessionID.map { "\($0)" } ?? session.id
        context.console.line("Started \(shown): \(SafeText.escape(session.goal.firstLine))")
        return Outcome(
            data: [
                "session": .string(session.id), "goal": .string(session.goal),
                "base": .int(workspace.base.position), "started": .time(session.startedMillis),
            ], next: ["hif session note \"...\"", "hif session land"])
    }
}

struct SessionStatus: HifCommand {
    static let words = "session status"
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show the session that is open here.",
        discussion: "hif session status")

    @OptionGroup var common: CommonOptions

    static let data: Shape = .object([
        "session": .maybe(.string), "goal": .maybe(.string), "started": .maybe(.time),
        "base": .int, "events": .int, "waiting_events": .int, "changes": .list(.change),
        "unresolved": .paths,
    ])

    func run(_ context: Context) async throws -> Outcome {
        let workspace = try await context.workspace()
        let report = try workspace.status()
        workspace.keepScan(report)
        let console = context.console
        let session = workspace.state.session
        if let session {
            let shown = session.sessionID.map { "\($0)" } ?? session.id
            console.line("\(shown): \(SafeText.escape(session.goal.firstLine))")
            console.line(
                "started \(Moment.local(session.startedMillis)), "
                    + "\(Changes.count(Int(session.eventCount), "event"))"
                    + (session.waitingEvents.isEmpty
                        ? "" : ", \(session.waitingEvents.count) waiting to be sent"))
        } else {
            console.line("No session is open here.")
        }
        console.line(
            "\(Changes.count(report.changes.count, "changed path")) since @\(workspace.base.position)"
        )
        for path in workspace.unresolvedPaths {
            console.line("\(console.styled("C", .red))  \(path)")
        }
        return Outcome(
            data: [
                "session": .optional(session?.id), "goal": .optional(session?.goal),
                "started": session.map { .time($0.startedMillis) } ?? .null,
                "base": .int(workspace.base.position), "events": .int(session?.eventCount ?? 0),
                "waiting_events": .int(session?.waitingEvents.count ?? 0),
                "changes": .array(
                    report.changes.map {
                        .object(Changes.json($0.path, before: $0.before, after: $0.after))
                    }),
                "unresolved": .array(
                    workspace.unresolvedPaths.map { .object(JSON.path($0.bytes)) }),
            ],
            next: session == nil
                ? ["hif session start \"what you want to do\""] : ["hif session land"])
    }
}
