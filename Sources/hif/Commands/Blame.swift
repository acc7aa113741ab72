import ArgumentParser
import HifCore
import HifRepository
import HifWorkspace

struct Blame: HifCommand {
    static let configuration = CommandConfiguration(
        commandName: "blame", abstract: "Show which landing, and why, brought each line of a file.",
        discussion: """
            hif blame src/a.txt
            hif blame src/a.txt --at @4
            """)

    @Argument(help: "The file.")
    var path: String
    @Option(
        help: ArgumentHelp(
            "The position; by default where the workspace stands.", valueName: "position"))
    var at: String?
    @OptionGroup var common: CommonOptions

    static let data: Shape = .withPath([
        "position": .int,
        "lines": .list(
            .open(
                ["number": .int, "position": .maybe(.int)],
                ["text": .string, "text_b64": .string])),
        "landings": .list(.open(LandingFields.shape, [:])),
    ])

    func run(_ context: Context) async throws -> Outcome {
        let workspace = try await context.workspace()
        let path = try context.file(path, in: workspace)
        let position = try await workspace.position(ArgumentBytes.text(at ?? "@base"))
        guard let leaf = try await workspace.leaves([path], at: position)[0] else {
            throw try await PathHints.notFound(path, workspace, at: position)
        }
        guard leaf.kind != .directory else {
            throw Failure.usage("'\(path)' is a directory", hint: "hif ls \(Shell.quote(path))")
        }
        let blame = try await FileBlame(path, at: position, remote: workspace.remote)
        let console = context.console
        console.startPager()
        if !console.isJSON { show(blame, console) }
        func text(_ line: [UInt8]) -> [String: JSON] {
            JSON.bytes(line.last == 0x0A ? Array(line.dropLast()) : line, key: "text")
        }
        return Outcome(
            data: JSON.path(path.bytes) + [
                "position": .int(position),
                "lines": .array(
                    zip(blame.lines, blame.positions).enumerated().map { number, line in
                        .object(
                            text(line.0) + [
                                "number": .int(number + 1),
                                "position": line.1.map { .int($0) } ?? .null,
                            ])
                    }),
                "landings": .array(
                    Set(blame.positions.compactMap { $0 }).sorted().compactMap { position in
                        blame.landings[position].map {
                            .object(LandingFields.json($0, at: position))
                        }
                    }),
            ])
    }

    /// `@5  ses_…  Ana  Add a greeting  | the line`, the why cut to a column.
    private func show(_ blame: FileBlame, _ console: Console) {
        func column(_ text: String, _ width: Int) -> String {
            let text = text.count > width ? text.prefix(width - 1) + "…" : text[...]
            return text + String(repeating: " ", count: width - text.count)
        }
        var heads: [Position: String] = [:]
        let widest = (blame.positions.compactMap { $0 }.max().map { "@\($0)".count } ?? 1)
        for (line, position) in zip(blame.lines, blame.positions) {
            var head = column("?", widest)
            if let position {
                if let known = heads[position] {
                    head = known
                } else if let landing = blame.landings[position] {
                    head =
                        console.styled(column("@\(position)", widest), .yellow) + "  "
                        + landing.session.description + "  "
                        + column(SafeText.escape(LandingFields.name(landing.author)), 12) + "  "
                        + column(SafeText.escape(landing.goalLine), 28)
                    heads[position] = head
                }
            }
            console.raw(Array("\(head) | ".utf8))
            console.content(line.last == 0x0A ? line : line + [0x0A])
        }
    }
}
