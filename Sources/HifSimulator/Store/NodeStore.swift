import HifRepository
import HifStore

/// The store as one process sees it: at a distance, and gone when the process is.
///
/// A request takes its time to get there and back; between the two it suffers what the fault plan
/// says, and is applied in one instant. A process that dies with a request on its way does not
/// learn what became of it.
///
/// `@unchecked Sendable`: used by the simulation's one thread only.
final class NodeStore: ObjectStore, @unchecked Sendable {
    private unowned let process: Process
    private unowned let simulation: Simulation
    private let network: FaultyStore

    init(_ process: Process, _ simulation: Simulation) {
        self.process = process
        self.simulation = simulation
        network = simulation.network(of: process)
    }

    func get(_ key: ObjectKey, _ range: ByteRange) async throws(StoreError) -> StoredObject {
        guard await isUnderWay() else { throw cut(key) }
        let result: Result<StoredObject, StoreError>
        do {
            result = .success(try await network.get(key, range))
        } catch {
            result = .failure(error)
        }
        return try await answer("get", key.string, result)
    }

    func put(
        _ key: ObjectKey, _ bytes: [UInt8], _ condition: WriteCondition
    ) async throws(StoreError) -> ETag {
        let mayCreate = condition == .ifAbsent && simulation.bucket.peek(key) == nil
        if let request = Refusals.current, let pack = PackKey.pack(of: key) {
            simulation.witness.wrote(pack: pack, by: request)
        }
        guard await isUnderWay() else {
            // What was sent may have arrived.
            if simulation.dice.chance(500) {
                _ = try? await network.put(key, bytes, condition)
            }
            throw cut(key)
        }
        var condition = condition
        if simulation.scenario.planted == .nonAtomicStore, mayCreate { condition = .none }
        let result: Result<ETag, StoreError>
        do {
            result = .success(try await network.put(key, bytes, condition))
        } catch {
            result = .failure(error)
        }
        return try await answer("put", key.string, result)
    }

    func list(
        prefix: String, after: ObjectKey?, limit: Int
    ) async throws(StoreError) -> ListPage {
        guard await isUnderWay() else { throw cut(nil) }
        let result: Result<ListPage, StoreError>
        do {
            result = .success(
                try await network.list(prefix: prefix, after: after, limit: limit))
        } catch {
            result = .failure(error)
        }
        return try await answer("list", prefix, result)
    }

    func delete(_ key: ObjectKey) async throws(StoreError) {
        guard await isUnderWay() else {
            if simulation.dice.chance(500) { try? await network.delete(key) }
            throw cut(key)
        }
        let result: Result<Void, StoreError>
        do {
            result = .success(try await network.delete(key))
        } catch {
            result = .failure(error)
        }
        try await answer("delete", key.string, result)
    }

    func makeDurable(_ key: ObjectKey) async throws(StoreError) {
        guard !process.isDead, !Task.isCancelled else { throw cut(key) }
        try await network.makeDurable(key)
    }

    /// Whether the request gets as far as the store.
    private func isUnderWay() async -> Bool {
        guard !process.isDead, !Task.isCancelled else { return false }
        mayCrash()
        await process.wait(simulation.storeLatency())
        return !process.isDead && !Task.isCancelled
    }

    private func answer<Value>(
        _ operation: String, _ key: String, _ result: Result<Value, StoreError>
    ) async throws(StoreError) -> Value {
        var outcome = "ok"
        if case .failure(let error) = result { outcome = error.code.rawValue }
        fold(operation, key, outcome)
        simulation.note("node \(process.node.id) \(operation) \(key) \(outcome)")
        mayCrash()
        await process.wait(simulation.storeLatency())
        if process.isDead || Task.isCancelled { throw cut(nil) }
        return try result.get()
    }

    private func mayCrash() {
        guard simulation.mayCrashNow() else { return }
        simulation.note("node \(process.node.id) crashes")
        process.die()
    }

    private func cut(_ key: ObjectKey?) -> StoreError {
        StoreError(.cancelled, key: key, "the process is gone, or its task was cancelled")
    }

    private func fold(_ operation: String, _ key: String, _ outcome: String) {
        var hash: UInt64 = 5_381
        for part in [operation, key, outcome] {
            for byte in part.utf8 { hash = hash &* 33 ^ UInt64(byte) }
        }
        simulation.executor.fold(hash)
    }
}
