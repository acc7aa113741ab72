import HTTPTypes

/// The pages behind links that somebody follows once. Opening one changes nothing, because mail
/// programs and chats open links on their own.
enum LinkRoutes {
    static let all: [Route] =
        [
            // The same page for everybody: it asks for no name, so it tells nothing of any.
            .free(.get, "/password", .page, "password.forgotten", "What to do without a password") {
                _ in .page { LinkPages.forgotten($0) }
            }
        ] + setting

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
