import HifStore

/// A store as it would be without object runs.
struct WithoutRuns: ObjectStore {
    let base: any ObjectStore

    func get(_ key: ObjectKey, _ range: ByteRange) async throws(StoreError) -> StoredObject {
        if key.string.hasPrefix("obj/") {
            throw StoreError(.notFound, key: key, "object runs are left out here")
        }
        return try await base.get(key, range)
    }

    func put(
        _ key: ObjectKey, _ bytes: [UInt8], _ condition: WriteCondition
    ) async throws(StoreError) -> ETag {
        try await base.put(key, bytes, condition)
    }

    func list(
        prefix: String, after: ObjectKey?, limit: Int
    ) async throws(StoreError) -> ListPage {
        try await base.list(prefix: prefix, after: after, limit: limit)
    }

    func delete(_ key: ObjectKey) async throws(StoreError) {
        try await base.delete(key)
    }

    func distrust(_ key: ObjectKey) -> Bool { base.distrust(key) }

    func makeDurable(_ key: ObjectKey) async throws(StoreError) {
        try await base.makeDurable(key)
    }
}
