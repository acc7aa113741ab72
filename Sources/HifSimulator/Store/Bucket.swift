package import HifStore

/// The bytes that all nodes share: what an object store holds, applied in one instant.
///
/// It has no faults of its own; the way to it has them. It tells its observer of every object that
/// comes to exist, changes or goes.
///
/// `@unchecked Sendable`: used by the simulation's one thread only.
package final class Bucket: ObjectStore, @unchecked Sendable {
    private var objects: [ObjectKey: (bytes: [UInt8], version: UInt64)] = [:]
    private var writes: UInt64 = 0
    /// Called when an object comes to exist or changes, with what it was.
    package var onWrite: (ObjectKey, [UInt8], _ before: [UInt8]?) -> Void = { _, _, _ in }
    package var onDelete: (ObjectKey) -> Void = { _ in }

    package init() {}

    /// The bytes of an object, seen without a request.
    package func peek(_ key: ObjectKey) -> [UInt8]? { objects[key]?.bytes }

    package var keys: [ObjectKey] { objects.keys.sorted() }

    /// What a power cut left.
    func replaceAll(_ kept: [ObjectKey: [UInt8]]) {
        writes += 1
        objects = kept.mapValues { ($0, writes) }
    }

    /// Writes an object without a request.
    func place(_ key: ObjectKey, _ bytes: [UInt8]) {
        writes += 1
        let before = objects[key]?.bytes
        objects[key] = (bytes, writes)
        onWrite(key, bytes, before)
    }

    package func get(
        _ key: ObjectKey, _ range: ByteRange
    ) async throws(StoreError) -> StoredObject {
        guard let object = objects[key] else {
            throw StoreError(.notFound, key: key, "there is no such object")
        }
        let size = object.bytes.count
        guard let indices = range.resolved(size: size) else {
            throw StoreError(.rangeNotSatisfiable, key: key, "the object ends after \(size) bytes")
        }
        let bytes = indices.count == size ? object.bytes : Array(object.bytes[indices])
        return StoredObject(bytes: bytes, etag: ETag("v\(object.version)"), size: size)
    }

    package func put(
        _ key: ObjectKey, _ bytes: [UInt8], _ condition: WriteCondition
    ) async throws(StoreError) -> ETag {
        let existing = objects[key]
        switch condition {
        case .none: break
        case .ifAbsent:
            if existing != nil {
                throw StoreError(.preconditionFailed, key: key, "the object exists")
            }
        case .ifMatch(let etag):
            guard let existing, ETag("v\(existing.version)") == etag else {
                throw StoreError(.preconditionFailed, key: key, "the object has changed")
            }
        }
        writes += 1
        objects[key] = (bytes, writes)
        onWrite(key, bytes, existing?.bytes)
        return ETag("v\(writes)")
    }

    package func list(
        prefix: String, after: ObjectKey?, limit: Int
    ) async throws(StoreError) -> ListPage {
        var keys = objects.keys.filter { key in
            key.string.utf8.starts(with: prefix.utf8) && after.map { $0 < key } ?? true
        }
        keys.sort()
        let page = keys.prefix(limit)
        return ListPage(
            objects: page.map { ListPage.Entry(key: $0, size: objects[$0]?.bytes.count ?? 0) },
            next: keys.count > limit ? page.last : nil)
    }

    package func delete(_ key: ObjectKey) async throws(StoreError) {
        if objects.removeValue(forKey: key) != nil { onDelete(key) }
    }
}
