import ArgumentParser
import HifCore

/// What the parser refuses, as one sentence with a hint and the exit code for wrong usage.
enum WrongWords {
    private static let usage = "Usage: "

    /// Says what is wrong, or shows the help or version that was asked for, and ends the process.
    static func exit(with error: any Error, _ arguments: [String]) -> Never {
        guard Micelio.exitCode(for: error) != .success else { Micelio.exit(withError: error) }
        if let group = groupBeforeUnknownWord(arguments) {
            let word = SafeText.escape(arguments[group.count])
            printNote("micelio: there is no command '\((group + [word]).joined(separator: " "))'")
            printNote("  " + (["micelio", "help"] + group).joined(separator: " "))
        } else {
            // The parser's first line is the sentence; others hold second guesses.
            printNote("micelio: " + firstLine(Micelio.message(for: error)))
            let lines = Micelio.fullMessage(for: error).split(separator: "\n")
            let shown = lines.first { $0.hasPrefix(usage) }?.dropFirst(usage.count)
            printNote("  " + SafeText.escape(hint(shown.map(String.init) ?? "micelio help")))
        }
        Micelio.exit(withError: ExitCode(2))
    }

    /// Of a command with many options the parser's line says only that it has some.
    private static func hint(_ shown: String) -> String {
        guard shown.hasSuffix(" <options>") else { return shown }
        return "micelio help" + shown.dropFirst("micelio".count).dropLast(" <options>".count)
    }

    private static func firstLine(_ text: String) -> String {
        SafeText.escape(String(text.prefix { !$0.isNewline }))
    }

    /// The known words before the first that is no command, where a command has to stand; nil when
    /// something else is wrong.
    private static func groupBeforeUnknownWord(_ arguments: [String]) -> [String]? {
        var inner = Micelio.configuration.subcommands
        var words: [String] = []
        while let word = arguments.dropFirst(words.count).first, !inner.isEmpty {
            guard !word.hasPrefix("-"), word != "help" else { return nil }
            guard let command = inner.first(where: { $0._commandName == word }) else {
                return words
            }
            inner = command.configuration.subcommands
            words.append(word)
        }
        return nil
    }
}
