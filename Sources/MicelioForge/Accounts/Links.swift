import GRDB

/// Links that somebody follows once: setting the forge up, and setting a password. Looking at one
/// does not use it up (mail programs and chats fetch links on their own); the form behind it does.
extension Accounts {
    /// The link that makes the first administrator; nil when there is one. An earlier link stops
    /// working, so that a start that nobody watched leaves nothing behind.
    package func makeSetupLink(now: Int64) async throws -> TokenText? {
        try await pool.write { database in
            guard try Accounts.isWithoutAdmin(in: database) else { return nil }
            try database.execute(sql: "DELETE FROM links WHERE user_id IS NULL")
            return try Accounts.insertLink(userID: nil, expires: nil, now: now, in: database)
        }
    }

    /// A link with which the account's owner sets a password. Earlier ones stop working.
    ///
    /// - Parameter lasting: how long it works, in milliseconds.
    package func makePasswordLink(
        for handle: Handle, lasting: Int64 = Limits.passwordLinkMillis, now: Int64
    ) async throws -> TokenText {
        try await auditing(now) { database, pen in
            let user = try Accounts.person(handle, in: database)
            try database.execute(sql: "DELETE FROM links WHERE user_id = ?", arguments: [user.id])
            try pen.note(.madePasswordLink, handle.text, in: database)
            return try Accounts.insertLink(
                userID: user.id, expires: now + lasting, now: now, in: database)
        }
    }

    /// People with that mail address, in any case of its letters (of ASCII: what else looks alike is another
    /// address), who may sign in; the oldest accounts, of a bounded number.
    func people(withMail address: MailAddress) async throws -> [User] {
        try await pool.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT \(User.columns) FROM users
                    WHERE email = ? COLLATE NOCASE AND disabled_at IS NULL AND NOT is_organisation
                    ORDER BY id LIMIT ?
                    """,
                arguments: ["\(address)", Limits.mailAccountsMax]
            ).map(User.init)
        }
    }

    private static func insertLink(
        userID: Int64?, expires: Int64?, now: Int64, in database: Database
    ) throws -> TokenText {
        let token = TokenText(.link)
        try database.execute(
            sql: "INSERT INTO links (hash, user_id, created_at, expires_at) VALUES (?, ?, ?, ?)",
            arguments: [token.hash, userID, now, expires])
        return token
    }

    /// What a link is for.
    package enum LinkPurpose: Hashable, Sendable {
        case setup
        case password(User)
    }

    /// The purpose of a link that still works; nil for every other.
    package func purpose(of link: TokenText, now: Int64) async throws -> LinkPurpose? {
        try await pool.read { try Accounts.purpose(of: link, now: now, in: $0) }
    }

    private static func purpose(
        of link: TokenText, now: Int64, in database: Database
    ) throws -> LinkPurpose? {
        guard
            let row = try Row.fetchOne(
                database,
                sql: """
                    SELECT user_id FROM links
                    WHERE hash = ? AND (expires_at IS NULL OR expires_at > ?)
                    """,
                arguments: [link.hash, now])
        else { return nil }
        guard let userID = row["user_id"] as Int64? else {
            return try isWithoutAdmin(in: database) ? .setup : nil
        }
        guard let user = try user(id: userID, in: database), user.disabledMillis == nil else {
            return nil
        }
        return .password(user)
    }

    /// Uses the set-up link: makes the first administrator.
    package func setUp(
        with link: TokenText, handle: Handle, passwordHash: String, now: Int64
    ) async throws -> User {
        try await auditing(now) { database, pen in
            guard try Accounts.purpose(of: link, now: now, in: database) == .setup else {
                throw Accounts.deadLink
            }
            try pen.note(.setUp, handle.text, in: database)
            let user = try Accounts.insertUser(
                handle, displayName: "", email: nil, isAdmin: true, now: now, in: database)
            try Accounts.use(link, toSet: passwordHash, of: user, in: database)
            return user
        }
    }

    /// Uses a password link. Everything signed in as this account is signed out.
    package func setPassword(
        with link: TokenText, passwordHash: String, now: Int64
    ) async throws -> User {
        try await auditing(now) { database, pen in
            guard case .password(let user) = try Accounts.purpose(of: link, now: now, in: database)
            else { throw Accounts.deadLink }
            try Accounts.use(link, toSet: passwordHash, of: user, in: database)
            try Accounts.revokeLogins(of: user.id, now: now, in: database)
            try pen.note(.changedPassword, user.handle.text, in: database)
            return user
        }
    }

    private static func use(
        _ link: TokenText, toSet passwordHash: String, of user: User, in database: Database
    ) throws {
        try database.execute(sql: "DELETE FROM links WHERE hash = ?", arguments: [link.hash])
        try database.execute(
            sql: "UPDATE users SET password_hash = ? WHERE id = ?",
            arguments: [passwordHash, user.id])
    }

    static let deadLink = ForgeError(
        .notFound, "this link does not work any more",
        hint: "ask whoever runs this forge for a new one")
}
