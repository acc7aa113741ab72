import ArgumentParser
import Glibc
import HifCore
import HifWorkspace

/// The command `hif` itself, for the parser: a name and the commands below.
struct Hif: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "hif",
        abstract: "Version control that remembers why.",
        discussion: """
            hif init --store ~/hif ana/app        a new project, with a workspace here
            hif checkout ana/app                  a workspace of one that exists
            hif import ../app ana/app             the history of a git repository
            hif session start "Add a greeting"    say what you are about to do
            hif status; hif diff                  see what changed
            hif session note "and in French?"     keep what was said and decided
            hif session land                      make it history, at a position @N
            hif land "Fix a typo"                 the same in one step
            hif update                            take in what others landed
            hif log; hif show @5; hif blame FILE  read history, and the why of it

            Every command takes --json. hif skill explains all of it to an agent.
            """,
        version: version,
        groupedSubcommands: [
            CommandGroup(
                name: "Start", subcommands: [Init.self, Checkout.self, Clone.self, Project.self]),
            CommandGroup(
                name: "Work",
                subcommands: [
                    Status.self, Diff.self, Write.self, Apply.self, Revert.self, Land.self,
                    Update.self,
                    Session.self,
                ]),
            CommandGroup(
                name: "History",
                subcommands: [
                    Log.self, Show.self, Blame.self, Cat.self, List.self, Goto.self, BackOut.self,
                ]),
            CommandGroup(name: "Git", subcommands: [Import.self, Export.self]),
            CommandGroup(
                name: "Other", subcommands: [FsckCommand.self, Auth.self, Schema.self, Skill.self]),
        ])
}

/// Where the process begins: words become a command, what it throws becomes a sentence and a code.
@main
enum Main {
    static func main() {
        QuickStart.begin(ArgumentBytes.commandLine()) { await perform($0) }
    }

    private static func perform(_ arguments: [String]) async -> Never {
        var arguments = arguments
        let asksJSON = arguments.contains("--json") || Environment["HIF_OUTPUT"] == "json"
        do {
            arguments = try leading(arguments)
        } catch {
            let console = Console(isJSON: asksJSON, isQuiet: false)
            exit(report(Failure(error), command: nil, console))
        }
        if let status = GitWords.answer(arguments, asksJSON: asksJSON) { exit(status.rawValue) }
        if let failure = CommandWords.unknownTopic(arguments) {
            exit(report(failure, command: nil, Console(isJSON: asksJSON, isQuiet: false)))
        }
        let parsed: any ParsableCommand
        do {
            parsed = try QuickStart.parse(arguments) ?? Hif.parseAsRoot(arguments)
        } catch {
            exit(answer(parserError: error, arguments, asksJSON: asksJSON))
        }
        guard let command = parsed as? any HifCommand else {
            // `hif`, `hif session`, `hif help …`: the parser knows what to say.
            var command = parsed
            do {
                try command.run()
                exit(0)
            } catch {
                exit(answer(parserError: error, arguments, asksJSON: asksJSON))
            }
        }
        let status = await run(command)
        await RemoteForges.close()
        exit(status)
    }

    private static func run(_ command: some HifCommand) async -> Int32 {
        let words = type(of: command).words
        let console = Console(
            isJSON: command.common.json || Environment["HIF_OUTPUT"] == "json",
            isQuiet: command.common.quiet)
        do {
            let context = try Context(console: console, noInput: command.common.noInput)
            if let text = command.common.fields {
                guard console.isJSON || command.isStream else {
                    throw Failure.usage("--fields goes with --json")
                }
                context.fields = try FieldChoice(
                    ArgumentBytes.text(text),
                    of: command.isStream ? type(of: command).streamed : type(of: command).data)
            }
            let outcome = try await command.run(context)
            if console.isJSON, !outcome.isStream {
                console.raw(
                    JSON.object([
                        "ok": .bool(true), "v": .int(1), "command": .string(words),
                        "data": .object(context.chosen(outcome.data)),
                        "warnings": .array(outcome.warnings.map { .string($0) }),
                        "next": .array(outcome.next.map { .string($0) }),
                    ]).line)
            }
            for warning in outcome.warnings { console.note("warning: \(warning)") }
            if console.isErrorTerminal {
                for next in outcome.next { console.note("  next: \(next)") }
            }
            return console.finish(outcome.status).rawValue
        } catch {
            return report(Failure(error), command: words, console)
        }
    }

