import GRDB

/// Names by a word in them. Whoever asks looks closer: one word is enough for few to be left, and case is
/// that of ASCII here.
extension Accounts {
    /// Projects that `userID` may see whose name, description or topics have a word, the newest first.
    ///
    /// - Parameter word: in lower case; empty for all.
    func projects(
        seenBy userID: Int64?, having word: String, limit: Int
    ) async throws -> [FoundProject] {
        try await pool.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    \(Accounts.selectProject)
                    WHERE projects.deleted_at IS NULL
                      AND (projects.is_public OR projects.owner_id = ? OR members.role IS NOT NULL
                        OR teams.role IS NOT NULL)
                      AND instr(lower(owners.handle || '/' || projects.name || char(10)
                        || projects.description || char(10) || projects.topics), ?) > 0
                    ORDER BY projects.id DESC LIMIT ?
                    """,
                arguments: [userID, userID, userID, word, limit]
            ).map(FoundProject.init)
        }
    }

    /// Accounts and organisations whose handle or name to show has a word; no disabled ones.
    func users(having word: String, limit: Int) async throws -> [User] {
        try await pool.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT \(User.columns) FROM users
                    WHERE disabled_at IS NULL
                      AND instr(lower(handle || char(10) || display_name), ?) > 0
                    ORDER BY handle LIMIT ?
                    """,
                arguments: [word, limit]
            ).map(User.init)
        }
    }
}
