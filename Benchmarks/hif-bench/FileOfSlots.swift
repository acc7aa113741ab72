import Glibc
import HifCore
import HifRepository
import HifStore
import Synchronization

/// A store for a log too long for memory: slots one after the other in a file without a name, the
/// rest in memory. It counts requests, and in how many rounds they came: a request belongs to the
/// round after the last that was answered before it was sent.
final class FileOfSlots: ObjectStore {
    private struct State {
        var slotEnds: [Int] = []
        var others: [ObjectKey: [UInt8]] = [:]
        var requests = 0
        var roundsDone = 0
        /// Seconds before an answer, for rounds to be told apart; 0 for at once.
        var delay = 0.0
        var bytesRead = 0
    }

    private let descriptor: Int32
    private let state = Mutex(State())

    init(directory: String) throws {
        let path = directory + "/hif-bench-slots-\(getpid())"
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL, 0o600)
        guard descriptor >= 0 else { throw Child.Failed(description: "cannot write \(path)") }
        unlink(path)
    }

    deinit { close(descriptor) }

    var slotCount: Int { state.withLock { $0.slotEnds.count } }

    /// Puts slot `slotCount`.
    func append(_ bytes: [UInt8]) throws {
        let start = state.withLock { $0.slotEnds.last ?? 0 }
        guard pwrite(descriptor, bytes, bytes.count, start) == bytes.count else {
            throw Child.Failed(description: "cannot write slots: \(errno)")
        }
        state.withLock { $0.slotEnds.append(start + bytes.count) }
    }

    /// Starts counting anew.
    func reset(delay: Double = 0) {
        state.withLock { ($0.requests, $0.roundsDone, $0.bytesRead, $0.delay) = (0, 0, 0, delay) }
    }

    var counts: (requests: Int, rounds: Int, bytesRead: Int) {
        state.withLock { ($0.requests, $0.roundsDone, $0.bytesRead) }
    }

    /// Number and bytes of the objects whose keys begin so.
    func total(_ prefix: String) -> (count: Int, bytes: Int) {
        state.withLock { state in
            var total = (count: 0, bytes: 0)
            for (key, bytes) in state.others where key.string.hasPrefix(prefix) {
                total = (total.count + 1, total.bytes + bytes.count)
            }
            return total
        }
    }

    func get(_ key: ObjectKey, _ range: ByteRange) async throws(StoreError) -> StoredObject {
        let (round, delay) = state.withLock { state in
            state.requests += 1
            return (state.roundsDone + 1, state.delay)
        }
        if delay > 0 { try? await Task.sleep(for: .seconds(delay)) }
        defer { state.withLock { $0.roundsDone = max($0.roundsDone, round) } }
        let object = try read(key, range)
        state.withLock { $0.bytesRead += object.bytes.count }
        return object
    }

    private func read(_ key: ObjectKey, _ range: ByteRange) throws(StoreError) -> StoredObject {
        func resolved(_ size: Int) throws(StoreError) -> Range<Int> {
            guard let indices = range.resolved(size: size) else {
                throw StoreError(.rangeNotSatisfiable, key: key, "too short")
            }
            return indices
        }
        if let epoch = StoreKey.epoch(of: key) {
            let place: Range<Int>? = state.withLock { state in
                guard epoch < state.slotEnds.count else { return nil }
                return
                    (epoch == 0 ? 0 : state.slotEnds[Int(epoch) - 1])..<state.slotEnds[Int(epoch)]
            }
            guard let place else { throw StoreError(.notFound, key: key, "no such slot") }
            let indices = try resolved(place.count)
            let bytes = [UInt8](unsafeUninitializedCapacity: indices.count) { buffer, count in
                count = max(
                    0,
                    pread(
                        descriptor, buffer.baseAddress, indices.count,
                        place.lowerBound + indices.lowerBound))
            }
            return StoredObject(bytes: bytes, etag: ETag("slot"), size: place.count)
        }
        guard let bytes = state.withLock({ $0.others[key] }) else {
            throw StoreError(.notFound, key: key, "no such object")
        }
        let indices = try resolved(bytes.count)
        return StoredObject(
            bytes: indices.count == bytes.count ? bytes : Array(bytes[indices]),
            etag: ETag("object"), size: bytes.count)
    }

    func put(
        _ key: ObjectKey, _ bytes: [UInt8], _ condition: WriteCondition
    ) async throws(StoreError) -> ETag {
        let isThere = state.withLock { state in
            defer { state.others[key] = bytes }
            return state.others[key] != nil
        }
        if isThere { throw StoreError(.preconditionFailed, key: key, "exists") }
        return ETag("object")
    }

    func list(
        prefix: String, after: ObjectKey?, limit: Int
    ) async throws(StoreError) -> ListPage {
        ListPage(objects: [], next: nil)
    }

    func delete(_ key: ObjectKey) async throws(StoreError) {
        _ = state.withLock { $0.others.removeValue(forKey: key) }
    }
}
