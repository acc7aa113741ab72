import HTTPTypes
import HifCore
import Hummingbird

/// Signing browsers in and out, and the page of what is signed in.
enum SignInRoutes {
    static let all: [Route] = [
        .free(.get, "/signin", .page, "signin.show", "The form to sign in") { call in
            let to = localAddress(call.query["to"])
            if call.principal.user != nil { return .redirect(to) }
            return .page { SignInPages.form($0, to: to) }
        },
        .free(.post, "/signin", .page, "signin.submit", "Signs a browser in") { call in
            try await signIn(call, call.form())
        },
        .free(.post, "/signout", .page, "signin.out", "Signs this browser out") { call in
            try await call.forge.signOutBrowser(call.principal)
            return .response(cookieGone(call))
        },
        .account(
            .post, "/signout/everywhere", .page, "signin.out_everywhere",
            "Signs every browser and device of the account out"
        ) { call, grant in
            try await call.forge.signOutEverywhere(grant)
            return .response(cookieGone(call))
        },
        .account(
            .get, "/settings", .page, "settings.show", "What is signed in to the account"
        ) { call, grant in
            let browsers = try await call.forge.browsers(grant)
            let tokens = try await call.forge.tokens(grant)
            return .page { frame in
                SettingsPage(
                    user: grant.user, current: call.principal.browser, browsers: browsers,
                    tokens: tokens
                ).page(frame)
            }
        },
        .free(.post, "/theme", .page, "theme.choose", "Keeps the colours a visitor wants") {
            call in
            let form = try await call.form()
            let theme = Theme(rawValue: form["theme"]) ?? .auto
            var response = redirect(localAddress(form["to"]))
            response.setCookie(
                Cookie(
                    name: Theme.cookie, value: theme.rawValue,
                    maxAge: theme == .auto ? 0 : 365 * 86_400, path: "/",
                    secure: call.forge.addresses.isEncrypted, httpOnly: true, sameSite: .lax))
            return .response(response)
        },
    ]

    private static func signIn(_ call: Call, _ form: FormFields) async throws -> Reply {
        let addresses = call.forge.addresses
        let to = localAddress(form["to"])
        do {
            let token = try await call.forge.signInBrowser(
                handle: form["handle"], password: form["password"],
                replacing: call.request.cookies[addresses.cookieName]?.value,
                browser: call.request.headers[.userAgent] ?? "",
                address: call.context.remoteAddress)
            var response = redirect(to)
            response.setCookie(
                cookie(token.text, call, maxAge: Int(Limits.browserAbsoluteMillis / 1000)))
            return .response(response)
        } catch let error as ForgeError where error.code == .loginFailed {
            return .page(
                { SignInPages.form($0, to: to, handle: form["handle"], problem: error.message) },
                error.code.httpStatus)
        }
    }

    private static func redirect(_ address: String) -> Response {
        Response(status: .seeOther, headers: [.location: address])
    }

    private static func cookie(_ value: String, _ call: Call, maxAge: Int) -> Cookie {
        Cookie(
            name: call.forge.addresses.cookieName, value: value, maxAge: maxAge, path: "/",
            secure: call.forge.addresses.isEncrypted, httpOnly: true, sameSite: .lax)
    }

    private static func cookieGone(_ call: Call) -> Response {
        var response = redirect("/")
        response.setCookie(cookie("", call, maxAge: 0))
        return response
    }

    /// Where to go on, if it is an address of this site; the front page otherwise. A page that sends
    /// people wherever a link says lends its good name to anybody.
    static func localAddress(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }
        let isLocal = text.hasPrefix("/") && !text.hasPrefix("//") && isPlain
        return isLocal && text.utf8.count <= 4096 && !text.hasPrefix("/signin") ? text : "/"
    }
}
