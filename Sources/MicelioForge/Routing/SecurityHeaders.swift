import HTTPTypes
import Hummingbird

/// The headers that every answer carries. Pages use no script and no inline style, so the policy
/// can forbid both.
struct SecurityHeaders: RouterMiddleware {
    func handle(
        _ request: Request, context: WebContext,
        next: @concurrent (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        for (name, value) in SecurityHeaders.fields {
            response.headers[name] = value
        }
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        return response
    }

    private static let fields: [(HTTPField.Name, String)] = [
        (
            .contentSecurityPolicy,
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                + "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; connect-src 'self'"
        ),
        (.xContentTypeOptions, "nosniff"),
        (named("Referrer-Policy"), "same-origin"),
        (named("Cross-Origin-Opener-Policy"), "same-origin"),
        (named("Cross-Origin-Resource-Policy"), "same-origin"),
        (named("Permissions-Policy"), "camera=(), geolocation=(), microphone=(), payment=()"),
        (named("X-Frame-Options"), "DENY"),
    ]

    private static func named(_ name: String) -> HTTPField.Name {
        // The names above are valid tokens.
        HTTPField.Name(name)!
    }
}

/// Refuses forms that another site's page submits. Browsers say where a request comes from, in
/// `Sec-Fetch-Site` or, older ones, in `Origin`; a submission that says neither is refused too.
///
/// That is the whole defence, and enough: the forms carry handle and password themselves, so there
/// is no signed-in state that a forged request could use.
struct SameOriginForms: RouterMiddleware {
    let addresses: Addresses

    func handle(
        _ request: Request, context: WebContext,
        next: @concurrent (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        // Programs post to /oauth, and what they send is the credential itself.
        let isForm = request.method == .post && !request.uri.path.hasPrefix("/oauth/")
        guard isForm, !isSameOrigin(request) else { return try await next(request, context) }
        throw ForgeError(.forbidden, "the form was not sent from this site's own page")
    }

    private func isSameOrigin(_ request: Request) -> Bool {
        if let site = request.headers[HTTPField.Name("Sec-Fetch-Site")!] {
            return site == "same-origin" || site == "none"
        }
        guard let origin = request.headers[.origin] else { return false }
        if origin == addresses.publicURL { return true }
        // Reached under another name than the configured one. A foreign page cannot choose the
        // authority that the browser sends, so equality proves the same host and port.
        guard let host = request.head.authority, !host.isEmpty else { return false }
        return origin == "http://\(host)" || origin == "https://\(host)"
    }
}
