private import Synchronization

/// Counts the requests to another store and remembers them: for tests that hold an operation to its
/// budget of requests, and for a node's metrics.
package final class CountingStore: ObjectStore {
    package enum Operation: String, Hashable, Sendable, CaseIterable {
        case get
        case put
        case list
        case delete
        case makeDurable
    }

    /// One finished request.
    package struct Request: Hashable, Sendable {
        package let operation: Operation
        /// The key, or the prefix of a listing.
        package let key: String
        /// Bytes sent by a put or received by a get; objects in a page of a listing.
        package let amount: Int
        /// How it failed, nil for a success.
        package let failure: StoreError.Code?
    }

    /// Totals since the start or the last `reset`; failed requests are counted, too, since they are
    /// paid for.
    package struct Totals: Hashable, Sendable {
        package var gets = 0
        package var puts = 0
        package var lists = 0
        package var deletes = 0
        package var failures = 0
        package var bytesRead = 0
        package var bytesWritten = 0

        package init() {}

        /// All requests that would go over a network.
        package var requests: Int { gets + puts + lists + deletes }
    }

    private struct State {
        var totals = Totals()
        var log: [Request] = []
    }

    private let base: any ObjectStore
    private let logLimit: Int
    private let state = Mutex(State())

    /// Remembers the first `logLimit` requests since the start or the last `reset`.
    package init(_ base: any ObjectStore, logLimit: Int = 10_000) {
        self.base = base
        self.logLimit = logLimit
    }

    package var totals: Totals { state.withLock { $0.totals } }

    /// In the order in which the requests finished.
    package var log: [Request] { state.withLock { $0.log } }

    package func reset() {
        state.withLock { $0 = State() }
    }

    package func get(
        _ key: ObjectKey, _ range: ByteRange
    ) async throws(StoreError) -> StoredObject {
        do {
            let object = try await base.get(key, range)
            record(.get, key.string, object.bytes.count)
            return object
        } catch {
            record(.get, key.string, 0, error)
            throw error
        }
    }

    package func put(
        _ key: ObjectKey, _ bytes: [UInt8], _ condition: WriteCondition
    ) async throws(StoreError) -> ETag {
        do {
            let etag = try await base.put(key, bytes, condition)
            record(.put, key.string, bytes.count)
            return etag
        } catch {
            record(.put, key.string, bytes.count, error)
            throw error
        }
    }

    package func list(
        prefix: String, after: ObjectKey?, limit: Int
    ) async throws(StoreError) -> ListPage {
        do {
            let page = try await base.list(prefix: prefix, after: after, limit: limit)
            record(.list, prefix, page.objects.count)
            return page
        } catch {
            record(.list, prefix, 0, error)
            throw error
        }
    }

    package func delete(_ key: ObjectKey) async throws(StoreError) {
        do {
            try await base.delete(key)
            record(.delete, key.string, 0)
        } catch {
            record(.delete, key.string, 0, error)
            throw error
        }
    }

    package func makeDurable(_ key: ObjectKey) async throws(StoreError) {
        do {
            try await base.makeDurable(key)
            record(.makeDurable, key.string, 0)
        } catch {
            record(.makeDurable, key.string, 0, error)
            throw error
        }
    }

    package func distrust(_ key: ObjectKey) -> Bool { base.distrust(key) }

    private func record(
        _ operation: Operation, _ key: String, _ amount: Int, _ error: StoreError? = nil
    ) {
        state.withLock { state in
            switch operation {
            case .get:
                state.totals.gets += 1
                state.totals.bytesRead += amount
            case .put:
                state.totals.puts += 1
                state.totals.bytesWritten += amount
            case .list: state.totals.lists += 1
            case .delete: state.totals.deletes += 1
            case .makeDurable: break
            }
            if error != nil { state.totals.failures += 1 }
            if state.log.count < logLimit {
                state.log.append(
                    Request(
                        operation: operation, key: key, amount: amount, failure: error?.code))
            }
        }
    }
}
