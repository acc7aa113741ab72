import Foundation
import GRDB
import HifCore

/// What can be found in one project: a SQLite file that is derived from the project's log, and made anew
/// from it whenever it is lost.
///
/// FTS5 finds candidates: it knows which documents have which three scalars in a row (the tokenizer
/// `trigram` over `FoldedText`), and neither the text nor where in it they stand. Each candidate's text
/// is then looked through, so what is found is what looking through everything would find, and words
/// of one or two scalars, which have no trigram, are found by just that.
final class SearchIndex: Sendable {
    /// Of the tables and of what `FoldedText` does; a file of another is made anew.
    static let version = 1

    /// How far the log has been read.
    struct Standing: Hashable, Sendable {
        /// Landings up to this one are in the index.
        var position: Position
        /// And so many changes of the next.
        var done: Int
    }

    /// What becomes of a document.
    enum Change: Sendable {
        case put(SearchDocument)
        case drop(SearchDocument.Kind, key: [UInt8])
    }

    /// The file holds what this program did not write.
    struct Unusable: Error {}

    private let pool: DatabasePool
    private let bounds: SearchBounds

    /// Opens the index at `path`, and makes it when there is none.
    ///
    /// - Parameter storeID: of the store whose project this is: a restored one has another history.
    /// - Throws: `Unusable` for one of another version or store; `DatabaseError`.
    init(path: String, storeID: String, bounds: SearchBounds) throws {
        self.bounds = bounds
        if !FileManager.default.fileExists(atPath: path) {
            _ = FileManager.default.createFile(
                atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
        }
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.maximumReaderCount = 3
        configuration.label = "search"
        configuration.prepareDatabase { database in
            // What a power cut takes is read from the log again.
            try database.execute(sql: "PRAGMA synchronous = NORMAL")
        }
        pool = try DatabasePool(path: path, configuration: configuration)
        try pool.write { database in
            let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? -1
            if version == 0 {
                for statement in SearchIndex.schema { try database.execute(sql: statement) }
                try database.execute(
                    sql: """
                        INSERT INTO standing (id, store, position, done, bytes) VALUES (1, ?, 0, 0, 0)
                        """,
                    arguments: [storeID])
            } else if version != SearchIndex.version {
                throw Unusable()
            }
            let store = try Row.fetchOne(database, sql: "SELECT store FROM standing")
            guard try store.map({ try $0.value("store", as: String.self) }) == storeID else {
                throw Unusable()
            }
        }
    }

    /// Closes the file, with everything in it.
    func close() throws {
        _ = try pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        try pool.close()
    }

    private static let schema = [
        """
        CREATE TABLE standing (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            store TEXT NOT NULL,
            position INTEGER NOT NULL,
            done INTEGER NOT NULL,
            bytes INTEGER NOT NULL
        ) STRICT
        """,
        // Ids only grow, so what changed last has the highest. The text stands last, as looking through
        // names must not read it.
        """
        CREATE TABLE documents (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            kind INTEGER NOT NULL,
            key BLOB NOT NULL,
            position INTEGER NOT NULL,
            events INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            name TEXT NOT NULL,
            parts TEXT NOT NULL,
            text TEXT NOT NULL,
            UNIQUE (kind, key)
        ) STRICT
        """,
        """
        CREATE VIRTUAL TABLE trigrams USING fts5 (
            text, content = '', columnsize = 0, detail = none,
            tokenize = 'trigram case_sensitive 1')
        """,
        "PRAGMA user_version = \(SearchIndex.version)",
    ]
}

// MARK: Taking in

extension SearchIndex {
    func standing() async throws -> Standing {
        try await pool.read { try SearchIndex.standing(in: $0) }
    }

    /// Takes in what landed between two places of the log, all of it or nothing.
    ///
    /// - Returns: false when somebody else had gone on from `before`; then nothing is done.
    func take(_ changes: [Change], from before: Standing, to after: Standing) async throws -> Bool {
        try await pool.write { [bounds] database in
            guard try SearchIndex.standing(in: database) == before else { return false }
            for change in changes {
                switch change {
                case .put(let document):
                    try SearchIndex.drop(document.kind, document.key, in: database)
                    try SearchIndex.put(document, bounds, in: database)
                case .drop(let kind, let key): try SearchIndex.drop(kind, key, in: database)
                }
            }
            try database.execute(
                sql: "UPDATE standing SET position = ?, done = ?",
                arguments: [Int64(after.position), after.done])
            return true
        }
    }

