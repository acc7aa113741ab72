import GRDB

/// What the database says of a project: its name and who may see it. Its content is in the store.
package struct ProjectRecord: Hashable, Sendable {
    package let id: Int64
    /// The project's id in the object store: 32 hexadecimal digits.
    package let storeProjectID: String
    package let path: ProjectPath
    package let ownerID: Int64
    package let description: String
    package let topics: [String]
    package let isPublic: Bool
    /// Whether it can only be read.
    package let isArchived: Bool
    package let createdMillis: Int64
    /// Only administrators and `deletedProjects` see those that have one.
    package let deletedMillis: Int64?

    /// As another node of the forge told it.
    init(
        id: Int64, storeProjectID: String, path: ProjectPath, ownerID: Int64,
        description: String, isPublic: Bool, createdMillis: Int64
    ) {
        self.id = id
        self.storeProjectID = storeProjectID
        self.path = path
        self.ownerID = ownerID
        self.description = description
        self.isPublic = isPublic
        self.createdMillis = createdMillis
        topics = []
        isArchived = false
        deletedMillis = nil
    }

    init(_ row: Row) throws {
        id = row["id"]
        storeProjectID = row["store_project_id"]
        path = ProjectPath(
            owner: try Handle(row["owner_handle"] as String),
            name: try ProjectName(row["name"] as String))
        ownerID = row["owner_id"]
        description = row["description"]
        topics = (row["topics"] as String).split(separator: " ").map(String.init)
        isPublic = row["is_public"]
        isArchived = row["archived_at"] != nil
        createdMillis = row["created_at"]
        deletedMillis = row["deleted_at"]
    }
}

extension Accounts {
    /// A project and what the one who asked is in it.
    package struct FoundProject: Sendable {
        package let project: ProjectRecord
        /// As one of its members, or of the organisation that owns it: whichever is more.
        package let memberRole: Role?

        init(project: ProjectRecord, memberRole: Role?) {
            self.project = project
            self.memberRole = memberRole
        }

        init(_ row: Row) throws {
            project = try ProjectRecord(row)
            let own = (row["member_role"] as String?).flatMap(Role.init)
            let team = (row["team_role"] as String?).flatMap(OrganisationRole.init)
            memberRole = [own, team?.projectRole].compactMap(\.self).max()
        }
    }

    static let selectProject = """
        SELECT projects.*, owners.handle AS owner_handle, members.role AS member_role,
            teams.role AS team_role
        FROM projects
        JOIN users AS owners ON owners.id = projects.owner_id
        LEFT JOIN members ON members.project_id = projects.id AND members.user_id = ?
        LEFT JOIN organisation_members AS teams
            ON teams.organisation_id = projects.owner_id AND teams.user_id = ?
        """

    /// The project that has that name, or had it and no other has it now; whoever may see it: `Access`
    /// decides. Deleted ones are not there.
    func project(_ path: ProjectPath, seenBy userID: Int64?) async throws -> FoundProject? {
        try await pool.read { database in
            // Asked by every request: parsed once.
            let statement = try database.cachedStatement(
                sql: """
                    \(Accounts.selectProject)
                    WHERE projects.deleted_at IS NULL AND projects.id = coalesce(
                        (SELECT named.id FROM projects AS named
                         JOIN users ON users.id = named.owner_id
                         WHERE users.handle = ? AND named.name = ?),
                        (SELECT former_names.project_id FROM former_names
                         JOIN users ON users.id = former_names.owner_id
                         WHERE users.handle = ? AND former_names.name = ?))
                    """)
            return try Row.fetchOne(
                statement,
                arguments: [
                    userID, userID, path.owner.text, path.name.text, path.owner.text,
                    path.name.text,
                ]
            ).map(FoundProject.init)
        }
    }

    /// Projects that `userID` may see, by id; those after `cursor`.
    func projects(
        seenBy userID: Int64?, owner: Handle?, after cursor: Int64, limit: Int
    ) async throws -> [FoundProject] {
        try await pool.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    \(Accounts.selectProject)
                    WHERE projects.id > ? AND projects.deleted_at IS NULL
                      AND (? IS NULL OR owners.handle = ?)
                      AND (projects.is_public OR projects.owner_id = ? OR members.role IS NOT NULL
                        OR teams.role IS NOT NULL)
                    ORDER BY projects.id LIMIT ?
                    """,
                arguments: [
                    userID, userID, cursor, owner?.text, owner?.text, userID, limit,
                ]
            ).map(FoundProject.init)
        }
    }

    /// Projects by id, deleted ones too; those after `cursor`.
    func allProjects(after cursor: Int64, limit: Int) async throws -> [ProjectRecord] {
        try await pool.read { database in
            try Row.fetchAll(
                database,
                sql: "\(Accounts.selectProject) WHERE projects.id > ? ORDER BY projects.id LIMIT ?",
                arguments: [nil, nil, cursor, limit]
            ).map(ProjectRecord.init)
        }
    }

    /// Every project, for administration; deleted ones too.
    package func allProjects() async throws -> [ProjectRecord] {
        try await pool.read { database in
            try Row.fetchAll(
                database,
                sql: "\(Accounts.selectProject) ORDER BY owners.handle, projects.name",
                arguments: [nil, nil]
            ).map(ProjectRecord.init)
        }
    }

    /// - Parameter maker: who gets the role of an owner in it, where the owner is an organisation; nil for
    ///   nobody.
    func insertProject(
        _ path: ProjectPath, ownerID: Int64, maker: User?, storeProjectID: String,
        description: String, isPublic: Bool, now: Int64
    ) async throws {
        try await auditing(now) { database, pen in
            try Accounts.checkOwner(ownerID, in: database)
            try Accounts.forgetFormerName(path.name, of: ownerID, in: database)
            do {
                try database.execute(
                    sql: """
                        INSERT INTO projects
                            (store_project_id, owner_id, name, description, is_public, created_at)
                        VALUES (?, ?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        storeProjectID, ownerID, path.name.text, description, isPublic, now,
                    ])
            } catch let error as DatabaseError
                where error.extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE
            {
                throw Accounts.projectExists(path)
            }
            if let maker {
                try database.execute(
                    sql: "INSERT INTO members (project_id, user_id, role) VALUES (?, ?, 'owner')",
                    arguments: [database.lastInsertedRowID, maker.id])
            }
            try pen.note(.madeProject, "\(path)", in: database)
        }
    }

    /// Refuses a name that a project has, with what can be done about one that was deleted and is still kept.
    func checkFree(_ path: ProjectPath) async throws {
        let isDeleted = try await pool.read { database in
            try Bool.fetchOne(
                database,
                sql: """
                    SELECT projects.deleted_at IS NOT NULL FROM projects
                    JOIN users ON users.id = projects.owner_id
                    WHERE users.handle = ? AND projects.name = ?
                    """,
                arguments: [path.owner.text, path.name.text])
        }
        guard let isDeleted else { return }
        guard isDeleted else { throw Accounts.projectExists(path) }
        throw ForgeError(
            .alreadyExists,
            "the project \(path) was deleted, and keeps its name until it is purged",
            hint: "give it back on /settings/deleted while it is listed there, or take another name"
        )
    }

    static func projectExists(_ path: ProjectPath) -> ForgeError {
        ForgeError(
            .alreadyExists, "there is a project \(path) already", hint: "take another name")
    }
}
