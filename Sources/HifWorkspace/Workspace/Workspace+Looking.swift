package import HifCore
import HifRepository

extension WorkspaceConfig {
    /// The configuration of the workspace whose top directory is `root`; nil when there is none.
    package static func load(root: [UInt8]) throws -> WorkspaceConfig? {
        guard
            let directory = try DirectoryHandle(path: root).directory(Workspace.directoryName),
            try directory.stat(fileName) != nil
        else { return nil }
        return try load(from: directory)
    }
}

extension Workspace {
    /// The move that an earlier process began and did not end; whatever changes the workspace next
    /// finishes it.
    package func pendingOperation() throws -> JournalEntry? {
        try Journal(hifDirectory: hifDirectory).pending()
    }

    /// The newest landing from `after` (exclusive) to `upTo` that changed the path.
    package func lastLanding(
        of path: RepoPath, after: Position, upTo: Position
    ) async throws -> Position? {
        guard upTo > after else { return nil }
        var query = LandingQuery(from: upTo, path: path, limit: 1)
        query.downTo = after + 1
        while true {
            let page = try await remote.landings(query)
            if let entry = page.entries.first { return entry.position }
            guard let next = page.next, next > after else { return nil }
            query.from = next
        }
    }
}

extension Workspace {
    /// Whether something of that name stands in the working copy, tracked or not.
    package func isThere(_ path: RepoPath) throws -> Bool {
        guard let (directory, name) = try WorkingFile.parent(of: path, below: top) else {
            return false
        }
        return try directory.stat(name) != nil
    }

    /// Whether something stands there that the ignore files keep out: it is no change, and does not
    /// land.
    package func isIgnored(_ path: RepoPath) throws -> Bool {
        guard try isThere(path), try index[path] == nil, try !index.isDirectory(path) else {
            return false
        }
        let isDirectory = try WorkingFile.directory(path, below: top) != nil
        return try IgnoreRules.isIgnored(path, isDirectory: isDirectory, root: top)
    }
}
