import GRDB

/// A login that waits for approval, as the page shows it to the person who is to approve it.
package struct DeviceRequest: Hashable, Sendable {
    package let userCode: UserCode
    package let clientName: String
    package let deviceName: String
    package let address: String
    package let createdMillis: Int64
    package let expiresMillis: Int64
}

/// What a poll of a device code finds. Four ways of "not yet" or "no", each its own.
package enum DevicePoll: Hashable, Sendable {
    case pending(intervalSeconds: Int)
    case slowDown(intervalSeconds: Int)
    case denied
    /// Also for codes that were used and codes that never were.
    case expired
    case approved(TokenPair)
}

extension Accounts {
    /// Notes a login that wants approval.
    func insertDeviceRequest(
        _ code: TokenText, clientName: String, deviceName: String, address: String, now: Int64
    ) async throws -> DeviceRequest {
        try await pool.write { database in
            try database.execute(
                sql: "DELETE FROM device_codes WHERE expires_at <= ?", arguments: [now])
            let count = try Int.fetchOne(database, sql: "SELECT count(*) FROM device_codes") ?? 0
            guard count < Limits.devicePendingMax else {
                throw ForgeError(
                    .rateLimited, "too many logins wait for approval",
                    hint: "try again in a few minutes")
            }
            let userCode = try Accounts.freeUserCode(in: database)
            let expires = now + Limits.deviceCodeMillis
            try database.execute(
                sql: """
                    INSERT INTO device_codes
                        (hash, user_code, client_name, device_name, address, created_at,
                         expires_at, interval_seconds, state)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'pending')
                    """,
                arguments: [
                    code.hash, userCode.letters, clientName, deviceName, address, now, expires,
                    Limits.devicePollSeconds,
                ])
            return DeviceRequest(
                userCode: userCode, clientName: clientName, deviceName: deviceName,
                address: address, createdMillis: now, expiresMillis: expires)
        }
    }

    private static func freeUserCode(in database: Database) throws -> UserCode {
        var generator = SystemRandomNumberGenerator()
        // With a thousand of 2.5 * 10^10 taken, a second round is rare and a fifth is a fault.
        for _ in 0..<5 {
            let code = UserCode(using: &generator)
            let isTaken = try Bool.fetchOne(
                database, sql: "SELECT 1 FROM device_codes WHERE user_code = ?",
                arguments: [code.letters])
            if isTaken == nil { return code }
        }
        throw ForgeError(.internalError, "no free user code was found")
    }

    /// The login that waits under this code; nil when there is none, or none any more.
    func pendingDevice(_ code: UserCode, now: Int64) async throws -> DeviceRequest? {
        try await pool.read { database in
            try Row.fetchOne(
                database,
                sql: """
                    SELECT * FROM device_codes
                    WHERE user_code = ? AND state = 'pending' AND expires_at > ?
                    """,
                arguments: [code.letters, now]
            ).map { row in
                DeviceRequest(
                    userCode: code, clientName: row["client_name"], deviceName: row["device_name"],
                    address: row["address"], createdMillis: row["created_at"],
                    expiresMillis: row["expires_at"])
            }
        }
    }

    /// Settles a waiting login, once: with a user it is approved, without it is denied.
    ///
    /// - Returns: false when nothing waits under this code.
    func decideDevice(_ code: UserCode, approvedBy user: User?, now: Int64) async throws -> Bool {
        try await pool.write { database in
            try database.execute(
                sql: """
                    UPDATE device_codes SET state = ?, user_id = ?
                    WHERE user_code = ? AND state = 'pending' AND expires_at > ?
                    """,
                arguments: [user == nil ? "denied" : "approved", user?.id, code.letters, now])
            return database.changesCount == 1
        }
    }

    /// Answers a poll. An approved code gives its tokens once and is gone.
    func pollDevice(_ code: TokenText, now: Int64) async throws -> DevicePoll {
        try await pool.write { database in
            guard
                let row = try Row.fetchOne(
                    database, sql: "SELECT * FROM device_codes WHERE hash = ?",
                    arguments: [code.hash]),
                row["expires_at"] as Int64 > now
            else { return .expired }
            let id: Int64 = row["id"]
            switch row["state"] as String {
            case "denied":
                try database.execute(
                    sql: "DELETE FROM device_codes WHERE id = ?", arguments: [id])
                return .denied
            case "approved":
                try database.execute(
                    sql: "DELETE FROM device_codes WHERE id = ?", arguments: [id])
                guard let user = try Accounts.user(id: row["user_id"], in: database),
                    user.disabledMillis == nil
                else { return .denied }
                return .approved(
                    try Accounts.beginLogin(
                        user, clientName: row["client_name"], deviceName: row["device_name"],
                        address: row["address"], now: now, in: database))
            default:
                return try Accounts.pollPending(row, id: id, now: now, in: database)
            }
        }
    }

    private static func pollPending(
        _ row: Row, id: Int64, now: Int64, in database: Database
    ) throws -> DevicePoll {
        var interval: Int = row["interval_seconds"]
        // A second of leave for the network: polls that set off in time may arrive too close.
        let isTooSoon = (row["last_polled_at"] as Int64?).map {
            now - $0 < Int64(interval) * 1000 - 1000
        }
        if isTooSoon == true { interval += Limits.deviceSlowDownSeconds }
        try database.execute(
            sql: "UPDATE device_codes SET last_polled_at = ?, interval_seconds = ? WHERE id = ?",
            arguments: [now, interval, id])
        return isTooSoon == true
            ? .slowDown(intervalSeconds: interval) : .pending(intervalSeconds: interval)
    }
}
