import GRDB

/// What owners change about a project: all of it in the database, for content and history stay as they are.
extension Accounts {
    /// Changes what is not nil.
    func changeProject(
        _ project: ProjectRecord, description: String?, topics: [Topic]?, isPublic: Bool?,
        now: Int64
    ) async throws {
        if let description { try Accounts.check(description: description) }
        let topics = topics.map { $0.map(\.text).joined(separator: " ") }
        try await auditing(now) { database, pen in
            try database.execute(
                sql: """
                    UPDATE projects SET description = coalesce(?, description),
                        topics = coalesce(?, topics), is_public = coalesce(?, is_public)
                    WHERE id = ?
                    """,
                arguments: [description, topics, isPublic, project.id])
            if let isPublic, isPublic != project.isPublic {
                try pen.note(
                    isPublic ? .madePublic : .madePrivate, "\(project.path)", in: database)
            }
        }
    }

    static func check(description: String) throws(ForgeError) {
        guard description.utf8.count <= Limits.descriptionBytesMax else {
            throw .invalid("a description has at most \(Limits.descriptionBytesMax) bytes")
        }
    }

    /// Gives a project another name, another owner, or both. Its old name leads to it until another project
    /// takes that name. Tokens that name the project go on naming it.
    ///
    /// - Parameters:
    ///   - ownerID: of the account or organisation that `path` names.
    ///   - keeping: who stays an owner of it, whatever they are in the new owner.
    func moveProject(
        _ project: ProjectRecord, to path: ProjectPath, ownerID: Int64, keeping user: User,
        now: Int64
    ) async throws {
        try await auditing(now) { database, pen in
            try Accounts.checkOwner(ownerID, in: database)
            let taken = try Int64.fetchOne(
                database, sql: "SELECT id FROM projects WHERE owner_id = ? AND name = ?",
                arguments: [ownerID, path.name.text])
            guard taken == nil || taken == project.id else { throw Accounts.projectExists(path) }
            try Accounts.forgetFormerName(path.name, of: ownerID, in: database)
            try database.execute(
                sql: "UPDATE projects SET owner_id = ?, name = ? WHERE id = ?",
                arguments: [ownerID, path.name.text, project.id])
            if !project.path.isSame(as: path) {
                try database.execute(
                    sql: """
                        INSERT OR REPLACE INTO former_names (owner_id, name, project_id)
                        VALUES (?, ?, ?)
                        """,
                    arguments: [project.ownerID, project.path.name.text, project.id])
                try Accounts.dropOldFormerNames(of: project, in: database)
            }
            if ownerID != project.ownerID {
                try database.execute(
                    sql: """
                        INSERT INTO members (project_id, user_id, role) VALUES (?, ?, 'owner')
                        ON CONFLICT (project_id, user_id) DO UPDATE SET role = 'owner'
                        """,
                    arguments: [project.id, user.id])
            }
            try Accounts.renameScopes(from: project.path, to: path, in: database)
            try pen.note(.movedProject, "\(project.path) to \(path)", in: database)
        }
    }

    /// A name that a project takes leads to no other any more.
    static func forgetFormerName(
        _ name: ProjectName, of ownerID: Int64, in database: Database
    ) throws {
        try database.execute(
            sql: "DELETE FROM former_names WHERE owner_id = ? AND name = ?",
            arguments: [ownerID, name.text])
    }

    private static func dropOldFormerNames(
        of project: ProjectRecord, in database: Database
    ) throws {
        try database.execute(
            sql: """
                DELETE FROM former_names WHERE project_id = ? AND rowid NOT IN (
                    SELECT rowid FROM former_names WHERE project_id = ?
                    ORDER BY rowid DESC LIMIT ?)
                """,
            arguments: [project.id, project.id, Limits.formerNamesMax])
    }

