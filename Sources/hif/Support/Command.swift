import ArgumentParser
import HifCore

/// Options that every command takes.
struct CommonOptions: ParsableArguments {
    @Flag(name: .long, help: "Print one JSON value and nothing else (or set HIF_OUTPUT=json).")
    var json = false

    @Option(
        help: ArgumentHelp(
            "With --json: only these fields of the data, and of what its lists hold.",
            valueName: "a,b"))
    var fields: String?

    @Flag(name: .shortAndLong, help: "Say nothing beyond the result.")
    var quiet = false

    @Flag(
        name: .long, help: "Never ask anything (as without a terminal, or with HIF_NO_INPUT or CI)."
    )
    var noInput = false
}

/// What a command answers, beyond what it printed for people on the way.
struct Outcome {
    /// The envelope's `data`.
    var data: [String: JSON] = [:]
    var warnings: [String] = []
    /// Commands that are likely next.
    var next: [String] = []
    var status: ExitStatus = .ok
    /// The command wrote its own lines of JSON; there is no envelope.
    var isStream = false
}

/// A command of hif: parses its words, calls one function below, says what came of it. It holds no
/// rule of version control.
protocol HifCommand: ParsableCommand {
    var common: CommonOptions { get }
    /// All its words: `session start`.
    static var words: String { get }
    /// What `data` holds on success.
    static var data: Shape { get }
    /// What a line holds where the command writes lines of JSON instead of one envelope.
    static var streamed: Shape { get }
    var isStream: Bool { get }
    func run(_ context: Context) async throws -> Outcome
}

extension HifCommand {
    static var words: String { configuration.commandName ?? "" }
    static var streamed: Shape { .object([:]) }
    var isStream: Bool { false }
}
