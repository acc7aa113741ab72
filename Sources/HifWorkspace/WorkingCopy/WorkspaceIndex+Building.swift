package import HifCore

/// One path's new state in an index: what a materializer did, or what a landing made of it.
package struct IndexUpdate: Hashable, Sendable {
    package let path: RepoPath
    /// Nil: the path is no longer tracked.
    package let leaf: Leaf?
    /// Stat data that stands for the leaf's content; nil if the next scan must read the file.
    package let stat: FileStat?

    package init(path: RepoPath, leaf: Leaf?, stat: FileStat? = nil) {
        self.path = path
        self.leaf = leaf
        self.stat = stat
    }
}

extension WorkspaceIndex {
    /// An index of these entries. Sorts them: O(n log n), and O(n) when they are in order.
    ///
    /// - Precondition: no path twice, no path below another that is not a directory, and no
    ///   derived directory entries.
    package init(
        basePosition: UInt64, baseRoot: Hash,
        entries: some Sequence<(path: RepoPath, leaf: Leaf)>
    ) {
        self = WorkspaceIndex(basePosition: basePosition, baseRoot: baseRoot)
            .updating(entries.map { IndexUpdate(path: $0.path, leaf: $0.leaf) })
    }

    /// This index with `updates` put into it; a later update of the same path wins. Everything
    /// else keeps its stat data. O(n + u log u); O(u log n), after a copy, where files that are
    /// tracked stay files, as in most landings.
    package func updating(_ updates: [IndexUpdate]) -> WorkspaceIndex {
        if updates.isEmpty { return self }
        if let result = updatingInPlace(updates) { return result }
        var order = Array(updates.indices)
        func precedes(_ left: Int, _ right: Int) -> Bool {
            precedesDirectoryMajor(updates[left].path.bytes, updates[right].path.bytes)
        }
        if zip(order, order.dropFirst()).contains(where: { !precedes($0, $1) }) {
            order.sort { left, right in
                if precedes(left, right) { return true }
                return precedes(right, left) ? false : left < right
            }
        }
        var builder = Builder(basePosition: basePosition, baseRoot: baseRoot)
        builder.reserve(rows: rows.count + updates.count, names: names.count)
        var next = 0
        func append(_ update: IndexUpdate) {
            guard let leaf = update.leaf else { return }
            builder.append(
                path: update.path.bytes[...], row: Row(leaf, update.stat), hash: leaf.hash)
        }
        for (number, directory) in directories.enumerated() {
            for row in directory.rowRange {
                let path = pathBytes(ofRow: row, in: directory)
                var isReplaced = false
                while next < order.count {
                    let update = updates[order[next]]
                    if update.path.bytes == path {
                        isReplaced = true
                    } else if !precedesDirectoryMajor(update.path.bytes, path) {
                        break
                    }
                    let isLast =
                        next + 1 == order.count
                        || updates[order[next + 1]].path != update.path
                    if isLast { append(update) }
                    next += 1
                }
                if !isReplaced {
                    builder.append(path: path[...], row: rows[row], hash: hashes[row])
                }
            }
            builder.noteListing(of: directories[number], path: names[directory.pathRange])
        }
        while next < order.count {
            let update = updates[order[next]]
            let isLast = next + 1 == order.count || updates[order[next + 1]].path != update.path
            if isLast { append(update) }
            next += 1
        }
        var result = builder.finish()
        for update in updates where update.leaf == nil {
            result.forgetListings(above: update.path.bytes)
        }
        return result
    }

    /// As `updating(_:)`, if no row comes, goes or becomes a directory; else nil.
    private func updatingInPlace(_ updates: [IndexUpdate]) -> WorkspaceIndex? {
        var places: [(row: Int, update: IndexUpdate)] = []
        places.reserveCapacity(updates.count)
        for update in updates {
            guard update.leaf?.kind.fileType != nil, let row = row(of: update.path),
                rows[row].kind.fileType != nil
            else { return nil }
            places.append((row, update))
        }
        var result = self
        for (row, update) in places {
            guard let leaf = update.leaf else { continue }
            var changed = Row(leaf, update.stat)
            changed.nameOffset = rows[row].nameOffset
            result.rows[row] = changed
            result.hashes[row] = leaf.hash
        }
        return result
    }

