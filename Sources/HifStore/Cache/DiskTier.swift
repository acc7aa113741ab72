internal import Glibc
internal import HifCore
internal import Synchronization

/// The pieces on a disk: one file each, in a directory that belongs to one process at a time.
///
/// A file is written beside its place and renamed, and never synced: what a crash or a power cut left
/// of it is found out by its hash, which is checked with every reading, removed, and fetched again. So
/// no state on the disk is ever wrong, only of no use. Every call blocks its thread, as those of
/// `DirectoryStore` do.
package final class DiskTier: Sendable {
    /// Files at most, whatever their size: what is known of each is held in memory.
    package static let filesMaxStandard = 262_144
    /// What a file takes on the disk at least.
    private static let fileBytesMin = 4_096
    private static let temporaryName = ".tmp"
    private static let lockName = ".lock"

    fileprivate struct State: Sendable {
        var queue: CacheQueue<CacheBlockID>
        var sizes: [CacheBlockID: Int] = [:]
        /// Of each object of which there are pieces: its size, and how many.
        var objects: [CachedObjectID: (size: Int, count: Int)] = [:]
        var generation: UInt64 = 0
        var temporaries: UInt64 = 0
        var damaged = 0
        var unwritten = 0
    }

    private let root: Descriptor
    private let lock: Descriptor
    private let state: Mutex<State>

    /// Opens the tier in `directory`, made if need be (but not those above it), and removes what does not fit
    /// into `bytesMax`, what a killed process was writing, and what is no piece.
    ///
    /// Looks at the name and the attributes of every file: some microseconds each.
    ///
    /// - Parameter owner: whose content it is; a directory with another owner's is emptied first.
    /// - Throws: `refused` when the directory cannot be used, or another process uses it.
    package init(
        directory: String, owner: String, bytesMax: Int, filesMax: Int = DiskTier.filesMaxStandard
    ) throws(StoreError) {
        let what = "the cache directory \(directory)"
        do throws(SystemError) {
            if mkdir(directory, 0o700) != 0, errno != EEXIST { throw SystemError.last }
            root = try Descriptor.directory(path: directory)
            lock = try root.file(DiskTier.lockName, creating: 0)
        } catch {
            throw StoreError(.refused, "\(what) cannot be used", cause: error.text)
        }
        guard let isFree = try? lock.lock(wait: false), isFree else {
            throw StoreError(
                .refused, "\(what) is in use by another process: each needs one of its own")
        }
        var queue = CacheQueue<CacheBlockID>(costMax: bytesMax, countMax: filesMax)
        do throws(SystemError) {
            try DiskTier.prepare(root, owner: owner)
            state = Mutex(try DiskTier.scan(root, &queue))
        } catch {
            throw StoreError(.refused, "\(what) cannot be used", cause: error.text)
        }
    }

    // MARK: Opening

    private static let ownerName = ".owner"

    /// Empties what a killed process was writing, and all of it when it is of another store.
    private static func prepare(
        _ root: borrowing Descriptor, owner: String
    ) throws(SystemError) {
        _ = try root.makeDirectory(temporaryName)
        try clear(root, temporaryName)
        let known = try? root.file(ownerName).read(offset: 0, count: 256)
        guard known != Array(owner.utf8) else { return }
        for child in try root.children() where isFanOut(child.name) {
            try clear(root, child.name)
        }
        // Last, so that a kill in between leaves it to be done again.
        let file = try root.file(ownerName, creating: O_TRUNC)
        try file.write(Array(owner.utf8))
    }

    private static func clear(
        _ root: borrowing Descriptor, _ name: String
    ) throws(SystemError) {
        let directory = try root.directory(name)
        for child in try directory.children() { _ = unlinkat(directory.raw, child.name, 0) }
    }

    private static func isFanOut(_ name: String) -> Bool {
        name.utf8.count == 2 && UInt8(name, radix: 16) != nil
    }

    /// What is there, as if it had been put there in the order of the files' times.
    private static func scan(
        _ root: borrowing Descriptor, _ queue: inout CacheQueue<CacheBlockID>
    ) throws(SystemError) -> State {
        var found: [(name: FileName, bytes: Int, time: (Int, Int))] = []
        for directory in try root.children() where isFanOut(directory.name) {
            let open = try root.directory(directory.name)
            for child in try open.children() {
                guard let name = FileName(child.name), name.directory == directory.name,
                    let status = try open.status(of: child.name), status.kind == .file
                else {
                    _ = unlinkat(open.raw, child.name, 0)
                    continue
                }
                found.append(
                    (name, status.size, (status.modifiedSeconds, status.modifiedNanoseconds)))
            }
        }
        found.sort { $0.time < $1.time }
        var state = State(queue: queue)
        var leaving: [FileName] = []
        for (name, bytes, _) in found {
            // Of an object that has pieces of two sizes the newer one counts.
            if let known = state.objects[name.id.object], known.size != name.size {
                leaving += state.forget(name.id.object)
            }
            leaving += state.insert(name, bytes: bytes)
        }
        for name in leaving { _ = unlinkat(root.raw, name.path, 0) }
        return state
    }

    // MARK: Reading and writing

    /// What the files take, rounded up as disks do.
    package var cost: Int { state.withLock { $0.queue.cost } }
    var damaged: Int { state.withLock { $0.damaged } }
    var unwritten: Int { state.withLock { $0.unwritten } }

    /// The size of an object of which there are pieces.
    func size(of object: CachedObjectID) -> Int? { state.withLock { $0.objects[object]?.size } }

    /// The piece; nil when it is not here. One that is damaged is removed.
    func block(_ id: CacheBlockID, of key: ObjectKey) -> CacheBlock? {
        let size = state.withLock { state in
            state.queue.use(id) ? state.sizes[id] : nil
        }
        guard let size else { return nil }
        let name = FileName(id, size: size)
        guard let file = try? root.file(name.path) else {
            remove(name)
            return nil
        }
        let bytes = try? file.read(
            offset: 0, count: CacheBlock.bytesMax + DiskTier.headerBytesMax)
        guard let bytes, let block = try? DiskTier.decode(bytes, id.index, of: key),
            block.version.size == size
        else {
            remove(name)
            state.withLock { $0.damaged += 1 }
            return nil
        }
        return block
    }

    /// What has to be handed to `write` with what is fetched from now on.
    var generation: UInt64 { state.withLock { $0.generation } }

    /// Keeps a piece, unless something was forgotten since `generation`. What the disk does not take is
    /// done without.
    func write(
        _ id: CacheBlockID, _ block: CacheBlock, of key: ObjectKey, generation: UInt64
    ) {
        let name = FileName(id, size: block.version.size)
        let bytes = DiskTier.encode(block, id.index, of: key)
        let number = state.withLock { state in
            state.temporaries += 1
            return state.temporaries
        }
        let temporary = "\(DiskTier.temporaryName)/\(number)"
        do throws(SystemError) {
            _ = try root.makeDirectory(name.directory)
            let file = try root.file(temporary, creating: O_TRUNC)
            try file.write(bytes)
        } catch {
            _ = unlinkat(root.raw, temporary, 0)
            state.withLock { $0.unwritten += 1 }
            return
        }
        // The name and the knowledge of it change together, so that neither is left alone.
        state.withLock { state in
            var leaving: [FileName] = []
            if state.generation == generation {
                if let known = state.objects[id.object], known.size != name.size {
                    leaving = state.forget(id.object)
                }
                if renameat(root.raw, temporary, root.raw, name.path) == 0 {
                    leaving += state.insert(name, bytes: bytes.count)
                } else {
                    state.unwritten += 1
                }
            }
            _ = unlinkat(root.raw, temporary, 0)
            for name in leaving { _ = unlinkat(root.raw, name.path, 0) }
        }
    }

    /// Removes every piece of an object.
    ///
    /// - Returns: whether there were any.
    @discardableResult
    func forget(_ object: CachedObjectID) -> Bool {
        state.withLock { state in
            state.generation += 1
            let names = state.forget(object)
            for name in names { _ = unlinkat(root.raw, name.path, 0) }
            return !names.isEmpty
        }
    }

    private func remove(_ name: FileName) {
        state.withLock { state in
            state.drop(name.id)
            _ = unlinkat(root.raw, name.path, 0)
        }
    }

    fileprivate static func cost(_ bytes: Int) -> Int {
        (bytes + fileBytesMin - 1) / fileBytesMin * fileBytesMin
    }
}

extension DiskTier.State {
    /// Answers the files that have to go.
    fileprivate mutating func insert(
        _ name: DiskTier.FileName, bytes: Int
    ) -> [DiskTier.FileName] {
        drop(name.id)
        sizes[name.id] = name.size
        objects[name.id.object, default: (name.size, 0)].count += 1
        let leaving = queue.insert(name.id, cost: DiskTier.cost(bytes))
        return leaving.compactMap { id in
            let size = sizes[id]
            drop(id)
            return size.map { DiskTier.FileName(id, size: $0) }
        }
    }

    /// Takes a piece out of what is known.
    fileprivate mutating func drop(_ id: CacheBlockID) {
        queue.remove(id)
        guard sizes.removeValue(forKey: id) != nil else { return }
        objects[id.object]?.count -= 1
        if objects[id.object]?.count == 0 { objects[id.object] = nil }
    }

    /// O(pieces of all objects): for what hardly ever happens.
    fileprivate mutating func forget(_ object: CachedObjectID) -> [DiskTier.FileName] {
        guard objects[object] != nil else { return [] }
        let ids = sizes.filter { $0.key.object == object }
        for id in ids.keys { drop(id) }
        return ids.map { DiskTier.FileName($0.key, size: $0.value) }
    }
}
