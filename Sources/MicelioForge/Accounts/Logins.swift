import GRDB

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What a login gets: a short-lived access token, and a refresh token to get the next pair.
package struct TokenPair: Hashable, Sendable {
    package let access: TokenText
    package let accessExpiresMillis: Int64
    package let refresh: TokenText
    package let refreshExpiresMillis: Int64
    package let handle: Handle
}

/// Logins and the rotation of their refresh tokens (RFC 9700, section 4.14).
///
/// Each use of a refresh token gives a successor. The same token presented again gives the *same*
/// successor until that one was used itself: an answer that was lost logs nobody out. After that, a
/// second use means that two parties hold the token, and the whole family is revoked.
extension Accounts {
    /// Begins a family.
    static func beginLogin(
        _ user: User, clientName: String, deviceName: String, address: String, now: Int64,
        in database: Database
    ) throws -> TokenPair {
        try database.execute(
            sql: """
                INSERT INTO token_families
                    (user_id, client_name, device_name, address, created_at)
                VALUES (?, ?, ?, ?, ?)
                """,
            arguments: [user.id, clientName, deviceName, address, now])
        let familyID = database.lastInsertedRowID
        let refresh = TokenText(.refresh)
        let expires = now + Limits.refreshTokenIdleMillis
        _ = try insert(
            refresh, userID: user.id, familyID: familyID, scopes: .none, expires: expires,
            now: now, in: database)
        return try withAccessToken(
            refresh, expires: expires, user: user, familyID: familyID, now: now, in: database)
    }

    private static func withAccessToken(
        _ refresh: TokenText, expires: Int64, user: User, familyID: Int64, now: Int64,
        in database: Database
    ) throws -> TokenPair {
        // Access tokens that expired a day ago tell nobody anything; the table must not grow.
        try database.execute(
            sql: "DELETE FROM tokens WHERE family_id = ? AND kind = 'oat' AND expires_at < ?",
            arguments: [familyID, now - 86_400_000])
        let access = TokenText(.access)
        let accessExpires = now + Limits.accessTokenMillis
        _ = try insert(
            access, userID: user.id, familyID: familyID, scopes: .everything,
            expires: accessExpires, now: now, in: database)
        return TokenPair(
            access: access, accessExpiresMillis: accessExpires, refresh: refresh,
            refreshExpiresMillis: expires, handle: user.handle)
    }

    /// Changes a refresh token for a new pair.
    ///
    /// - Throws: `tokenUnknown`, `tokenExpired`, `tokenRevoked`, `accountDisabled`, or `tokenReused`
    ///   when this use showed that the token is in two hands; the family is revoked then.
    package func refresh(_ old: TokenText, now: Int64) async throws -> TokenPair {
        guard old.kind == .refresh else {
            throw ForgeError(.tokenMalformed, "this is not a refresh token")
        }
        // A thrown error would roll the revocation back, so the outcome leaves as a value.
        let outcome = try await pool.write { database -> Result<TokenPair, ForgeError> in
            do {
                return .success(try Accounts.refresh(old, now: now, in: database))
            } catch let error as ForgeError where error.code == .tokenReused {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    private static func refresh(
        _ old: TokenText, now: Int64, in database: Database
    ) throws -> TokenPair {
        let row = try Row.fetchOne(
            database,
            sql: """
                SELECT tokens.*, users.handle, successors.last_used_at AS successor_used_at,
                       successors.expires_at AS successor_expires_at
                FROM tokens
                JOIN users ON users.id = tokens.user_id
                LEFT JOIN tokens AS successors ON successors.id = tokens.successor_id
                WHERE tokens.hash = ?
                """,
            arguments: [old.hash])
        guard let row, let user = try user(id: row["user_id"], in: database),
            let familyID = row["family_id"] as Int64?
        else {
            throw ForgeError(
                .tokenUnknown, "this forge does not know the refresh token",
                hint: "sign in again: hif auth login")
        }
        let record = TokenRecord(row)
        try checkUsable(user, record, now: now)

        guard let sealed = row["sealed_successor"] as Data? else {
            return try firstUse(
                of: old, tokenID: record.id, user: user, familyID: familyID, now: now, in: database)
        }
        guard row["successor_used_at"] as Int64? == nil,
            let expires = row["successor_expires_at"] as Int64?
        else {
            try revoke(familyID: familyID, now: now, in: database)
            throw ForgeError(
                .tokenReused, "the refresh token was used before; this login is revoked",
                hint: "sign in again: hif auth login")
        }
        return try withAccessToken(
            SuccessorSeal.open(sealed, with: old), expires: expires, user: user,
            familyID: familyID, now: now, in: database)
    }

    private static func firstUse(
        of old: TokenText, tokenID: Int64, user: User, familyID: Int64, now: Int64,
        in database: Database
    ) throws -> TokenPair {
        let successor = TokenText(.refresh)
        let expires = now + Limits.refreshTokenIdleMillis
        let successorID = try insert(
            successor, userID: user.id, familyID: familyID, scopes: .none, expires: expires,
            now: now, in: database)
        try database.execute(
            sql: """
                UPDATE tokens SET successor_id = ?, sealed_successor = ?, last_used_at = ?
                WHERE id = ?
                """,
            arguments: [successorID, try SuccessorSeal.seal(successor, under: old), now, tokenID])
        // Of a spent token only its hash is needed from here on, to recognise a reuse. Those that
        // have expired cannot be presented any more.
        try database.execute(
            sql: "DELETE FROM tokens WHERE family_id = ? AND kind = 'ort' AND expires_at < ?",
            arguments: [familyID, now])
        return try withAccessToken(
            successor, expires: expires, user: user, familyID: familyID, now: now, in: database)
    }
}
