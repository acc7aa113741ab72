import GRDB

extension Accounts {
    /// An account as administrators see it.
    package struct Overview: Hashable, Sendable {
        package let user: User
        /// Whether it is an organisation that was deleted (`Accounts.isDeleted`).
        package let isDeleted: Bool
        package let hasSecondFactor: Bool
        package let projectCount: Int
        /// When a token or browser of it was last used; nil for never.
        package let lastUsedMillis: Int64?

        fileprivate init(_ row: Row) throws {
            user = try User(row)
            isDeleted = row["is_deleted"]
            hasSecondFactor = row["has_second_factor"]
            projectCount = row["project_count"]
            lastUsedMillis = row["last_used"]
        }

        fileprivate static let select = """
            SELECT \(User.columns),
                users.is_organisation AND users.disabled_at IS NOT NULL AND NOT EXISTS (
                    SELECT 1 FROM organisation_members WHERE organisation_id = users.id) AS is_deleted,
                EXISTS (SELECT 1 FROM second_factors WHERE user_id = users.id) AS has_second_factor,
                (SELECT count(*) FROM projects
                 WHERE owner_id = users.id AND deleted_at IS NULL) AS project_count,
                nullif(max(coalesce((SELECT max(last_used_at) FROM tokens WHERE user_id = users.id), 0),
                    coalesce((SELECT max(last_used_at) FROM browser_sessions WHERE user_id = users.id), 0)), 0)
                    AS last_used
            FROM users
            """
    }

    /// Accounts and organisations by handle; those after `cursor`.
    func overview(after cursor: String, limit: Int) async throws -> [Overview] {
        try await pool.read { database in
            try Row.fetchAll(
                database,
                sql: "\(Overview.select) WHERE users.handle > ? ORDER BY users.handle LIMIT ?",
                arguments: [cursor, limit]
            ).map(Overview.init)
        }
    }

    func overview(of handle: Handle) async throws -> Overview? {
        try await pool.read { database in
            try Row.fetchOne(
                database, sql: "\(Overview.select) WHERE users.handle = ?", arguments: [handle.text]
            ).map(Overview.init)
        }
    }
}
