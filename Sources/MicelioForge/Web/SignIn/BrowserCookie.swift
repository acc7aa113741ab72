import HTTPTypes
import Hummingbird

/// The cookie of a browser that is signed in, and where a browser is sent on.
enum BrowserCookie {
    /// What the browser sent; nil when it has none.
    private static func presented(to call: Call) -> String? {
        call.request.cookies[call.forge.addresses.cookieName]?.value
    }

    static func redirect(_ address: String) -> Response {
        Response(status: .seeOther, headers: [.location: address])
    }

    /// Signs the browser in as somebody who has just proved who they are, and sends it on.
    static func begin(_ user: User, at address: String, _ call: Call) async throws -> Response {
        let token = try await call.forge.beginBrowser(
            user, replacing: presented(to: call), browser: call.request.headers[.userAgent] ?? "",
            address: call.context.remoteAddress)
        var response = redirect(address)
        response.setCookie(
            cookie(token.text, call, maxAge: Int(Limits.browserAbsoluteMillis / 1000)))
        return response
    }

    /// Sends the browser to the front page, signed out.
    static func gone(_ call: Call) -> Response {
        var response = redirect("/")
        response.setCookie(cookie("", call, maxAge: 0))
        return response
    }

    private static func cookie(_ value: String, _ call: Call, maxAge: Int) -> Cookie {
        Cookie(
            name: call.forge.addresses.cookieName, value: value, maxAge: maxAge, path: "/",
            secure: call.forge.addresses.isEncrypted, httpOnly: true, sameSite: .lax)
    }

    /// Where to go on, if it is an address of this site; the front page otherwise. A page that sends
    /// people wherever a link says lends its good name to anybody.
    static func localAddress(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }
        let isLocal = text.hasPrefix("/") && !text.hasPrefix("//") && isPlain
        return isLocal && text.utf8.count <= 4096 && !text.hasPrefix("/signin") ? text : "/"
    }
}
