import ArgumentParser
import HifCore
import HifRepository
import HifWorkspace

struct Update: HifCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Take in what others landed; your edits are kept and merged.",
        discussion: """
            hif update

            Where both changed the same lines, the file gets conflict markers and the exit code is 3. \
            A copy of your version is kept in .hif/backup.
            """)

    @OptionGroup var common: CommonOptions

    static let data: Shape = .object(Moves.shape)

    func run(_ context: Context) async throws -> Outcome {
        let workspace = try await context.workspace()
        let move = try await context.changing(workspace) { try await workspace.update() }
        var outcome = Outcome(data: Moves.json(move))
        if move.from == move.to {
            context.console.line("At @\(move.to), which is the newest.")
        } else {
            context.console.line(
                "Updated from @\(move.from) to @\(move.to): \(move.writtenCount) written, \(move.removedCount) removed."
            )
        }
        try await Moves.check(move, workspace, did: "updated to @\(move.to)")
        Moves.tell(move, context.console, &outcome)
        return outcome
    }
}
