import GRDB
import Testing

@testable import MicelioForge

/// A database that an older micelio wrote.
@Suite struct SchemaTests {
    @Test func `tokens, projects and browsers of an older forge go on as they were`() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/accounts.sqlite"
        let queue = try DatabaseQueue(path: path)
        try Schema.migrator.migrate(queue, upTo: "0003 how far sessions were read")
        let tokens = [TokenText(.personal), TokenText(.refresh), TokenText(.refresh)]
        try await queue.write { database in
            try database.execute(
                sql: "INSERT INTO users (id, handle, created_at) VALUES (7, 'ana', 1)")
            try database.execute(
                sql: """
                    INSERT INTO token_families
                        (id, user_id, client_name, device_name, address, created_at)
                    VALUES (3, 7, 'hif', 'laptop', '', 1)
                    """)
            for (index, token) in tokens.enumerated().reversed() {
                try database.execute(
                    sql: """
                        INSERT INTO tokens (id, user_id, family_id, kind, hash, last_four, label,
                            scopes, created_at, successor_id)
                        VALUES (?, 7, ?, ?, ?, ?, 'old', 'read:*', 1, ?)
                        """,
                    arguments: [
                        index + 1, index == 0 ? nil : 3, token.kind.rawValue, token.hash,
                        token.lastFour, index == 1 ? 3 : nil,
                    ])
            }
            try database.execute(
                sql: """
                    INSERT INTO projects (store_project_id, owner_id, name, created_at)
                    VALUES ('aa', 7, 'app', 1)
                    """)
        }
        try queue.close()

        let accounts = try Accounts(path: path)
        #expect(try await accounts.damage().isEmpty)
        let (user, record) = try await accounts.resolve(tokens[0], now: 2)
        #expect(user.id == 7 && !user.isOrganisation && record.label == "old")
        let successor = try await accounts.pool.read { database in
            try Int.fetchOne(database, sql: "SELECT successor_id FROM tokens WHERE id = 2")
        }
        #expect(successor == 3)
        let project = try await accounts.project(ProjectPath("ana/app"))
        #expect(project.topics.isEmpty && !project.isArchived && project.deletedMillis == nil)
        // References are kept to after the change, as before it.
        await #expect(throws: (any Error).self) {
            try await accounts.pool.write { database in
                try database.execute(
                    sql: """
                        INSERT INTO tokens (user_id, kind, hash, last_four, scopes, created_at)
                        VALUES (99, 'pat', 'x', 'x', '', 1)
                        """)
            }
        }
    }
}
