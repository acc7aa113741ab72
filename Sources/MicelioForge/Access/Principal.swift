/// Who is asking: the one answer to every kind of credential, whichever carrier brought it.
package struct Principal: Sendable, Hashable {
    /// Nil for somebody who did not say who they are, and may see what is public.
    package let user: User?
    package let token: TokenRecord?
    /// The browser that is signed in, when a cookie was the credential.
    package let browser: BrowserSession?
    package let scopes: ScopeSet

    /// Nobody in particular.
    package static let anonymous = Principal(
        user: nil, token: nil, scopes: ScopeSet(scopes: [.init(verb: .read, resource: "*")]))

    init(
        user: User?, token: TokenRecord?, browser: BrowserSession? = nil, scopes: ScopeSet
    ) {
        self.user = user
        self.token = token
        self.browser = browser
        self.scopes = scopes
    }

    /// The principal of the call that is being answered. Carriers set it, and nothing else.
    @TaskLocal package static var current = Principal.anonymous
}