    /// Says what went wrong; returns the exit code.
    private static func report(_ failure: Failure, command: String?, _ console: Console) -> Int32 {
        var failure = failure
        failure.hint = failure.hint.map(fromHere)
        if console.isJSON {
            var envelope: [String: JSON] = [
                "ok": .bool(false), "v": .int(1), "error": failure.json,
            ]
            if let command { envelope["command"] = .string(command) }
            console.raw(JSON.object(envelope).line)
        } else {
            console.complain("hif: \(failure.message)")
            for line in failure.lines { console.complain("  \(line)") }
            if let hint = failure.hint { console.complain("  hint: \(hint)") }
        }
        return console.finish(failure.status).rawValue
    }

    /// A hint that moves things by their paths from the top of the workspace, so that it works below
    /// the top as well.
    private static func fromHere(_ hint: String) -> String {
        guard hint.hasPrefix("mv "), !hint.hasPrefix("mv /"), let path = getcwd(nil, 0) else {
            return hint
        }
        defer { free(path) }
        let here = UnsafeBufferPointer(start: path, count: strlen(path)).map(
            UInt8.init(bitPattern:))
        guard let top = Workspace.findRoot(from: here), top != here, let word = Shell.word(top)
        else {
            return hint
        }
        return "cd \(word) && \(hint)"
    }

    /// What the parser throws: help and version go to standard output, mistakes are usage errors.
    private static func answer(
        parserError error: any Error, _ arguments: [String], asksJSON: Bool
    ) -> Int32 {
        if Hif.exitCode(for: error) == .success {
            let console = Console(isJSON: false, isQuiet: false)
            console.startPager()
            console.raw(Array((Hif.fullMessage(for: error) + "\n").utf8))
            return console.finish(.ok).rawValue
        }
        // The parser's first line is the sentence; after it come second guesses, usage, where to ask.
        let console = Console(isJSON: asksJSON, isQuiet: false)
        let text = ArgumentBytes.text(Hif.message(for: error))
        let message = SafeText.escape(String(text.prefix { !$0.isNewline }))
        let usage = Hif.fullMessage(for: error).split(separator: "\n")
            .first { $0.hasPrefix("Usage: ") }
        var failure = Failure.usage(message)
        let words = CommandWords.words(of: arguments)
        failure.hint = usage.map { SafeText.escape(String($0.dropFirst("Usage: ".count))) }
        if CommandWords.isUnknown(words) { failure = CommandWords.unknown(words) }
        if let value = GitOptions.negativeNumber(arguments, after: words) {
            // The parser takes it for an option, and the option before it for one without a value.
            failure.message = "a number must be at least 1, and '\(value)' is not"
        } else if let answer = GitOptions.answer(arguments, words) {
            failure.hint = answer
        }
        let command = words.joined(separator: " ")
        return report(failure, command: CommandWords.isCommand(words) ? command : nil, console)
    }

    /// Takes options off that stand before the command: `-C DIR` as in git, `--json`, `--quiet`.
    /// `-v` and `version` alone ask for the version.
    private static func leading(_ arguments: [String]) throws -> [String] {
        if [["-v"], ["version"]].contains(arguments) { return ["--version"] }
        var rest = arguments[...]
        var moved: [String] = []
        while let first = rest.first {
            if first == "-C" {
                rest = rest.dropFirst()
                guard let directory = rest.first else {
                    throw Failure.usage("-C needs a directory")
                }
                let path = ArgumentBytes.bytes(directory).map(CChar.init(bitPattern:)) + [0]
                guard chdir(path) == 0 else {
                    throw Failure(
                        "not_found", .notFound,
                        "cannot go to '\(SafeText.escape(ArgumentBytes.bytes(directory)))': \(String(cString: strerror(errno)))"
                    )
                }
                rest = rest.dropFirst()
            } else if ["--json", "--quiet", "-q", "--no-input"].contains(first) {
                moved.append(first)
                rest = rest.dropFirst()
            } else {
                break
            }
        }
        guard !moved.isEmpty, !rest.isEmpty else { return Array(rest) }
        // Before `--`, behind which nothing is an option.
        let end = rest.firstIndex(of: "--") ?? rest.endIndex
        return rest[..<end] + moved + rest[end...]
    }
}
