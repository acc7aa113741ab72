import Synchronization

/// Objects in memory: for tests, simulations and caches. Gone with the process.
///
/// Every call is one short critical section and never suspends. Tags are a counter of writes, so
/// unlike a bucket's they differ even when the same bytes are written again.
package final class MemoryStore: ObjectStore {
    fileprivate struct State {
        var objects: [ObjectKey: (bytes: [UInt8], version: UInt64)] = [:]
        /// The keys of `objects`, ascending: listings need order, dictionaries have none.
        var keys: [ObjectKey] = []
        var writes: UInt64 = 0
    }

    private let state = Mutex(State())

    package init() {}

    package func get(
        _ key: ObjectKey, _ range: ByteRange
    ) async throws(StoreError) -> StoredObject {
        guard let object = state.withLock({ $0.objects[key] }) else {
            throw StoreError(.notFound, key: key, "there is no such object")
        }
        let size = object.bytes.count
        guard let indices = range.resolved(size: size) else {
            throw StoreError(
                .rangeNotSatisfiable, key: key, "the object ends after \(size) bytes")
        }
        let bytes = indices.count == size ? object.bytes : Array(object.bytes[indices])
        return StoredObject(bytes: bytes, etag: ETag("v\(object.version)"), size: size)
    }

    package func put(
        _ key: ObjectKey, _ bytes: [UInt8], _ condition: WriteCondition
    ) async throws(StoreError) -> ETag {
        let outcome: Result<ETag, StoreError> = state.withLock { state in
            let existing = state.objects[key]
            switch condition {
            case .none: break
            case .ifAbsent:
                if existing != nil {
                    return .failure(
                        StoreError(.preconditionFailed, key: key, "the object exists"))
                }
            case .ifMatch(let etag):
                guard let existing else {
                    return .failure(StoreError(.notFound, key: key, "there is no such object"))
                }
                if ETag("v\(existing.version)") != etag {
                    return .failure(
                        StoreError(.preconditionFailed, key: key, "the object has changed"))
                }
            }
            if existing == nil {
                if let other = state.directoryClash(with: key) {
                    return .failure(
                        StoreError(
                            .refused, key: key, "one key would be the directory of another",
                            cause: "\(other) exists"))
                }
                state.keys.insert(key, at: state.firstIndex(notBefore: key))
            }
            state.writes += 1
            state.objects[key] = (bytes, state.writes)
            return .success(ETag("v\(state.writes)"))
        }
        return try outcome.get()
    }

    package func list(
        prefix: String, after: ObjectKey?, limit: Int
    ) async throws(StoreError) -> ListPage {
        precondition(limit > 0, "a page has room for at least one object")
        return state.withLock { state in
            var index = state.keys.partitioningIndex { $0.string >= prefix }
            if let after {
                index = max(index, state.keys.partitioningIndex { $0 > after })
            }
            var entries: [ListPage.Entry] = []
            while index < state.keys.count, state.keys[index].string.hasPrefix(prefix) {
                if entries.count == limit {
                    return ListPage(objects: entries, next: entries.last?.key)
                }
                let key = state.keys[index]
                entries.append(
                    ListPage.Entry(key: key, size: state.objects[key]?.bytes.count ?? 0))
                index += 1
            }
            return ListPage(objects: entries, next: nil)
        }
    }

    package func delete(_ key: ObjectKey) async throws(StoreError) {
        state.withLock { state in
            guard state.objects.removeValue(forKey: key) != nil else { return }
            state.keys.remove(at: state.firstIndex(notBefore: key))
        }
    }
}

extension MemoryStore.State {
    fileprivate func firstIndex(notBefore key: ObjectKey) -> Int {
        keys.partitioningIndex { $0 >= key }
    }

    /// An existing key that a directory could not hold beside the new `key`.
    ///
    /// The memory store is as strict as the strictest store, so that a layout which only works
    /// in a bucket fails in the first unit test.
    fileprivate func directoryClash(with key: ObjectKey) -> ObjectKey? {
        let below = key.string + "/"
        let next = keys.partitioningIndex { $0.string >= below }
        if next < keys.count, keys[next].string.hasPrefix(below) { return keys[next] }
        for index in key.string.indices where key.string[index] == "/" {
            let parent = ObjectKey(String(key.string[..<index]))
            if objects[parent] != nil { return parent }
        }
        return nil
    }
}

extension Array {
    /// The first index whose element satisfies `predicate`, given that all elements after one that
    /// does also do; `count` if none does. Binary search.
    fileprivate func partitioningIndex(where predicate: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = low + (high - low) / 2
            if predicate(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
