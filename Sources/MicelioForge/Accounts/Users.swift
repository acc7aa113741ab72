import GRDB
import HifCore

/// An account of a person, or an organisation: a name that owns projects and that nobody signs in as.
package struct User: Hashable, Sendable {
    package let id: Int64
    package let handle: Handle
    package let displayName: String
    package let email: String?
    package let isAdmin: Bool
    package let isOrganisation: Bool
    package let createdMillis: Int64
    package let disabledMillis: Int64?
    package let hasPassword: Bool

    /// As another node of the forge told it, which let them in: so they are not disabled.
    init(
        id: Int64, handle: Handle, displayName: String, email: String?, isAdmin: Bool,
        createdMillis: Int64
    ) {
        self.id = id
        self.handle = handle
        self.displayName = displayName
        self.email = email
        self.isAdmin = isAdmin
        isOrganisation = false
        self.createdMillis = createdMillis
        disabledMillis = nil
        hasPassword = false
    }

    init(_ row: Row) throws {
        id = row["id"]
        handle = try Handle(row["handle"] as String)
        displayName = row["display_name"]
        email = row["email"]
        isAdmin = row["is_admin"]
        isOrganisation = row["is_organisation"]
        createdMillis = row["created_at"]
        disabledMillis = row["disabled_at"]
        hasPassword = row["has_password"]
    }

    static let columns = """
        users.id, users.handle, users.display_name, users.email, users.is_admin,
        users.is_organisation, users.created_at, users.disabled_at, users.password_hash IS NOT NULL AS has_password
        """
}

extension Accounts {
    /// Makes an account without a password.
    ///
    /// - Throws: `ForgeError(.alreadyExists)` when the handle is taken.
    package func createUser(
        _ handle: Handle, displayName: String = "", email: String? = nil, isAdmin: Bool = false,
        now: Int64
    ) async throws -> User {
        try Accounts.check(displayName: displayName, email: email)
        return try await pool.write { database in
            try Accounts.insertUser(
                handle, displayName: displayName, email: email, isAdmin: isAdmin, now: now,
                in: database)
        }
    }

    static func insertUser(
        _ handle: Handle, displayName: String, email: String?, isAdmin: Bool, now: Int64,
        in database: Database
    ) throws -> User {
        guard try user(handle, in: database) == nil else {
            throw Accounts.handleTaken(handle)
        }
        try database.execute(
            sql: """
                INSERT INTO users (handle, display_name, email, is_admin, created_at)
                VALUES (?, ?, ?, ?, ?)
                """,
            arguments: [handle.text, displayName, email, isAdmin, now])
        guard let user = try user(handle, in: database) else {
            throw ForgeError(.internalError, "the new account cannot be read back")
        }
        return user
    }

    static func check(displayName: String, email: String?) throws(ForgeError) {
        guard displayName.unicodeScalars.count <= Limits.displayNameLengthMax else {
            throw .invalid("a display name has at most \(Limits.displayNameLengthMax) characters")
        }
        guard let email else { return }
        let parts = email.split(separator: "@", omittingEmptySubsequences: false)
        let isPlain = email.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != 0x2C }
        guard email.unicodeScalars.count <= Limits.emailLengthMax, isPlain, parts.count == 2,
            parts.allSatisfy({ !$0.isEmpty })
        else {
            throw .invalid("'\(SafeText.escape(String(email.prefix(80))))' is no mail address")
        }
    }

    package func user(_ handle: Handle) async throws -> User? {
        try await pool.read { try Accounts.user(handle, in: $0) }
    }

    static func user(_ handle: Handle, in database: Database) throws -> User? {
        try Row.fetchOne(
            database, sql: "SELECT \(User.columns) FROM users WHERE handle = ?",
            arguments: [handle.text]
        ).map(User.init)
    }

    static func user(id: Int64, in database: Database) throws -> User? {
        let statement = try database.cachedStatement(
            sql: "SELECT \(User.columns) FROM users WHERE id = ?")
        return try Row.fetchOne(statement, arguments: [id]).map(User.init)
    }

    /// All accounts, by handle.
    package func users() async throws -> [User] {
        try await pool.read { database in
            try Row.fetchAll(
                database, sql: "SELECT \(User.columns) FROM users ORDER BY handle"
            ).map(User.init)
        }
    }

    /// Whether nobody can administer this forge yet.
    package func isWithoutAdmin() async throws -> Bool {
        try await pool.read { try Accounts.isWithoutAdmin(in: $0) }
    }

    static func isWithoutAdmin(in database: Database) throws -> Bool {
        try Int.fetchOne(
            database,
            sql: "SELECT 1 FROM users WHERE is_admin AND disabled_at IS NULL LIMIT 1") == nil
    }

    /// Shuts an account out, or lets it in again. Shutting out revokes its tokens and links.
    package func setDisabled(_ handle: Handle, _ isDisabled: Bool, now: Int64) async throws {
        try await auditing(now) { database, pen in
            guard let user = try Accounts.user(handle, in: database) else {
                throw Accounts.noAccount(handle)
            }
            if !isDisabled, try Accounts.isDeleted(user, in: database) {
                throw ForgeError(
                    .unprocessable, "the organisation '\(handle)' was deleted: nobody is in it")
            }
            try pen.note(isDisabled ? .shutOut : .letIn, handle.text, in: database)
            try database.execute(
                sql: "UPDATE users SET disabled_at = ? WHERE id = ?",
                arguments: [isDisabled ? now : nil, user.id])
            if isDisabled {
                try Accounts.revokeAll(of: user.id, now: now, in: database)
                try database.execute(
                    sql: "DELETE FROM links WHERE user_id = ?", arguments: [user.id])
            }
        }
    }

    /// The stored password hash of an account that may sign in; nil for unknown, disabled and
    /// password-less ones alike.
    package func passwordHash(of handle: Handle) async throws -> (user: User, encoded: String)? {
        try await pool.read { database in
            let row = try Row.fetchOne(
                database,
                sql: """
                    SELECT \(User.columns), users.password_hash FROM users
                    WHERE handle = ? AND disabled_at IS NULL AND password_hash IS NOT NULL
                    """,
                arguments: [handle.text])
            return try row.map { (try User($0), $0["password_hash"]) }
        }
    }

    /// Stores a stronger hash of the same password: nothing is revoked.
    package func replacePasswordHash(of userID: Int64, with encoded: String) async throws {
        try await pool.write { database in
            try database.execute(
                sql: "UPDATE users SET password_hash = ? WHERE id = ?",
                arguments: [encoded, userID])
        }
    }

    static func handleTaken(_ handle: Handle) -> ForgeError {
        ForgeError(.alreadyExists, "there is an account '\(handle)' already")
    }

    /// The account of somebody, for what only people have.
    static func person(_ handle: Handle, in database: Database) throws -> User {
        guard let user = try user(handle, in: database) else { throw noAccount(handle) }
        guard !user.isOrganisation else {
            throw ForgeError(
                .unprocessable, "'\(handle)' is an organisation: nobody signs in as it",
                hint: "its members have accounts of their own")
        }
        guard user.disabledMillis == nil else {
            throw ForgeError(.accountDisabled, "the account '\(handle)' is disabled")
        }
        return user
    }

    static func noAccount(_ handle: Handle) -> ForgeError {
        ForgeError(.notFound, "there is no account '\(handle)'")
    }
}
