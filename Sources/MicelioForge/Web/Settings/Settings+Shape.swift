// What is answered of an account's own things, as JSON.

extension ProfileSettingsAnswer {
    static let shape = JSONShape.answer(
        "Profile",
        [
            .init("handle", .handle), .init("name", .string, "The name to show"),
            .init("email", .string, "Empty for none"), .init("bio", .string),
            .init("links", .list(.string)),
            .init("gravatar", .boolean, "Whether Gravatar's picture may stand in for one"),
            .init("has_picture", .boolean, "Whether one was uploaded"),
        ])
}

extension TokensAnswer {
    static let shape = JSONShape.answer("Tokens", [.init("items", .list(TokenView.shape))])
}

extension TokenView {
    static let shape = JSONShape.answer(
        "Token",
        [
            .init("number", .integer), .init("name", .string, "Of an agent, its own"),
            .init("is_agent", .boolean), .init("last_four", .string, "How its text ends"),
            .init("scopes", .list(.string), "What it may be used for: read:*"),
            .init("created_at", .moment),
            .maybe("last_used_at", .moment), .maybe("expires_at", .moment, "Not there for never"),
            .init("is_expired", .boolean),
        ])
}

extension InvitationsAnswer {
    static let shape = JSONShape.answer(
        "Invitations", [.init("items", .list(InvitationView.shape))])
}

extension InvitationView {
    static let shape = JSONShape.answer(
        "Invitation",
        [
            .init("number", .integer), .init("note", .string), .init("created_at", .moment),
            .init("expires_at", .moment),
            .maybe("used_by", .handle, "The account that was made with it"),
        ])
}

extension DevicesAnswer {
    static let shape = JSONShape.answer(
        "Devices",
        [
            .init("browsers", .list(BrowserView.shape)), .init("devices", .list(DeviceView.shape)),
        ])
}

extension BrowserView {
    static let shape = JSONShape.answer(
        "Browser",
        [
            .init("number", .integer), .init("browser", .string, "What it calls itself"),
            .init("address", .string), .init("signed_in_at", .moment),
            .init("last_used_at", .moment), .init("is_this_one", .boolean),
        ])
}

extension DeviceView {
    static let shape = JSONShape.answer(
        "Device",
        [
            .init("number", .integer), .init("device", .string), .init("program", .string),
            .init("address", .string), .init("signed_in_at", .moment),
            .maybe("last_used_at", .moment),
        ])
}
