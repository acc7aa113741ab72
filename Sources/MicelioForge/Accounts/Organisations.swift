import GRDB

/// What somebody is in an organisation, weakest first.
package enum OrganisationRole: String, Sendable, CaseIterable {
    /// Writes to its projects, and makes new ones.
    case member
    /// Manages its members and everything of its projects.
    case owner

    /// What it comes to in each of the organisation's projects.
    var projectRole: Role {
        switch self {
        case .member: .write
        case .owner: .owner
        }
    }
}

extension Accounts {
    /// Somebody in an organisation.
    package struct OrganisationMember: Hashable, Sendable {
        package let handle: Handle
        package let displayName: String
        package let role: OrganisationRole
    }

    /// An organisation that somebody is in.
    package struct Membership: Hashable, Sendable {
        package let organisation: Handle
        package let displayName: String
        package let role: OrganisationRole
    }

    /// Makes an organisation, which belongs to its maker. Its handle is one among those of accounts.
    func createOrganisation(
        _ handle: Handle, displayName: String, by maker: User, now: Int64
    ) async throws -> User {
        try Accounts.check(displayName: displayName, email: nil)
        return try await auditing(now) { database, pen in
            let owned =
                try Int.fetchOne(
                    database,
                    sql: """
                        SELECT count(*) FROM organisation_members
                        WHERE user_id = ? AND role = 'owner'
                        """,
                    arguments: [maker.id]) ?? 0
            guard owned < Limits.organisationsOwnedMax else {
                throw ForgeError(
                    .unprocessable,
                    "an account owns at most \(Limits.organisationsOwnedMax) organisations")
            }
            let made = try Accounts.insertUser(
                handle, displayName: displayName, email: nil, isAdmin: false, now: now, in: database
            )
            try database.execute(
                sql: "UPDATE users SET is_organisation = 1 WHERE id = ?", arguments: [made.id])
            try Accounts.put(maker, in: made, as: .owner, in: database)
            try pen.note(.madeOrganisation, handle.text, in: database)
            guard let organisation = try Accounts.user(handle, in: database) else {
                throw ForgeError(.internalError, "the new organisation cannot be read back")
            }
            return organisation
        }
    }

    private static func put(
        _ user: User, in organisation: User, as role: OrganisationRole, in database: Database
    ) throws {
        try database.execute(
            sql: """
                INSERT INTO organisation_members (organisation_id, user_id, role) VALUES (?, ?, ?)
                ON CONFLICT (organisation_id, user_id) DO UPDATE SET role = excluded.role
                """,
            arguments: [organisation.id, user.id, role.rawValue])
    }

    /// The organisation of that name, and what `userID` is in it; nil when there is none.
    package func organisation(
        _ handle: Handle, seenBy userID: Int64?
    ) async throws -> (organisation: User, role: OrganisationRole?)? {
        try await pool.read { database in
            guard let found = try Accounts.user(handle, in: database), found.isOrganisation,
                found.disabledMillis == nil
            else { return nil }
            return (found, try Accounts.role(of: userID, in: found, database))
        }
    }

    private static func role(
        of userID: Int64?, in organisation: User, _ database: Database
    ) throws -> OrganisationRole? {
        try String.fetchOne(
            database,
            sql: "SELECT role FROM organisation_members WHERE organisation_id = ? AND user_id = ?",
            arguments: [organisation.id, userID]
        ).flatMap(OrganisationRole.init)
    }