    /// What is no longer tracked may still be there, untracked: the directories above it must be
    /// listed again.
    private mutating func forgetListings(above path: [UInt8]) {
        var end = path.count
        while end > 0 {
            end = path[..<end].lastIndex(of: RepoPath.slash) ?? 0
            if let found = directory(of: path[..<end]) { directories[found].isComplete = false }
        }
    }
}

extension WorkspaceIndex.Row {
    /// A row for a leaf; settled if `stat` is given and is of the leaf's kind and size.
    init(_ leaf: Leaf, _ stat: FileStat?) {
        modifiedNanos = stat?.modifiedNanos ?? 0
        changedNanos = stat?.changedNanos ?? 0
        inode = stat?.inode ?? 0
        size = leaf.size
        kind = leaf.kind
        isSettled = stat.map { $0.type == leaf.kind.fileType && $0.size == leaf.size } ?? false
        nameOffset = 0
    }
}

extension WorkspaceIndex {
    /// Appends rows in directory-major order and derives the directories.
    struct Builder {
        private var index: WorkspaceIndex
        /// The directories from the root to the one being filled.
        private var open: [Int] = [0]

        init(basePosition: UInt64, baseRoot: Hash) {
            index = WorkspaceIndex(basePosition: basePosition, baseRoot: baseRoot)
        }

        mutating func reserve(rows: Int, names: Int) {
            index.rows.reserveCapacity(rows)
            index.hashes.reserveCapacity(rows)
            index.names.reserveCapacity(names)
        }

        mutating func append(path: ArraySlice<UInt8>, row: Row, hash: Hash) {
            let split = path.lastIndex(of: RepoPath.slash)
            let parent = path[..<(split ?? path.startIndex)]
            enter(parent)
            let current = open[open.count - 1]
            var row = row
            row.nameOffset = UInt32(index.names.count)
            let name = split.map { path[($0 + 1)...] } ?? path
            index.names += name
            index.names.append(0)
            let directory = index.directories[current]
            if directory.rowCount > 0 {
                let last = index.name(ofRow: index.rows.count - 1)
                precondition(last.lexicographicallyPrecedes(name), "rows out of order")
            }
            index.rows.append(row)
            index.hashes.append(hash)
            index.directories[current].rowCount += 1
        }

        /// Makes `path` the directory being filled, opening those between.
        private mutating func enter(_ path: ArraySlice<UInt8>) {
            if index.names[index.directories[open[open.count - 1]].pathRange] == path { return }
            while open.count > 1, !contains(open[open.count - 1], path) { close() }
            while index.directories[open[open.count - 1]].pathCount < path.count {
                let parent = open[open.count - 1]
                let known = Int(index.directories[parent].pathCount)
                let start = path.startIndex + (known == 0 ? 0 : known + 1)
                let end = path[start...].firstIndex(of: RepoPath.slash) ?? path.endIndex
                let child = path[..<end]
                if let last = index.directories.last, index.directories.count > 1 {
                    let order = comparePreorder(index.names[last.pathRange], child)
                    precondition(order < 0, "directories out of order")
                }
                var directory = Directory.root
                directory.pathOffset = UInt32(index.names.count)
                directory.pathCount = UInt32(child.count)
                directory.firstRow = UInt32(index.rows.count)
                directory.parent = UInt32(parent)
                index.names += child
                index.names.append(0)
                open.append(index.directories.count)
                index.directories.append(directory)
            }
        }

        private func contains(_ directory: Int, _ path: ArraySlice<UInt8>) -> Bool {
            let prefix = index.names[index.directories[directory].pathRange]
            guard path.starts(with: prefix) else { return false }
            return path.count == prefix.count
                || path[path.startIndex + prefix.count] == RepoPath.slash
        }

        private mutating func close() {
            index.directories[open.removeLast()].subtreeEnd = UInt32(index.directories.count)
        }

        /// Carries over what is known of a directory's listing, if the directory is still there.
        /// Call it when the directory's rows have been appended and before the next directory's.
        mutating func noteListing(of old: Directory, path: ArraySlice<UInt8>) {
            guard old.isComplete, let found = index.directory(of: path) else { return }
            index.directories[found].modifiedNanos = old.modifiedNanos
            index.directories[found].changedNanos = old.changedNanos
            index.directories[found].inode = old.inode
            index.directories[found].isComplete = true
        }

        mutating func finish() -> WorkspaceIndex {
            while open.count > 1 { close() }
            index.directories[0].subtreeEnd = UInt32(index.directories.count)
            return index
        }
    }
}
