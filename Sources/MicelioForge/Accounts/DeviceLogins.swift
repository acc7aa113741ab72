import GRDB

/// A device that signed in as an account: what hif auth login makes.
package struct DeviceLogin: Hashable, Sendable {
    package let id: Int64
    /// What the program and the device call themselves; for showing only.
    package let clientName: String
    package let deviceName: String
    package let address: String
    package let createdMillis: Int64
    /// Nil when it was never used.
    package let lastUsedMillis: Int64?

    init(_ row: Row) {
        id = row["id"]
        clientName = row["client_name"]
        deviceName = row["device_name"]
        address = row["address"]
        createdMillis = row["created_at"]
        lastUsedMillis = row["last_used_at"]
    }
}

extension Accounts {
    /// The devices that are signed in to an account, the newest first.
    func deviceLogins(of user: User, now: Int64) async throws -> [DeviceLogin] {
        try await pool.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT token_families.*, max(tokens.last_used_at) AS last_used_at
                    FROM token_families JOIN tokens ON tokens.family_id = token_families.id
                    WHERE token_families.user_id = ? AND token_families.revoked_at IS NULL
                    GROUP BY token_families.id
                    HAVING max(CASE tokens.kind WHEN 'ort' THEN tokens.expires_at END) > ?
                    ORDER BY token_families.id DESC
                    """,
                arguments: [user.id, now]
            ).map(DeviceLogin.init)
        }
    }

    /// Signs one of an account's devices out.
    ///
    /// - Returns: false when it has none of that number.
    func endDeviceLogin(_ id: Int64, of user: User, now: Int64) async throws -> Bool {
        try await pool.write { database in
            let isTheirs = try Bool.fetchOne(
                database,
                sql: """
                    SELECT 1 FROM token_families
                    WHERE id = ? AND user_id = ? AND revoked_at IS NULL
                    """,
                arguments: [id, user.id])
            guard isTheirs != nil else { return false }
            try Accounts.revoke(familyID: id, now: now, in: database)
            return true
        }
    }
}
