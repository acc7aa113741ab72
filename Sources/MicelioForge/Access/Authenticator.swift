/// The one place that turns a credential into a `Principal`, whichever carrier brought it.
///
/// Bearer for clients, also as metadata of gRPC; Basic for programs that know nothing else (the token
/// is the password, the name is ignored); a cookie for browsers. A token in an address is never
/// looked at: addresses end up in logs.
package struct Authenticator: Sendable {
    let accounts: any AccountsSource
    let now: @Sendable () -> Int64

    /// - Parameters:
    ///   - values: every value of the header or metadata field. More than one is refused: two
    ///     parties in front of us might each believe another one.
    ///   - cookie: looked at when there is no `Authorization`. One that opens nothing any more makes
    ///     nobody of its bearer, and no error: browsers send it until they are told otherwise.
    package func authenticate(
        authorization values: [String], cookie: String? = nil
    ) async throws -> Principal {
        if values.isEmpty { return try await principal(ofCookie: cookie) }
        return try await identify(authorization: values).principal
    }

    /// As `authenticate`, with the token itself, for whoever asks another node in the caller's name.
    func identify(
        authorization values: [String]
    ) async throws -> (principal: Principal, credential: Credential?) {
        guard let value = values.first else { return (.anonymous, nil) }
        guard values.count == 1 else {
            throw ForgeError.invalid("more than one Authorization")
        }
        let token = try TokenText(parsing: Authenticator.secret(in: value))
        guard [.personal, .agent, .access].contains(token.kind) else {
            throw ForgeError(.tokenMalformed, "a token of this kind opens nothing by itself")
        }
        let (user, record) = try await accounts.resolve(token, now: now())
        return (
            Principal(user: user, token: record, scopes: record.scopes), Credential(token: token)
        )
    }

    private func principal(ofCookie cookie: String?) async throws -> Principal {
        guard let cookie, let token = try? TokenText(parsing: cookie), token.kind == .browser,
            // Browsers sign in at the node that keeps the accounts, and nowhere else.
            let accounts = accounts as? Accounts,
            let (user, browser) = try await accounts.browser(token, now: now())
        else { return .anonymous }
        return Principal(user: user, token: nil, browser: browser, scopes: .everything)
    }

    private static func secret(in value: String) throws(ForgeError) -> String {
        let parts = value.split(separator: " ", maxSplits: 1)
        guard parts.count == 2 else {
            throw ForgeError(.tokenMalformed, "the Authorization has no scheme and token")
        }
        switch parts[0].lowercased() {
        case "bearer":
            return String(parts[1])
        case "basic":
            guard let decoded = Base64.decode(String(parts[1])),
                let colon = decoded.firstIndex(of: UInt8(ascii: ":"))
            else { throw ForgeError(.tokenMalformed, "the Basic credentials are damaged") }
            return String(decoding: decoded[(colon + 1)...], as: UTF8.self)
        default:
            throw ForgeError(.tokenMalformed, "the forge takes Bearer and Basic only")
        }
    }
}
