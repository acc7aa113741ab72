import Glibc
import HifCore

/// Compares a working copy with its index: what `status` and every snapshot start from.
///
/// One `fstatat` a tracked file, one `openat` and `fstat` a directory; a directory is listed only
/// if it changed or holds something untracked, a file read only if its stat differs or is too
/// young to be trusted. Untracked files are read, so that a change always carries its hash. Names
/// are looked up in open directories and no link is ever followed.
///
/// A scan changes nothing but `.hif/clock`, and the index handed in, where it learned that a file
/// with another stat has the same content.
package struct StatusScan {
    package struct Options: Sendable {
        /// Off for file systems whose change stamps move on their own: some network disks, copies
        /// of containers.
        package var trustsChangeTime = true
        /// Off for file systems whose inode numbers are not stable.
        package var trustsInode = true
        /// Off where the disk keeps no executable bit: the tracked kind is then kept.
        package var trustsExecutableBit = true

        package init() {}
    }

    let root: DirectoryHandle
    let hifDirectory: DirectoryHandle?
    let options: Options
    let clock: ScanClock
    /// Sees, and may replace, each stat with its path: tests stage races with it.
    var observe: (([UInt8], FileStat) -> FileStat)?

    /// - Parameters:
    ///   - root: the working copy's top directory.
    ///   - hifDirectory: its `.hif`, for the clock; nil to use the machine's.
    package init(
        root: DirectoryHandle, hifDirectory: DirectoryHandle?, options: Options = Options(),
        clock: ScanClock = .fileSystem
    ) {
        self.root = root
        self.hifDirectory = hifDirectory
        self.options = options
        self.clock = clock
    }

    /// Scans everything. Settles rows of `index` on the way.
    ///
    /// - Throws: only what makes a report worthless: the root cannot be listed, too many open
    ///   files. A single unreadable file is a warning.
    package func run(_ index: inout WorkspaceIndex) throws -> StatusReport {
        let names = index.names
        return try names.withUnsafeBufferPointer { buffer in
            let base = UnsafeRawPointer(buffer.baseAddress!).assumingMemoryBound(to: CChar.self)
            let scanner = Scanner(scan: self, index: index, names: base)
            index = WorkspaceIndex()
            defer { index = scanner.index }
            try scanner.scanTracked(
                0, root.descriptor, RuleScope(root: root))
            scanner.report.changes.sort { $0.path < $1.path }
            return scanner.report
        }
    }
}

/// The ignore rules of one directory, read when the first untracked entry asks for them: a clean
/// tree reads no ignore file.
private final class RuleScope {
    private let parent: RuleScope?
    private let root: DirectoryHandle?
    private let path: [UInt8]
    private let descriptor: Int32

    init(root: DirectoryHandle) {
        parent = nil
        self.root = root
        path = []
        descriptor = root.descriptor
    }

    /// - Precondition: `descriptor` stays open as long as the scope is in use.
    init(parent: RuleScope, path: [UInt8], descriptor: Int32) {
        self.parent = parent
        root = nil
        self.path = path
        self.descriptor = descriptor
    }

    private lazy var rules: IgnoreRules = {
        if let root { return (try? IgnoreRules(root: root)) ?? IgnoreRules() }
        return parent!.rules.entering(path, descriptor: descriptor)
    }()

    /// The directory itself is ignored: nothing untracked below it is of interest.
    private lazy var isIgnored: Bool = {
        guard let parent else { return false }
        return parent.ignores(path, isDirectory: true)
    }()

    func ignores(_ entry: [UInt8], isDirectory: Bool) -> Bool {
        isIgnored || rules.isIgnored(entry, isDirectory: isDirectory)
    }
}

private final class Scanner {
    private let scan: StatusScan
    /// Stamps at or after it prove nothing.
    private let cutoff: Int64
    var index: WorkspaceIndex
    private let names: UnsafePointer<CChar>
    var report = StatusReport()