    /// Sessions that are in the index as open ones, with how many of their events.
    func openSessions() async throws -> [SessionID: Int] {
        try await pool.read { database in
            var found: [SessionID: Int] = [:]
            let rows = try Row.fetchCursor(
                database, sql: "SELECT key, events FROM documents WHERE kind = 1 AND position = 0")
            while let row = try rows.next() {
                guard let id = SessionID([UInt8](try row.value("key", as: Data.self)).hex) else {
                    throw Unusable()
                }
                found[id] = try row.value("events", as: Int.self)
            }
            return found
        }
    }

    /// Takes in open sessions. One that has landed here stays as it landed.
    ///
    /// - Parameter closed: no longer open, wherever they went.
    func takeOpen(_ documents: [SearchDocument], closed: [SessionID]) async throws {
        guard !documents.isEmpty || !closed.isEmpty else { return }
        try await pool.write { [bounds] database in
            func isLanded(_ key: [UInt8]) throws -> Bool {
                try Row.fetchOne(
                    database,
                    sql: "SELECT 1 FROM documents WHERE kind = 1 AND key = ? AND position > 0",
                    arguments: [Data(key)]) != nil
            }
            for document in documents where try !isLanded(document.key) {
                try SearchIndex.drop(.session, document.key, in: database)
                try SearchIndex.put(document, bounds, in: database)
            }
            for id in closed where try !isLanded(id.hash.bytes) {
                try SearchIndex.drop(.session, id.hash.bytes, in: database)
            }
        }
    }

    private static func standing(in database: Database) throws -> Standing {
        guard let row = try Row.fetchOne(database, sql: "SELECT position, done FROM standing")
        else { throw Unusable() }
        let position = try row.value("position", as: Int64.self)
        let done = try row.value("done", as: Int.self)
        guard position >= 0, done >= 0 else { throw Unusable() }
        return Standing(position: Position(position), done: done)
    }

