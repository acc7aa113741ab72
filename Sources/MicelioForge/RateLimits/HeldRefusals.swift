import Synchronization

/// Holds refusals back, so that whoever is refused and asks again at once costs the forge next to
/// nothing ("tarpit"). A refusal that is held costs a connection that is open anyway; more than
/// `Limits.refusalsHeldMax` at once are not held.
final class HeldRefusals: Sendable {
    private let millis: Int
    private let held = Mutex(0)

    init(millis: Int) {
        self.millis = millis
    }

    /// Returns after a moment; at once when the caller has gone away or too many are held.
    func hold() async {
        let isHeld = held.withLock { held in
            guard millis > 0, held < Limits.refusalsHeldMax else { return false }
            held += 1
            return true
        }
        guard isHeld else { return }
        try? await Task.sleep(for: .milliseconds(millis))
        held.withLock { $0 -= 1 }
    }
}
