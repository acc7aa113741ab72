import ArgumentParser
import HifCore
import HifWorkspace

struct List: HifCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List a directory as it was at a position.",
        discussion: """
            hif ls
            hif ls src --at @4
            """)

    @Argument(help: "The directory; by default the present one.")
    var path: String?
    @Option(
        help: ArgumentHelp(
            "The position; by default where the workspace stands.", valueName: "position"))
    var at: String?
    @OptionGroup var common: CommonOptions

    static let data: Shape = .object([
        "position": .int,
        "entries": .list(.withPath(["kind": .string, "size": .int, "hash": .maybe(.string)])),
    ])

    func run(_ context: Context) async throws -> Outcome {
        let workspace = try await context.workspace()
        let path = try context.path(path ?? ".", in: workspace)
        let position = try await workspace.position(ArgumentBytes.text(at ?? "@base"))
        var entries: [(path: RepoPath, leaf: Leaf)] = []
        if let path {
            guard let leaf = try await workspace.leaves([path], at: position)[0] else {
                throw try await PathHints.notFound(path, workspace, at: position)
            }
            if leaf.kind != .directory { entries = [(path, leaf)] }
        }
        if entries.isEmpty {
            entries = try await workspace.list(path, at: position).map { entry in
                (try path.map { try $0.appending(entry.name) } ?? RepoPath(entry.name), entry.leaf)
            }
        }
        let console = context.console
        console.startPager()
        for entry in entries {
            let mark =
                switch entry.leaf.kind {
                case .directory: "/"
                case .executable: "*"
                case .symlink: "@"
                case .external: "/ (submodule)"
                case .file: ""
                }
            console.line(SafeText.escape(Array(entry.path.name)) + mark)
        }
        return Outcome(data: [
            "position": .int(position),
            "entries": .array(
                entries.map {
                    .object(
                        JSON.path($0.path.bytes) + [
                            "kind": .string(Changes.word($0.leaf.kind)), "size": .int($0.leaf.size),
                            "hash": .optional(
                                $0.leaf.kind == .directory ? nil : $0.leaf.hash.hex),
                        ])
                }),
        ])
    }
}