    private static func put(
        _ document: SearchDocument, _ bounds: SearchBounds, in database: Database
    ) throws {
        guard let row = try Row.fetchOne(database, sql: "SELECT bytes FROM standing") else {
            throw Unusable()
        }
        let isFull =
            try row.value("bytes", as: Int.self) + document.text.utf8.count > bounds.projectBytesMax
        let document = isFull ? document.withoutText : document
        try database.execute(
            sql: """
                INSERT INTO documents (kind, key, position, events, bytes, name, parts, text)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                document.kind.rawValue, Data(document.key), Int64(document.position),
                document.events, document.text.utf8.count, document.name, document.parts,
                document.text,
            ])
        try database.execute(
            sql: "INSERT INTO trigrams (rowid, text) VALUES (?, ?)",
            arguments: [
                database.lastInsertedRowID, indexed(document.name, document.text),
            ])
        try database.execute(
            sql: "UPDATE standing SET bytes = bytes + ?", arguments: [document.text.utf8.count])
    }

    private static func drop(
        _ kind: SearchDocument.Kind, _ key: [UInt8], in database: Database
    ) throws {
        guard
            let row = try Row.fetchOne(
                database,
                sql: "SELECT id, bytes, name, text FROM documents WHERE kind = ? AND key = ?",
                arguments: [kind.rawValue, Data(key)])
        else { return }
        let id = try row.value("id", as: Int64.self)
        // The table of trigrams keeps no text, so it is told what to forget.
        try database.execute(
            sql: "INSERT INTO trigrams (trigrams, rowid, text) VALUES ('delete', ?, ?)",
            arguments: [
                id,
                indexed(
                    try row.value("name", as: String.self), try row.value("text", as: String.self)),
            ])
        try database.execute(sql: "DELETE FROM documents WHERE id = ?", arguments: [id])
        try database.execute(
            sql: "UPDATE standing SET bytes = bytes - ?",
            arguments: [try row.value("bytes", as: Int.self)])
    }

    private static func indexed(_ name: String, _ text: String) -> String {
        FoldedText(name + "\n" + text).text
    }
}

// MARK: Finding

extension SearchIndex {
    struct Found: Sendable {
        var documents: [SearchDocument] = []
        /// Where to go on; nil when everything was looked through.
        var next: Int64?
    }

    /// Documents that have all that the query asks for: first those whose names do, then the others, in
    /// both what changed last first.
    ///
    /// - Parameter cursor: `next` of the page before; nil for the first.
    /// - Returns: at most `limit`. Fewer, with a place to go on from, when there was much to look through.
    func find(
        _ query: SearchQuery, _ kind: SearchDocument.Kind, after cursor: Int64?, limit: Int
    ) async throws -> Found {
        try await pool.read { [bounds] database in
            var scan = Scan(
                query: query, kind: kind, limit: limit, bytesLeft: bounds.scanBytesMax)
            // A cursor is a document's id and, in its lowest bit, which of the two passes is at it.
            let isInTexts = cursor.map { $0 & 1 == 1 } ?? false
            let before = cursor.map { $0 >> 1 } ?? Int64.max
            if !isInTexts, try scan.names(before: before, in: database) { return scan.found }
            try scan.texts(before: isInTexts ? before : Int64.max, in: database)
            return scan.found
        }
    }

    /// One search under way.
    private struct Scan {
        let query: SearchQuery
        let kind: SearchDocument.Kind
        let limit: Int
        var bytesLeft: Int
        var found = Found()

        /// Looks at names only.
        ///
        /// - Returns: whether the page is full with that.
        mutating func names(before: Int64, in database: Database) throws -> Bool {
            let rows = try Row.fetchCursor(
                database,
                sql: "SELECT id, name FROM documents WHERE kind = ? AND id < ? ORDER BY id DESC",
                arguments: [kind.rawValue, before])
            while let row = try rows.next() {
                let id = try row.value("id", as: Int64.self)
                let name = try row.value("name", as: String.self)
                if stops(at: id, pass: 0, bytes: name.utf8.count) { return true }
                guard query.matches(name: FoldedText(name), of: kind),
                    let whole = try Row.fetchOne(
                        database, sql: "SELECT * FROM documents WHERE id = ?", arguments: [id])
                else { continue }
                found.documents.append(try SearchDocument(whole))
            }
            return false
        }

        mutating func texts(before: Int64, in database: Database) throws {
            let rows =
                if let trigrams = query.trigrams(for: kind) {
                    try Row.fetchCursor(
                        database,
                        sql: """
                            SELECT documents.* FROM trigrams
                            CROSS JOIN documents ON documents.id = trigrams.rowid
                            WHERE trigrams MATCH ? AND trigrams.rowid < ? AND documents.kind = ?
                            ORDER BY trigrams.rowid DESC
                            """,
                        arguments: [trigrams, before, kind.rawValue])
                } else {
                    try Row.fetchCursor(
                        database,
                        sql: "SELECT * FROM documents WHERE kind = ? AND id < ? ORDER BY id DESC",
                        arguments: [kind.rawValue, before])
                }
            while let row = try rows.next() {
                let document = try SearchDocument(row)
                let bytes = document.name.utf8.count + document.text.utf8.count
                if stops(at: try row.value("id", as: Int64.self), pass: 1, bytes: bytes) { return }
                let name = FoldedText(document.name)
                guard !query.matches(name: name, of: kind),
                    query.matches(name: name, text: FoldedText(document.text), of: kind)
                else { continue }
                found.documents.append(document)
            }
        }

        /// Whether the page ends before this document. One document is looked at in any case.
        private mutating func stops(at id: Int64, pass: Int64, bytes: Int) -> Bool {
            let isFull = found.documents.count == limit
            guard isFull || bytesLeft <= 0 else {
                bytesLeft -= max(bytes, 64)
                return false
            }
            found.next = (id &+ 1) << 1 | pass
            return true
        }
    }
}

extension SearchDocument {
    fileprivate init(_ row: Row) throws {
        guard let kind = Kind(rawValue: try row.value("kind", as: Int.self)),
            let position = Position(exactly: try row.value("position", as: Int64.self))
        else { throw SearchIndex.Unusable() }
        self.init(
            kind: kind, key: [UInt8](try row.value("key", as: Data.self)),
            name: try row.value("name", as: String.self),
            text: try row.value("text", as: String.self),
            parts: try row.value("parts", as: String.self), position: position,
            events: try row.value("events", as: Int.self))
    }
}

extension Row {
    /// What a column holds. A damaged file may hold anything, which must not trap.
    fileprivate func value<Value: DatabaseValueConvertible>(
        _ column: String, as type: Value.Type
    ) throws -> Value {
        let found: DatabaseValue = self[column]
        guard let value = Value.fromDatabaseValue(found) else { throw SearchIndex.Unusable() }
        return value
    }
}