    init(scan: StatusScan, index: WorkspaceIndex, names: UnsafePointer<CChar>) {
        self.scan = scan
        self.index = index
        self.names = names
        cutoff = scan.clock.cutoffNanos(hifDirectory: scan.hifDirectory)
    }

    // MARK: - Tracked

    func scanTracked(_ number: Int, _ descriptor: Int32, _ scope: RuleScope) throws {
        let directory = index.directories[number]
        var raw = stat()
        guard fstat(descriptor, &raw) == 0 else {
            throw WorkingCopyError.system("stat", pathBytes(of: directory))
        }
        let now = observed(FileStat(raw)) { pathBytes(of: directory) }
        var mustList = !(directory.isComplete && isSame(directory, now))
        for row in directory.rowRange {
            if try examine(row, directory, descriptor, scope) { mustList = true }
        }
        if mustList { try listTracked(number, descriptor, now, scope) }
        var child = number + 1
        while child < Int(directory.subtreeEnd) {
            try scanChild(child, of: directory, descriptor, scope)
            child = Int(index.directories[child].subtreeEnd)
        }
    }

    private func scanChild(
        _ number: Int, of parent: WorkspaceIndex.Directory, _ descriptor: Int32, _ scope: RuleScope
    ) throws {
        let directory = index.directories[number]
        let skipped = parent.pathCount == 0 ? 0 : parent.pathCount + 1
        let opened = DirectoryHandle.open(
            descriptor, names + Int(directory.pathOffset + skipped))
        guard opened >= 0 else {
            let error = WorkingCopyError.currentErrno
            if DirectoryHandle.meansAbsent(error) {
                deleteSubtree(number)
            } else if error == EACCES {
                warn(pathBytes(of: directory), .unreadable(errno: error))
            } else {
                throw WorkingCopyError.system("open", pathBytes(of: directory), errno: error)
            }
            return
        }
        defer { close(opened) }
        let path = pathBytes(of: directory)
        try scanTracked(
            number, opened, RuleScope(parent: scope, path: path, descriptor: opened))
    }

    private func deleteSubtree(_ number: Int) {
        for below in number..<Int(index.directories[number].subtreeEnd) {
            let directory = index.directories[below]
            for row in directory.rowRange { add(row, directory, after: nil) }
        }
    }

    /// Compares one row with its file. True if a directory stands in the place of a file, which
    /// only a listing will find.
    private func examine(
        _ row: Int, _ directory: WorkspaceIndex.Directory, _ descriptor: Int32, _ scope: RuleScope
    ) throws -> Bool {
        report.cost.filesStated += 1
        var raw = stat()
        let name = names + Int(index.rows[row].nameOffset)
        guard fstatat(descriptor, name, &raw, AT_SYMLINK_NOFOLLOW) == 0 else {
            let error = WorkingCopyError.currentErrno
            if error == ENOENT || error == ENOTDIR {
                add(row, directory, after: nil)
            } else {
                warn(index.pathBytes(ofRow: row, in: directory), .unreadable(errno: error))
            }
            return false
        }
        var now = observed(FileStat(raw)) { index.pathBytes(ofRow: row, in: directory) }
        let tracked = index.rows[row]
        if !scan.options.trustsExecutableBit, now.type == .file || now.type == .executable,
            let type = tracked.kind.fileType, type == .file || type == .executable
        {
            now.type = type
        }
        if tracked.kind == .directory || tracked.kind == .external, now.type == .directory {
            if tracked.kind == .directory {
                try scanExplicitDirectory(row, directory, descriptor, scope)
            }
            return false
        }
        if tracked.isSettled, isSame(tracked, now) { return false }
        guard now.type.leafKind != nil else {
            if now.type == .other {
                warn(index.pathBytes(ofRow: row, in: directory), .specialFile)
            }
            add(row, directory, after: nil)
            return now.type == .directory
        }
        try compareContent(row, directory, descriptor)
        return false
    }

