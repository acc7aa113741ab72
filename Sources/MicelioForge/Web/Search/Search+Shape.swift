// What a search answers, as JSON.

extension SearchAnswer {
    static let shape = JSONShape.answer(
        "Search",
        [
            .init("query", .string, "As it was asked"), .init("in", .word("files", "sessions")),
            .init(
                "files", .list(FileHitView.shape), "Those named so first, then changed last first"),
            .init("sessions", .list(SessionHitView.shape), "The newest first"),
            .maybe("next", .cursor, "`cursor` of the next page; not there on the last"),
            .maybe(
                "indexed", .position,
                "Landings up to this one were looked through; not there when nothing was looked for"
            ),
            .maybe("behind", .integer, "How many landed since; each search reads on"),
        ])
}

extension HitLineView {
    static let shape = JSONShape.answer(
        "FoundLine",
        [
            .maybe("line", .integer, "Of a file, from 1"),
            .maybe("part", .string, "Of a session: goal, d1, m3, c2, v1"),
            .init("text", .string, "The line; of a long one the part around what was found"),
            .init(
                "marks", .list(.list(.integer, count: 2...2)),
                "What was found in it: first character and the one behind the last, from 0"),
        ])
}

extension FileHitView {
    static let shape = JSONShape.answer(
        "FoundFile",
        [
            .init("path", .string), .maybe("path_base64", .string, "Of a path that is no text"),
            .init("position", .position, "At which the lines are these"),
            .init("lines", .list(HitLineView.shape), "The first that have a word"),
            .init("line_count", .integer, "How many have a word"),
        ])
}

extension SessionHitView {
    static let shape = JSONShape.answer(
        "FoundSession",
        [
            .init("session", .session), .init("goal", .string, "Its first line"),
            .init("status", .word("open", "landed")), .maybe("position", .position),
            .init("lines", .list(HitLineView.shape), "The first that have a word"),
            .init("line_count", .integer, "How many have a word"),
        ])
}

extension NameSearchAnswer {
    static let shape = JSONShape.answer(
        "NameSearch",
        [
            .init("query", .string, "As it was asked"),
            .init("projects", .list(ProjectLine.shape), "Those named so first"),
            .init(
                "accounts",
                .list(
                    .answer(
                        "AccountLine",
                        [
                            .init("handle", .handle), .init("name", .string, "May be empty"),
                            .init("is_organisation", .boolean),
                        ]))),
            .init("is_cut", .boolean, "Whether there is more than is answered"),
        ])
}
