import GRDB

/// Leave for somebody to make an account, behind a link that works once.
package struct Invitation: Hashable, Sendable {
    package let id: Int64
    /// Who made it; nil for whoever runs the forge.
    package let inviter: String?
    /// For whom it is, in the inviter's words.
    package let note: String
    package let createdMillis: Int64
    package let expiresMillis: Int64
    /// The account that was made with it.
    package let usedBy: String?

    init(_ row: Row) {
        id = row["id"]
        inviter = row["inviter"]
        note = row["note"]
        createdMillis = row["created_at"]
        expiresMillis = row["expires_at"]
        usedBy = row["used_by_handle"]
    }

    static let select = """
        SELECT invitations.*, inviters.handle AS inviter, users.handle AS used_by_handle
        FROM invitations
        LEFT JOIN users AS inviters ON inviters.id = invitations.inviter_id
        LEFT JOIN users ON users.id = invitations.used_by
        """
}

/// Invitations. The database keeps a hash of each link. One ends with its use, with its time, when it is
/// revoked, and as long as whoever made it is shut out.
extension Accounts {
    /// Makes an invitation; the link is told this once.
    ///
    /// - Parameter inviter: nil for whoever runs the forge, who is not bounded.
    /// - Throws: `ForgeError(.unprocessable)` when too many of theirs are open.
    package func createInvitation(
        by inviter: User?, note: String, now: Int64
    ) async throws -> (invitation: Invitation, link: TokenText) {
        guard note.unicodeScalars.count <= Limits.invitationNoteLengthMax else {
            throw ForgeError.invalid(
                "a note has at most \(Limits.invitationNoteLengthMax) characters")
        }
        let link = TokenText(.invitation)
        let made = try await auditing(now) { database, pen in
            try database.execute(
                sql: "DELETE FROM invitations WHERE used_at IS NULL AND expires_at <= ?",
                arguments: [now])
            if let inviter { try Accounts.makeRoom(for: inviter, in: database) }
            try database.execute(
                sql: """
                    INSERT INTO invitations (hash, inviter_id, note, created_at, expires_at)
                    VALUES (?, ?, ?, ?, ?)
                    """,
                arguments: [
                    link.hash, inviter?.id, note, now, now + Limits.invitationMillis,
                ])
            let id = database.lastInsertedRowID
            try pen.note(.invited, "\(id)", in: database)
            return try Row.fetchOne(
                database, sql: "\(Invitation.select) WHERE invitations.id = ?", arguments: [id]
            ).map(Invitation.init)
        }
        guard let made else {
            throw ForgeError(.internalError, "the new invitation cannot be read back")
        }
        return (made, link)
    }

    /// Refuses one open invitation too many, and forgets those used longest ago.
    private static func makeRoom(for inviter: User, in database: Database) throws {
        let open =
            try Int.fetchOne(
                database,
                sql: "SELECT count(*) FROM invitations WHERE inviter_id = ? AND used_at IS NULL",
                arguments: [inviter.id]) ?? 0
        guard open < Limits.invitationsOpenMax else {
            throw ForgeError(
                .unprocessable,
                "\(Limits.invitationsOpenMax) of your invitations are open, and more cannot be",
                hint: "revoke one that nobody will use")
        }
        try database.execute(
            sql: """
                DELETE FROM invitations WHERE id IN (
                    SELECT id FROM invitations WHERE inviter_id = ? AND used_at IS NOT NULL
                    ORDER BY used_at DESC LIMIT -1 OFFSET ?)
                """,
            arguments: [inviter.id, Limits.invitationsUsedMax])
    }

    /// The invitations that an account made, newest first: open ones, and those that were used.
    func invitations(of inviter: User, now: Int64) async throws -> [Invitation] {
        try await pool.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    \(Invitation.select)
                    WHERE invitations.inviter_id = ?
                      AND (invitations.used_at IS NOT NULL OR invitations.expires_at > ?)
                    ORDER BY invitations.id DESC
                    """,
                arguments: [inviter.id, now]
            ).map(Invitation.init)
        }
    }

    /// Makes an open invitation of that account worthless.
    ///
    /// - Returns: false when it has none of that number.
    func endInvitation(_ id: Int64, of inviter: User, now: Int64) async throws -> Bool {
        try await auditing(now) { database, pen in
            try database.execute(
                sql: "DELETE FROM invitations WHERE id = ? AND inviter_id = ? AND used_at IS NULL",
                arguments: [id, inviter.id])
            guard database.changesCount > 0 else { return false }
            try pen.note(.endedInvitation, "\(id)", in: database)
            return true
        }
    }

    /// The invitation behind a link that still works; nil for every other link.
    func invitation(_ link: TokenText, now: Int64) async throws -> Invitation? {
        try await pool.read { try Accounts.invitation(link, now: now, in: $0) }
    }

    private static func invitation(
        _ link: TokenText, now: Int64, in database: Database
    ) throws -> Invitation? {
        try Row.fetchOne(
            database,
            sql: """
                \(Invitation.select)
                WHERE invitations.hash = ? AND invitations.used_at IS NULL
                  AND invitations.expires_at > ? AND inviters.disabled_at IS NULL
                """,
            arguments: [link.hash, now]
        ).map(Invitation.init)
    }

    /// Makes an account for somebody who signs up.
    ///
    /// - Parameter link: an invitation, which is used up; nil where none is needed.
    /// - Throws: `notFound` when the invitation does not work any more, `alreadyExists` when the handle
    ///   is taken.
    func signUp(
        _ handle: Handle, email: String?, passwordHash: String, with link: TokenText?, now: Int64
    ) async throws -> User {
        try Accounts.check(displayName: "", email: email)
        return try await auditing(now) { database, pen in
            let invitation = try link.map { link in
                guard let found = try Accounts.invitation(link, now: now, in: database) else {
                    throw Accounts.deadInvitation
                }
                return found
            }
            let user = try Accounts.insertUser(
                handle, displayName: "", email: email, isAdmin: false, now: now, in: database)
            try database.execute(
                sql: "UPDATE users SET password_hash = ? WHERE id = ?",
                arguments: [passwordHash, user.id])
            if let invitation {
                try database.execute(
                    sql: "UPDATE invitations SET used_by = ?, used_at = ? WHERE id = ?",
                    arguments: [user.id, now, invitation.id])
            }
            try pen.note(.signedUp, handle.text, in: database)
            guard let made = try Accounts.user(handle, in: database) else {
                throw ForgeError(.internalError, "the new account cannot be read back")
            }
            return made
        }
    }

    static let deadInvitation = ForgeError(
        .notFound, "this invitation does not work any more",
        hint: "ask whoever sent it for a new one")
}
