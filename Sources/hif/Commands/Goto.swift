import ArgumentParser
import HifCore
import HifRepository
import HifWorkspace

struct Goto: HifCommand {
    static let configuration = CommandConfiguration(
        commandName: "goto", abstract: "Bring the files to another position.",
        discussion: """
            hif goto @3
            hif goto @latest
            hif goto @3 --force      replace local edits that differ there; copies are kept

            Local edits are kept. Where they would be lost, nothing happens without --force.
            """)

    @Argument(help: "The position: @3, @latest, @latest~2, or a tag.")
    var position: String
    @Flag(help: "Replace local edits that stand in the way; a copy is kept in .hif/backup.")
    var force = false
    @Flag(help: "Change nothing; say what would change.")
    var dryRun = false
    @OptionGroup var common: CommonOptions

    static let data: Shape = .open(Moves.shape, ["dry_run": .bool, "changes": .list(.change)])

    func run(_ context: Context) async throws -> Outcome {
        let workspace = try await context.workspace()
        if dryRun { return try await rehearse(context, workspace) }
        let move = try await context.changing(workspace) {
            let target = try await workspace.position(ArgumentBytes.text(position))
            return try await workspace.go(to: target, force: force)
        }
        var outcome = Outcome(data: Moves.json(move))
        if move.from == move.to, move.writtenCount + move.removedCount == 0 {
            context.console.line("At @\(move.to).")
        } else {
            context.console.line(
                "Went from @\(move.from) to @\(move.to): \(move.writtenCount) written, \(move.removedCount) removed."
            )
        }
        Moves.tell(move, context.console, &outcome)
        return outcome
    }

    private func rehearse(_ context: Context, _ workspace: Workspace) async throws -> Outcome {
        let target = try await workspace.position(ArgumentBytes.text(position))
        let changes = try await workspace.rehearseGoing(to: target, force: force)
        for change in changes {
            let word = Changes.word(before: change.before, after: change.after)
            context.console.line(Changes.line(change.path, word, context.console))
        }
        context.console.note("\(Changes.count(changes.count, "path")) would change.")
        return Outcome(data: [
            "from": .int(workspace.base.position), "position": .int(target), "written": .int(0),
            "removed": .int(0), "merged": .array([]), "backup": .null, "dry_run": .bool(true),
            "changes": .array(
                changes.map { .object(Changes.json($0.path, before: $0.before, after: $0.after)) }),
        ])
    }
}
