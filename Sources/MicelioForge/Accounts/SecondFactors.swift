import Foundation
import GRDB

/// Second factors: the secret that an authenticator app shares, and recovery codes, of which a hash is kept.
///
/// The secret lies in the database as it is, since codes are made from it: whoever may read the file may make
/// codes, but not the password that goes with them.
extension Accounts {
    /// How many recovery codes of an account are left; nil without a second factor.
    func recoveryCodesLeft(of user: User) async throws -> Int? {
        try await pool.read { database in
            guard try Accounts.hasSecondFactor(user, in: database) else { return nil }
            return try Int.fetchOne(
                database, sql: "SELECT count(*) FROM recovery_codes WHERE user_id = ?",
                arguments: [user.id])
        }
    }

    func hasSecondFactor(_ user: User) async throws -> Bool {
        try await pool.read { try Accounts.hasSecondFactor(user, in: $0) }
    }

    private static func hasSecondFactor(_ user: User, in database: Database) throws -> Bool {
        try Bool.fetchOne(
            database, sql: "SELECT 1 FROM second_factors WHERE user_id = ?", arguments: [user.id])
            != nil
    }

    /// Begins to ask an account for codes.
    ///
    /// - Parameter step: of the code that proved that the app has the secret; it works no more.
    func setSecondFactor(
        of user: User, secret: [UInt8], step: Int64, recoveryHashes: [String], now: Int64
    ) async throws {
        try await auditing(now) { database, pen in
            guard try !Accounts.hasSecondFactor(user, in: database) else {
                throw ForgeError(
                    .alreadyExists, "two-factor sign-in is on already",
                    hint: "turn it off first, to set up another app")
            }
            try database.execute(
                sql: """
                    INSERT INTO second_factors (user_id, secret, last_step, created_at)
                    VALUES (?, ?, ?, ?)
                    """,
                arguments: [user.id, Data(secret), step, now])
            try Accounts.replaceRecoveryCodes(of: user, recoveryHashes, in: database)
            try pen.note(.turnedSecondFactorOn, user.handle.text, in: database)
        }
    }

    func setRecoveryCodes(of user: User, hashes: [String], now: Int64) async throws {
        try await auditing(now) { database, pen in
            guard try Accounts.hasSecondFactor(user, in: database) else {
                throw Accounts.noSecondFactor(user.handle)
            }
            try Accounts.replaceRecoveryCodes(of: user, hashes, in: database)
            try pen.note(.madeRecoveryCodes, user.handle.text, in: database)
        }
    }

    private static func replaceRecoveryCodes(
        of user: User, _ hashes: [String], in database: Database
    ) throws {
        try database.execute(
            sql: "DELETE FROM recovery_codes WHERE user_id = ?", arguments: [user.id])
        for hash in hashes {
            try database.execute(
                sql: "INSERT INTO recovery_codes (user_id, hash) VALUES (?, ?)",
                arguments: [user.id, hash])
        }
    }

    /// Uses a code up: of the app, or a recovery code.
    ///
    /// - Returns: false for a wrong one, and for one that was used.
    func useCode(_ code: String, of user: User, now: Int64) async throws -> Bool {
        try await auditing(now) { database, pen in
            guard
                let row = try Row.fetchOne(
                    database, sql: "SELECT secret, last_step FROM second_factors WHERE user_id = ?",
                    arguments: [user.id])
            else { return false }
            let secret = Array(row["secret"] as Data)
            if let step = TimeCode.match(code, of: secret, now: now, after: row["last_step"]) {
                try database.execute(
                    sql: "UPDATE second_factors SET last_step = ? WHERE user_id = ?",
                    arguments: [step, user.id])
                return true
            }
            guard let hash = RecoveryCode.hash(typed: code) else { return false }
            try database.execute(
                sql: "DELETE FROM recovery_codes WHERE user_id = ? AND hash = ?",
                arguments: [user.id, hash])
            guard database.changesCount > 0 else { return false }
            try pen.note(.usedRecoveryCode, user.handle.text, in: database)
            return true
        }
    }

    /// Asks an account for no codes any more.
    ///
    /// - Throws: `notFound` when it is asked for none.
    package func removeSecondFactor(of handle: Handle, now: Int64) async throws {
        try await auditing(now) { database, pen in
            guard let user = try Accounts.user(handle, in: database) else {
                throw Accounts.noAccount(handle)
            }
            guard try Accounts.hasSecondFactor(user, in: database) else {
                throw Accounts.noSecondFactor(handle)
            }
            try database.execute(
                sql: "DELETE FROM recovery_codes WHERE user_id = ?", arguments: [user.id])
            try database.execute(
                sql: "DELETE FROM second_factors WHERE user_id = ?", arguments: [user.id])
            try pen.note(.turnedSecondFactorOff, handle.text, in: database)
        }
    }

    private static func noSecondFactor(_ handle: Handle) -> ForgeError {
        ForgeError(.notFound, "the account '\(handle)' has no two-factor sign-in")
    }
}
