internal import Glibc
internal import HifCore
internal import Synchronization

extension DirectoryStore {
    /// The steps of a write, in the order that makes it atomic and durable:
    ///
    /// 1. the bytes go to a new file in `.tmp`, synced;
    /// 2. the file gets its name in one step: `link` for `ifAbsent`, which fails if the name
    ///    exists, `rename` under the key's lock otherwise;
    /// 3. the directory that holds the name is synced, and those above it when they are new.
    ///
    /// A failure in step 1 is `refused`, and nothing is left behind; so is one in step 2 unless the
    /// disk or the network failed in the middle of it. A failure in step 3 is `unknown`, since
    /// readers see the object already.
    package func put(
        _ key: ObjectKey, _ bytes: [UInt8], _ condition: WriteCondition
    ) async throws(StoreError) -> ETag {
        try checkCancellation(key)
        let name = String(key.segments.last!)
        let parent: Descriptor
        do {
            parent = try makeParent(of: key)
        } catch {
            throw DirectoryFailure.refused(error, key: key, doing: "make the directory")
        }
        let etag: ETag
        switch condition {
        case .ifAbsent:
            etag = try create(name, in: parent, key: key, bytes)
        case .none:
            let held = try lock(key)
            etag = try replace(name, in: parent, key: key, bytes)
            _ = consume held
        case .ifMatch(let expected):
            let held = try lock(key)
            try check(expected, name, in: parent, key: key)
            etag = try replace(name, in: parent, key: key, bytes)
            _ = consume held
        }
        if fsync {
            do {
                try makeDurable(parent, of: key)
            } catch {
                throw DirectoryFailure.unknown(error, key: key, doing: "sync the directory")
            }
        }
        return etag
    }

    func deleteFile(_ key: ObjectKey) throws(StoreError) {
        let name = String(key.segments.last!)
        let parent: Descriptor
        do {
            parent = try openParent(of: key)
        } catch {
            if error.number == ENOENT || error.number == ENOTDIR { return }
            throw DirectoryFailure.refused(error, key: key, doing: "find the object")
        }
        // A directory is not an object: `a` is absent when only `a/b` exists.
        if let status = try? parent.status(of: name), status.kind == .directory { return }
        // Under the lock, so that a replacement that has compared the old content cannot bring the
        // object back after it was deleted.
        let held = try lock(key)
        if unlinkat(parent.raw, name, 0) != 0 {
            let error = SystemError.last
            if error.number == ENOENT { return }
            throw DirectoryFailure.naming(error, key: key, doing: "delete the object")
        }
        _ = consume held
        if fsync {
            do {
                try parent.sync()
            } catch {
                throw DirectoryFailure.unknown(error, key: key, doing: "sync the directory")
            }
        }
    }
}

// MARK: - Giving a file its name

extension DirectoryStore {
    private func create(
        _ name: String, in parent: borrowing Descriptor, key: ObjectKey, _ bytes: [UInt8]
    ) throws(StoreError) -> ETag {
        // Spares the write when the answer is known; the link below decides.
        try refuseExisting(name, in: parent, key: key)
        // The sweep of another process can take the temporary file away in the moment between
        // its creation and its lock; then it is written anew.
        for _ in 0..<8 {
            let file = try writeTemporary(key: key, bytes)
            defer { _ = unlinkat(temporary.raw, file.name, 0) }
            if linkat(temporary.raw, file.name, parent.raw, name, 0) == 0 { return file.etag }
            let error = SystemError.last
            // On NFS the answer to a link that succeeded can get lost, and the repeated request
            // then fails. Two names for our file mean that one of them is the one we wanted.
            if let status = try? file.descriptor.status(), status.linkCount == 2 {
                return file.etag
            }
            switch error.number {
            case EEXIST:
                try refuseExisting(name, in: parent, key: key)
                // It was deleted again in the meantime.
                continue
            case ENOENT where (try? file.descriptor.status())?.linkCount == 0:
                continue
            case EPERM, EOPNOTSUPP:
                throw StoreError(
                    .refused, key: key,
                    "the file system of the store may not make hard links, which a store needs to "
                        + "create an object only if there is none; nothing was written",
                    cause: error.text)
            default:
                throw DirectoryFailure.naming(error, key: key, doing: "name the object")
            }
        }
        throw StoreError(.conflict, key: key, "the object is created and deleted all the time")
    }

    private func refuseExisting(
        _ name: String, in parent: borrowing Descriptor, key: ObjectKey
    ) throws(StoreError) {
        let status: FileStatus?
        do {
            status = try parent.status(of: name)
        } catch {
            throw DirectoryFailure.refused(error, key: key, doing: "look for the object")
        }
        switch status?.kind {
        case nil: return
        case .file: throw StoreError(.preconditionFailed, key: key, "the object exists")
        case .directory, .other:
            throw DirectoryFailure.refused(
                SystemError(number: EISDIR), key: key, doing: "name the object")
        }
    }

    private func replace(
        _ name: String, in parent: borrowing Descriptor, key: ObjectKey, _ bytes: [UInt8]
    ) throws(StoreError) -> ETag {
        for _ in 0..<8 {
            let file = try writeTemporary(key: key, bytes)
            do throws(SystemError) {
                let old = try parent.status(of: name)
                if let old, old.kind != .file { throw SystemError(number: EISDIR) }
                let etag = try file.distinctTag(from: old)
                if renameat(temporary.raw, file.name, parent.raw, name) == 0 { return etag }
                throw SystemError.last
            } catch {
                _ = unlinkat(temporary.raw, file.name, 0)
                if error.number == ENOENT,
                    (try? file.descriptor.status())?.linkCount == 0
                {
                    continue
                }
                throw DirectoryFailure.naming(error, key: key, doing: "name the object")
            }
        }
        throw StoreError(.refused, key: key, "temporary files disappear; nothing was written")
    }

    /// Compares the object's tag with what the writer expects; the caller holds the key's lock.
    private func check(
        _ expected: ETag, _ name: String, in parent: borrowing Descriptor, key: ObjectKey
    ) throws(StoreError) {
        let current: ETag
        do throws(SystemError) {
            let file = try parent.file(name)
            let status = try file.status()
            guard status.kind == .file else { throw SystemError(number: ENOENT) }
            let small = status.size <= DirectoryStore.contentTagLimit
            let content = small ? try file.read(offset: 0, count: status.size) : []
            current = DirectoryStore.tag(of: status, content: content)
        } catch {
            if error.number == ENOENT {
                throw StoreError(.notFound, key: key, "there is no such object")
            }
            throw DirectoryFailure.refused(error, key: key, doing: "read the object")
        }
        if current != expected {
            throw StoreError(.preconditionFailed, key: key, "the object has changed")
        }
    }

    /// Waits for the lock that excludes every other replacement or deletion of `key`, in this
    /// process and in others.
    ///
    /// 256 lock files for all keys: a lock file must never be deleted while anybody might hold it,
    /// so one for each key would pile up. Nobody takes two, so sharing cannot deadlock.
    private func lock(_ key: ObjectKey) throws(StoreError) -> Descriptor {
        let bucket = Blake3.hash(Array(key.string.utf8)).bytes[0]
        do {
            let file = try locks.file([bucket].hex, creating: 0)
            _ = try file.lock(wait: true)
            return file
        } catch {
            throw DirectoryFailure.refused(error, key: key, doing: "lock the object")
        }
    }
}
