import HifCore

// What the parts of answers look like as JSON. Tests compare every answer with its shape, both ways:
// a field that is answered and not said here fails, and the other way round.

extension AuthorView {
    static let shape = JSONShape.answer(
        "Author",
        [
            .init("account", .string, "Empty for an imported commit"),
            .init("agent", .string, "The agent that did it for the account; empty for a person"),
            .init("name", .string, "The name to show"),
        ])
}

extension LandingLine {
    static let shape = JSONShape.answer(
        "LandingLine",
        [
            .init("position", .position), .init("goal", .string, "Its first line"),
            .init("author", AuthorView.shape), .init("session", .session),
            .init("landed_at", .moment), .init("files", .integer, "How many it changed"),
            .maybe("decisions", .integer, "How many its session made, where they were counted"),
        ])
}

extension ProjectLine {
    static let shape = JSONShape.answer(
        "ProjectLine",
        [
            .init("name", .string, "owner/name"), .init("description", .string),
            .init("is_public", .boolean),
            .init("role", role, "What the caller may do at most"),
            .maybe("newest", LandingLine.shape, "The newest landing"),
        ])

    static let role = JSONShape.text(.init(values: Role.allCases.map(\.rawValue)))
}

extension ProjectPageView {
    static let shape = JSONShape.answer(
        "ProjectPage",
        [
            .init("items", .list(ProjectLine.shape)),
            .maybe("next", .cursor, "`cursor` of the next page; not there on the last"),
        ])
}

extension ExploreAnswer {
    static let shape = JSONShape.answer(
        "Projects", [.init("projects", ProjectPageView.shape)])
}

extension ProfileAnswer {
    static let shape = JSONShape.answer(
        "Account",
        [
            .init("handle", .handle), .init("name", .string, "The name to show; may be empty"),
            .init("bio", .string, "In its own words, as plain text"),
            .init("links", .list(.string), "Addresses of the web"),
            .init("is_organisation", .boolean),
            .init("members", .list(.handle), "Of an organisation"),
            .init("organisations", .list(.handle), "Those that a person is in"),
            .init("joined_at", .moment), .init("projects", ProjectPageView.shape),
        ])
}

extension DiffView {
    static let shape = JSONShape.answer(
        "Diff",
        [
            .init("files", .list(FileDiff.shape)),
            .init("count", .integer, "How many paths differ; more than `files` when they are many"),
            .init("added", .integer, "Lines"), .init("removed", .integer, "Lines"),
        ])
}

extension FileDiff {
    static let shape = JSONShape.answer(
        "FileDiff",
        [
            .init("path", .string), .maybe("path_base64", .string, "Of a path that is no text"),
            .init(
                "status", .word("added", "removed", "changed", "mode"),
                "`mode`: only the executable bit"),
            .init("added", .integer, "Lines"), .init("removed", .integer, "Lines"),
            .maybe("old_hash", .contentHash), .maybe("new_hash", .contentHash),
            .init("hunks", .list(hunk)),
            .maybe(
                "omitted", .word("binary", "too_large", "long", "not_read"),
                "Why no lines are shown; `long` ones are when `file` or `path` names them"),
        ])

    private static let hunk = JSONShape.answer(
        "Hunk",
        [
            .init("old_start", .integer), .init("old_count", .integer),
            .init("new_start", .integer), .init("new_count", .integer),
            .init("lines", .list(line)),
        ])

    private static let line = JSONShape.answer(
        "DiffLine",
        [
            .init("sign", .word(" ", "+", "-")),
            .maybe("old", .integer, "Its number in the old file"),
            .maybe("new", .integer, "Its number in the new file"), .init("text", .string),
        ])
}
