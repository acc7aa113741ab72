import Foundation
package import GRDB

/// The forge's database: people, tokens, the names of projects and who may do what. Nothing of a
/// project's content is in it.
///
/// One SQLite file in WAL mode, so that `micelio admin` works beside a running server: readers never
/// wait, and writers wait for each other for up to five seconds. Every function here is one
/// transaction. Times are milliseconds since 1970; the caller hands `now` in.
package struct Accounts: Sendable {
    package let pool: DatabasePool

    /// Opens or makes the database at `path` and brings its schema up to date.
    ///
    /// - Throws: `ForgeError(.unavailable)` when a newer micelio wrote it: a migration only goes
    ///   forward, and guessing at an unknown schema could lose data.
    package init(path: String) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.foreignKeysEnabled = true
        configuration.label = "accounts"
        configuration.prepareDatabase { database in
            // As Litestream asks: it copies the log itself, and we must not cut it short under it.
            try database.execute(sql: "PRAGMA wal_autocheckpoint = 10000")
        }
        // The files hold hashes of passwords and tokens: nobody else on the machine reads them.
        // SQLite gives its two side files the rights of the main one.
        if !FileManager.default.fileExists(atPath: path) {
            // A failure here shows up, with its reason, when SQLite opens the file.
            _ = FileManager.default.createFile(
                atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
        }
        let migrator = Schema.migrator
        let isNewer: Bool
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
            isNewer = try pool.read { try migrator.hasBeenSuperseded($0) }
        } catch {
            throw ForgeError(ofDatabase: error, at: path) ?? error
        }
        guard !isNewer else {
            throw ForgeError(
                .unavailable, "\(path) was written by a newer micelio",
                hint: "start that version, or restore a backup made before the upgrade")
        }
        try migrator.migrate(pool)
    }

    /// Copies the database as it is at one moment, whoever writes to it meanwhile; over a copy that was
    /// begun before.
    package static func copy(from source: String, to target: String) throws {
        let files = FileManager.default
        let partial = target + ".part"
        for path in [partial, partial + "-wal", partial + "-shm"] {
            try? files.removeItem(atPath: path)
        }
        _ = files.createFile(
            atPath: partial, contents: nil, attributes: [.posixPermissions: 0o600])
        do {
            var configuration = Configuration()
            configuration.busyMode = .timeout(5)
            let copy = try DatabaseQueue(path: partial)
            try DatabaseQueue(path: source, configuration: configuration).backup(to: copy)
            try copy.close()
        } catch {
            throw ForgeError(ofDatabase: error, at: source) ?? error
        }
        for path in [target, target + "-wal", target + "-shm"] where files.fileExists(atPath: path)
        {
            try files.removeItem(atPath: path)
        }
        try files.moveItem(atPath: partial, toPath: target)
    }

    /// Whether the database answers; for `/readyz`.
    package func ping() async throws {
        _ = try await pool.read { try Int.fetchOne($0, sql: "SELECT 1") }
    }

    /// What is wrong with the file, as sentences: pages that SQLite cannot read, rows that point to
    /// nothing. Empty when all is well. Reads the whole file.
    func damage() async throws -> [String] {
        try await pool.read { database in
            let pages = try String.fetchAll(database, sql: "PRAGMA integrity_check")
            let strays = try Row.fetchAll(database, sql: "PRAGMA foreign_key_check")
            return pages.filter { $0 != "ok" }
                + strays.map { "a row of \($0["table"] as String) points to nothing" }
        }
    }
}
