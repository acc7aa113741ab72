import HifCore

/// Words that fingers know from git: each is answered with the one line that does the thing here.
enum GitWords {
    /// A switch, which costs nothing when the word is none of these: a table would be made by every
    /// command.
    static func answer(to word: String) -> String? {
        switch word {
        case "add":
            "nothing to add: every change counts, new files too. To land some of them: hif land \"what you did\" PATH..."
        case "am":
            "hif apply PATCH, then: hif land \"what you did\""
        case "branch":
            "there are no branches: each checkout is its own line of work. hif session start \"what you want to do\""
        case "commit":
            "hif land \"what you did\""
        case "fetch":
            "nothing to fetch: hif update takes in what others landed"
        case "merge":
            "hif update takes in what others landed, and merges your edits with it"
        case "mv":
            "move the file with mv: hif sees what changed"
        case "pull":
            "hif update"
        case "push":
            "nothing to push: hif land \"what you did\" puts it into the project at once"
        case "rebase":
            "hif update brings your edits on top of what others landed"
        case "remote":
            "a workspace belongs to one project: hif status names it"
        case "reset":
            "hif revert PATH... puts files back; hif goto @N --force goes elsewhere"
        case "restore":
            "hif revert PATH..."
        case "rm":
            "delete the file with rm: hif sees what changed"
        case "stash":
            "not needed: hif update and hif goto keep your edits. To work on something else: hif checkout NAME OTHER-DIR"
        case "switch":
            "hif goto @N goes to a position; hif checkout NAME DIR makes another working copy"
        case "tag":
            "positions are numbered: hif log shows them"
        default: nil
        }
    }

    /// If the first word is one of git's and none of ours, says what to do here.
    static func answer(_ arguments: [String], asksJSON: Bool) -> ExitStatus? {
        guard let first = arguments.first else { return nil }
        // Behind `--` the parser would take a path for a project.
        let word = arguments.starts(with: ["checkout", "--"]) ? "restore" : first
        guard let answer = answer(to: word) else { return nil }
        let console = Console(isJSON: asksJSON, isQuiet: false)
        if asksJSON {
            console.raw(
                JSON.object([
                    "ok": .bool(false), "v": .int(1),
                    "error": Failure.usage("'\(word)' is git's word", hint: answer).json,
                ]).line)
        } else {
            console.complain("hif: '\(word)' is git's word; here: \(answer)")
        }
        return console.finish(.usage)
    }
}
