import HTTPTypes

/// The pages behind links that somebody follows once. Opening one changes nothing, because mail
/// programs and chats open links on their own.
enum LinkRoutes {
    static let all: [Route] = asking + setting

    private static let mail = JSONShape.object(
        [.init("email", .mail, "The address that the account has")], required: ["email"])

    // The same answers for everybody, whether there is such an account or not.
    private static let asking: [Route] =
        [
            .free(.get, "/forgot", .page, "forgot.show", "What to do without a password") { _ in
                .page { $0.sendsMail ? LinkPages.ask($0) : LinkPages.forgotten($0) }
            }
        ]
        + [
            .free(
                .post, "/forgot", .page, "forgot.ask",
                "Has a link for a new password sent to an address", body: mail
            ) { call in
                let typed = try await call.body().string("email") ?? ""
                return try await call.answeringForm { error in
                    .page(
                        { LinkPages.ask($0, typed: typed, problem: error.message) },
                        error.code.httpStatus)
                } _: {
                    try ask(call, typed)
                    return .page { LinkPages.asked($0, address: typed) }
                }
            },
            .free(
                .post, "/api/v1/forgot", .api, "forgot.ask",
                "Has a link for a new password sent to an address", body: mail
            ) { call in
                try ask(call, try await call.body().string("email") ?? "")
                return .json(Asked())
            },
        ].answering(Asked.shape).refusing(.unprocessable).costing(10)

    private struct Asked: Encodable {
        private let asked = true

        static let shape = JSONShape.answer(
            "Asked", [.init("asked", .isTrue, "Whether there is such an account is not told")])
    }

    private static func ask(_ call: Call, _ email: String) throws {
        try call.forge.askForPassword(email: email, address: call.context.remoteAddress)
    }

    private static let setting: [Route] = ["setup", "password"].flatMap { word -> [Route] in
        [
            .free(
                .get, "/\(word)/{link}", .page, "\(word).show", "Asks for the new password"
            ) { call in
                let purpose = try await call.forge.purpose(ofLink: call.text("link"))
                return .page { LinkPages.form($0, purpose) }
            }
        ]
            + [
                .free(.post, "/\(word)/{link}", .page, "\(word).submit", "Sets the password") {
                    call in
                    try await use(call, call.form())
                }
            ].costing(10)
    }

    private static func use(_ call: Call, _ form: FormFields) async throws -> Reply {
        let link = try call.text("link")
        let purpose = try await call.forge.purpose(ofLink: link)
        do {
            let user = try await call.forge.useLink(
                link, handle: form["handle"], password: form["password"],
                repeated: form["repeated"], address: call.context.remoteAddress)
            return .page {
                $0.message(
                    "Saved", "The password of \(user.handle) is set.",
                    hint: "Sign in here, or from a terminal:",
                    command: "hif auth login \($0.publicURL)")
            }
        } catch let error as ForgeError
            where error.code == .invalidArgument || error.code == .alreadyExists
        {
            return .page(
                {
                    LinkPages.form(
                        $0, purpose, handle: form["handle"], problem: error.message)
                },
                error.code.httpStatus)
        }
    }
}
