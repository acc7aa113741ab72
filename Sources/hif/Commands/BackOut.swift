import ArgumentParser
import HifCore
import HifRepository
import HifWorkspace

struct BackOut: HifCommand {
    static let configuration = CommandConfiguration(
        commandName: "backout", abstract: "Land the inverse of a landing.",
        discussion: """
            hif backout @5 "breaks login"

            Needs no clean working copy: local edits are kept.
            """)

    @Argument(help: "The landing to undo.")
    var position: String
    @Argument(help: "Why.")
    var reason: String
    @OptionGroup var common: CommonOptions

    static let data: Shape = .open(
        Moves.shape.merging(["goal": .string, "backed_out": .int]) { $1 }, [:])

    func run(_ context: Context) async throws -> Outcome {
        let workspace = try await context.workspace(.writing)
        let reason = try ArgumentBytes.text(reason, for: "the reason")
        guard !reason.allSatisfy(\.isWhitespace) else {
            throw Failure.usage("say why", hint: "hif backout \(position) \"breaks login\"")
        }
        let report = try await context.changing(workspace) {
            try await workspace.backOut(ArgumentBytes.text(position), reason: reason)
        }
        context.console.line("Backed out @\(report.backedOut): landed @\(report.position).")
        if report.hadLanded {
            context.console.note("It had landed before; nothing was landed twice.")
        }
        var outcome = Outcome(
            data: Moves.json(report.move) + [
                "goal": .string(report.goal), "backed_out": .int(report.backedOut),
                "position": .int(report.position),
            ], next: ["hif show @\(report.position)"])
        Moves.tell(report.move, context.console, &outcome)
        return outcome
    }
}
