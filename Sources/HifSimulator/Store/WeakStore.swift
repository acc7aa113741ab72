import HifStore

/// The store as a program with one of the planted bugs would use it.
///
/// `@unchecked Sendable`: used by the simulation's one thread only.
final class WeakStore: ObjectStore, @unchecked Sendable {
    private let base: any ObjectStore
    private let bug: PlantedBug
    private unowned let simulation: Simulation
    private unowned let process: Process
    private var absentUntil: [ObjectKey: UInt64] = [:]

    init(_ base: any ObjectStore, _ bug: PlantedBug, _ process: Process, _ simulation: Simulation) {
        self.base = base
        self.bug = bug
        self.process = process
        self.simulation = simulation
    }

    func get(_ key: ObjectKey, _ range: ByteRange) async throws(StoreError) -> StoredObject {
        if let until = absentUntil[key], until > simulation.executor.now {
            throw StoreError(.notFound, key: key, "remembered")
        }
        do {
            return try await base.get(key, range)
        } catch {
            if bug == .absenceCached, error.code == .notFound {
                absentUntil[key] = simulation.executor.now + 5_000_000
            }
            guard bug == .failedReadIsAbsent, error.code != .notFound else { throw error }
            throw StoreError(.notFound, key: key, "taken for absent")
        }
    }

    func put(
        _ key: ObjectKey, _ bytes: [UInt8], _ condition: WriteCondition
    ) async throws(StoreError) -> ETag {
        switch bug {
        case .packsNotAwaited where key.string.hasPrefix("pack/"):
            process.deliver { [base] in _ = try? await base.put(key, bytes, condition) }
            return ETag("soon")
        case .hiddenRetries where key.string.hasPrefix("log/"):
            do {
                return try await base.put(key, bytes, condition)
            } catch {
                guard error.code == .unknown || error.code == .throttled else { throw error }
                return try await base.put(key, bytes, condition)
            }
        case .eventNumberTaken where key.string.hasPrefix("ses/"):
            do {
                return try await base.put(key, bytes, condition)
            } catch {
                guard error.code == .preconditionFailed else { throw error }
                return ETag("taken")
            }
        default:
            return try await base.put(key, bytes, condition)
        }
    }

    func list(
        prefix: String, after: ObjectKey?, limit: Int
    ) async throws(StoreError) -> ListPage {
        try await base.list(prefix: prefix, after: after, limit: limit)
    }

    func delete(_ key: ObjectKey) async throws(StoreError) {
        try await base.delete(key)
    }

    func makeDurable(_ key: ObjectKey) async throws(StoreError) {
        if bug == .notMadeDurable { return }
        try await base.makeDurable(key)
    }
}
