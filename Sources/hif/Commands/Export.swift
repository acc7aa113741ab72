import ArgumentParser
import HifCore
import HifRepository
import HifWorkspace

struct Export: HifCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a project's history as a git repository.",
        discussion: """
            hif export --git ../app-git                        the project of this workspace
            hif export ana/app --git ../app-git --store ~/hif

            Position n becomes the n-th commit of one branch. What was imported from git has the \
            same trees again.
            """)

    @Argument(help: "Name of the project; by default that of this workspace.")
    var project: String?
    @Option(
        help: ArgumentHelp("The directory to write; must not exist or be empty.", valueName: "dir"))
    var git: String
    @Option(help: "Name of the branch.")
    var branch: String = "main"
    @Option(help: ArgumentHelp("Directory of a store on this machine.", valueName: "dir"))
    var store: String?
    @OptionGroup var common: CommonOptions

    static let data: Shape = .object([
        "directory": .string, "commits": .int, "head": .maybe(.string),
        "tags_left_out": .list(.string), "submodules_as_files": .list(.string),
    ])

    func run(_ context: Context) async throws -> Outcome {
        let directory = ArgumentBytes.text(git)
        var export = try await GitProjectExport(try await remote(context))
        let display = ProgressLine(context.console, now: context.world.now)
        let total = export.count
        let result: GitExport.Result
        do {
            result = try await GitExport.write(
                &export, to: directory, branch: ArgumentBytes.text(branch)
            ) { display.show("Writing: \($0) of \(total)") }
        } catch {
            display.end()
            throw error
        }
        display.end()
        let leftOut = result.tagsLeftOut.map { SafeText.escape($0) }
        if !leftOut.isEmpty {
            context.console.note(
                "Git takes no tags of these names: \(leftOut.joined(separator: ", ")).")
        }
        for path in result.submodulesAsFiles {
            context.console.note("'\(path)' names no commit and was written as a file.")
        }
        var warnings: [String] = []
        if let failure = result.checkoutFailure {
            warnings.append("git could not check out all files: \(failure)")
            context.console.note("The repository is complete, but \(warnings[0])")
        }
        let count = result.commits.count
        context.console.line(
            "Wrote \(count) commit\(count == 1 ? "" : "s") to '\(SafeText.escape(directory))'.")
        return Outcome(
            data: [
                "directory": .string(directory), "commits": .int(count),
                "head": result.commits.last.map { .string($0.hex) } ?? .null,
                "tags_left_out": .array(leftOut.map { .string($0) }),
                "submodules_as_files": .array(
                    result.submodulesAsFiles.map { .string($0.description) }),
            ], warnings: warnings)
    }

    private func remote(_ context: Context) async throws -> any Remote {
        guard let project else { return try await context.workspace().remote }
        switch try ProjectPlace.resolve(store: store) {
        case .store(let path):
            let (store, _) = try await Stores.open(path, world: context.world)
            return LocalRemote(store.repository(try await Stores.project(project, in: store).id))
        case .forge(let url):
            let config = try await Forge.connector().find(project, at: url)
            return try await Forge.connector().open(config)
        }
    }
}