    private func compareContent(
        _ row: Int, _ directory: WorkspaceIndex.Directory, _ descriptor: Int32
    ) throws {
        let name = Array(index.name(ofRow: row))
        let path = index.pathBytes(ofRow: row, in: directory)
        guard let found = try read(name, in: descriptor, path) else {
            add(row, directory, after: nil)
            return
        }
        guard case .content(var leaf, let rawStat) = found else { return }
        let stat = observed(rawStat) { path }
        let before = index.leaf(ofRow: row)
        if !scan.options.trustsExecutableBit, leaf.kind != .symlink,
            before.kind == .file || before.kind == .executable
        {
            leaf = Leaf(kind: before.kind, size: leaf.size, hash: leaf.hash)
        }
        guard leaf == before else {
            add(row, directory, after: leaf)
            return
        }
        var settled = index.rows[row]
        settled.modifiedNanos = stat.modifiedNanos
        settled.changedNanos = stat.changedNanos
        settled.inode = stat.inode
        settled.isSettled = stat.newestNanos < cutoff
        if settled != index.rows[row] {
            index.rows[row] = settled
            report.isIndexChanged = true
        }
    }

    private func isSame(_ row: WorkspaceIndex.Row, _ now: FileStat) -> Bool {
        row.modifiedNanos == now.modifiedNanos && row.size == now.size
            && row.kind.fileType == now.type
            && (row.changedNanos == now.changedNanos || !scan.options.trustsChangeTime)
            && (row.inode == now.inode || !scan.options.trustsInode)
    }

    private func isSame(_ directory: WorkspaceIndex.Directory, _ now: FileStat) -> Bool {
        directory.modifiedNanos == now.modifiedNanos
            && (directory.changedNanos == now.changedNanos || !scan.options.trustsChangeTime)
            && (directory.inode == now.inode || !scan.options.trustsInode)
    }

    // MARK: - Listing

    private func listTracked(
        _ number: Int, _ descriptor: Int32, _ now: FileStat, _ scope: RuleScope
    ) throws {
        let directory = index.directories[number]
        let path = pathBytes(of: directory)
        var isComplete = now.newestNanos < cutoff
        guard let entries = try list(descriptor, path) else { return }
        for entry in entries where !RepoPath.isReserved(entry.name[...]) {
            let row = index.row(named: entry.name[...], in: directory)
            if let row {
                // Submodules, and explicit directories: `examine` has seen to them.
                guard index.rows[row].kind.fileType != nil else { continue }
                guard isDirectory(entry, descriptor) else { continue }
                // The row was reported as deleted; what is in the directory is untracked.
            }
            let entryPath = joined(path, entry.name)
            let isTracked =
                row == nil && index.directory(of: entryPath[...]) != nil
                && isDirectory(entry, descriptor)
            if isTracked { continue }
            isComplete = false
            try scanUntracked(entry, entryPath, descriptor, scope)
        }
        var listed = directory
        listed.isComplete = isComplete
        listed.modifiedNanos = isComplete ? now.modifiedNanos : 0
        listed.changedNanos = isComplete ? now.changedNanos : 0
        listed.inode = isComplete ? now.inode : 0
        if listed != directory {
            index.directories[number] = listed
            report.isIndexChanged = true
        }
    }

    /// An explicit directory without tracked entries is not among the index's directories.
    private func scanExplicitDirectory(
        _ row: Int, _ directory: WorkspaceIndex.Directory, _ descriptor: Int32, _ scope: RuleScope
    ) throws {
        let path = index.pathBytes(ofRow: row, in: directory)
        guard index.directory(of: path[...]) == nil else { return }
        try scanUntrackedDirectory(Array(index.name(ofRow: row)), path, descriptor, scope)
    }

