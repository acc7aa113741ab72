import Synchronization

/// Sign-ins between the password and the code: who typed the right password gets a ticket, and with it
/// a few tries at the code.
///
/// In memory: a restart asks for the password again, and nothing worse.
final class SignInTickets: Sendable {
    private struct Entry {
        let user: User
        let endsMillis: Int64
        var triesLeft: Int
    }

    private let entries = Mutex<[String: Entry]>([:])

    func make(for user: User, now: Int64) -> TokenText {
        let ticket = TokenText(.ticket)
        entries.withLock { entries in
            if entries.count >= Limits.signInTicketsMax {
                entries = entries.filter { $0.value.endsMillis > now }
                // Full of tickets of the last minutes: right passwords, each of them. Who is cut off
                // types theirs again.
                if entries.count >= Limits.signInTicketsMax { entries.removeAll() }
            }
            entries[ticket.hash] = Entry(
                user: user, endsMillis: now + Limits.signInTicketMillis,
                triesLeft: Limits.signInTicketTries)
        }
        return ticket
    }

    /// Whose ticket it is, at the cost of one of its tries; nil when it has none left or never was one.
    func spend(_ text: String, now: Int64) -> User? {
        guard let ticket = try? TokenText(parsing: text), ticket.kind == .ticket else { return nil }
        let key = ticket.hash
        return entries.withLock { entries in
            guard var entry = entries[key], entry.endsMillis > now, entry.triesLeft > 0 else {
                entries[key] = nil
                return nil
            }
            entry.triesLeft -= 1
            entries[key] = entry
            return entry.user
        }
    }

    func end(_ text: String) {
        guard let ticket = try? TokenText(parsing: text) else { return }
        let key = ticket.hash
        entries.withLock { $0[key] = nil }
    }
}
