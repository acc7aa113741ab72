// What is answered of organisations and members, as JSON.

extension MemberView {
    static let ofOrganisation = shape("OrganisationMember", .organisationRole)
    static let ofProject = shape("Member", .role)

    private static func shape(_ name: String, _ role: JSONShape) -> JSONShape {
        .answer(
            name,
            [
                .init("account", .handle), .init("name", .string, "The name to show; may be empty"),
                .init("role", role),
            ])
    }
}

extension MembersView {
    static let shape = JSONShape.answer(
        "Members", [.init("items", .list(MemberView.ofProject))])
}

extension MembershipView {
    static let shape = JSONShape.answer(
        "Membership",
        [
            .init("organisation", .handle),
            .init("name", .string, "The name to show; may be empty"),
            .init("role", .organisationRole, "What the account is in it"),
        ])
}

extension OrganisationsAnswer {
    static let shape = JSONShape.answer(
        "Memberships", [.init("items", .list(MembershipView.shape))])
}

extension OrganisationPage {
    static let shape = JSONShape.answer(
        "Organisation",
        [
            .init("handle", .handle), .init("name", .string), .init("bio", .string),
            .init("links", .list(.string)), .init("members", .list(MemberView.ofOrganisation)),
        ])
}
