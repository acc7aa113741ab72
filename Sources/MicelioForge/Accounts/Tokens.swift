import GRDB

/// What the database says of a token, for lists. Never the token.
package struct TokenRecord: Hashable, Sendable {
    package let id: Int64
    package let handle: String
    package let kind: TokenText.Kind
    package let lastFour: String
    package let label: String
    package let scopes: ScopeSet
    package let createdMillis: Int64
    package let expiresMillis: Int64?
    package let revokedMillis: Int64?
    package let lastUsedMillis: Int64?

    /// As another node of the forge told it: neither revoked, nor known when it was used.
    init(
        id: Int64, handle: String, kind: TokenText.Kind, lastFour: String, label: String,
        scopes: ScopeSet, createdMillis: Int64, expiresMillis: Int64?
    ) {
        self.id = id
        self.handle = handle
        self.kind = kind
        self.lastFour = lastFour
        self.label = label
        self.scopes = scopes
        self.createdMillis = createdMillis
        self.expiresMillis = expiresMillis
        revokedMillis = nil
        lastUsedMillis = nil
    }

    init(_ row: Row) {
        id = row["id"]
        handle = row["handle"]
        // The schema allows no other kind.
        kind = TokenText.Kind(rawValue: row["kind"])!
        lastFour = row["last_four"]
        label = row["label"]
        scopes = ScopeSet(stored: row["scopes"])
        createdMillis = row["created_at"]
        expiresMillis = row["expires_at"]
        revokedMillis = row["revoked_at"]
        lastUsedMillis = row["last_used_at"]
    }
}

extension Accounts {
    /// Makes a personal token. It is shown this once.
    package func createPersonalToken(
        for handle: Handle, label: String, scopes: ScopeSet, expires: Int64?, now: Int64
    ) async throws -> TokenText {
        guard label.unicodeScalars.count <= Limits.tokenLabelLengthMax else {
            throw ForgeError.invalid("a label has at most \(Limits.tokenLabelLengthMax) characters")
        }
        return try await pool.write { database in
            let user = try Accounts.person(handle, in: database)
            let token = TokenText(.personal)
            _ = try Accounts.insert(
                token, userID: user.id, familyID: nil, label: label, scopes: scopes,
                expires: expires, now: now, in: database)
            return token
        }
    }

