import Foundation
import GRDB

extension Accounts {
    /// Where the picture of an account comes from.
    enum AvatarSource: Sendable {
        case uploaded(png: [UInt8], tag: String)
        /// Nothing was uploaded, and Gravatar may be asked for this address.
        case mail(String)
        case nothing
    }

    /// - Returns: nil for an account that there is not, or that is shut out.
    func avatarSource(
        of handle: Handle, _ size: AvatarPicture.Size
    ) async throws -> AvatarSource? {
        try await pool.read { database in
            guard
                let row = try Row.fetchOne(
                    database,
                    sql: """
                        SELECT users.email, users.uses_gravatar, avatars.tag,
                            CASE WHEN ? THEN avatars.small ELSE avatars.large END AS png
                        FROM users LEFT JOIN avatars ON avatars.user_id = users.id
                        WHERE users.handle = ? AND users.disabled_at IS NULL
                        """,
                    arguments: [size == .small, handle.text])
            else { return nil }
            if let png = row["png"] as Data?, let tag = row["tag"] as String? {
                return .uploaded(png: Array(png), tag: tag)
            }
            guard row["uses_gravatar"], let email = row["email"] as String? else {
                return .nothing
            }
            return .mail(email)
        }
    }

    func setAvatar(_ picture: AvatarPicture, of user: User, now: Int64) async throws {
        try await pool.write { database in
            try database.execute(
                sql: """
                    INSERT INTO avatars (user_id, small, large, tag, changed_at)
                    VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT (user_id) DO UPDATE SET small = excluded.small,
                        large = excluded.large, tag = excluded.tag, changed_at = excluded.changed_at
                    """,
                arguments: [
                    user.id, Data(picture.small), Data(picture.large), picture.tag, now,
                ])
        }
    }

    /// - Returns: whether there was one.
    func removeAvatar(of user: User) async throws -> Bool {
        try await pool.write { database in
            try database.execute(
                sql: "DELETE FROM avatars WHERE user_id = ?", arguments: [user.id])
            return database.changesCount > 0
        }
    }
}
