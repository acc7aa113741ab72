/// The part of another store below one key: key `a` here is `prefix/a` there.
///
/// Gives each project, and each run of a test suite, a root of its own. Errors name the key of the
/// underlying store, which is the one to look for.
package struct PrefixedStore: ObjectStore {
    private let base: any ObjectStore
    private let prefix: ObjectKey

    package init(_ base: any ObjectStore, prefix: ObjectKey) {
        self.base = base
        self.prefix = prefix
    }

    package func get(
        _ key: ObjectKey, _ range: ByteRange
    ) async throws(StoreError) -> StoredObject {
        try await base.get(outer(key), range)
    }

    package func put(
        _ key: ObjectKey, _ bytes: [UInt8], _ condition: WriteCondition
    ) async throws(StoreError) -> ETag {
        try await base.put(outer(key), bytes, condition)
    }

    package func list(
        prefix: String, after: ObjectKey?, limit: Int
    ) async throws(StoreError) -> ListPage {
        let after: ObjectKey? = if let after { try outer(after) } else { nil }
        let page = try await base.list(
            prefix: self.prefix.string + "/" + prefix, after: after, limit: limit)
        return ListPage(
            objects: page.objects.compactMap { entry in
                inner(entry.key).map { ListPage.Entry(key: $0, size: entry.size) }
            },
            next: page.next.flatMap { inner($0) })
    }

    package func delete(_ key: ObjectKey) async throws(StoreError) {
        try await base.delete(outer(key))
    }

    package func makeDurable(_ key: ObjectKey) async throws(StoreError) {
        try await base.makeDurable(outer(key))
    }

    package func distrust(_ key: ObjectKey) -> Bool {
        guard let key = try? outer(key) else { return false }
        return base.distrust(key)
    }

    private func outer(_ key: ObjectKey) throws(StoreError) -> ObjectKey {
        guard let outer = ObjectKey(validating: prefix.string + "/" + key.string) else {
            throw StoreError(.refused, key: key, "the key is too long below \(prefix)")
        }
        return outer
    }

    private func inner(_ key: ObjectKey) -> ObjectKey? {
        ObjectKey(validating: String(key.string.utf8.dropFirst(prefix.string.utf8.count + 1)) ?? "")
    }
}
