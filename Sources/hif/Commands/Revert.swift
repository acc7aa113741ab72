import ArgumentParser
import HifCore
import HifWorkspace

struct Revert: HifCommand {
    static let configuration = CommandConfiguration(
        commandName: "revert", abstract: "Give files the content they had when checked out.",
        discussion: """
            hif revert src/a.txt
            hif revert src docs
            hif revert .             everything

            A copy of what is replaced is kept in .hif/backup.
            """)

    @Argument(help: "Files, and directories with all in them.")
    var paths: [String]
    @OptionGroup var common: CommonOptions

    static let data: Shape = .object(["paths": .paths, "backup": .string])

    func run(_ context: Context) async throws -> Outcome {
        let workspace = try await context.workspace()
        guard !paths.isEmpty else {
            throw Failure.usage("which files?", hint: "hif revert PATH..., or hif revert . for all")
        }
        let named = try context.paths(paths, in: workspace)
        let (reverted, label) = try await context.changing(workspace) {
            do {
                return try await workspace.revert(named)
            } catch let error as WorkspaceError where error.code == .nothingToDo {
                try await PathHints.check(named, workspace)
                throw error
            }
        }
        for path in reverted { context.console.line("\(path)") }
        context.console.note(
            "Reverted \(Changes.count(reverted.count, "path")); copies are in .hif/backup/\(label)."
        )
        return Outcome(data: [
            "paths": .array(reverted.map { .object(JSON.path($0.bytes)) }),
            "backup": .string(".hif/backup/" + label),
        ])
    }
}
