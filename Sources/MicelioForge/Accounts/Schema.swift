import GRDB

/// The schema, as a list of steps that only go forward. A step that has shipped is never edited;
/// the next change is a new one below it.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        for (name, statements) in [
            ("0001 accounts, tokens, projects", version1),
            ("0002 browser sessions", version2),
            ("0003 how far sessions were read", version3),
            ("0004 invitations, audit log", version4),
            ("0005 profiles, passwords typed again", version5),
            ("0006 second factors", version6),
            ("0007 organisations", version7),
            ("0008 settings of projects", version8),
            ("0009 tokens of agents", version9),
            ("0010 pictures of accounts", version10),
        ] {
            migrator.registerMigration(name) { database in
                for statement in statements { try database.execute(sql: statement) }
            }
        }
        return migrator
    }

    private static let version10 = [
        "ALTER TABLE users ADD COLUMN uses_gravatar INTEGER NOT NULL DEFAULT 1",
        // Square PNGs that the forge made, in two sizes.
        """
        CREATE TABLE avatars (
            user_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
            small BLOB NOT NULL,
            large BLOB NOT NULL,
            tag TEXT NOT NULL,
            changed_at INTEGER NOT NULL
        ) STRICT
        """,
    ]

    private static let version9 = [
        // The table of version 1 with one more kind: SQLite changes no check of a table that exists.
        """
        CREATE TABLE tokens_of_9 (
            id INTEGER PRIMARY KEY,
            user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            family_id INTEGER REFERENCES token_families (id) ON DELETE CASCADE,
            kind TEXT NOT NULL CHECK (kind IN ('pat', 'agt', 'oat', 'ort')),
            hash TEXT NOT NULL UNIQUE,
            last_four TEXT NOT NULL,
            label TEXT NOT NULL DEFAULT '',
            scopes TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            expires_at INTEGER,
            revoked_at INTEGER,
            last_used_at INTEGER,
            successor_id INTEGER REFERENCES tokens (id) ON DELETE SET NULL,
            sealed_successor BLOB
        ) STRICT
        """,
        """
        INSERT INTO tokens_of_9 SELECT id, user_id, family_id, kind, hash, last_four, label, scopes,
            created_at, expires_at, revoked_at, last_used_at, successor_id, sealed_successor
        FROM tokens
        """,
        "DROP TABLE tokens",
        "ALTER TABLE tokens_of_9 RENAME TO tokens",
        "CREATE INDEX tokens_by_user ON tokens (user_id)",
        "CREATE INDEX tokens_by_family ON tokens (family_id)",
    ]

    private static let version8 = [
        // Separated by blanks.
        "ALTER TABLE projects ADD COLUMN topics TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE projects ADD COLUMN archived_at INTEGER",
        "ALTER TABLE projects ADD COLUMN deleted_at INTEGER",
        // Names that projects had: they lead on until another project takes one.
        """
        CREATE TABLE former_names (
            owner_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            name TEXT NOT NULL COLLATE NOCASE,
            project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
            PRIMARY KEY (owner_id, name)
        ) STRICT
        """,
        "CREATE INDEX former_names_by_project ON former_names (project_id)",
    ]

    private static let version7 = [
        // An organisation is a row among accounts: handles are one name space, and projects have one owner.
        "ALTER TABLE users ADD COLUMN is_organisation INTEGER NOT NULL DEFAULT 0",
        """
        CREATE TABLE organisation_members (
            organisation_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            role TEXT NOT NULL CHECK (role IN ('owner', 'member')),
            PRIMARY KEY (organisation_id, user_id)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX organisation_members_by_user ON organisation_members (user_id)",
    ]

    private static let version6 = [
        """
        CREATE TABLE second_factors (
            user_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
            secret BLOB NOT NULL,
            last_step INTEGER NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT
        """,
        // A code that was used is deleted.
        """
        CREATE TABLE recovery_codes (
            user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            hash TEXT NOT NULL,
            PRIMARY KEY (user_id, hash)
        ) STRICT, WITHOUT ROWID
        """,
    ]

    private static let version5 = [
        "ALTER TABLE users ADD COLUMN bio TEXT NOT NULL DEFAULT ''",
        // One address to a line.
        "ALTER TABLE users ADD COLUMN links TEXT NOT NULL DEFAULT ''",
        // When the password was typed last in this browser.
        "ALTER TABLE browser_sessions ADD COLUMN confirmed_at INTEGER NOT NULL DEFAULT 0",
    ]

    private static let version4 = [
        """
        CREATE TABLE invitations (
            id INTEGER PRIMARY KEY,
            hash TEXT NOT NULL UNIQUE,
            inviter_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
            note TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            used_by INTEGER REFERENCES users (id) ON DELETE SET NULL,
            used_at INTEGER
        ) STRICT
        """,
        "CREATE INDEX invitations_by_inviter ON invitations (inviter_id)",
        // Names and not ids: a line stays as it was whatever becomes of the accounts in it.
        """
        CREATE TABLE audit (
            id INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            account TEXT NOT NULL,
            means TEXT NOT NULL,
            address TEXT NOT NULL,
            act TEXT NOT NULL,
            about TEXT NOT NULL
        ) STRICT
        """,
        """
        CREATE TRIGGER audit_keeps_lines BEFORE DELETE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END
        """,
        """
        CREATE TRIGGER audit_keeps_words BEFORE UPDATE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END
        """,
    ]

    private static let version3 = [
        // How many events there were when the account looked: this time (`last`), and before.
        """
        CREATE TABLE session_views (
            user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
            session TEXT NOT NULL,
            seen INTEGER NOT NULL,
            seen_at INTEGER NOT NULL,
            last INTEGER NOT NULL,
            last_at INTEGER NOT NULL,
            PRIMARY KEY (user_id, project_id, session)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX session_views_by_time ON session_views (user_id, last_at)",
    ]

    private static let version2 = [
        // A browser that is signed in. Ended ones are deleted: nothing refers to them.
        """
        CREATE TABLE browser_sessions (
            id INTEGER PRIMARY KEY,
            user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            hash TEXT NOT NULL UNIQUE,
            browser TEXT NOT NULL,
            address TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            last_used_at INTEGER NOT NULL
        ) STRICT
        """,
        "CREATE INDEX browser_sessions_by_user ON browser_sessions (user_id)",
    ]

    private static let version1 = [
        """
        CREATE TABLE users (
            id INTEGER PRIMARY KEY,
            handle TEXT NOT NULL UNIQUE,
            display_name TEXT NOT NULL DEFAULT '',
            email TEXT,
            password_hash TEXT,
            is_admin INTEGER NOT NULL DEFAULT 0,
            created_at INTEGER NOT NULL,
            disabled_at INTEGER
        ) STRICT
        """,
        // One login on one device: the chain of its refresh tokens and their access tokens.
        """
        CREATE TABLE token_families (
            id INTEGER PRIMARY KEY,
            user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            client_name TEXT NOT NULL,
            device_name TEXT NOT NULL,
            address TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            revoked_at INTEGER
        ) STRICT
        """,
        """
        CREATE TABLE tokens (
            id INTEGER PRIMARY KEY,
            user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            family_id INTEGER REFERENCES token_families (id) ON DELETE CASCADE,
            kind TEXT NOT NULL CHECK (kind IN ('pat', 'oat', 'ort')),
            hash TEXT NOT NULL UNIQUE,
            last_four TEXT NOT NULL,
            label TEXT NOT NULL DEFAULT '',
            scopes TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            expires_at INTEGER,
            revoked_at INTEGER,
            last_used_at INTEGER,
            successor_id INTEGER REFERENCES tokens (id) ON DELETE SET NULL,
            sealed_successor BLOB
        ) STRICT
        """,
        "CREATE INDEX tokens_by_user ON tokens (user_id)",
        "CREATE INDEX tokens_by_family ON tokens (family_id)",
        """
        CREATE TABLE device_codes (
            id INTEGER PRIMARY KEY,
            hash TEXT NOT NULL UNIQUE,
            user_code TEXT NOT NULL UNIQUE,
            client_name TEXT NOT NULL,
            device_name TEXT NOT NULL,
            address TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            interval_seconds INTEGER NOT NULL,
            last_polled_at INTEGER,
            state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'denied')),
            user_id INTEGER REFERENCES users (id) ON DELETE CASCADE
        ) STRICT
        """,
        // Links that somebody follows once. `user_id` is null for the set-up link.
        """
        CREATE TABLE links (
            id INTEGER PRIMARY KEY,
            hash TEXT NOT NULL UNIQUE,
            user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
            created_at INTEGER NOT NULL,
            expires_at INTEGER
        ) STRICT
        """,
        """
        CREATE TABLE projects (
            id INTEGER PRIMARY KEY,
            store_project_id TEXT NOT NULL UNIQUE,
            owner_id INTEGER NOT NULL REFERENCES users (id),
            name TEXT NOT NULL COLLATE NOCASE,
            description TEXT NOT NULL DEFAULT '',
            is_public INTEGER NOT NULL DEFAULT 0,
            created_at INTEGER NOT NULL,
            UNIQUE (owner_id, name)
        ) STRICT
        """,
        """
        CREATE TABLE members (
            project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
            user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            role TEXT NOT NULL CHECK (role IN ('read', 'write', 'owner')),
            PRIMARY KEY (project_id, user_id)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX members_by_user ON members (user_id)",
    ]
}
