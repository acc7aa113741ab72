package import HifCore
package import HifRepository

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
}

/// What would land, and what stands against it.
package struct LandingRehearsal: Sendable {
    package let changes: [WorkingChange]
    /// Position that the changes were compared with.
    package let position: Position
    package let conflicts: [LandOutcome.Conflict]
}

extension Workspace {
    /// What `land` would do, judged on this machine against the newest position. Changes nothing.
    package func rehearseLanding(_ paths: [RepoPath]) async throws -> LandingRehearsal {
        let changes = try status().changes.filter { change in
            paths.isEmpty || paths.contains { $0 == change.path || change.path.isBelow($0) }
        }
        let position = try await remote.newest().position
        let found = try await leaves(changes.map(\.path), at: position)
        var conflicts: [LandOutcome.Conflict] = []
        for (change, found) in zip(changes, found) where found != change.before {
            if found == change.after
                || found == .directory && change.before == nil
                    && change.after?.kind == .directory
            {
                continue
            }
            var hunks: [LandOutcome.Hunk] = []
            switch LeafMerge.withoutContent(base: change.before, ours: change.after, theirs: found)
            {
            case .leaf?, .content?: continue
            case .conflict?: break
            case nil:
                guard let ours = try fileContent(change.path, bytesMax: LeafMerge.bytesMax),
                    let found
                else { break }
                let wanted = Set(
                    [change.before, found].compactMap { $0?.isFile == true ? $0?.hash : nil })
                let contents = try await contents(of: wanted.sorted(), at: position)
                let outcome = LeafMerge.contents(
                    base: change.before.flatMap { leaf in
                        contents[leaf.hash].map { (leaf.kind, $0) }
                    },
                    ours: (ours.leaf.kind, ours.bytes),
                    theirs: (found.kind, contents[found.hash] ?? []),
                    labels: ThreeWayMerge.Labels(ours: "yours", theirs: "@\(position)"))
                guard case .conflict(let places, _) = outcome else { continue }
                hunks = places
            }
            conflicts.append(
                LandOutcome.Conflict(
                    operation: Operation(
                        path: change.path, before: change.before, after: change.after),
                    found: found, reason: .changed,
                    landing: try await lastLanding(
                        of: change.path, after: base.position, upTo: position), hunks: hunks))
        }
        return LandingRehearsal(changes: changes, position: position, conflicts: conflicts)
    }
}
