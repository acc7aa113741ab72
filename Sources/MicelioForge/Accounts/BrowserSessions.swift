import GRDB

/// A browser that is signed in to an account.
package struct BrowserSession: Hashable, Sendable {
    package let id: Int64
    /// What the browser says it is; for showing only.
    package let browser: String
    package let address: String
    package let createdMillis: Int64
    package let lastUsedMillis: Int64
    /// When the password was typed last.
    package let confirmedMillis: Int64

    init(_ row: Row) {
        id = row["id"]
        browser = row["browser"]
        address = row["address"]
        createdMillis = row["created_at"]
        lastUsedMillis = row["last_used_at"]
        confirmedMillis = row["confirmed_at"]
    }
}

/// Browsers that are signed in. The database keeps a hash of each cookie. A cookie ends when it was
/// not used for `Limits.browserIdleMillis`, and in any case after `Limits.browserAbsoluteMillis`.
extension Accounts {
    /// Signs a browser in, under a cookie that is new: what the browser presented before, however it
    /// came by it, is worth nothing from here on.
    func beginBrowser(
        _ user: User, replacing old: TokenText?, browser: String, address: String, now: Int64
    ) async throws -> TokenText {
        let token = TokenText(.browser)
        try await pool.write { database in
            if let old {
                try database.execute(
                    sql: "DELETE FROM browser_sessions WHERE hash = ?", arguments: [old.hash])
            }
            try database.execute(
                sql: "DELETE FROM browser_sessions WHERE last_used_at <= ? OR created_at <= ?",
                arguments: [
                    now - Limits.browserIdleMillis, now - Limits.browserAbsoluteMillis,
                ])
            try database.execute(
                sql: """
                    DELETE FROM browser_sessions WHERE id IN (
                        SELECT id FROM browser_sessions WHERE user_id = ?
                        ORDER BY last_used_at DESC LIMIT -1 OFFSET ?)
                    """,
                arguments: [user.id, Limits.browsersMax - 1])
            try database.execute(
                sql: """
                    INSERT INTO browser_sessions
                        (user_id, hash, browser, address, created_at, last_used_at, confirmed_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [user.id, token.hash, browser, address, now, now, now])
        }
        return token
    }

    /// The account that a cookie stands for; nil when it stands for none, or none any more.
    func browser(_ token: TokenText, now: Int64) async throws -> (User, BrowserSession)? {
        let found = try await pool.read { database -> (User, BrowserSession, String)? in
            guard
                let row = try Row.fetchOne(
                    database, sql: "SELECT * FROM browser_sessions WHERE hash = ?",
                    arguments: [token.hash]),
                let user = try Accounts.user(id: row["user_id"], in: database)
            else { return nil }
            return (user, BrowserSession(row), row["hash"])
        }
        guard let (user, session, hash) = found, isEqualInConstantTime(hash, token.hash),
            user.disabledMillis == nil,
            session.lastUsedMillis > now - Limits.browserIdleMillis,
            session.createdMillis > now - Limits.browserAbsoluteMillis
        else { return nil }
        if now - session.lastUsedMillis >= Limits.lastUsedGrainMillis {
            try await pool.write { database in
                try database.execute(
                    sql: "UPDATE browser_sessions SET last_used_at = ? WHERE id = ?",
                    arguments: [now, session.id])
            }
        }
        return (user, session)
    }

    /// The browsers signed in to an account, the one used last first.
    func browsers(of user: User) async throws -> [BrowserSession] {
        try await pool.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT * FROM browser_sessions WHERE user_id = ?
                    ORDER BY last_used_at DESC, id DESC
                    """,
                arguments: [user.id]
            ).map(BrowserSession.init)
        }
    }

    func endBrowser(_ session: BrowserSession) async throws {
        try await pool.write { database in
            try database.execute(
                sql: "DELETE FROM browser_sessions WHERE id = ?", arguments: [session.id])
        }
    }

    /// Signs one of an account's browsers out.
    ///
    /// - Returns: false when it has none of that number.
    func endBrowser(_ id: Int64, of user: User) async throws -> Bool {
        try await pool.write { database in
            try database.execute(
                sql: "DELETE FROM browser_sessions WHERE id = ? AND user_id = ?",
                arguments: [id, user.id])
            return database.changesCount > 0
        }
    }

    /// Keeps that the password was typed in this browser now.
    func confirmBrowser(_ session: BrowserSession, now: Int64) async throws {
        try await pool.write { database in
            try database.execute(
                sql: "UPDATE browser_sessions SET confirmed_at = ? WHERE id = ?",
                arguments: [now, session.id])
        }
    }

    /// Signs everything out that signed in as this account: browsers and devices. Personal tokens
    /// stay.
    func endLogins(of user: User, now: Int64) async throws {
        try await pool.write { try Accounts.revokeLogins(of: user.id, now: now, in: $0) }
    }
}
