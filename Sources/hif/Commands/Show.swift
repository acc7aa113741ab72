import ArgumentParser
import HifCore
import HifRepository
import HifWorkspace

struct Show: HifCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one landing: its goal, conversation, decisions and changes.",
        discussion: """
            hif show @5
            hif show @latest --patch
            """)

    @Argument(help: "The landing; by default the newest.")
    var position: String = "@latest"
    @Flag(name: .shortAndLong, help: "Show the changes as a patch.")
    var patch = false
    @OptionGroup var common: CommonOptions

    static let data: Shape = .open(
        LandingFields.shape.merging([
            "goal_text": .string, "events": .list(SessionFields.event),
            "changes": .list(.change), "merged": .paths, "git_commit": .maybe(.string),
        ]) { $1 }, ["patch": .string, "patch_b64": .string])

    func run(_ context: Context) async throws -> Outcome {
        let workspace = try await context.workspace()
        let position = try await workspace.position(ArgumentBytes.text(position))
        guard position > 0 else {
            throw WorkspaceError(
                .notFound, "@0 is the empty beginning, not a landing", hint: "hif log")
        }
        let detail = try await workspace.remote.landing(at: position)
        let landing = detail.landing
        let console = context.console
        console.startPager()
        let goal = detail.document?.goal ?? landing.goalLine
        let commit = detail.document?.origin.map { $0.commit.hex }
        console.line(console.styled("@\(position)", .yellow) + "  " + landing.session.description)
        console.line("Author: " + LandingFields.line(landing.author))
        console.line("Landed: " + Moment.local(landing.landedMillis))
        if let commit { console.line("Commit: \(commit)") }
        console.line()
        SessionFields.show(goal, console)
        let events = detail.document?.events ?? []
        SessionFields.show(events, console)
        let operations = detail.operations.filter { !$0.isNoOp }.map(\.operation)
        console.line()
        for operation in operations {
            console.line(
                Changes.line(
                    operation.path, Changes.word(before: operation.before, after: operation.after),
                    console)
                    + (landing.mergedPaths.contains(operation.path) ? "  (merged)" : ""))
        }
        var data =
            LandingFields.json(landing, at: position) + [
                "goal_text": .string(goal), "events": SessionFields.json(events),
                "changes": .array(
                    operations.map {
                        .object(Changes.json($0.path, before: $0.before, after: $0.after))
                    }),
                "merged": .array(landing.mergedPaths.map { .object(JSON.path($0.bytes)) }),
                "git_commit": .optional(commit),
            ]
        if patch {
            var all: [UInt8] = []
            console.line()
            try await workspace.differences(from: position - 1, to: position, below: []) {
                let piece = $0.patch(UnifiedDiff())
                if console.isJSON { all += piece } else { Patch.show(piece, console) }
            }
            data = data + JSON.bytes(all, key: "patch")
        }
        return Outcome(
            data: data, next: patch ? [] : ["hif diff @\(position - 1) @\(position)"])
    }
}
