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

    /// Contents that are fetched together for a diff: few questions, and a bound on what is held.
    private static let diffBatchBytesMax: UInt64 = 16 << 20
    private static let diffBatchCountMax = 4096

    /// Differences between what was checked out and the files, path by path.
    package func differences(
        below paths: [RepoPath], _ visit: (FileDifference) throws -> Void
    ) async throws {
        let changes = try status().changes.filter { change in
            paths.isEmpty || paths.contains { $0 == change.path || change.path.isBelow($0) }
        }
        try await inBatches(
            changes.map { (before: $0.before, after: $0.after) }, at: base.position,
            wantsAfter: false
        ) { index, isTooLarge, contents in
            let change = changes[index]
            var new: [UInt8]?
            var after = change.after
            if !isTooLarge, after != nil, after?.kind != .directory,
                let read = try fileContent(change.path, bytesMax: Int(Workspace.diffBytesMax))
            {
                (after, new) = (read.leaf, read.bytes)
            }
            try visit(
                FileDifference(
                    path: change.path, before: change.before, after: after,
                    old: change.before.flatMap { contents[$0.hash] }, new: new,
                    isTooLarge: isTooLarge))
        }
    }

    /// Differences between two positions, path by path.
    package func differences(
        from: Position, to: Position, below paths: [RepoPath],
        _ visit: (FileDifference) throws -> Void
    ) async throws {
        let changes = try await changes(from: from, to: to, below: paths)
        try await inBatches(
            changes.map { (before: $0.before, after: $0.after) }, at: max(from, to),
            wantsAfter: true
        ) { index, isTooLarge, contents in
            let change = changes[index]
            try visit(
                FileDifference(
                    path: change.path, before: change.before, after: change.after,
                    old: change.before.flatMap { contents[$0.hash] },
                    new: change.after.flatMap { contents[$0.hash] }, isTooLarge: isTooLarge))
        }
    }

    /// Visits pairs of leaves in order, with the contents that `position` has of them; none for a
    /// pair of which one is too large. One question for all contents of a batch.
    private func inBatches(
        _ pairs: [(before: Leaf?, after: Leaf?)], at position: Position, wantsAfter: Bool,
        _ visit: (_ index: Int, _ isTooLarge: Bool, _ contents: [Hash: [UInt8]]) throws -> Void
    ) async throws {
        var start = 0
        while start < pairs.count {
            var wanted: Set<Hash> = []
            var byteCount: UInt64 = 0
            var end = start
            while end < pairs.count, wanted.count < Workspace.diffBatchCountMax {
                let pair = pairs[end]
                if !Workspace.isTooLarge(pair) {
                    let leaves = [pair.before, wantsAfter ? pair.after : nil].compactMap { $0 }
                    byteCount += leaves.reduce(0) { $0 + $1.size }
                    if end > start, byteCount > Workspace.diffBatchBytesMax { break }
                    for leaf in leaves where leaf.kind != .directory { wanted.insert(leaf.hash) }
                }
                end += 1
            }
            let contents = try await contents(of: wanted.sorted(), at: position)
            for index in start..<end {
                try visit(index, Workspace.isTooLarge(pairs[index]), contents)
            }
            start = end
        }
    }

    private static func isTooLarge(_ pair: (before: Leaf?, after: Leaf?)) -> Bool {
        max(pair.before?.size ?? 0, pair.after?.size ?? 0) > diffBytesMax
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
