package import HifCore

/// What was checked out: every tracked path with its leaf, and the stat data that lets a scan
/// believe a file unchanged without reading it.
///
/// Columns instead of objects: a clean `status` reads 40 bytes a file and the name, which it hands
/// to the kernel where it lies. Rows stand in directory-major order, the order of keys in the
/// tree: the files of a directory side by side, then the directories below it. So a scan visits
/// rows front to back, and a tree diff or a tree read can be merged in without sorting.
///
/// A value; `.hif/index` holds it on disk (docs/formats/workspace-index.md).
package struct WorkspaceIndex: Sendable {
    /// The position that was checked out; 0 for the empty tree before any landing.
    package var basePosition: UInt64
    /// Root of the tree at `basePosition`.
    package var baseRoot: Hash

    /// One tracked path, in 40 bytes.
    struct Row: Hashable, Sendable {
        var modifiedNanos: Int64
        var changedNanos: Int64
        /// The leaf's size, and the stat's wherever the row is settled.
        var size: UInt64
        var inode: UInt64
        var kind: Leaf.Kind
        /// The stat data stands for the content: a file with this stat need not be read.
        var isSettled: Bool
        /// Where the last name lies in `names`; it ends with a NUL.
        var nameOffset: UInt32
    }

    /// A directory that holds tracked paths, at any depth. Preorder: the root first, children by
    /// the bytes of their names.
    struct Directory: Hashable, Sendable {
        /// The whole path from the root in `names`, ended by a NUL; empty for the root.
        var pathOffset: UInt32
        var pathCount: UInt32
        var firstRow: UInt32
        var rowCount: UInt32
        /// Index of the directory above; the root's is its own.
        var parent: UInt32
        /// One past the last directory below this one.
        var subtreeEnd: UInt32
        /// When the directory was last listed, if `isComplete`.
        var modifiedNanos: Int64
        var changedNanos: Int64
        var inode: UInt64
        /// It held nothing but what is tracked: while its stat is the same, no listing is needed.
        var isComplete: Bool
    }

    var rows: [Row]
    /// Content hash of each row, in a column of its own since a clean scan never looks at it.
    var hashes: [Hash]
    var directories: [Directory]
    var names: [UInt8]

    /// An index that tracks nothing.
    package init(basePosition: UInt64 = 0, baseRoot: Hash = .zero) {
        self.basePosition = basePosition
        self.baseRoot = baseRoot
        rows = []
        hashes = []
        directories = [.root]
        names = [0]
    }

    /// Number of tracked paths: files, links, submodules and explicit directories.
    package var count: Int { rows.count }

    /// What the row tracks.
    func leaf(ofRow row: Int) -> Leaf {
        let kind = rows[row].kind
        if kind == .directory { return .explicitDirectory }
        return Leaf(kind: kind, size: rows[row].size, hash: hashes[row])
    }

    /// What is tracked at `path`; nil if nothing is. O(log n).
    package subscript(path: RepoPath) -> Leaf? {
        row(of: path).map { leaf(ofRow: $0) }
    }

    /// Whether something is tracked below `path`. O(log n).
    package func isDirectory(_ path: RepoPath) -> Bool {
        directory(of: path.bytes[...]) != nil
    }

    /// The tracked stat of `path`, if it stands for the content.
    func settledStat(ofRow row: Int) -> FileStat? {
        let row = rows[row]
        guard row.isSettled, let type = row.kind.fileType else { return nil }
        return FileStat(
            modifiedNanos: row.modifiedNanos, changedNanos: row.changedNanos, size: row.size,
            inode: row.inode, type: type)
    }

    /// Calls `body` with each tracked path and its leaf, in directory-major order.
    package func forEach(_ body: (RepoPath, Leaf) throws -> Void) rethrows {
        for directory in directories {
            for row in directory.rowRange {
                try body(path(ofRow: row, in: directory), leaf(ofRow: row))
            }
        }
    }
}

extension WorkspaceIndex.Directory {
    static let root = WorkspaceIndex.Directory(
        pathOffset: 0, pathCount: 0, firstRow: 0, rowCount: 0, parent: 0, subtreeEnd: 1,
        modifiedNanos: 0, changedNanos: 0, inode: 0, isComplete: false)

