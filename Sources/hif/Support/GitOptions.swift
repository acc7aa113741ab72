/// Options and words that fingers know from git, behind commands that are ours too: each is answered
/// with what does the thing here.
enum GitOptions {
    private static let answers: [String: [(option: String, answer: String)]] = [
        "blame": [("-L", "hif blame shows the whole file; pick the lines with sed -n")],
        "land": [("-m", "hif land \"what you did\""), ("-a", "hif land \"what you did\"")],
        "log": [
            ("-p", "hif show @N --patch"), ("--patch", "hif show @N --patch"),
            ("--oneline", "hif log: each landing is a line already"),
            ("--stat", "hif diff @N @M --stat"), ("--graph", "hif log: history is one line"),
            ("--grep", "hif log --limit 1000, and grep"),
        ],
        "show": [("--stat", "hif diff @N~1 @N --stat")],
        "status": [
            ("-s", "hif status: it is short already"), ("--short", "hif status"),
            ("--porcelain", "hif status --json"),
        ],
    ]

    /// A hint for arguments that the parser refused.
    static func answer(_ arguments: [String], _ words: [String]) -> String? {
        let command = words.joined(separator: " ")
        for (option, answer) in answers[command] ?? []
        where arguments.contains(where: { $0 == option || $0.hasPrefix(option + "=") }) {
            return answer
        }
        let rest = arguments.dropFirst(words.count)
        // The word behind an option is its value.
        let plain = zip(words.suffix(1) + rest, rest).first {
            !$0.hasPrefix("-") && !$1.hasPrefix("-")
        }
        if command == "log", let word = plain?.1 {
            let shown = Shell.quote(word)
            return word.hasPrefix("@") ? "hif show \(shown)" : "hif log --path \(shown)"
        }
        // `-3`, `-n3`
        for word in rest where command == "log" && word.hasPrefix("-") {
            let count = word.dropFirst(word.hasPrefix("-n") ? 2 : 1)
            if let count = Int(count), count > 0 { return "hif log --limit \(count)" }
        }
        return nil
    }

    /// A negative number behind an option: `--limit -1`.
    static func negativeNumber(_ arguments: [String], after words: [String]) -> String? {
        let rest = Array(arguments.dropFirst(words.count))
        return zip(rest, rest.dropFirst())
            .first { $0.hasPrefix("-") && Int($0) == nil && $1.hasPrefix("-") && Int($1) != nil }?.1
    }
}
