import ArgumentParser
import HifCore

/// The tree of commands as words, for "did you mean", for the published schemas and the reference.
enum CommandWords {
    /// Every command that does something, in the order of the help.
    static var commands: [any HifCommand.Type] {
        leaves(below: Hif.self).compactMap { $0 as? any HifCommand.Type }
    }

    private static func leaves(below type: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
        let configuration = type.configuration
        let inner =
            configuration.groupedSubcommands.flatMap(\.subcommands)
            + configuration.ungroupedSubcommands
        return inner.isEmpty ? [type] : inner.flatMap { leaves(below: $0) }
    }

    /// The words at the beginning that should have been a command: one, or two after `session`.
    static func words(of arguments: [String]) -> [String] {
        let words = arguments.prefix { !$0.hasPrefix("-") }.map(ArgumentBytes.text)
        let isGroup = commands.contains { $0.words.hasPrefix("\(words.first ?? "") ") }
        return Array(words.prefix(isGroup ? 2 : 1))
    }

    /// Whether these words are neither a command, nor the beginning of one.
    static func isUnknown(_ words: [String]) -> Bool {
        let text = words.joined(separator: " ")
        return !text.isEmpty && text != "help"
            && !commands.contains { $0.words == text || $0.words.hasPrefix(text + " ") }
    }

    static func isCommand(_ words: [String]) -> Bool {
        commands.contains { $0.words == words.joined(separator: " ") }
    }

    /// What to say of words that are no command.
    static func unknown(_ words: [String]) -> Failure {
        .usage(
            "there is no command '\(SafeText.escape(words.joined(separator: " ")))'",
            hint: suggestion(for: words).map { "did you mean: hif \($0)" } ?? "hif help")
    }

    /// For `hif help nosuch`: the parser would show the overview as if nothing were wrong.
    static func unknownTopic(_ arguments: [String]) -> Failure? {
        guard arguments.first == "help" else { return nil }
        let words = words(of: Array(arguments.dropFirst()))
        guard isUnknown(words) else { return nil }
        var failure = unknown(words)
        if let word = words.first, let answer = GitWords.answer(to: word) {
            failure = .usage("'\(word)' is git's word", hint: answer)
        }
        return failure
    }

    /// The command that was probably meant.
    static func suggestion(for words: [String]) -> String? {
        let known = commands.map { $0.words }
        let groups = Set(known.filter { $0.contains(" ") }.map { String($0.prefix { $0 != " " }) })
        return Suggestion.nearest(to: words.joined(separator: " "), in: known + groups.sorted())
    }
}
