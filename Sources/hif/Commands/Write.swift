import ArgumentParser
import HifCore
import HifWorkspace

struct Write: HifCommand {
    static let configuration = CommandConfiguration(
        commandName: "write", abstract: "Write a file of the working copy, whole or not at all.",
        discussion: """
            hif write docs/a.md - < note.md
            hif write docs/a.md --file note.md

            Directories on the way are made; a link on the way is not followed.
            """)

    @Argument(help: "The file to write.")
    var path: String
    @Argument(help: ArgumentHelp("'-' to read standard input.", valueName: "-"))
    var source: String?
    @Option(help: "Read the content from this file ('-' is standard input).")
    var file: String?
    @OptionGroup var common: CommonOptions

    static let data: Shape = .withPath(["bytes": .int])

    func run(_ context: Context) async throws -> Outcome {
        let workspace = try await context.workspace()
        let path = try context.file(path, in: workspace)
        guard let source = file ?? source, file == nil || self.source == nil,
            file != nil || source == "-"
        else {
            throw Failure.usage(
                "where is the content?",
                hint: "hif write \(Shell.quote(path)) - < FILE, or --file FILE")
        }
        let bytes = try Input.read(source)
        try await context.changing(workspace) { try workspace.writeFile(path, bytes) }
        context.console.line("Wrote \(path), \(Changes.count(bytes.count, "byte")).")
        return Outcome(data: JSON.path(path.bytes) + ["bytes": .int(bytes.count)])
    }
}
