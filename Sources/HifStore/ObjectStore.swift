/// Keys to bytes with conditional writes: a bucket, a directory, or memory.
///
/// What every store must do, because the log relies on it:
/// - **Atomic.** A reader sees an object whole or not at all; of any number of racing `ifAbsent`
///   writes to one key at most one succeeds, and the others fail with `preconditionFailed` (or
///   with an error that leaves the outcome open).
/// - **Durable.** A write that returned survives a crash. A reader may see an object a moment
///   before its writer's call returns; see `makeDurable(_:)`.
/// - **Consistent.** `get` and `list` begun after a write returned see it.
/// - **Honest.** An error never says "not written" while the write may still be applied; the codes
///   of `StoreError` keep these cases apart.
///
/// `StoreContract` in Tests/Support spells this out as checks that every implementation runs.
///
/// Stores are composed at run time, so code that uses one takes `any ObjectStore`; the cost of the
/// existential is nothing beside a request.
package protocol ObjectStore: Sendable {
    /// The bytes of `range`, with the whole object's size.
    /// Fails with `notFound` or `rangeNotSatisfiable`.
    func get(_ key: ObjectKey, _ range: ByteRange) async throws(StoreError) -> StoredObject

    /// Writes the whole object if `condition` holds and returns its new tag.
    ///
    /// One attempt: a store never repeats a conditional write on its own, since the second try
    /// would answer `preconditionFailed` for the success of the first.
    func put(
        _ key: ObjectKey, _ bytes: [UInt8], _ condition: WriteCondition
    ) async throws(StoreError) -> ETag

    /// The objects whose keys begin with `prefix`, in byte order, after `after`, at most `limit`
    /// (at least 1; a store may return fewer, and caps it as it must: S3 at 1,000).
    ///
    /// `prefix` is text, not a path: `log/00` finds `log/000/1`. Prefer prefixes that are empty or
    /// end in `/`: some stores list nothing else. A prefix that no key can have finds nothing.
    func list(prefix: String, after: ObjectKey?, limit: Int) async throws(StoreError) -> ListPage

    /// Removes the object; an absent one is a success.
    func delete(_ key: ObjectKey) async throws(StoreError)

    /// Makes sure that an object this process has *seen* would survive a power cut.
    ///
    /// Only needed before acting on an object that another writer may be in the middle of
    /// publishing, such as a newly found log slot. The default does nothing: remote stores show
    /// only durable objects. `DirectoryStore` syncs the directories on the way to the object, and
    /// a store that wraps another must pass the call on.
    func makeDurable(_ key: ObjectKey) async throws(StoreError)

    /// Says that what was read of an object is damaged: whatever keeps a copy of it on the way drops
    /// that, so that the next reading comes from the store itself. A store that wraps another passes
    /// it on.
    ///
    /// - Returns: whether there was a copy, and so whether reading again may help.
    func distrust(_ key: ObjectKey) -> Bool
}

extension ObjectStore {
    /// The whole object.
    package func get(_ key: ObjectKey) async throws(StoreError) -> StoredObject {
        try await get(key, .all)
    }

    /// The whole object, or nil when there is none.
    package func getIfPresent(_ key: ObjectKey) async throws(StoreError) -> StoredObject? {
        do {
            return try await get(key, .all)
        } catch {
            if error.code == .notFound { return nil }
            throw error
        }
    }

    /// Every object whose key begins with `prefix`, in order. One request per 1,000 objects and all
    /// of them in memory: for listings known to be short.
    package func listAll(prefix: String) async throws(StoreError) -> [ListPage.Entry] {
        var entries: [ListPage.Entry] = []
        var after: ObjectKey?
        repeat {
            let page = try await list(prefix: prefix, after: after, limit: 1_000)
            entries += page.objects
            after = page.next
        } while after != nil
        return entries
    }

    package func makeDurable(_ key: ObjectKey) async throws(StoreError) {}

    package func distrust(_ key: ObjectKey) -> Bool { false }
}

/// What must be true of the key for a write to happen. Checked and applied as one step.
package enum WriteCondition: Hashable, Sendable {
    /// No object has the key (`If-None-Match: *`), else `preconditionFailed`.
    case ifAbsent
    /// The object has this tag (`If-Match`), else `preconditionFailed`; for an absent key some
    /// stores say `notFound` instead, and both mean that nothing was written.
    case ifMatch(ETag)
    /// Always: the last writer wins. For hints, and for objects named by their content.
    case none
}

/// A store's name for one version of an object's content. Opaque: only good for comparing with
/// another tag of the same key in the same store, and for `ifMatch`.
package struct ETag: Hashable, Sendable {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }
}

/// What `get` returns.
package struct StoredObject: Hashable, Sendable {
    /// The bytes asked for.
    package let bytes: [UInt8]
    package let etag: ETag
    /// Bytes in the whole object, also when only a range of it was read.
    package let size: Int

    package init(bytes: [UInt8], etag: ETag, size: Int) {
        self.bytes = bytes
        self.etag = etag
        self.size = size
    }
}

/// A piece of a listing.
package struct ListPage: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        package let key: ObjectKey
        /// Bytes in the object.
        package let size: Int

        package init(key: ObjectKey, size: Int) {
            self.key = key
            self.size = size
        }
    }

    /// Ascending by key; may be empty even when `next` is set.
    package let objects: [Entry]
    /// Hand this in as `after` for the rest; nil at the end of the listing.
    package let next: ObjectKey?

    package init(objects: [Entry], next: ObjectKey?) {
        self.objects = objects
        self.next = next
    }
}
