import ArgumentParser
import HifCore
import HifRepository
import HifWorkspace

struct Cat: HifCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat", abstract: "Print a file as it was at a position.",
        discussion: """
            hif cat src/a.txt              as it was checked out
            hif cat src/a.txt --at @4
            hif cat src/a.txt --at @latest
            """)

    @Argument(help: "The file.")
    var path: String
    @Option(
        help: ArgumentHelp(
            "The position; by default where the workspace stands.", valueName: "position"))
    var at: String?
    @OptionGroup var common: CommonOptions

    static let data: Shape = .withPath(
        ["position": .int, "kind": .string, "size": .int, "hash": .string],
        optional: ["content": .string, "content_b64": .string])

    /// Bytes of content that an answer in JSON may hold.
    static let jsonBytesMax: UInt64 = 64 << 20

    func run(_ context: Context) async throws -> Outcome {
        let workspace = try await context.workspace()
        let path = try context.file(path, in: workspace)
        let position = try await workspace.position(ArgumentBytes.text(at ?? "@base"))
        guard let leaf = try await workspace.leaves([path], at: position)[0] else {
            throw try await PathHints.notFound(path, workspace, at: position)
        }
        guard leaf.kind != .directory else {
            throw Failure.usage(
                "'\(path)' is a directory", hint: "hif ls \(Shell.quote(path)) --at @\(position)")
        }
        let console = context.console
        guard console.isJSON else {
            console.startPager()
            try await workspace.remote.contents([leaf.hash], at: position) {
                console.content($0.bytes)
            }
            return Outcome()
        }
        guard leaf.size <= Cat.jsonBytesMax else {
            throw Failure(
                "too_large", .failed, "'\(path)' is too large for JSON",
                hint: "hif cat without --json")
        }
        let bytes = try await workspace.contents(of: [leaf.hash], at: position)[leaf.hash] ?? []
        return Outcome(
            data: JSON.path(path.bytes) + JSON.bytes(bytes, key: "content") + [
                "position": .int(position), "kind": .string(Changes.word(leaf.kind)),
                "size": .int(leaf.size), "hash": .string(leaf.hash.hex),
            ])
    }
}
