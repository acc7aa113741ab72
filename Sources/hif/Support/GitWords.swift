import HifCore

/// Words that fingers know from git: each is answered with the one line that does the thing here.
enum GitWords {
    private static let answers: [String: String] = [
        "add":
            "nothing to add: every change counts, new files too. To land some of them: hif land \"what you did\" PATH...",
        "am": "apply a patch with: git apply, or patch -p1; then: hif land \"what you did\"",
        "branch":
            "there are no branches: each checkout is its own line of work. hif session start \"what you want to do\"",
        "commit": "hif land \"what you did\"",
        "fetch": "nothing to fetch: hif update takes in what others landed",
        "merge": "hif update takes in what others landed, and merges your edits with it",
        "mv": "move the file with mv: hif sees what changed",
        "pull": "hif update",
        "push": "nothing to push: hif land \"what you did\" puts it into the project at once",
        "rebase": "hif update brings your edits on top of what others landed",
        "remote": "a workspace belongs to one project: hif status names it",
        "reset": "hif revert PATH... puts files back; hif goto @N --force goes elsewhere",
        "restore": "hif revert PATH...",
        "rm": "delete the file with rm: hif sees what changed",
        "stash":
            "not needed: hif update and hif goto keep your edits. To work on something else: hif checkout NAME OTHER-DIR",
        "switch":
            "hif goto @N goes to a position; hif checkout NAME DIR makes another working copy",
        "tag": "positions are numbered: hif log shows them",
    ]

    /// If the first word is one of git's and none of ours, says what to do here.
    static func answer(_ arguments: [String], asksJSON: Bool) -> ExitStatus? {
        guard let word = arguments.first, let answer = answers[word] else { return nil }
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
        console.finish()
        return .usage
    }
}