    var rowRange: Range<Int> { Int(firstRow)..<Int(firstRow) + Int(rowCount) }

    var pathRange: Range<Int> { Int(pathOffset)..<Int(pathOffset) + Int(pathCount) }
}

extension Leaf.Kind {
    /// The type of entry that stands for it on disk, where one does without looking further.
    var fileType: FileType? {
        switch self {
        case .file: .file
        case .executable: .executable
        case .symlink: .symlink
        case .directory, .external: nil
        }
    }
}

// MARK: - Finding

extension WorkspaceIndex {
    /// The row that tracks `path`.
    func row(of path: RepoPath) -> Int? {
        let split = path.bytes.lastIndex(of: RepoPath.slash)
        guard let directory = directory(of: path.bytes[..<(split ?? 0)]) else { return nil }
        return row(named: path.name, in: directories[directory])
    }

    /// The row of that name in a directory. O(log rows).
    func row(named name: ArraySlice<UInt8>, in directory: Directory) -> Int? {
        var low = Int(directory.firstRow)
        var high = low + Int(directory.rowCount)
        while low < high {
            let middle = (low + high) / 2
            let order = compare(name, withNameAt: Int(rows[middle].nameOffset))
            if order == 0 { return middle }
            if order < 0 { high = middle } else { low = middle + 1 }
        }
        return nil
    }

    /// The directory of that path; the root for no bytes.
    func directory(of path: ArraySlice<UInt8>) -> Int? {
        var low = 0
        var high = directories.count
        while low < high {
            let middle = (low + high) / 2
            let order = comparePreorder(path, names[directories[middle].pathRange])
            if order == 0 { return middle }
            if order < 0 { high = middle } else { low = middle + 1 }
        }
        return nil
    }

    /// Byte order against a NUL-terminated name, which `name` cannot contain.
    private func compare(_ name: ArraySlice<UInt8>, withNameAt offset: Int) -> Int {
        var position = offset
        for byte in name {
            let other = names[position]
            if byte != other { return Int(byte) - Int(other) }
            position += 1
        }
        return names[position] == 0 ? 0 : -1
    }

    /// The last name of a row, without its NUL.
    func name(ofRow row: Int) -> ArraySlice<UInt8> {
        let start = Int(rows[row].nameOffset)
        var end = start
        while names[end] != 0 { end += 1 }
        return names[start..<end]
    }

    func pathBytes(ofRow row: Int, in directory: Directory) -> [UInt8] {
        var bytes = Array(names[directory.pathRange])
        if !bytes.isEmpty { bytes.append(RepoPath.slash) }
        bytes += name(ofRow: row)
        return bytes
    }

    func path(ofRow row: Int, in directory: Directory) -> RepoPath {
        // Names were checked when the index was built or read.
        guard let path = try? RepoPath(pathBytes(ofRow: row, in: directory)) else {
            preconditionFailure("an index never holds a bad path")
        }
        return path
    }
}

/// Order of directories by path: a directory before everything below it, and that before its next
/// sibling, whatever bytes their names hold. Negative, 0 or positive.
func comparePreorder(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Int {
    var other = right.startIndex
    for index in left.indices {
        guard other < right.endIndex else { return 1 }
        if left[index] != right[other] {
            // No name holds a NUL, so a slash may take its place and sort first.
            let first = left[index] == RepoPath.slash ? 0 : Int(left[index])
            let second = right[other] == RepoPath.slash ? 0 : Int(right[other])
            return first - second
        }
        other += 1
    }
    return other == right.endIndex ? 0 : -1
}

/// Directory-major order of paths, that of the tree's keys: by directory in preorder, then by name.
func precedesDirectoryMajor(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    let leftSplit = left.lastIndex(of: RepoPath.slash) ?? 0
    let rightSplit = right.lastIndex(of: RepoPath.slash) ?? 0
    let order = comparePreorder(left[..<leftSplit], right[..<rightSplit])
    if order != 0 { return order < 0 }
    return left[leftSplit...].lexicographicallyPrecedes(right[rightSplit...])
}
