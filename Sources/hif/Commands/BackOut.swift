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
        let reason = ArgumentBytes.text(reason)
        guard !reason.allSatisfy(\.isWhitespace) else {
            throw Failure.usage("say why", hint: "hif backout \(position) \"breaks login\"")
        }
        let (target, landed, move) = try await context.changing(workspace) {
            let target = try await workspace.position(ArgumentBytes.text(position))
            guard target > 0 else {
                throw Failure.usage("@0 is the empty beginning, not a landing")
            }
            let (landed, move) = try await workspace.backOut(target, reason: reason)
            return (target, landed, move)
        }
        context.console.line("Backed out @\(target): landed @\(landed.position).")
        var outcome = Outcome(
            data: Moves.json(move) + [
                "goal": .string("Back out @\(target): \(reason)"), "backed_out": .int(target),
                "position": .int(landed.position),
            ], next: ["hif show @\(landed.position)"])
        Moves.tell(move, context.console, &outcome)
        return outcome
    }
}
