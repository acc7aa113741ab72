internal import Glibc
internal import Synchronization

/// A file in `.tmp` whose content is complete and, if the store syncs, on the disk.
///
/// The writer holds the file's lock as long as `descriptor` is open: that is how `sweep` tells it
/// from one left by a crash, without a clock and without trusting process numbers.
struct TemporaryFile: ~Copyable {
    let name: String
    let descriptor: Descriptor
    let etag: ETag
    let status: FileStatus
    let bytes: [UInt8]

    /// The tag under which this file replaces `old`, made to differ from the old one's.
    ///
    /// A tag made of the file's identity could come back when an inode is used again within one tick
    /// of the file system's clock, so the time of modification is pushed past that of the old file.
    func distinctTag(from old: FileStatus?) throws(SystemError) -> ETag {
        guard let old, status.size > DirectoryStore.contentTagLimit,
            (status.modifiedSeconds, status.modifiedNanoseconds)
                <= (old.modifiedSeconds, old.modifiedNanoseconds)
        else { return etag }
        let carry = old.modifiedNanoseconds == 999_999_999
        let times = [
            timespec(tv_sec: 0, tv_nsec: leaveTimeAlone),
            timespec(
                tv_sec: old.modifiedSeconds + (carry ? 1 : 0),
                tv_nsec: carry ? 0 : old.modifiedNanoseconds + 1),
        ]
        _ = try retrying { futimens(descriptor.raw, times) }
        return DirectoryStore.tag(of: try descriptor.status(), content: bytes)
    }
}

/// `UTIME_OMIT`, from Linux's include/linux/stat.h: this time is not to be changed.
private let leaveTimeAlone = (1 << 30) - 2

/// Counts the temporary files of this process, over all stores.
private let temporaryFileCount = Atomic<UInt64>(0)

extension DirectoryStore {
    /// Writes `bytes` to a new file of a name nobody else uses: process number and counter, and
    /// `O_EXCL` for processes of the same number in another container.
    func writeTemporary(key: ObjectKey, _ bytes: [UInt8]) throws(StoreError) -> TemporaryFile {
        for _ in 0..<100 {
            let count = temporaryFileCount.add(1, ordering: .relaxed).newValue
            let name = "\(getpid())-\(count)"
            let file: Descriptor
            do {
                file = try temporary.file(name, creating: O_EXCL)
            } catch {
                if error.number == EEXIST { continue }
                throw DirectoryFailure.refused(error, key: key, doing: "make a file")
            }
            do {
                // Not ours if a sweep was faster than we are; it removes the file.
                guard try file.lock(wait: false) else { continue }
                try file.write(bytes)
                if fsync { try file.syncData() }
                let status = try file.status()
                return TemporaryFile(
                    name: name, descriptor: file,
                    etag: DirectoryStore.tag(of: status, content: bytes), status: status,
                    bytes: bytes)
            } catch {
                _ = unlinkat(temporary.raw, name, 0)
                throw DirectoryFailure.refused(error, key: key, doing: "write the file")
            }
        }
        throw StoreError(
            .refused, key: key, "no free name for a temporary file; nothing was written")
    }

    /// Removes temporary files of writers that are gone, looking at no more than `limit` files,
    /// and returns how many it removed. Opening a store does this; a long-running node may do it
    /// now and then. Safe at any time beside any writer.
    @discardableResult
    package func sweep(limit: Int) -> Int {
        guard let children = try? temporary.children(limit: limit) else { return 0 }
        var removed = 0
        for child in children where child.kind != .directory {
            // For writing, because the lock is exclusive.
            let raw = openat(
                temporary.raw, child.name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
            guard raw >= 0 else { continue }
            let file = Descriptor(raw: raw)
            guard let free = try? file.lock(wait: false), free else { continue }
            if unlinkat(temporary.raw, child.name, 0) == 0 { removed += 1 }
        }
        return removed
    }
}
