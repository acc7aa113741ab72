import HifCore

/// Signing browsers in and out.
extension Forge {
    /// Signs a browser in as somebody who has just proved who they are; answers its cookie.
    ///
    /// - Parameter cookie: what the browser presented; it is worth nothing afterwards.
    func beginBrowser(
        _ user: User, replacing cookie: String?, browser: String, address: String
    ) async throws -> TokenText {
        let old = cookie.flatMap { try? TokenText(parsing: $0) }
        return try await accounts.beginBrowser(
            user, replacing: old, browser: SafeText.escape(browser.prefix(utf8Max: 200)),
            address: address, now: now())
    }

    /// Ends the session of the browser that asks. Anything else that asks is left as it is.
    package func signOutBrowser(_ principal: Principal) async throws {
        guard let browser = principal.browser else { return }
        try await accounts.endBrowser(browser)
    }

    /// Signs every browser and device out that signed in as the caller.
    package func signOutEverywhere(_ grant: AccountGrant) async throws {
        try await accounts.endLogins(of: grant.user, now: now())
    }

    package func browsers(_ grant: AccountGrant) async throws -> [BrowserSession] {
        try await accounts.browsers(of: grant.user)
    }

    /// The caller's tokens, newest first: those made by hand, and those of devices.
    package func tokens(_ grant: AccountGrant) async throws -> [TokenRecord] {
        try await accounts.tokens(of: grant.user.handle)
    }
}
