import HTTPTypes

/// Changing the password.
enum PasswordSettings {
    static let all: [Route] =
        page + submitting.costing(10) + api.answering(Changed.shape).costing(10)

    private static let page: [Route] = [
        .account(
            .get, "/settings/password", .page, "password.form", "The form for a new password"
        ) { _, _ in .page { form($0) } }
    ]

    private static let submitting: [Route] = [
        .account(
            .post, "/settings/password", .page, "password.change",
            "Sets a new password and signs everything else out",
            body: .object(
                [
                    old, .init("new", .string, "The new one"),
                    .init("repeated", .string, "Once more"),
                    .init("username", .string, "For the browser's memory; not looked at"),
                ], required: ["old", "new", "repeated"])
        ) { call, grant in
            let body = try await call.body()
            return try await call.answeringForm { error in
                .page({ form($0, problem: error.message) }, error.code.httpStatus)
            } _: {
                guard body.string("new") == body.string("repeated") else {
                    throw ForgeError.invalid("the two new passwords differ")
                }
                try await change(call, grant, body)
                guard call.principal.browser != nil else { return .page { form($0, isDone: true) } }
                // Its cookie ended with all others.
                return .response(
                    try await BrowserCookie.begin(grant.user, at: "/settings/devices", call))
            }
        }
    ]

    private static let old = JSONShape.Field(
        "old", .upTo(Limits.passwordBytesMax), "The password until now")

    private struct Changed: Encodable {
        private let changed = true

        static let shape = JSONShape.answer("Changed", [.init("changed", .isTrue)])
    }

    private static let api: [Route] = [
        .account(
            .put, "/api/v1/me/password", .api, "password.set",
            "Sets a new password and signs every browser and device out; tokens made by hand stay",
            body: .object(
                [
                    old,
                    .init(
                        "new",
                        .like(
                            "^[\\s\\S]{\(Limits.passwordLengthMin),}$",
                            example: "correct horse battery",
                            // Each scalar has at most four bytes.
                            lengthMax: Limits.passwordBytesMax / 4),
                        "The new one"),
                ], required: ["old", "new"])
        ) { call, grant in
            try await change(call, grant, call.body())
            return .json(Changed())
        }
    ].refusing(.loginFailed)

    private static func change(
        _ call: Call, _ grant: AccountGrant, _ body: JSONBody
    ) async throws {
        try await call.forge.changePassword(
            grant, old: body.string("old") ?? "", new: body.string("new") ?? "",
            address: call.context.remoteAddress)
    }

    private static func form(
        _ frame: Frame, problem: String? = nil, isDone: Bool = false
    ) -> HTML {
        SettingsFrame.page(
            frame, .password, problem: problem,
            """
            <section>\(SettingsFrame.head(.password))
            \(SettingsFrame.done(isDone ? "The password is changed." : nil))
            <p>A new password signs every other browser and every device out. Tokens stay: revoke those \
            that somebody else may have on <a href="/settings/tokens">Tokens</a>.</p>
            <form class="form gap" method="post" action="/settings/password">
            <input type="hidden" name="username" autocomplete="username" value="\
            \(frame.user?.handle.text ?? "")">
            <div class="field"><label for="old">Password until now</label><input id="old" name="old" \
            type="password" autocomplete="current-password" required></div>
            <div class="field"><label for="new">New password, at least \(Limits.passwordLengthMin) \
            characters</label><input id="new" name="new" type="password" autocomplete="new-password" \
            required></div>
            <div class="field"><label for="repeated">The same again</label><input id="repeated" \
            name="repeated" type="password" autocomplete="new-password" required></div>
            <button class="primary">Change password</button></form></section>
            """)
    }
}
