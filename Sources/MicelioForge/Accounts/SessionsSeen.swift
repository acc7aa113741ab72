import GRDB
import HifCore

/// How far an account had read a session when it looked the time before.
package struct SessionSeen: Hashable, Sendable {
    package let events: Int
    package let atMillis: Int64
}

/// How far accounts have read sessions: numbers of events, and nothing of what is in them.
extension Accounts {
    /// Keeps that the account looks at a session now, and answers how it was the time before.
    ///
    /// Looks within `Limits.sessionViewMillis` of each other are one: what was new when it began stays
    /// new until it ends. Nil at the first look.
    func look(
        at session: SessionID, events: Int, in project: ProjectRecord, by user: User, now: Int64
    ) async throws -> SessionSeen? {
        let known = try await pool.read { database in
            try Accounts.view(user, project, session, in: database)
        }
        if let known, known.last == events, now - known.lastMillis < Limits.lastUsedGrainMillis {
            return known.seen
        }
        return try await pool.write { database in
            guard let known = try Accounts.view(user, project, session, in: database) else {
                try Accounts.keep(
                    events, since: now, user, project, session, now: now, in: database)
                return nil
            }
            let isNew = now - known.lastMillis >= Limits.sessionViewMillis
            let seen =
                isNew
                ? SessionSeen(events: known.last, atMillis: known.lastMillis) : known.seen
            try database.execute(
                sql: """
                    UPDATE session_views SET seen = ?, seen_at = ?, last = ?, last_at = ?
                    WHERE user_id = ? AND project_id = ? AND session = ?
                    """,
                arguments: [
                    seen.events, seen.atMillis, events, now, user.id, project.id, session.hash.hex,
                ])
            return seen
        }
    }

    /// Keeps that the account has read a session up to here.
    func keepSeen(
        _ events: Int, of session: SessionID, in project: ProjectRecord, by user: User, now: Int64
    ) async throws {
        try await pool.write { database in
            try Accounts.keep(events, since: now, user, project, session, now: now, in: database)
        }
    }

    private static func view(
        _ user: User, _ project: ProjectRecord, _ session: SessionID, in database: Database
    ) throws -> (seen: SessionSeen, last: Int, lastMillis: Int64)? {
        try Row.fetchOne(
            database,
            sql: """
                SELECT * FROM session_views WHERE user_id = ? AND project_id = ? AND session = ?
                """,
            arguments: [user.id, project.id, session.hash.hex]
        ).map { row in
            (
                SessionSeen(events: row["seen"], atMillis: row["seen_at"]), row["last"],
                row["last_at"]
            )
        }
    }

    private static func keep(
        _ events: Int, since: Int64, _ user: User, _ project: ProjectRecord, _ session: SessionID,
        now: Int64, in database: Database
    ) throws {
        try database.execute(
            sql: """
                INSERT OR REPLACE INTO session_views
                    (user_id, project_id, session, seen, seen_at, last, last_at)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                user.id, project.id, session.hash.hex, events, since, events, now,
            ])
        try database.execute(
            sql: """
                DELETE FROM session_views WHERE user_id = ? AND last_at < (
                    SELECT last_at FROM session_views WHERE user_id = ?
                    ORDER BY last_at DESC LIMIT 1 OFFSET ?)
                """,
            arguments: [user.id, user.id, Limits.sessionViewsMax - 1])
    }
}

/// The same, for whoever holds a grant.
extension Forge {
    /// As `Accounts.look`; nil for nobody in particular, and on a node that keeps no accounts.
    func look(
        at session: SessionID, events: Int, in grant: ProjectGrant<Reading>
    ) async throws -> SessionSeen? {
        guard let user = grant.principal.user, keepsAccounts else { return nil }
        return try await accounts.look(
            at: session, events: events, in: grant.project, by: user, now: now())
    }

    /// As `Accounts.keepSeen`.
    ///
    /// - Throws: `ForgeError(.unauthenticated)` for nobody in particular.
    func keepSeen(
        _ events: Int, of session: SessionID, in grant: ProjectGrant<Reading>
    ) async throws {
        guard let user = grant.principal.user else { throw Access.unauthenticated }
        try await accounts.keepSeen(
            max(0, events), of: session, in: grant.project, by: user, now: now())
    }
}
