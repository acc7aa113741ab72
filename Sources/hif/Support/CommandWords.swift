import ArgumentParser

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

    /// The command that was probably meant; nil if the words are one, or like none.
    static func suggestion(for arguments: [String]) -> String? {
        let words = words(of: arguments).joined(separator: " ")
        let known = commands.map { $0.words }
        let groups = known.compactMap {
            $0.split(separator: " ").count > 1 ? String($0.split(separator: " ")[0]) : nil
        }
        guard !words.isEmpty, !known.contains(words), !groups.contains(words), words != "help"
        else {
            return nil
        }
        return Suggestion.nearest(to: words, in: known + Array(Set(groups)).sorted())
    }
}
