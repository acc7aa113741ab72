import HTTPTypes
import HifCore
import Hummingbird

/// Signing browsers in and out.
enum SignInRoutes {
    static let all: [Route] = showing + proving.costing(10) + others

    private static let showing: [Route] = [
        .free(.get, "/signin", .page, "signin.show", "The form to sign in") { call in
            let to = BrowserCookie.localAddress(call.query["to"])
            if call.principal.user != nil { return .redirect(to) }
            return .page { SignInPages.form($0, to: to) }
        }
    ]

    /// What hashes a password takes long.
    private static let proving: [Route] = [
        .free(.post, "/signin", .page, "signin.submit", "Signs a browser in") { call in
            try await signIn(call, call.form())
        },
        .free(
            .post, "/signin/code", .page, "signin.code",
            "Signs a browser in whose password was right, with a code"
        ) { call in try await finish(call, call.form()) },
    ]

    private static let others: [Route] = [
        .free(.post, "/signout", .page, "signin.out", "Signs this browser out") { call in
            try await call.forge.signOutBrowser(call.principal)
            return .response(BrowserCookie.gone(call))
        },
        .account(
            .post, "/signout/everywhere", .page, "signin.out_everywhere",
            "Signs every browser and device of the account out"
        ) { call, grant in
            try await call.forge.signOutEverywhere(grant)
            return .response(BrowserCookie.gone(call))
        },
        .free(.post, "/theme", .page, "theme.choose", "Keeps the colours a visitor wants") {
            call in
            let form = try await call.form()
            let theme = Theme(rawValue: form["theme"]) ?? .auto
            var response = BrowserCookie.redirect(BrowserCookie.localAddress(form["to"]))
            response.setCookie(
                Cookie(
                    name: Theme.cookie, value: theme.rawValue,
                    maxAge: theme == .auto ? 0 : 365 * 86_400, path: "/",
                    secure: call.forge.addresses.isEncrypted, httpOnly: true, sameSite: .lax))
            return .response(response)
        },
    ]

    private static func signIn(_ call: Call, _ form: FormFields) async throws -> Reply {
        let to = BrowserCookie.localAddress(form["to"])
        do {
            let step = try await call.forge.beginSignIn(
                handle: form["handle"], password: form["password"],
                address: call.context.remoteAddress)
            switch step {
            case .done(let user):
                return .response(try await BrowserCookie.begin(user, at: to, call))
            case .needsCode(let ticket):
                return .page { SignInPages.code($0, to: to, ticket: ticket.text) }
            }
        } catch let error as ForgeError where error.code == .loginFailed {
            return .page(
                { SignInPages.form($0, to: to, handle: form["handle"], problem: error.message) },
                error.code.httpStatus)
        }
    }

    private static func finish(_ call: Call, _ form: FormFields) async throws -> Reply {
        let to = BrowserCookie.localAddress(form["to"])
        do {
            let user = try await call.forge.finishSignIn(
                ticket: form["ticket"], code: form["code"], address: call.context.remoteAddress)
            return .response(try await BrowserCookie.begin(user, at: to, call))
        } catch let error as ForgeError where error.code == .loginFailed {
            return .page(
                { SignInPages.code($0, to: to, ticket: form["ticket"], problem: error.message) },
                error.code.httpStatus)
        } catch let error as ForgeError where error.code == .unauthenticated {
            return .page(
                { SignInPages.form($0, to: to, problem: error.message) }, error.code.httpStatus)
        }
    }
}
