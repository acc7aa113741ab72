import ArgumentParser
import HifCore
import HifRepository
import HifWorkspace

struct Revert: HifCommand {
    static let configuration = CommandConfiguration(
        commandName: "revert", abstract: "Give files the content they had when checked out.",
        discussion: """
            hif revert src/a.txt
            hif revert src docs
            hif revert .             everything
            hif revert src --at @4   as they were at @4; that is an edit then

            A copy of what is replaced is kept in .hif/backup.
            """)

    @Argument(help: "Files, and directories with all in them.")
    var paths: [String]
    @Option(
        help: ArgumentHelp(
            "The position to take them from; by default where the workspace stands.",
            valueName: "position"))
    var at: String?
    @OptionGroup var common: CommonOptions

    static let data: Shape = .object(["paths": .paths, "backup": .maybe(.string)])

    func run(_ context: Context) async throws -> Outcome {
        let workspace = try await context.workspace()
        guard !paths.isEmpty else {
            throw Failure.usage("which files?", hint: "hif revert PATH..., or hif revert . for all")
        }
        let named = try context.paths(paths, in: workspace)
        let (reverted, label) = try await context.changing(workspace) {
            var position: Position?
            if let at {
                position = try await workspace.position(ArgumentBytes.text(at))
                try await PathHints.check(named, workspace, at: position)
            }
            do {
                return try await workspace.revert(named, to: position)
            } catch let error as WorkspaceError where error.code == .nothingToDo {
                try await PathHints.check(named, workspace)
                throw error
            }
        }
        for path in reverted { context.console.line("\(path)") }
        context.console.note(
            "Reverted \(Changes.count(reverted.count, "path"))"
                + (label.map { "; copies are in .hif/backup/\($0)." } ?? "."))
        return Outcome(data: [
            "paths": .array(reverted.map { .object(JSON.path($0.bytes)) }),
            "backup": .optional(label.map { ".hif/backup/" + $0 }),
        ])
    }
}
