// What administrators are answered, as JSON.

extension AdminAccountView {
    static let shape = JSONShape.answer(
        "AdminAccount",
        [
            .init("account", .handle), .init("name", .string),
            .init("email", .string, "Empty for none"), .init("is_organisation", .boolean),
            .init("is_admin", .boolean), .init("is_disabled", .boolean),
            .init("is_deleted", .boolean, "Of an organisation, by its owners: for good"),
            .init("has_password", .boolean), .init("has_second_factor", .boolean),
            .init("projects", .integer, "How many it owns"), .init("created_at", .moment),
            .maybe("last_used_at", .moment, "When a token or browser of it was last used"),
        ])
}

extension AdminAccountsAnswer {
    static let shape = pageShape("AdminAccounts", of: AdminAccountView.shape, next: .handle)
}

extension AdminAccountAnswer {
    static let shape = JSONShape.answer(
        "AdminAccountPage",
        [
            .init("account", AdminAccountView.shape),
            .maybe("url", .string, "The link that was made, this once"),
        ])
}

extension AdminProjectsAnswer {
    static let shape = pageShape(
        "AdminProjects",
        of: .answer(
            "AdminProject",
            [
                .init("name", .projectPath, "owner/name"), .init("is_public", .boolean),
                .init("is_archived", .boolean),
                .init("is_deleted", .boolean, "Its owners and administrators can have it back"),
                .maybe("ends_at", .moment, "Until when a deleted one can be had back"),
                .init("store_project_id", .string, "Under which the store has it"),
                .init("created_at", .moment),
            ]))
}

extension AuditAnswer {
    static let shape = pageShape(
        "AuditLog",
        of: .answer(
            "AuditEntry",
            [
                .init("number", .integer), .init("at", .moment),
                .init("account", .string, "Empty for whoever runs the forge, and for nobody"),
                .init("means", .string, "What stood for the account"),
                .init("address", .string, "Empty on the command line"), .init("act", .string),
                .init("about", .string),
            ]))
}

private func pageShape(
    _ name: String, of item: JSONShape, next: JSONShape = .cursor
) -> JSONShape {
    .answer(
        name,
        [
            .init("items", .list(item)),
            .maybe("next", next, "`cursor` of the next page; not there on the last"),
        ])
}
