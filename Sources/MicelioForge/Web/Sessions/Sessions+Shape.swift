import HifCore

extension SessionLine {
    static let shape = JSONShape.answer(
        "SessionLine",
        [
            .init("session", .session), .init("goal", .string, "Its first line"),
            .init("status", .word("open", "conflicted")), .init("author", AuthorView.shape),
            .init("started_at", .moment), .init("last_at", .moment),
            .init("base", .position, "The newest landing when it began"),
            .init("decisions", .integer), .init("messages", .integer), .init("files", .integer),
            .init("objections", .integer, "Those that stand"),
            .init("unseen", .integer, "Decisions of which nobody has said anything"),
        ])
}

extension SessionListAnswer {
    static let shape = JSONShape.answer(
        "Sessions",
        [
            .init("sessions", .list(SessionLine.shape)),
            .init("count", .integer, "How many are open, whichever are shown"),
        ])
}

extension ConflictView {
    static let shape = JSONShape.answer(
        "Conflict",
        [
            .init("path", .string), .maybe("landing", .position, "The one that was first"),
            .init("theirs", .word("changed", "deleted", "in_the_way")),
            .maybe("found", .contentHash, "What the project has there now"),
            .init(
                "lines", .list(.list(.integer, count: 2...2)),
                "The lines in dispute in your version, from 1: first and last"),
            .maybe("by", .string, "Who landed it"), .maybe("goal", .string, "For which goal"),
        ])
}

extension LandedView {
    static let shape = JSONShape.answer(
        "Landed",
        [
            .init("position", .position), .init("at", .moment),
            .init("merged", .list(.string), "Paths that somebody else changed too"),
            .init("source_digest", .contentHash), .init("landed_digest", .contentHash),
            .maybe("git_commit", .string, "The one it was imported from"),
        ])
}

extension SessionAnswer {
    static let shape = JSONShape.answer(
        "Session",
        [
            .init("session", .session),
            .init("status", .word("open", "conflicted", "landed", "abandoned")),
            .init("goal", .string, "Its first line"),
            .init("about", .string, "What the goal says after its first line"),
            .init("author", AuthorView.shape), .init("started_at", .moment),
            .init("last_at", .moment),
            .init("base", .position, "The newest landing when it began"),
            .init("tip", .position, "The newest landing now"),
            .init("drafts", .integer, "`expected_drafts` of the next change of its files"),
            .init("events", .integer, "`from` of what comes next"),
            .init("decisions", .list(DecisionView.shape)),
            .init("verdicts", .list(VerdictView.shape)),
            .init("messages", .list(MessageView.shape)),
            .init("comments", .list(CommentView.shape)), .init("changes", DiffView.shape),
            .init("conflicts", .list(ConflictView.shape), "What cannot land as it is"),
            .init(
                "merges", .list(.string), "Paths that somebody else changed since, and that merge"),
            .maybe("landed", LandedView.shape),
        ])
}

extension MessageView {
    static let shape = JSONShape.answer(
        "Message",
        [
            .init("id", .like("^m[1-9][0-9]*$", example: "m1")), .init("event", .integer),
            .init("role", .string, "human, assistant, system or tool"),
            .init("author", AuthorView.shape), .init("at", .moment),
            .init("text", .string, "Markdown"),
        ])
}

extension DecisionView {
    static let shape = JSONShape.answer(
        "Decision",
        [
            .init("id", .like("^d[1-9][0-9]*$", example: "d1")), .init("event", .integer),
            .init("author", AuthorView.shape), .init("at", .moment),
            .init("decision", .string), .init("why", .string, "Markdown"),
            .maybe("after", .string, "The message before it"),
            .init("standing", .word("unseen", "approved", "asked", "objected")),
        ])
}

extension VerdictView {
    static let shape = JSONShape.answer(
        "Verdict",
        [
            .init("id", .like("^v[1-9][0-9]*$", example: "v1")), .init("event", .integer),
            .init("author", AuthorView.shape), .init("at", .moment),
            .init("decision", .string, "What it is on: d1"),
            .init("verdict", .word("approve", "ask", "object", "withdraw")),
            .init("text", .string, "Markdown"),
            .init("counts", .boolean, "Whether it is its account's last word on the decision"),
        ])
}

extension CommentView {
    static let shape = JSONShape.answer(
        "Comment",
        [
            .init("id", .like("^c[1-9][0-9]*$", example: "c1")), .init("event", .integer),
            .init("author", AuthorView.shape), .init("at", .moment),
            .maybe("on", .string, "The message or decision: m1, d1"),
            .maybe(
                "place",
                .answer(
                    "Line",
                    [
                        .init("path", .string), .init("side", .word("old", "new")),
                        .init("line", .integer, "From 1"),
                        .init("quote", .string, "What the line said"),
                        .init("content", .contentHash, "The content it was in"),
                    ]), "The line that it is on"),
            .init("text", .string, "Markdown"),
        ])
}

extension EventView {
    static let shape = JSONShape.answer(
        "Event",
        [
            .init("event", .integer, "From 0"),
            .init(
                "kind",
                .word("started", "message", "decision", "comment", "verdict", "draft", "other")),
            .init("author", AuthorView.shape), .init("at", .moment),
            .maybe("message", MessageView.shape), .maybe("decision", DecisionView.shape),
            .maybe("comment", CommentView.shape), .maybe("verdict", VerdictView.shape),
        ])
}
