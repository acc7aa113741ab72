internal import Glibc
internal import HifCore
internal import Synchronization

/// Objects as plain files under one directory: the whole back end of a single machine.
///
/// The file of key `a/b` is `root/a/b`. Two hidden directories stand beside the objects, `.tmp` for
/// files being written and `.locks` for the locks of replacing writes; no key can name them.
/// Several stores, in one process or in many, may work on the same directory.
///
/// How a write reaches the disk, why in this order, and what it costs:
/// docs/design/0002-directory-store.md.
///
/// **Every call blocks its thread** while the disk works: some microseconds for a cached read,
/// milliseconds for a synced write, and for as long as another process holds the lock of a
/// replacing write. A server calls it from a task whose executor may block, not from an event loop.
package final class DirectoryStore: ObjectStore {
    /// Whether writes wait for the disk. Off only for data that can be lost: caches and tests.
    package let fsync: Bool

    let root: Descriptor
    let temporary: Descriptor
    let locks: Descriptor
    /// Directories, as key prefixes without a trailing slash, whose own entry in their parent this
    /// store has synced. Never removed from disk, so once durable they stay so.
    private let durableDirectories = Mutex<Set<String>>([])

    /// Opens the store at `path`, making the directory (but not its parents) if there is none, and
    /// clears away what crashed writers left behind, at most 1,000 files of it.
    ///
    /// Fails with `refused` when the directory cannot be made or used. A directory that may only be
    /// read opens when `.tmp` and `.locks` exist; its writes are then `refused`.
    package init(path: String, fsync: Bool = true) throws(StoreError) {
        self.fsync = fsync
        do throws(SystemError) {
            let made = mkdir(path, 0o777) == 0
            if !made && errno != EEXIST && errno != EROFS { throw SystemError.last }
            root = try Descriptor.directory(path: path)
            _ = try root.makeDirectory(DirectoryStore.temporaryName)
            _ = try root.makeDirectory(DirectoryStore.locksName)
            temporary = try root.directory(DirectoryStore.temporaryName)
            locks = try root.directory(DirectoryStore.locksName)
            if fsync && made {
                // The root's entry in its parent: losing it would lose everything. Not for a root
                // that was there, whose parent this user may not even be allowed to read.
                try Descriptor.directory(path: path + "/..").sync()
            }
        } catch {
            throw StoreError(
                .refused, "the store directory \(path) cannot be opened",
                cause: error.text)
        }
        _ = sweep(limit: 1_000)
    }

    static let temporaryName = ".tmp"
    static let locksName = ".locks"

    package func get(
        _ key: ObjectKey, _ range: ByteRange
    ) async throws(StoreError) -> StoredObject {
        try checkCancellation(key)
        do {
            guard let object = try read(key, range) else {
                throw StoreError(.notFound, key: key, "there is no such object")
            }
            return object
        } catch let error as SystemError {
            throw DirectoryFailure.reading(error, key: key)
        } catch {
            throw error as? StoreError ?? StoreError(.unknown, key: key, "could not read")
        }
    }

    package func delete(_ key: ObjectKey) async throws(StoreError) {
        try checkCancellation(key)
        try deleteFile(key)
    }

    /// Syncs the directory that holds the object, and every directory on the way to it whose
    /// entry this store has not synced yet. The file's content needs no sync: writers wait for it
    /// before they give the file its name. Nearly free when nothing is waiting to be written.
    package func makeDurable(_ key: ObjectKey) async throws(StoreError) {
        guard fsync else { return }
        try checkCancellation(key)
        do {
            let parent = try openParent(of: key)
            try makeDurable(parent, of: key)
        } catch {
            if error.number == ENOENT {
                throw StoreError(.notFound, key: key, "there is no such object")
            }
            throw DirectoryFailure.unknown(error, key: key, doing: "sync the directory")
        }
    }

    func checkCancellation(_ key: ObjectKey?) throws(StoreError) {
        if Task.isCancelled {
            throw StoreError(.cancelled, key: key, "cancelled before anything was done")
        }
    }
}

// MARK: - Directories

extension DirectoryStore {
    /// The directory that holds the file of `key`; `ENOENT` or `ENOTDIR` if there is none.
    func openParent(of key: ObjectKey) throws(SystemError) -> Descriptor {
        var directory = try root.directory(".")
        for segment in key.segments.dropLast() {
            directory = try directory.directory(String(segment))
        }
        return directory
    }

    /// The directory that is to hold the file of `key`, made with its parents where missing.
    func makeParent(of key: ObjectKey) throws(SystemError) -> Descriptor {
        do {
            return try openParent(of: key)
        } catch {
            guard error.number == ENOENT else { throw error }
        }
        var directory = try root.directory(".")
        for segment in key.segments.dropLast() {
            _ = try directory.makeDirectory(String(segment))
            directory = try directory.directory(String(segment))
        }
        return directory
    }

    /// Syncs `parent`, and before it every directory above whose entry is not known to be durable.
    ///
    /// Not only the directories that this call made: another writer may have made them a moment ago
    /// and not have come to its sync yet, and our object must not depend on its survival.
    func makeDurable(
        _ parent: borrowing Descriptor, of key: ObjectKey
    ) throws(SystemError) {
        var path = ""
        var directory = try root.directory(".")
        for segment in key.segments.dropLast() {
            path += path.isEmpty ? String(segment) : "/" + segment
            if !durableDirectories.withLock({ $0.contains(path) }) {
                try directory.sync()
                durableDirectories.withLock { known in
                    // A bound for stores with millions of directories; forgetting costs a sync.
                    if known.count >= 10_000 { known.removeAll() }
                    known.insert(path)
                }
            }
            directory = try directory.directory(String(segment))
        }
        try parent.sync()
    }
}

// MARK: - Reading

extension DirectoryStore {
    /// Objects up to this size carry a tag made of the BLAKE3 hash of their content. Larger ones,
    /// which nobody should be replacing, carry one made of the file's identity, so that reading a
    /// range of a pack does not read the pack.
    static let contentTagLimit = 65_536

    /// The object, or nil if there is none.
    private func read(_ key: ObjectKey, _ range: ByteRange) throws -> StoredObject? {
        let file: Descriptor
        do {
            file = try openParent(of: key).file(String(key.segments.last!))
        } catch {
            // ENOTDIR: another object, or a symbolic link, stands where a directory would be.
            if error.number == ENOENT || error.number == ENOTDIR { return nil }
            throw error
        }
        let status = try file.status()
        guard status.kind == .file else { return nil }
        guard let indices = range.resolved(size: status.size) else {
            throw StoreError(
                .rangeNotSatisfiable, key: key, "the object ends after \(status.size) bytes")
        }
        let whole = status.size <= DirectoryStore.contentTagLimit
        let wanted = whole ? 0..<status.size : indices
        let bytes = try file.read(offset: wanted.lowerBound, count: wanted.count)
        guard bytes.count == wanted.count else {
            throw StoreError(
                .corrupt, key: key,
                "the file was cut short while it was read: only the store may write here")
        }
        let etag = DirectoryStore.tag(of: status, content: bytes)
        let result = wanted == indices ? bytes : Array(bytes[indices])
        return StoredObject(bytes: result, etag: etag, size: status.size)
    }

    /// `content` is only looked at when the file is small enough for a content tag.
    static func tag(of status: FileStatus, content: [UInt8]) -> ETag {
        if status.size <= contentTagLimit { return ETag("b" + Blake3.hash(content).hex) }
        return ETag(
            "f\(status.size)-\(status.modifiedSeconds)-\(status.modifiedNanoseconds)"
                + "-\(status.inode)")
    }
}
