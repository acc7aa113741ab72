import GRDB
import HifCore

extension Accounts {
    /// Somebody who has a role in a project without being its owner.
    package struct Member: Hashable, Sendable {
        package let handle: Handle
        package let role: Role
    }

    /// The project of that name, for administration.
    ///
    /// - Throws: `ForgeError(.notFound)` when there is none.
    package func project(_ path: ProjectPath) async throws -> ProjectRecord {
        guard let found = try await project(path, seenBy: nil) else {
            throw Accounts.noProject("\(path)")
        }
        return found.project
    }

    /// For administrators, who may know which projects there are; others hear `Access.notFound`.
    static func noProject(_ name: String) -> ForgeError {
        ForgeError(
            .notFound, "there is no project \(SafeText.escape(name))",
            hint: "micelio admin project list")
    }

    /// The members of a project, by handle.
    package func members(of project: ProjectRecord) async throws -> [Member] {
        try await pool.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT users.handle, members.role
                    FROM members JOIN users ON users.id = members.user_id
                    WHERE members.project_id = ? ORDER BY users.handle
                    """,
                arguments: [project.id]
            ).compactMap { row in
                guard let role = Role(rawValue: row["role"]) else { return nil }
                return Member(handle: try Handle(row["handle"] as String), role: role)
            }
        }
    }

    /// Gives somebody a role, or with nil takes it away. For the owner it changes nothing.
    ///
    /// - Returns: whether there was something to take away; with a role, true.
    @discardableResult
    package func setMember(
        _ handle: Handle, of project: ProjectRecord, role: Role?, now: Int64
    ) async throws -> Bool {
        try await auditing(now) { database, pen in
            guard let user = try Accounts.user(handle, in: database), !user.isOrganisation else {
                throw Accounts.noAccount(handle)
            }
            if let role {
                try Accounts.checkRoom(for: user, in: project, database)
                try pen.note(
                    .gaveRole, "\(handle) in \(project.path): \(role.rawValue)", in: database)
                try database.execute(
                    sql: """
                        INSERT INTO members (project_id, user_id, role) VALUES (?, ?, ?)
                        ON CONFLICT (project_id, user_id) DO UPDATE SET role = excluded.role
                        """,
                    arguments: [project.id, user.id, role.rawValue])
            } else {
                try database.execute(
                    sql: "DELETE FROM members WHERE project_id = ? AND user_id = ?",
                    arguments: [project.id, user.id])
                guard database.changesCount > 0 else { return false }
                try pen.note(.tookRole, "\(handle) in \(project.path)", in: database)
            }
            return true
        }
    }

    private static func checkRoom(
        for user: User, in project: ProjectRecord, _ database: Database
    ) throws {
        let others =
            try Int.fetchOne(
                database, sql: "SELECT count(*) FROM members WHERE project_id = ? AND user_id != ?",
                arguments: [project.id, user.id]) ?? 0
        guard others < Limits.projectMembersMax else {
            throw ForgeError(
                .unprocessable, "a project has at most \(Limits.projectMembersMax) members",
                hint: "an organisation has more")
        }
    }
}
