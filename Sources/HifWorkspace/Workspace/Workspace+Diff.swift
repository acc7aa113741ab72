package import HifCore
import HifRepository

/// One path with both its contents, for a patch or a page.
package struct FileDifference: Sendable {
    package let path: RepoPath
    package let before: Leaf?
    package let after: Leaf?
    /// nil where there is nothing; contents longer than the limit are nil too, with `isTooLarge`.
    package let old: [UInt8]?
    package let new: [UInt8]?
    package let isTooLarge: Bool

    /// The patch of this path, as git writes it.
    package func patch(_ format: UnifiedDiff) -> [UInt8] {
        func file(_ leaf: Leaf?, _ bytes: [UInt8]?) -> UnifiedDiff.File? {
            guard let leaf, let bytes, let mode = GitFileMode(leaf.kind) else { return nil }
            return UnifiedDiff.File(path: path, mode: mode, content: bytes)
        }
        return format.patch(from: file(before, old), to: file(after, new))
    }
}

extension Workspace {
    /// Files longer than this are named in a diff, not shown.
    package static let diffBytesMax: UInt64 = 64 << 20

    /// Differences between what was checked out and the files, path by path.
    package func differences(
        below paths: [RepoPath], _ visit: (FileDifference) throws -> Void
    ) async throws {
        let report = try status()
        for change in report.changes
        where paths.isEmpty
            || paths.contains(where: { $0 == change.path || change.path.isBelow($0) })
        {
            let isTooLarge =
                max(change.before?.size ?? 0, change.after?.size ?? 0) > Workspace.diffBytesMax
            var old: [UInt8]?
            var new: [UInt8]?
            var after = change.after
            if !isTooLarge {
                if let before = change.before, before.kind != .directory {
                    old = try await contents(of: [before.hash], at: base.position)[before.hash]
                }
                if after != nil, after?.kind != .directory,
                    let read = try fileContent(change.path, bytesMax: Int(Workspace.diffBytesMax))
                {
                    (after, new) = (read.leaf, read.bytes)
                }
            }
            try visit(
                FileDifference(
                    path: change.path, before: change.before, after: after, old: old, new: new,
                    isTooLarge: isTooLarge))
        }
    }

    /// Differences between two positions, path by path.
    package func differences(
        from: Position, to: Position, below paths: [RepoPath],
        _ visit: (FileDifference) throws -> Void
    ) async throws {
        let changes = try await trees.diff(
            (try await remote.tree(at: from), from), (try await remote.tree(at: to), to),
            below: paths.count == 1 ? paths[0] : nil)
        for change in changes
        where paths.isEmpty
            || paths.contains(where: { $0 == change.path || change.path.isBelow($0) })
        {
            let leaves = [change.before, change.after].compactMap { $0 }
            let isTooLarge = leaves.contains { $0.size > Workspace.diffBytesMax }
            var contents: [Hash: [UInt8]] = [:]
            if !isTooLarge {
                let hashes = leaves.filter { $0.kind != .directory }.map(\.hash)
                contents = try await self.contents(of: Array(Set(hashes)), at: max(from, to))
            }
            try visit(
                FileDifference(
                    path: change.path, before: change.before, after: change.after,
                    old: change.before.flatMap { contents[$0.hash] },
                    new: change.after.flatMap { contents[$0.hash] }, isTooLarge: isTooLarge))
        }
    }

    /// The leaf of each path at a position; nil where there is nothing.
    package func leaves(_ paths: [RepoPath], at position: Position) async throws -> [Leaf?] {
        let tree = try await remote.tree(at: position)
        return try await trees.reading(of: [(tree, position)]) { nodes throws(TreeError) in
            try tree.get(paths, in: nodes)
        }
    }

    /// The entries of a directory at a position, sorted by name; nil is the top directory.
    package func list(
        _ directory: RepoPath?, at position: Position
    ) async throws -> [(name: [UInt8], leaf: Leaf)] {
        let tree = try await remote.tree(at: position)
        return try await trees.reading(of: [(tree, position)]) { nodes throws(TreeError) in
            try tree.list(directory, in: nodes)
        }
    }
}
