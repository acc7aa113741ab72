import HifCore

/// The way to the other nodes that write to the same store.
///
/// Landing needs no other node: whoever makes the next slot first has landed. But nodes that race each
/// other lose most of their writes, so an intent is handed to the node that wrote the newest slot, as
/// long as it answers; there it shares a slot with what others land at the same time
/// (docs/design/0011-nodes.md).
package protocol PeerTransport: Sendable {
    /// Hands intents to the node at `address`, which judges them as its own and hands them no further.
    ///
    /// - Returns: its answers, one for each intent in order. Nil when it did not take the intents within
    ///   a quarter of a second, or was lost before it answered; then nothing is known of them, and the
    ///   caller submits them itself: a session lands once, whoever asks how often.
    func submit(_ intents: [Intent], to address: String) async -> [LandingAnswer]?
}

/// Which node wrote the newest slot that this process knows of. A hint: a wrong one costs a request.
struct WriterHint: Hashable, Sendable {
    private(set) var epoch: Epoch = 0
    private(set) var address = ""

    /// Takes in what a slot says of its writer, if it is newer than what is known.
    mutating func learn(epoch: Epoch, address: String) {
        guard epoch >= self.epoch else { return }
        self.epoch = epoch
        self.address = address
    }

    /// Forgets a node that does not answer, until a slot names it again.
    mutating func forget(_ address: String) {
        if self.address == address { self.address = "" }
    }
}

extension Intent {
    /// Whether it is worth sending to another node: changes of the log itself are not, and nothing that
    /// is longer than a request should be.
    var isForwardable: Bool {
        switch self {
        case .land(let land): land.storedOperations == nil
        case .abandon: true
        case .control: false
        }
    }
}

/// What came of handing intents to another node.
enum Forwarding: Sendable {
    case answered([LandingAnswer])
    /// It may have taken them, and they may land there yet.
    case leftOpen
    case notTried
}

extension LandingAnswer {
    /// This answer, where the same intent may be on its way at another node: "this wrote nothing" is then
    /// true of one copy only. A conflict says no more than it does anyway, and what is closed is closed.
    var besideAnOpenOne: LandingAnswer {
        guard case .refused(let reason) = self else { return self }
        return .unknown("another node may be landing it, and this one may not: \(reason)")
    }
}

extension [LandingAnswer] {
    /// Whether the answers settle what was asked. One that leaves it open is for whoever asked to settle.
    var areSettled: Bool {
        allSatisfy { answer in
            if case .unknown = answer { return false }
            return true
        }
    }
}
