import HTTPTypes
import Hummingbird

/// The headers that every answer carries. Pages use no inline script and no inline style, so the
/// policy can forbid both.
enum SecurityHeaders {
    static func add(to response: inout Response, isEncrypted: Bool) {
        // What a route says of itself stands: raw files have a stricter policy.
        for (name, value) in fields where response.headers[name] == nil {
            response.headers[name] = value
        }
        if isEncrypted { response.headers[.strictTransportSecurity] = "max-age=31536000" }
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
    }

    /// For bytes that somebody uploaded: nothing in them runs, loads or submits anything, and they
    /// are not of this site.
    static let sandbox = "default-src 'none'; sandbox; frame-ancestors 'none'"

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

/// Refuses what another site's page submits. Browsers say where a request comes from, in
/// `Sec-Fetch-Site` or, older ones, in `Origin`; a submission that says neither is refused too,
/// unless it brings an `Authorization`, which no browser adds on its own.
///
/// That is the whole defence, and enough: a cookie counts on pages only, and every submission to a
/// page is checked here before anything else happens.
struct SameOrigin {
    let addresses: Addresses

    func check(_ request: Request, for surface: Route.Surface) throws(ForgeError) {
        guard surface == .page, request.method != .get, request.method != .head,
            request.headers[.authorization] == nil, !isSameOrigin(request)
        else { return }
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
