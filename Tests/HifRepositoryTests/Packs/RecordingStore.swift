import HifStore
import Synchronization

/// A store in memory that remembers what was asked of it.
final class RecordingStore: ObjectStore {
    struct Request: Hashable {
        let key: ObjectKey
        let range: ByteRange
    }

    private struct State {
        var requests: [Request] = []
        var bytesRead = 0
        var written: [(key: ObjectKey, bytes: [UInt8])] = []
    }

    private let store = MemoryStore()
    private let state = Mutex(State())

    /// Every `get`, in order.
    var requests: [Request] { state.withLock { $0.requests } }
    /// Bytes that all of them returned.
    var bytesRead: Int { state.withLock { $0.bytesRead } }
    /// Every `put` that succeeded, in order.
    var written: [(key: ObjectKey, bytes: [UInt8])] { state.withLock { $0.written } }
    /// The same without the contents.
    var puts: [(key: ObjectKey, bytes: Int)] { written.map { ($0.key, $0.bytes.count) } }

    func get(_ key: ObjectKey, _ range: ByteRange) async throws(StoreError) -> StoredObject {
        state.withLock { $0.requests.append(Request(key: key, range: range)) }
        let object = try await store.get(key, range)
        state.withLock { $0.bytesRead += object.bytes.count }
        return object
    }

    func put(
        _ key: ObjectKey, _ bytes: [UInt8], _ condition: WriteCondition
    ) async throws(StoreError) -> ETag {
        let etag = try await store.put(key, bytes, condition)
        state.withLock { $0.written.append((key, bytes)) }
        return etag
    }

    func list(prefix: String, after: ObjectKey?, limit: Int) async throws(StoreError) -> ListPage {
        try await store.list(prefix: prefix, after: after, limit: limit)
    }

    func delete(_ key: ObjectKey) async throws(StoreError) {
        try await store.delete(key)
    }
}
