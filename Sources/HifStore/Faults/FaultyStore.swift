private import Synchronization

/// Another store, seen through a network that loses, delays, repeats and spoils requests.
///
/// `Fault` states the fault model. Faults come from a script (the n-th put below a prefix), from a
/// generator handed in, or from both; a script's rule takes precedence. Given the same calls in
/// the same order, the same faults happen: there is no clock and no other source of chance.
/// `injected` tells what happened, for the message of a failed test.
package final class FaultyStore: ObjectStore {
    package enum Operation: String, Hashable, Sendable {
        case get
        case put
        case list
        case delete
    }

    /// Does `fault` to the requests number `occurrences`, counted from 1, among those of
    /// `operation` (nil: any) whose key, or prefix of a listing, begins with `prefix`.
    package struct Rule: Sendable {
        let operation: Operation?
        let prefix: String
        let occurrences: ClosedRange<Int>
        let fault: Fault
        fileprivate var seen = 0

        package init(
            _ operation: Operation? = nil, prefix: String = "", occurrences: ClosedRange<Int>,
            _ fault: Fault
        ) {
            self.operation = operation
            self.prefix = prefix
            self.occurrences = occurrences
            self.fault = fault
        }

        package init(
            _ operation: Operation? = nil, prefix: String = "", nth: Int, _ fault: Fault
        ) {
            self.init(operation, prefix: prefix, occurrences: nth...nth, fault)
        }
    }

    /// A fault that happened.
    package struct Event: Hashable, Sendable, CustomStringConvertible {
        /// Number of the call to the store, from 1.
        package let call: Int
        package let operation: Operation
        /// The key, or the prefix of a listing.
        package let key: String
        package let fault: Fault

        package var description: String { "#\(call) \(operation.rawValue) \(key): \(fault)" }
    }

    fileprivate enum Write {
        case put(ObjectKey, [UInt8], WriteCondition)
        case delete(ObjectKey)
    }

    fileprivate struct State {
        var rules: [Rule]
        var generator: (any RandomNumberGenerator & Sendable)?
        var perThousand: Int
        var faults: [Fault]
        var source: (@Sendable (FaultyStore.Operation, String) -> Fault?)?
        var calls = 0
        /// Writes still under way, with the number of the call before which they are applied.
        var late: [(due: Int, write: Write)] = []
        var injected: [Event] = []
        var isQuiet = false
    }

    private let base: any ObjectStore
    private let state: Mutex<State>

    /// Faults from a script only. Each request counts for every rule that it matches, and suffers
    /// the first whose turn it is.
    package init(_ base: any ObjectStore, script: [Rule]) {
        self.base = base
        state = Mutex(State(rules: script, generator: nil, perThousand: 0, faults: []))
    }

    /// Of a thousand requests about `perThousand` suffer one of `faults`, drawn evenly from those
    /// that concern the kind of request (list one several times to make it more frequent).
    package init(
        _ base: any ObjectStore, generator: any RandomNumberGenerator & Sendable,
        perThousand: Int, faults: [Fault], script: [Rule] = []
    ) {
        self.base = base
        state = Mutex(
            State(rules: script, generator: generator, perThousand: perThousand, faults: faults))
    }

    /// Each request, named by its kind and its key (or the prefix of a listing), suffers what
    /// `source` says; one that does not concern its kind is passed over. Nothing is remembered in
    /// `injected`: a simulation asks millions of times.
    package init(
        _ base: any ObjectStore, source: @escaping @Sendable (Operation, String) -> Fault?
    ) {
        self.base = base
        state = Mutex(
            State(rules: [], generator: nil, perThousand: 0, faults: [], source: source))
    }

    /// What happened so far.
    package var injected: [Event] { state.withLock { $0.injected } }

    /// How many writes are still under way.
    package var lateCount: Int { state.withLock { $0.late.count } }

    /// No new faults from now on (or again faults); writes under way stay so.
    package func setQuiet(_ isQuiet: Bool) {
        state.withLock { $0.isQuiet = isQuiet }
    }

    /// Applies every write that is under way, now, oldest first.
    package func applyLate() async {
        let writes = state.withLock { state in
            defer { state.late = [] }
            return state.late.map(\.write)
        }
        for write in writes { await apply(write) }
    }

    package func get(
        _ key: ObjectKey, _ range: ByteRange
    ) async throws(StoreError) -> StoredObject {
        let fault = await begin(.get, key.string)
        try refuse(fault, key)
        let object = try await base.get(key, range)
        switch fault {
        case .hidden:
            throw StoreError(.notFound, key: key, "there is no such object", cause: "injected")
        case .truncated(let count):
            return StoredObject(
                bytes: Array(object.bytes.prefix(min(count, max(0, object.bytes.count - 1)))),
                etag: object.etag, size: object.size)
        case .corrupted(let bit):
            var bytes = object.bytes
            guard !bytes.isEmpty else { return object }
            let position = bit % (bytes.count * 8)
            bytes[position / 8] ^= 1 << UInt8(position % 8)
            return StoredObject(bytes: bytes, etag: object.etag, size: object.size)
        default:
            return object
        }
    }

    package func put(
        _ key: ObjectKey, _ bytes: [UInt8], _ condition: WriteCondition
    ) async throws(StoreError) -> ETag {
        let fault = await begin(.put, key.string)
        try refuse(fault, key)
        switch fault {
        case .appliedBut(let code):
            _ = try? await base.put(key, bytes, condition)
            throw injectedError(code, key)
        case .duplicated:
            // Whatever the first answer is: the store gets the second request in any case.
            let first: Result<ETag, StoreError>
            do {
                first = .success(try await base.put(key, bytes, condition))
            } catch {
                first = .failure(error)
            }
            _ = try? await base.put(key, bytes, condition)
            return try first.get()
        case .repeatedInside:
            _ = try? await base.put(key, bytes, condition)
            return try await base.put(key, bytes, condition)
        case .late(let distance):
            delay(.put(key, bytes, condition), by: distance)
            throw injectedError(.unknown, key)
        default:
            return try await base.put(key, bytes, condition)
        }
    }

    package func list(
        prefix: String, after: ObjectKey?, limit: Int
    ) async throws(StoreError) -> ListPage {
        let fault = await begin(.list, prefix)
        try refuse(fault, nil)
        let page = try await base.list(prefix: prefix, after: after, limit: limit)
        if case .stale(let missing) = fault {
            return ListPage(objects: page.objects.dropLast(missing), next: nil)
        }
        return page
    }

    package func delete(_ key: ObjectKey) async throws(StoreError) {
        let fault = await begin(.delete, key.string)
        try refuse(fault, key)
        switch fault {
        case .appliedBut(let code):
            try? await base.delete(key)
            throw injectedError(code, key)
        case .late(let distance):
            delay(.delete(key), by: distance)
            throw injectedError(.unknown, key)
        case .duplicated, .repeatedInside:
            try await base.delete(key)
            try await base.delete(key)
        default:
            try await base.delete(key)
        }
    }

    package func distrust(_ key: ObjectKey) -> Bool { base.distrust(key) }

    package func makeDurable(_ key: ObjectKey) async throws(StoreError) {
        try await base.makeDurable(key)
    }
}

