import Synchronization

/// To which addresses letters were sent a short time ago, so that nobody has the forge fill somebody's
/// mailbox. In memory: who restarts the forge may write once more.
final class LettersSent: Sendable {
    enum Kind: Hashable, Sendable {
        case forgotten
        case invitation
    }

    private struct Key: Hashable {
        let kind: Kind
        let address: String

        /// Most servers take an address in any case.
        init(_ kind: Kind, _ address: MailAddress) {
            self.kind = kind
            self.address = "\(address)".lowercased()
        }
    }

    private let sent = Mutex<[Key: Int64]>([:])

    /// Notes that a letter is sent; false when one was sent lately, and when there is no room to note it.
    func note(_ kind: Kind, to address: MailAddress, now: Int64) -> Bool {
        sent.withLock { sent in
            let key = Key(kind, address)
            if let last = sent[key], now - last < Limits.mailAgainMillis { return false }
            if sent.count >= Limits.mailAddressesMax {
                sent = sent.filter { now - $0.value < Limits.mailAgainMillis }
            }
            guard sent.count < Limits.mailAddressesMax else { return false }
            sent[key] = now
            return true
        }
    }

    /// Takes a note back: nothing was sent.
    func forget(_ kind: Kind, to address: MailAddress) {
        sent.withLock { _ = $0.removeValue(forKey: Key(kind, address)) }
    }
}
