import GRDB

/// Tokens that an account makes for itself.
extension Accounts {
    /// The tokens that an account made for programs and agents and did not revoke, newest first.
    func personalTokens(of user: User) async throws -> [TokenRecord] {
        try await tokens(of: user.handle).filter {
            [.personal, .agent].contains($0.kind) && $0.revokedMillis == nil
        }
    }

    /// As `createPersonalToken`, within the bounds of an account.
    ///
    /// - Parameter label: with `isAgent`, the name of the agent.
    func makePersonalToken(
        of user: User, label: String, isAgent: Bool = false, scopes: ScopeSet, expires: Int64,
        now: Int64
    ) async throws -> TokenText {
        guard label.unicodeScalars.count <= Limits.tokenLabelLengthMax else {
            throw ForgeError.invalid("a name has at most \(Limits.tokenLabelLengthMax) characters")
        }
        return try await auditing(now) { database, pen in
            let usable =
                try Int.fetchOne(
                    database,
                    sql: """
                        SELECT count(*) FROM tokens WHERE user_id = ? AND kind IN ('pat', 'agt')
                          AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)
                        """,
                    arguments: [user.id, now]) ?? 0
            guard usable < Limits.personalTokensMax else {
                throw ForgeError(
                    .unprocessable, "an account has at most \(Limits.personalTokensMax) tokens",
                    hint: "revoke those that nothing uses")
            }
            let token = TokenText(isAgent ? .agent : .personal)
            _ = try Accounts.insert(
                token, userID: user.id, familyID: nil, label: label, scopes: scopes,
                expires: expires, now: now, in: database)
            try pen.note(.madeToken, "\(user.handle) …\(token.lastFour)", in: database)
            return token
        }
    }

    /// Makes one of an account's personal tokens worthless.
    ///
    /// - Returns: false when it has none of that number.
    func endPersonalToken(_ id: Int64, of user: User, now: Int64) async throws -> Bool {
        try await auditing(now) { database, pen in
            let lastFour = try String.fetchOne(
                database,
                sql: """
                    SELECT last_four FROM tokens
                    WHERE id = ? AND user_id = ? AND kind IN ('pat', 'agt')
                      AND revoked_at IS NULL
                    """,
                arguments: [id, user.id])
            guard let lastFour else { return false }
            try Accounts.revoke(tokenID: id, familyID: nil, now: now, in: database)
            try pen.note(.revokedToken, "\(user.handle) …\(lastFour)", in: database)
            return true
        }
    }

    /// Sets a new password and signs everything out that signed in with the old one. Personal tokens stay.
    func changePassword(of user: User, to passwordHash: String, now: Int64) async throws {
        try await auditing(now) { database, pen in
            try database.execute(
                sql: "UPDATE users SET password_hash = ? WHERE id = ?",
                arguments: [passwordHash, user.id])
            try database.execute(
                sql: "DELETE FROM links WHERE user_id = ?", arguments: [user.id])
            try Accounts.revokeLogins(of: user.id, now: now, in: database)
            try pen.note(.changedPassword, user.handle.text, in: database)
        }
    }
}