    static func insert(
        _ token: TokenText, userID: Int64, familyID: Int64?, label: String = "",
        scopes: ScopeSet, expires: Int64?, now: Int64, in database: Database
    ) throws -> Int64 {
        try database.execute(
            sql: """
                INSERT INTO tokens
                    (user_id, family_id, kind, hash, last_four, label, scopes, created_at, expires_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                userID, familyID, token.kind.rawValue, token.hash, token.lastFour, label,
                scopes.stored, now, expires,
            ])
        return database.lastInsertedRowID
    }

    /// Tokens of one account, or of all; newest first. Those of logins are listed too.
    package func tokens(of handle: Handle?) async throws -> [TokenRecord] {
        try await pool.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT tokens.*, users.handle FROM tokens
                    JOIN users ON users.id = tokens.user_id
                    WHERE ? IS NULL OR users.handle = ?
                    ORDER BY tokens.id DESC
                    """,
                arguments: [handle?.text, handle?.text]
            ).map(TokenRecord.init)
        }
    }

    /// Makes a token worthless, and with one of a login the whole login.
    ///
    /// - Returns: false when there is no such token.
    @discardableResult
    package func revoke(tokenID: Int64, now: Int64) async throws -> Bool {
        try await pool.write { database in
            guard
                let row = try Row.fetchOne(
                    database, sql: "SELECT family_id FROM tokens WHERE id = ?",
                    arguments: [tokenID])
            else { return false }
            try Accounts.revoke(
                tokenID: tokenID, familyID: row["family_id"], now: now, in: database)
            return true
        }
    }

    /// As `revoke(tokenID:)`, for whoever holds the token. Unknown tokens are no error (RFC 7009).
    package func revoke(_ token: TokenText, now: Int64) async throws {
        try await pool.write { database in
            guard
                let row = try Row.fetchOne(
                    database, sql: "SELECT id, family_id FROM tokens WHERE hash = ?",
                    arguments: [token.hash])
            else { return }
            try Accounts.revoke(
                tokenID: row["id"], familyID: row["family_id"], now: now, in: database)
        }
    }

    static func revoke(
        tokenID: Int64, familyID: Int64?, now: Int64, in database: Database
    ) throws {
        try database.execute(
            sql: "UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
            arguments: [now, tokenID])
        if let familyID { try revoke(familyID: familyID, now: now, in: database) }
    }

    static func revoke(familyID: Int64, now: Int64, in database: Database) throws {
        try database.execute(
            sql: "UPDATE token_families SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
            arguments: [now, familyID])
        try database.execute(
            sql: "UPDATE tokens SET revoked_at = ? WHERE family_id = ? AND revoked_at IS NULL",
            arguments: [now, familyID])
    }

    /// Signs out everywhere; personal tokens stay.
    static func revokeLogins(of userID: Int64, now: Int64, in database: Database) throws {
        try database.execute(
            sql: "DELETE FROM browser_sessions WHERE user_id = ?", arguments: [userID])
        try database.execute(
            sql:
                "UPDATE token_families SET revoked_at = ? WHERE user_id = ? AND revoked_at IS NULL",
            arguments: [now, userID])
        try database.execute(
            sql: """
                UPDATE tokens SET revoked_at = ?
                WHERE user_id = ? AND family_id IS NOT NULL AND revoked_at IS NULL
                """,
            arguments: [now, userID])
    }

    static func revokeAll(of userID: Int64, now: Int64, in database: Database) throws {
        try revokeLogins(of: userID, now: now, in: database)
        try database.execute(
            sql: "UPDATE tokens SET revoked_at = ? WHERE user_id = ? AND revoked_at IS NULL",
            arguments: [now, userID])
    }

    /// The account and rights behind a token, with the reason when there are none.
    ///
    /// The reasons are told apart because only who holds the token learns them.
    package func resolve(
        _ token: TokenText, now: Int64
    ) async throws -> (user: User, token: TokenRecord) {
        let found = try await pool.read { database in
            try Row.fetchOne(
                database,
                sql: """
                    SELECT tokens.*, tokens.id AS token_id, users.handle FROM tokens
                    JOIN users ON users.id = tokens.user_id
                    WHERE tokens.hash = ?
                    """,
                arguments: [token.hash]
            ).flatMap { row -> (User, TokenRecord, String)? in
                guard let user = try Accounts.user(id: row["user_id"], in: database) else {
                    return nil
                }
                return (user, TokenRecord(row), row["hash"])
            }
        }
        guard let (user, record, hash) = found, isEqualInConstantTime(hash, token.hash) else {
            throw ForgeError(
                .tokenUnknown, "this forge does not know the token",
                hint: "sign in again: hif auth login")
        }
        try Accounts.checkUsable(user, record, now: now)
        if now - (record.lastUsedMillis ?? 0) >= Limits.lastUsedGrainMillis {
            try await pool.write { database in
                try database.execute(
                    sql: "UPDATE tokens SET last_used_at = ? WHERE id = ?",
                    arguments: [now, record.id])
            }
        }
        return (user, record)
    }

    static func checkUsable(_ user: User, _ token: TokenRecord, now: Int64) throws(ForgeError) {
        if user.disabledMillis != nil {
            throw ForgeError(.accountDisabled, "the account '\(user.handle)' is disabled")
        }
        if token.revokedMillis != nil {
            throw ForgeError(
                .tokenRevoked, "the token was revoked", hint: "sign in again: hif auth login")
        }
        if let expires = token.expiresMillis, expires <= now {
            throw ForgeError(
                .tokenExpired, "the token has expired", hint: "sign in again: hif auth login")
        }
    }
}
