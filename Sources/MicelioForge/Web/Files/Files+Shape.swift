import HifCore

extension TreeEntry {
    static let shape = JSONShape.answer(
        "Entry",
        [
            .init("path", .string), .maybe("path_base64", .string, "Of a path that is no text"),
            .init("kind", kind), .init("size", .integer, "Bytes"),
            .maybe("hash", .contentHash, "Of its content; a directory has none"),
            .maybe("landing", LandingLine.shape, "The newest that changed it"),
        ])

    static let kind = JSONShape.word("file", "executable", "symlink", "directory", "external")
}

extension ReadmeView {
    static let shape = JSONShape.answer(
        "Readme", [.init("path", .string), .init("text", .string)])
}

extension TreeAnswer {
    static let shape = JSONShape.answer(
        "Tree",
        [
            .init("position", .position), .init("entries", .list(TreeEntry.shape)),
            .init("entry_count", .integer, "How many there are; more than `entries` when many"),
            .maybe("readme", ReadmeView.shape),
        ])
}

extension HomeAnswer {
    static let shape = JSONShape.answer(
        "Project",
        [
            .init("name", .string, "owner/name"), .init("is_public", .boolean),
            .init("is_archived", .boolean, "Whether it can only be read"),
            .init("description", .string), .init("topics", .list(.topic), "What it is about"),
            .init("role", ProjectLine.role),
            .init("position", .position, "Of the files shown"),
            .init("tip", .position, "The newest"), .init("entries", .list(TreeEntry.shape)),
            .init("entry_count", .integer), .init("readme", .optional(ReadmeView.shape)),
            .init("sessions", .list(SessionLine.shape), "The open ones"),
            .init("landings", .list(LandingLine.shape), "The newest"),
        ])
}

extension FileHead {
    static let shape = JSONShape.answer(
        "FileHead",
        [
            .init("path", .string), .maybe("path_base64", .string, "Of a path that is no text"),
            .init("position", .position), .init("kind", TreeEntry.kind),
            .init("size", .integer, "Bytes"),
            .init("hash", .contentHash, "`expected` of an edit of this file"),
            .maybe("landing", LandingLine.shape, "The newest that changed it"),
        ])
}

extension FileAnswer {
    static let shape = JSONShape.answer(
        "File",
        [
            .init("head", FileHead.shape),
            .maybe(
                "content",
                .answer(
                    "FileText",
                    [
                        .init("is_text", .boolean), .init("line_count", .integer),
                        .init("from", .integer, "The first line of `lines`, from 1"),
                        .init("lines", .list(.string)),
                    ]), "Not there when the file is too large to be shown by lines"),
        ])
}

extension BlameAnswer {
    static let shape = JSONShape.answer(
        "Blame",
        [
            .init("file", FileHead.shape),
            .init(
                "runs",
                .list(
                    .answer(
                        "BlameRun",
                        [
                            .init("line", .integer, "The first, from 1"), .init("count", .integer),
                            .maybe(
                                "position", .position,
                                "Not there where the history is longer than is looked at"),
                        ]))),
            .init("landings", .list(LandingLine.shape)),
        ])
}

extension LogAnswer {
    static let shape = JSONShape.answer(
        "Landings",
        [
            .init("landings", .list(LandingLine.shape)),
            .maybe("next", .position, "`from` of the next page; not there on the last"),
        ])
}

extension DiffAnswer {
    static let shape = JSONShape.answer(
        "Difference",
        [
            .init("from", .position), .init("to", .position), .init("diff", DiffView.shape),
        ])
}
