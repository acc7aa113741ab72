import GRDB

/// What an account or an organisation says of itself on its page, and whom it is with.
package struct Profile: Hashable, Sendable {
    package let user: User
    package let bio: String
    /// Addresses of http or https.
    package let links: [String]
    /// Handles of the members, of an organisation.
    package let members: [String]
    /// Handles of the organisations that a person is in.
    package let organisations: [String]
    /// Of the picture that was uploaded; nil when none was.
    let avatarTag: String?
    /// Whether Gravatar may be asked for a picture where none was uploaded.
    let usesGravatar: Bool
}

extension Accounts {
    /// The profile of an account that is not disabled; nil when there is none.
    package func profile(of handle: Handle) async throws -> Profile? {
        try await pool.read { database in
            guard let user = try Accounts.user(handle, in: database), user.disabledMillis == nil,
                let row = try Row.fetchOne(
                    database,
                    sql: """
                        SELECT users.bio, users.links, users.uses_gravatar, avatars.tag
                        FROM users LEFT JOIN avatars ON avatars.user_id = users.id
                        WHERE users.id = ?
                        """,
                    arguments: [user.id])
            else { return nil }
            let links = (row["links"] as String).split(separator: "\n").map(String.init)
            let members = try String.fetchAll(
                database,
                sql: """
                    SELECT users.handle FROM organisation_members AS teams
                    JOIN users ON users.id = teams.user_id
                    WHERE teams.organisation_id = ? AND users.disabled_at IS NULL
                    ORDER BY users.handle LIMIT ?
                    """,
                arguments: [user.id, Limits.pageItemsMax])
            let organisations = try String.fetchAll(
                database,
                sql: """
                    SELECT users.handle FROM organisation_members AS teams
                    JOIN users ON users.id = teams.organisation_id
                    WHERE teams.user_id = ? AND users.disabled_at IS NULL
                    ORDER BY users.handle LIMIT ?
                    """,
                arguments: [user.id, Limits.pageItemsMax])
            return Profile(
                user: user, bio: row["bio"], links: links, members: members,
                organisations: organisations, avatarTag: row["tag"],
                usesGravatar: row["uses_gravatar"])
        }
    }

    /// Replaces what an account says of itself.
    ///
    /// - Parameters:
    ///   - email: nil for none.
    ///   - usesGravatar: nil to leave it as it is.
    func setProfile(
        of user: User, displayName: String, email: String?, bio: String, links: [String],
        usesGravatar: Bool? = nil
    ) async throws {
        try Accounts.check(displayName: displayName, email: email)
        guard bio.unicodeScalars.count <= Limits.bioLengthMax else {
            throw ForgeError.invalid("a bio has at most \(Limits.bioLengthMax) characters")
        }
        guard links.count <= Limits.profileLinksMax else {
            throw ForgeError.invalid("a profile has at most \(Limits.profileLinksMax) links")
        }
        for link in links { try Accounts.check(link: link) }
        try await pool.write { database in
            try database.execute(
                sql: """
                    UPDATE users SET display_name = ?, email = ?, bio = ?, links = ?,
                        uses_gravatar = coalesce(?, uses_gravatar)
                    WHERE id = ?
                    """,
                arguments: [
                    displayName, email, bio, links.joined(separator: "\n"), usesGravatar, user.id,
                ])
        }
    }

    /// Takes addresses of the web only: whatever else a browser would follow can be a script.
    private static func check(link: String) throws(ForgeError) {
        let isPlain = link.utf8.allSatisfy {
            $0 > 0x20 && $0 < 0x7F && !"\"'<>\\`".utf8.contains($0)
        }
        let rest = ["https://", "http://"].first { link.lowercased().hasPrefix($0) }
            .map { link.dropFirst($0.count) }
        guard isPlain, link.utf8.count <= Limits.profileLinkBytesMax, let rest,
            let host = rest.split(separator: "/", omittingEmptySubsequences: false).first,
            !host.isEmpty, !host.contains("@")
        else {
            throw .invalid(
                "a link is an address like https://example.org, of at most \(Limits.profileLinkBytesMax) bytes"
            )
        }
    }
}
