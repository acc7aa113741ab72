import HifRepository

/// Why a client got no answer from a node.
enum CallError: Error {
    case timedOut
    case unreachable
}

extension Simulation {
    /// One way between a client and a node, in microseconds.
    static let callMicros: UInt64 = 2_000
    /// How long a client waits for an answer.
    static let patienceMicros: UInt64 = 30_000_000

    /// Asks `node` to run `body`, over a network that loses requests and answers, delays them and
    /// delivers them twice.
    ///
    /// - Parameter mayDouble: false where the two ends speak over one connection, which delivers once.
    /// - Throws: what `body` threw, or a `CallError`, after which nobody knows what was done.
    func call<Value: Sendable>(
        _ node: Int, mayDouble: Bool = true,
        _ body: @escaping @Sendable (Repository) async throws -> Value
    ) async throws -> Value {
        let reply = Reply<Value>(self)
        let isFaulty = plan.isOn && dice.chance(scenario.callFaults)
        let fault = isFaulty ? dice.below(5) : -1
        let isCancelled = plan.isOn && dice.chance(scenario.cancellations)
        if plan.isOn, dice.chance(scenario.pauses) {
            let micros = dice.latency(median: 60_000_000)
            note("node \(node) stands still for \(micros / 1_000_000) s")
            nodes[node].process?.pause(for: micros)
        }
        let deliver = { [self] in
            guard let process = nodes[node].process, !process.isDead else {
                if fault != 0 { reply.arrive(.failure(CallError.unreachable)) }
                return
            }
            process.deliver { [self] in
                await serve(process, reply, isCancelled: isCancelled, loses: fault == 1, body)
            }
        }
        let away = dice.latency(median: Self.callMicros)
        if fault != 0 { executor.after(away, deliver) }
        // Delivered again soon, or long after the client has gone.
        if fault == 2, mayDouble { executor.after(away + dice.latency(median: 20_000), deliver) }
        if fault == 3, mayDouble {
            executor.after(away + dice.latency(median: 60_000_000), deliver)
        }
        let patience = fault == 4 ? Self.patienceMicros / 100 : Self.patienceMicros
        executor.after(patience) { reply.arrive(.failure(CallError.timedOut)) }
        return try await reply.value()
    }

    private func serve<Value: Sendable>(
        _ process: Process, _ reply: Reply<Value>, isCancelled: Bool, loses: Bool,
        _ body: @escaping @Sendable (Repository) async throws -> Value
    ) async {
        guard !process.isDead else { return reply.arrive(.failure(CallError.unreachable)) }
        let work = { @Sendable [self] in
            let result: Result<Value, any Error>
            do {
                result = .success(try await body(process.repository))
            } catch {
                result = .failure(error)
            }
            if process.isDead { return reply.arrive(.failure(CallError.unreachable)) }
            if loses { return }
            executor.after(dice.latency(median: Self.callMicros)) { reply.arrive(result) }
        }
        guard isCancelled else { return await work() }
        // The server ends the work of a client that does not wait any more.
        let bell = Bell()
        reply.onDone = { bell.ring() }
        await withDiscardingTaskGroup { group in
            group.addTask {
                await work()
                bell.ring()
            }
            await bell.wait()
            group.cancelAll()
        }
    }
}

/// The answer to a call; the first that arrives counts.
///
/// `@unchecked Sendable`: touched by the simulation's one thread only.
private final class Reply<Value: Sendable>: @unchecked Sendable {
    private unowned let simulation: Simulation
    private var result: Result<Value, any Error>?
    private let bell = Bell()
    var onDone: () -> Void = {}

    init(_ simulation: Simulation) {
        self.simulation = simulation
    }

    func arrive(_ result: Result<Value, any Error>) {
        guard self.result == nil else { return }
        self.result = result
        bell.ring()
        onDone()
    }

    func value() async throws -> Value {
        await bell.wait()
        guard let result else { throw CallError.timedOut }
        return try result.get()
    }
}
