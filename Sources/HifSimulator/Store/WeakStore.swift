import HifCore
import HifRepository
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
        if bug == .hintIsTruth, isBehindHint(key) {
            throw StoreError(.notFound, key: key, "the hint names an earlier slot")
        }
        do throws(StoreError) {
            let object = try await base.get(key, range)
            if bug == .damageIsAbsence, range == .all, let epoch = StoreKey.epoch(of: key),
                (try? Slot(decoding: object.bytes))?.epoch != epoch
            {
                throw StoreError(.notFound, key: key, "passed over")
            }
            return object
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
        case .conflictIsRefusal where key.string.hasPrefix("log/"):
            return try await put(key, bytes, condition, taking: .conflict, for: .refused)
        case .throttlingIsRefusal where key.string.hasPrefix("log/"):
            return try await put(key, bytes, condition, taking: .throttled, for: .refused)
        case .errorIsRefusal where key.string.hasPrefix("log/"):
            return try await put(key, bytes, condition, taking: .unknown, for: .refused)
        case .conflictMeansExists where key.string.hasPrefix("log/"):
            return try await put(
                key, bytes, condition, taking: .conflict, for: .preconditionFailed)
        case .eventNumberTaken where key.string.hasPrefix("ses/"):
            do {
                return try await base.put(key, bytes, condition)
            } catch {
                guard error.code == .preconditionFailed else { throw error }
                return ETag("taken")
            }
        case .readsBack:
            let tag = try await base.put(key, bytes, condition)
            _ = try? await base.get(key)
            return tag
        default:
            return try await base.put(key, bytes, condition)
        }
    }

    private func put(
        _ key: ObjectKey, _ bytes: [UInt8], _ condition: WriteCondition,
        taking code: StoreError.Code, for other: StoreError.Code
    ) async throws(StoreError) -> ETag {
        do {
            return try await base.put(key, bytes, condition)
        } catch {
            throw error.code == code ? StoreError(other, key: key, "misread") : error
        }
    }

    private func isBehindHint(_ key: ObjectKey) -> Bool {
        guard let epoch = StoreKey.epoch(of: key),
            let bytes = simulation.bucket.peek(StoreKey.hint)
        else { return false }
        var reader = ByteReader(bytes, format: "hint")
        return (try? reader.u64()).map { epoch > $0 } ?? false
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
