import HTTPTypes

/// Making an account, with a link or without. Opening the address of an invitation uses nothing up: mail
/// programs and chats open links on their own.
enum SignUpRoutes {
    static let all: [Route] = showing + submitting.costing(10)

    private static let showing: [Route] = [
        .free(.get, "/signup", .page, "signup.show", "The form to make an account") { call in
            let policy = call.forge.signUpPolicy
            return .page { frame in
                policy == .open
                    ? SignUpPages.form(frame, invitation: nil, action: "/signup")
                    : SignUpPages.refusal(frame, policy)
            }
        },
        .free(
            .get, "/join/{invitation}", .page, "join.show", "The form behind an invitation"
        ) { call in
            let link = try call.text("invitation")
            let invitation = try await call.forge.invitation(
                ofLink: link, address: call.context.remoteAddress)
            return .page {
                SignUpPages.form($0, invitation: invitation, action: "/join/\(link)")
            }
        },
    ]

    private static let submitting: [Route] = [
        .free(.post, "/signup", .page, "signup.submit", "Makes an account on an open forge") {
            call in try await submit(call, nil, link: nil)
        },
        .free(
            .post, "/join/{invitation}", .page, "join.submit", "Makes an account by invitation"
        ) { call in
            let link = try call.text("invitation")
            let invitation = try await call.forge.invitation(
                ofLink: link, address: call.context.remoteAddress)
            return try await submit(call, invitation, link: link)
        },
    ]

    private static func submit(
        _ call: Call, _ invitation: Invitation?, link: String?
    ) async throws -> Reply {
        let fields = try await call.form()
        let form = SignUpForm(
            handle: fields["handle"], email: fields["email"], password: fields["password"],
            repeated: fields["repeated"])
        do {
            let user = try await call.forge.signUp(
                form, invitation: link, address: call.context.remoteAddress)
            return .response(
                try await BrowserCookie.begin(user, at: "/\(user.handle)", call))
        } catch let error as ForgeError
            where error.code == .invalidArgument || error.code == .alreadyExists
        {
            let action = link.map { "/join/\($0)" } ?? "/signup"
            return .page(
                {
                    SignUpPages.form(
                        $0, invitation: invitation, action: action, form: form,
                        problem: error.message)
                }, error.code.httpStatus)
        }
    }
}
