import GRDB

/// What the database says of a project: its name and who may see it. Its content is in the store.
package struct ProjectRecord: Hashable, Sendable {
    package let id: Int64
    /// The project's id in the object store: 32 hexadecimal digits.
    package let storeProjectID: String
    package let path: ProjectPath
    package let ownerID: Int64
    package let description: String
    package let isPublic: Bool
    package let createdMillis: Int64

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
    }

    init(_ row: Row) throws {
        id = row["id"]
        storeProjectID = row["store_project_id"]
        path = ProjectPath(
            owner: try Handle(row["owner_handle"] as String),
            name: try ProjectName(row["name"] as String))
        ownerID = row["owner_id"]
        description = row["description"]
        isPublic = row["is_public"]
        createdMillis = row["created_at"]
    }
}

extension Accounts {
    /// A project and what the one who asked is in it.
    package struct FoundProject: Sendable {
        package let project: ProjectRecord
        package let memberRole: Role?

        init(project: ProjectRecord, memberRole: Role?) {
            self.project = project
            self.memberRole = memberRole
        }

        init(_ row: Row) throws {
            project = try ProjectRecord(row)
            memberRole = (row["member_role"] as String?).flatMap(Role.init)
        }
    }

    private static let selectProject = """
        SELECT projects.*, owners.handle AS owner_handle, members.role AS member_role
        FROM projects
        JOIN users AS owners ON owners.id = projects.owner_id
        LEFT JOIN members ON members.project_id = projects.id AND members.user_id = ?
        """

    /// The project of that name, whoever may see it: `Access` decides.
    func project(_ path: ProjectPath, seenBy userID: Int64?) async throws -> FoundProject? {
        try await pool.read { database in
            try Row.fetchOne(
                database,
                sql: """
                    \(Accounts.selectProject)
                    WHERE owners.handle = ? AND projects.name = ?
                    """,
                arguments: [userID, path.owner.text, path.name.text]
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
                    WHERE projects.id > ?
                      AND (? IS NULL OR owners.handle = ?)
                      AND (projects.is_public OR projects.owner_id = ? OR members.role IS NOT NULL)
                    ORDER BY projects.id LIMIT ?
                    """,
                arguments: [userID, cursor, owner?.text, owner?.text, userID, limit]
            ).map(FoundProject.init)
        }
    }

    /// Every project, for administration.
    package func allProjects() async throws -> [ProjectRecord] {
        try await pool.read { database in
            try Row.fetchAll(
                database,
                sql: "\(Accounts.selectProject) ORDER BY owners.handle, projects.name",
                arguments: [nil]
            ).map(ProjectRecord.init)
        }
    }

    func insertProject(
        _ path: ProjectPath, ownerID: Int64, storeProjectID: String, description: String,
        isPublic: Bool, now: Int64
    ) async throws {
        try await pool.write { database in
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
        }
    }

    static func projectExists(_ path: ProjectPath) -> ForgeError {
        ForgeError(.alreadyExists, "there is a project \(path) already")
    }
}
