import HifCore
import Synchronization

/// Lets one caller at a time change a session's draft: a draft replaces the one before it, and of two
/// that were made from the same one the first would be lost. There is one server to a store, so this
/// process is the place to keep it. Whoever comes second is told so, and does not wait.
final class DraftGate: Sendable {
    private let busy = Mutex<Set<SessionID>>([])

    func pass<Value>(
        _ session: SessionID, _ work: () async throws -> Value
    ) async throws -> Value {
        guard busy.withLock({ $0.insert(session).inserted }) else {
            throw ForgeError(
                .baseMoved, "somebody else is changing the session's files at this moment",
                hint: "read the session again, then send what is still to be changed")
        }
        defer { busy.withLock { _ = $0.remove(session) } }
        return try await work()
    }
}