extension FaultyStore {
    /// Counts the call, applies the writes that are due before it, and draws its fault.
    private func begin(_ operation: Operation, _ key: String) async -> Fault? {
        let (fault, due) = state.withLock { state -> (Fault?, [Write]) in
            state.calls += 1
            let due = state.late.filter { $0.due <= state.calls }.map(\.write)
            state.late.removeAll { $0.due <= state.calls }
            let fault = state.draw(operation, key)
            if let fault, state.source == nil {
                state.injected.append(
                    Event(call: state.calls, operation: operation, key: key, fault: fault))
            }
            return (fault, due)
        }
        for write in due { await apply(write) }
        return fault
    }

    private func apply(_ write: Write) async {
        // Nobody is left to hear the answer.
        switch write {
        case .put(let key, let bytes, let condition):
            _ = try? await base.put(key, bytes, condition)
        case .delete(let key):
            try? await base.delete(key)
        }
    }

    private func delay(_ write: Write, by distance: Int) {
        state.withLock { $0.late.append(($0.calls + 1 + distance, write)) }
    }

    private func refuse(_ fault: Fault?, _ key: ObjectKey?) throws(StoreError) {
        switch fault {
        case .lost: throw injectedError(.unknown, key)
        case .fails(let code): throw injectedError(code, key)
        default: return
        }
    }

    private func injectedError(_ code: StoreError.Code, _ key: ObjectKey?) -> StoreError {
        StoreError(code, key: key, "a fault was injected")
    }
}

extension FaultyStore.State {
    fileprivate mutating func draw(_ operation: FaultyStore.Operation, _ key: String) -> Fault? {
        guard !isQuiet else { return nil }
        if let source {
            guard let fault = source(operation, key), fault.concerns(operation) else { return nil }
            return fault
        }
        var scripted: Fault?
        for index in rules.indices {
            let rule = rules[index]
            guard rule.operation == nil || rule.operation == operation,
                key.hasPrefix(rule.prefix), rule.fault.concerns(operation)
            else { continue }
            rules[index].seen += 1
            if scripted == nil, rule.occurrences.contains(rules[index].seen) {
                scripted = rule.fault
            }
        }
        // The generator is asked for every call, so that a rule does not shift later draws.
        guard var generator else { return scripted }
        let isHit = Int.random(in: 0..<1_000, using: &generator) < perThousand
        let candidates = isHit ? faults.filter { $0.concerns(operation) } : []
        let drawn = candidates.randomElement(using: &generator)
        self.generator = generator
        return scripted ?? drawn
    }
}
