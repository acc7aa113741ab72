// What is answered of a project's settings, as JSON.

extension ProjectSettingsAnswer {
    static let shape = JSONShape.answer(
        "ProjectSettings",
        [
            .init("name", .projectPath, "owner/name"), .init("description", .string),
            .init("topics", .list(.topic)), .init("is_public", .boolean),
            .init("is_archived", .boolean, "Whether it can only be read"),
            .init("members", .list(MemberView.ofProject), "Besides its owner"),
        ])
}

/// The name that a project has after a call that may have changed it.
struct ProjectNameView: Encodable, Sendable {
    let name: String

    static let shape = JSONShape.answer(
        "ProjectName", [.init("name", .projectPath, "owner/name")])
}

extension DeletedAnswer {
    static let shape = JSONShape.answer(
        "DeletedProjects",
        [
            .init(
                "items",
                .list(
                    .answer(
                        "DeletedProject",
                        [
                            .init("number", .integer), .init("name", .projectPath, "owner/name"),
                            .init("deleted_at", .moment),
                            .init("ends_at", .moment, "When it can no longer be had back"),
                        ])))
        ])
}