    /// Who is in an organisation, by handle.
    func organisationMembers(of organisation: User) async throws -> [OrganisationMember] {
        try await pool.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT users.handle, users.display_name, organisation_members.role
                    FROM organisation_members JOIN users ON users.id = organisation_members.user_id
                    WHERE organisation_members.organisation_id = ? AND users.disabled_at IS NULL
                    ORDER BY users.handle
                    """,
                arguments: [organisation.id]
            ).compactMap { row in
                guard let role = OrganisationRole(rawValue: row["role"]) else { return nil }
                return OrganisationMember(
                    handle: try Handle(row["handle"] as String), displayName: row["display_name"],
                    role: role)
            }
        }
    }

    /// The organisations that an account is in, by handle.
    func memberships(of user: User) async throws -> [Membership] {
        try await pool.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT users.handle, users.display_name, organisation_members.role
                    FROM organisation_members
                    JOIN users ON users.id = organisation_members.organisation_id
                    WHERE organisation_members.user_id = ? AND users.disabled_at IS NULL
                    ORDER BY users.handle
                    """,
                arguments: [user.id]
            ).compactMap { row in
                guard let role = OrganisationRole(rawValue: row["role"]) else { return nil }
                return Membership(
                    organisation: try Handle(row["handle"] as String),
                    displayName: row["display_name"], role: role)
            }
        }
    }

    /// Deletes an organisation that owns no project. Nobody is in it any more, and its handle is
    /// nobody else's: names in old histories go on meaning it.
    ///
    /// - Throws: `unprocessable` while it owns a project.
    func deleteOrganisation(_ organisation: User, now: Int64) async throws {
        try await auditing(now) { database, pen in
            let owned = try Accounts.projectCount(of: organisation, in: database)
            guard owned == 0 else {
                throw ForgeError(
                    .unprocessable,
                    "it still owns \(owned) project\(owned == 1 ? "" : "s")",
                    hint: "delete them or give them to somebody else first, in the settings of each"
                )
            }
            try database.execute(
                sql: "DELETE FROM organisation_members WHERE organisation_id = ?",
                arguments: [organisation.id])
            try database.execute(
                sql: "UPDATE users SET disabled_at = ? WHERE id = ?",
                arguments: [now, organisation.id])
            try pen.note(.deletedOrganisation, organisation.handle.text, in: database)
        }
    }

    /// How many projects an account or organisation owns, without deleted ones.
    func projectCount(of owner: User) async throws -> Int {
        try await pool.read { try Accounts.projectCount(of: owner, in: $0) }
    }

    private static func projectCount(of owner: User, in database: Database) throws -> Int {
        try Int.fetchOne(
            database,
            sql: "SELECT count(*) FROM projects WHERE owner_id = ? AND deleted_at IS NULL",
            arguments: [owner.id]) ?? 0
    }

    /// Whether an organisation was deleted: nobody leaves one as its last owner otherwise.
    static func isDeleted(_ organisation: User, in database: Database) throws -> Bool {
        guard organisation.isOrganisation, organisation.disabledMillis != nil else { return false }
        return try Int.fetchOne(
            database, sql: "SELECT 1 FROM organisation_members WHERE organisation_id = ? LIMIT 1",
            arguments: [organisation.id]) == nil
    }

    /// Refuses what is to get a project and was deleted meanwhile.
    static func checkOwner(_ id: Int64, in database: Database) throws {
        guard let owner = try user(id: id, in: database), owner.disabledMillis == nil else {
            throw ForgeError(.notFound, "the new owner is not there any more")
        }
    }

    /// Gives somebody a role in an organisation, or with nil takes them out of it.
    ///
    /// - Returns: whether there was somebody to take out; with a role, true.
    /// - Throws: `unprocessable` when nobody would own the organisation any more.
    func setOrganisationMember(
        _ handle: Handle, of organisation: User, role: OrganisationRole?, now: Int64
    ) async throws -> Bool {
        try await auditing(now) { database, pen in
            guard let user = try Accounts.user(handle, in: database), !user.isOrganisation,
                user.disabledMillis == nil || role == nil
            else { throw Accounts.noAccount(handle) }
            let old = try Accounts.role(of: user.id, in: organisation, database)
            if old == .owner, role != .owner {
                let owners =
                    try Int.fetchOne(
                        database,
                        sql: """
                            SELECT count(*) FROM organisation_members
                            WHERE organisation_id = ? AND role = 'owner'
                            """,
                        arguments: [organisation.id]) ?? 0
                guard owners > 1 else {
                    throw ForgeError(
                        .unprocessable, "\(handle) is the only owner of \(organisation.handle)",
                        hint: "make somebody else an owner first")
                }
            }
            guard let role else {
                guard old != nil else { return false }
                try database.execute(
                    sql: """
                        DELETE FROM organisation_members WHERE organisation_id = ? AND user_id = ?
                        """,
                    arguments: [organisation.id, user.id])
                try pen.note(
                    .tookRole, "\(handle) in \(organisation.handle)", in: database)
                return true
            }
            let count =
                try Int.fetchOne(
                    database,
                    sql: "SELECT count(*) FROM organisation_members WHERE organisation_id = ?",
                    arguments: [organisation.id]) ?? 0
            guard old != nil || count < Limits.organisationMembersMax else {
                throw ForgeError(
                    .unprocessable,
                    "an organisation has at most \(Limits.organisationMembersMax) members")
            }
            try Accounts.put(user, in: organisation, as: role, in: database)
            try pen.note(
                .gaveRole, "\(handle) in \(organisation.handle): \(role.rawValue)", in: database)
            return true
        }
    }
}