    private func scanUntracked(
        _ entry: DirectoryHandle.Entry, _ path: [UInt8], _ descriptor: Int32, _ scope: RuleScope
    ) throws {
        let isDirectory = isDirectory(entry, descriptor)
        if scope.ignores(path, isDirectory: isDirectory) { return }
        if isDirectory {
            try scanUntrackedDirectory(entry.name, path, descriptor, scope)
            return
        }
        let repoPath: RepoPath
        do {
            repoPath = try RepoPath(path)
        } catch {
            warn(path, .badPath(error.rule))
            return
        }
        guard let found = try read(entry.name, in: descriptor, path) else {
            var raw = stat()
            let exists = withCString(entry.name) {
                fstatat(descriptor, $0, &raw, AT_SYMLINK_NOFOLLOW) == 0
            }
            if exists { warn(path, .specialFile) }
            return
        }
        guard case .content(let leaf, _) = found else { return }
        report.changes.append(WorkingChange(path: repoPath, before: nil, after: leaf))
    }

    private func scanUntrackedDirectory(
        _ name: [UInt8], _ path: [UInt8], _ descriptor: Int32, _ scope: RuleScope
    ) throws {
        let opened = withCString(name) { DirectoryHandle.open(descriptor, $0) }
        guard opened >= 0 else {
            let error = WorkingCopyError.currentErrno
            if DirectoryHandle.meansAbsent(error) { return }
            guard error == EACCES else {
                throw WorkingCopyError.system("open", path, errno: error)
            }
            warn(path, .unreadable(errno: error))
            return
        }
        defer { close(opened) }
        guard let entries = try list(opened, path) else { return }
        if entries.contains(where: { RepoPath.isReserved($0.name[...]) }) {
            warn(path, .nestedCheckout)
            return
        }
        let inner = RuleScope(parent: scope, path: path, descriptor: opened)
        for entry in entries {
            try scanUntracked(entry, joined(path, entry.name), opened, inner)
        }
    }

    // MARK: - Parts

    private enum Reading {
        case content(Leaf, FileStat)
        /// Reported as a warning.
        case unreadable
    }

    /// Nil if nothing that can be tracked stands there.
    private func read(_ name: [UInt8], in descriptor: Int32, _ path: [UInt8]) throws -> Reading? {
        report.cost.filesRead += 1
        do {
            guard let found = try ContentReader.leaf(descriptor, name) else { return nil }
            return .content(found.leaf, found.stat)
        } catch let error as WorkingCopyError {
            guard error.errno != EMFILE, error.errno != ENFILE else { throw error }
            warn(path, .unreadable(errno: error.errno))
            return .unreadable
        }
    }

    private func list(_ descriptor: Int32, _ path: [UInt8]) throws -> [DirectoryHandle.Entry]? {
        report.cost.directoriesListed += 1
        do {
            return try DirectoryHandle.entries(descriptor)
        } catch let error as WorkingCopyError where error.errno == EACCES && !path.isEmpty {
            warn(path, .unreadable(errno: error.errno))
            return nil
        }
    }

    private func isDirectory(_ entry: DirectoryHandle.Entry, _ descriptor: Int32) -> Bool {
        if let known = entry.isDirectory { return known }
        var raw = stat()
        let result = withCString(entry.name) {
            fstatat(descriptor, $0, &raw, AT_SYMLINK_NOFOLLOW)
        }
        return result == 0 && raw.st_mode & S_IFMT == S_IFDIR
    }

    private func observed(_ stat: FileStat, _ path: () -> [UInt8]) -> FileStat {
        guard let observe = scan.observe else { return stat }
        return observe(path(), stat)
    }

    private func add(_ row: Int, _ directory: WorkspaceIndex.Directory, after: Leaf?) {
        report.changes.append(
            WorkingChange(
                path: index.path(ofRow: row, in: directory), before: index.leaf(ofRow: row),
                after: after))
    }

    private func warn(_ path: [UInt8], _ reason: ScanWarning.Reason) {
        report.warnings.append(ScanWarning(path: path, reason: reason))
    }

    private func pathBytes(of directory: WorkspaceIndex.Directory) -> [UInt8] {
        Array(index.names[directory.pathRange])
    }

    private func joined(_ directory: [UInt8], _ name: [UInt8]) -> [UInt8] {
        directory.isEmpty ? name : directory + [RepoPath.slash] + name
    }
}
