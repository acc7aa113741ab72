package import HifCore
package import HifRepository

/// What lies in a directory.
package struct DirectoryListing: Sendable {
    package struct Entry: Sendable {
        package let path: RepoPath
        package let leaf: Leaf
        /// The newest landing that changed it or something below it; nil where it was not looked for.
        package let landing: LandingPage.Entry?
    }

    /// Directories first, then by name. At most `Limits.directoryEntriesMax`.
    package let entries: [Entry]
    /// How many there are.
    package let count: Int
}

/// A position whose tree was looked up, so that one page asks one moment.
package struct ReadingPoint: Sendable {
    package let position: Position
    package let tip: Position
    let tree: ProllyTree
    let newest: Slot
}

/// Reading files at a position.
extension OpenProject where Verb == Reading {
    /// The tree at `position`; at the newest landing when nil.
    package func point(at position: Position?) async throws -> ReadingPoint {
        try await working {
            let newest = try await repository.newest()
            let position = position ?? newest.lastPosition
            let tree = try await repository.tree(at: position, newest: newest)
            return ReadingPoint(
                position: position, tip: newest.lastPosition, tree: tree, newest: newest)
        }
    }

    /// What is at `path`; the root, when nil, is a directory.
    package func leaf(_ path: RepoPath?, at point: ReadingPoint) async throws -> Leaf? {
        guard let path else { return .directory }
        return try await working {
            try await repository.trees.reading(newest: point.newest) { nodes throws(TreeError) in
                try point.tree.get(path, in: nodes)
            }
        }
    }

    /// A directory's entries, each with its newest landing.
    package func list(
        _ directory: RepoPath?, at point: ReadingPoint
    ) async throws -> DirectoryListing {
        try await working {
            let found = try await repository.trees.reading(newest: point.newest) {
                nodes throws(TreeError) in
                try point.tree.list(directory, in: nodes)
            }
            var named: [(path: RepoPath, leaf: Leaf)] = []
            for (name, leaf) in found {
                let path =
                    try directory.map { try $0.appending(name) } ?? RepoPath(name)
                named.append((path, leaf))
            }
            named.sort { left, right in
                let isDirectory = left.leaf.kind == .directory
                guard isDirectory == (right.leaf.kind == .directory) else { return isDirectory }
                return left.path < right.path
            }
            let shown = named.prefix(Limits.directoryEntriesMax)
            let landings = try await repository.lastLandings(
                of: shown.prefix(Limits.directoryLandingsMax).map(\.path), at: point.position,
                newest: point.newest)
            return DirectoryListing(
                entries: shown.map {
                    DirectoryListing.Entry(
                        path: $0.path, leaf: $0.leaf, landing: landings[$0.path])
                }, count: named.count)
        }
    }

    /// The newest landing at or before the point that changed `path`.
    package func lastLanding(
        of path: RepoPath, at point: ReadingPoint
    ) async throws -> LandingPage.Entry? {
        try await working {
            try await repository.lastLandings(
                of: [path], at: point.position, newest: point.newest)[path]
        }
    }

    /// The content of a file of at most `bytesMax`; nil when it is longer.
    package func content(
        of leaf: Leaf, bytesMax: Int, at point: ReadingPoint
    ) async throws -> [UInt8]? {
        guard leaf.size <= UInt64(bytesMax) else { return nil }
        return try await working {
            try await repository.blob(leaf.hash, newest: point.newest, bytesMax: bytesMax)
        }
    }

    /// Who wrote each line of a file; nil when there is no file of that name.
    ///
    /// - Throws: `ForgeError(.tooLarge)` for a file that is not shown by lines.
    package func blame(_ path: RepoPath, at point: ReadingPoint) async throws -> FileBlame? {
        try await working {
            try await FileBlame(path, at: point.position, landingsMax: Limits.blameLandingsMax) {
                try await repository.landings($0)
            } operations: { position in
                try await repository.landing(at: position, newest: point.newest).operations
            } content: { leaf in
                guard leaf.size <= UInt64(Limits.fileShownBytesMax) else {
                    throw ForgeError(.tooLarge, "'\(path)' was too large to blame")
                }
                return try await repository.blob(
                    leaf.hash, newest: point.newest, bytesMax: Limits.fileShownBytesMax)
            }
        }
    }
}
