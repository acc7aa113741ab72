import ArgumentParser
import HifCore

struct Schema: HifCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema of a command's answer.",
        discussion: """
            hif schema land
            hif schema session start
            hif schema                 the names of all commands
            """)

    @Argument(help: "The command's words.")
    var command: [String] = []
    @OptionGroup var common: CommonOptions

    static let data: Shape = .open([:], ["commands": .list(.string), "schema": .open([:], [:])])

    func run(_ context: Context) async throws -> Outcome {
        let words = command.map(ArgumentBytes.text).joined(separator: " ")
        let all = CommandWords.commands
        guard !words.isEmpty else {
            for command in all { context.console.line(command.words) }
            return Outcome(data: ["commands": .array(all.map { .string($0.words) })])
        }
        guard let type = all.first(where: { $0.words == words }) else {
            let near = Suggestion.nearest(to: words, in: all.map { $0.words })
            throw Failure(
                "not_found", .notFound, "there is no command '\(SafeText.escape(words))'",
                hint: near.map { "did you mean: hif schema \($0)" } ?? "hif schema")
        }
        let schema = type.data.envelope(command: words)
        context.console.line(String(decoding: schema.line.dropLast(), as: UTF8.self))
        return Outcome(data: ["schema": schema])
    }
}
