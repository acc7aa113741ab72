import Synchronization

/// Lets so many callers with the same key work at once; the others with that key wait in line, in the
/// order in which they came, and those with other keys are not held up by them.
final class Turns<Key: Hashable & Sendable>: Sendable {
    private struct Line {
        var working = 0
        var waiting: [CheckedContinuation<Bool, Never>] = []
    }

    private let atOnce: Int
    private let waitingMax: Int
    private let refusal: ForgeError
    /// Of those keys only with which somebody works.
    private let lines = Mutex<[Key: Line]>([:])

    /// - Parameters:
    ///   - waitingMax: how many may stand in one line.
    ///   - refusal: what those are told who find it full.
    init(atOnce: Int, waitingMax: Int, refusal: ForgeError) {
        self.atOnce = max(1, atOnce)
        self.waitingMax = waitingMax
        self.refusal = refusal
    }

    /// Does `work` when it is its turn. Whoever is cancelled while they wait keeps their place: the work
    /// sees it when it begins.
    ///
    /// - Throws: the refusal when the line is full, and what `work` throws.
    func take<Value>(
        _ key: Key, _ work: () async throws -> Value
    ) async throws -> Value {
        let isTaken = await withCheckedContinuation { continuation in
            let answer = lines.withLock { lines -> Bool? in
                var line = lines[key] ?? Line()
                defer { lines[key] = line }
                if line.working < atOnce {
                    line.working += 1
                    return true
                }
                guard line.waiting.count < waitingMax else { return false }
                line.waiting.append(continuation)
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
        guard isTaken else { throw refusal }
        defer { leave(key) }
        return try await work()
    }

    /// Whether nobody works or waits.
    var isIdle: Bool { lines.withLock { $0.isEmpty } }

    private func leave(_ key: Key) {
        let next = lines.withLock { lines -> CheckedContinuation<Bool, Never>? in
            guard var line = lines[key] else { return nil }
            let next = line.waiting.isEmpty ? nil : line.waiting.removeFirst()
            if next == nil { line.working -= 1 }
            lines[key] = line.working == 0 ? nil : line
            return next
        }
        next?.resume(returning: true)
    }
}
