package import HifCore
import HifRepository

/// One path that differs, with what it takes to show how.
package struct ChangedFile: Sendable {
    package enum Content: Sendable {
        /// Both sides; empty where there is none.
        case text(old: [UInt8], new: [UInt8])
        case binary
        /// Longer than `Limits.diffFileBytesMax`.
        case tooLarge
        /// Not read: the page has shown as much as it shows.
        case notRead
    }

    package let path: RepoPath
    package let before: Leaf?
    package let after: Leaf?
    package let content: Content
}

/// Changes, as many as a page shows.
package struct ChangedFiles: Sendable {
    package let files: [ChangedFile]
    /// How many paths differ.
    package let count: Int
}

/// What differs between two states of a project.
extension OpenProject where Verb == Reading {
    /// What distinguishes `to` from `from`, below `path`.
    package func difference(
        from: ReadingPoint, to: ReadingPoint, below path: RepoPath?
    ) async throws -> [TreeChange] {
        try await working {
            let changes = try await repository.trees.reading(newest: to.newest) {
                nodes throws(TreeError) in
                try from.tree.diff(to: to.tree, in: nodes)
            }
            guard let path else { return changes }
            return changes.filter { $0.path == path || $0.path.isBelow(path) }
        }
    }

    /// Reads what the changes need to be shown, within the bounds of a page.
    ///
    /// - Parameters:
    ///   - packs: where contents lie that have not landed.
    ///   - only: read this path and no other.
    package func contents(
        of changes: [TreeChange], packs: [Hash] = [], only: RepoPath? = nil
    ) async throws -> ChangedFiles {
        try await working {
            let newest = try await repository.newest()
            var left = Limits.diffBytesMax
            var files: [ChangedFile] = []
            for change in changes.prefix(Limits.diffFilesMax) {
                let content: ChangedFile.Content =
                    only == nil || only == change.path
                    ? try await content(of: change, packs, newest, &left) : .notRead
                files.append(
                    ChangedFile(
                        path: change.path, before: change.before, after: change.after,
                        content: content))
            }
            return ChangedFiles(files: files, count: changes.count)
        }
    }

    private func content(
        of change: TreeChange, _ packs: [Hash], _ newest: Slot, _ left: inout Int
    ) async throws -> ChangedFile.Content {
        let sides = [change.before, change.after].compactMap(\.self).filter {
            $0.kind != .directory
        }
        guard sides.allSatisfy({ $0.size <= UInt64(Limits.diffFileBytesMax) }) else {
            return .tooLarge
        }
        let size = sides.reduce(0) { $0 + Int($1.size) }
        guard size <= left else { return .notRead }
        left -= size
        func bytes(_ leaf: Leaf?) async throws -> [UInt8] {
            guard let leaf, leaf.kind != .directory else { return [] }
            return try await repository.draftContent(
                leaf.hash, packs: packs, newest: newest, bytesMax: Limits.diffFileBytesMax)
        }
        let old = try await bytes(change.before)
        let new = try await bytes(change.after)
        guard TextLines.isText(old), TextLines.isText(new) else { return .binary }
        return .text(old: old, new: new)
    }
}