    /// Tokens are for projects by name: they follow one that gets another.
    private static func renameScopes(
        from old: ProjectPath, to new: ProjectPath, in database: Database
    ) throws {
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT id, scopes FROM tokens
                WHERE revoked_at IS NULL AND instr(lower(scopes), ?) > 0
                """,
            arguments: [":\(old)".lowercased()])
        for row in rows {
            let scopes = ScopeSet(stored: row["scopes"]).scopes.map { scope in
                scope.resource.lowercased() == "\(old)".lowercased()
                    ? ScopeSet.Scope(verb: scope.verb, resource: "\(new)") : scope
            }
            try database.execute(
                sql: "UPDATE tokens SET scopes = ? WHERE id = ?",
                arguments: [ScopeSet(scopes: scopes).stored, row["id"] as Int64])
        }
    }

    /// Makes a project read-only, or no longer so.
    func setArchived(_ project: ProjectRecord, _ isArchived: Bool, now: Int64) async throws {
        try await auditing(now) { database, pen in
            try database.execute(
                sql: "UPDATE projects SET archived_at = ? WHERE id = ?",
                arguments: [isArchived ? now : nil, project.id])
            try pen.note(
                isArchived ? .archivedProject : .unarchivedProject, "\(project.path)", in: database)
        }
    }

    /// Hides a project from everybody. Nothing of it is lost until it is purged.
    func deleteProject(_ project: ProjectRecord, now: Int64) async throws {
        try await auditing(now) { database, pen in
            try database.execute(
                sql: "UPDATE projects SET deleted_at = ? WHERE id = ?",
                arguments: [now, project.id])
            try pen.note(.deletedProject, "\(project.path)", in: database)
        }
    }

    /// A project that was deleted, and can still be had back.
    package struct DeletedProject: Hashable, Sendable {
        package let id: Int64
        package let storeProjectID: String
        package let path: ProjectPath
        package let deletedMillis: Int64

        init(_ row: Row) throws {
            id = row["id"]
            storeProjectID = row["store_project_id"]
            path = ProjectPath(
                owner: try Handle(row["owner_handle"] as String),
                name: try ProjectName(row["name"] as String))
            deletedMillis = row["deleted_at"]
        }
    }

    /// Deleted projects that belong to an account, or to an organisation that it owns, and whose time to be
    /// had back is not over: of those behind it a purge may have deleted some content already.
    func deletedProjects(of user: User, now: Int64) async throws -> [DeletedProject] {
        try await pool.read { try Accounts.deletedProjects(of: user, now: now, in: $0) }
    }

    private static func deletedProjects(
        of user: User, now: Int64, in database: Database
    ) throws -> [DeletedProject] {
        try Row.fetchAll(
            database,
            sql: """
                SELECT projects.*, owners.handle AS owner_handle FROM projects
                JOIN users AS owners ON owners.id = projects.owner_id
                WHERE projects.deleted_at > ? AND (
                    projects.owner_id = ? OR EXISTS (
                        SELECT 1 FROM organisation_members
                        WHERE organisation_id = projects.owner_id AND user_id = ?
                          AND role = 'owner'))
                ORDER BY projects.deleted_at DESC
                """,
            arguments: [now - Limits.deletedProjectMillis, user.id, user.id]
        ).map(DeletedProject.init)
    }

    /// Gives a deleted project back.
    ///
    /// - Returns: nil when the account has no such project among its deleted ones.
    func restoreProject(_ id: Int64, of user: User, now: Int64) async throws -> ProjectPath? {
        try await auditing(now) { database, pen in
            guard
                let found = try Accounts.deletedProjects(of: user, now: now, in: database)
                    .first(where: { $0.id == id })
            else { return nil }
            try Accounts.restore(found, pen, in: database)
            return found.path
        }
    }

    private static func restore(
        _ project: DeletedProject, _ pen: AuditPen, in database: Database
    ) throws {
        try database.execute(
            sql: "UPDATE projects SET deleted_at = NULL WHERE id = ?", arguments: [project.id])
        try pen.note(.restoredProject, "\(project.path)", in: database)
    }

    /// Gives a deleted project back to whoever owns it, within its time.
    ///
    /// - Returns: nil when there is none of that name.
    func restoreProject(_ path: ProjectPath, now: Int64) async throws -> ProjectPath? {
        try await auditing(now) { database, pen in
            let found = try Row.fetchOne(
                database,
                sql: """
                    SELECT projects.*, owners.handle AS owner_handle FROM projects
                    JOIN users AS owners ON owners.id = projects.owner_id
                    WHERE owners.handle = ? AND projects.name = ? AND projects.deleted_at > ?
                    """,
                arguments: [path.owner.text, path.name.text, now - Limits.deletedProjectMillis]
            ).map(DeletedProject.init)
            guard let found else { return nil }
            try Accounts.restore(found, pen, in: database)
            return found.path
        }
    }

    /// Projects whose time to be had back is over.
    func projectsToPurge(now: Int64) async throws -> [DeletedProject] {
        try await pool.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT projects.*, owners.handle AS owner_handle FROM projects
                    JOIN users AS owners ON owners.id = projects.owner_id
                    WHERE projects.deleted_at <= ? ORDER BY projects.id
                    """,
                arguments: [now - Limits.deletedProjectMillis]
            ).map(DeletedProject.init)
        }
    }

    /// Forgets a project for good, once its content is gone.
    func purgeProject(_ project: DeletedProject, now: Int64) async throws {
        try await auditing(now) { database, pen in
            try database.execute(
                sql: "DELETE FROM projects WHERE id = ? AND deleted_at IS NOT NULL",
                arguments: [project.id])
            try pen.note(.purgedProject, "\(project.path)", in: database)
        }
    }
}
