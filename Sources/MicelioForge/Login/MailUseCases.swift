/// What the forge does by mail, where it sends any.
extension Forge {
    package var sendsMail: Bool { mailer != nil }

    /// Has a link for a new password sent to an address, if accounts have it. Answers the same and does the
    /// same work, whether some do or not: they are looked for when the letter's turn has come.
    ///
    /// - Parameter address: the caller's, for limits.
    package func askForPassword(email: String, address: String) throws {
        let to = try MailAddress(email)
        guard sendsMail else {
            throw ForgeError(
                .unprocessable, "this forge sends no mail",
                hint: "whoever runs it makes a link: micelio admin user reset-link HANDLE")
        }
        try limiters.forgotten.count(network(of: address), now: now())
        let (accounts, forge, now) = (try accounts, addresses, now)
        // Who asks again so soon is answered as before: whether a letter was sent is not told.
        _ = try send(.forgotten, to: to) {
            let users = try await accounts.people(withMail: to)
            var letters: [Letter] = []
            // Two addresses that differ in case only may be two people's. Each gets its own links.
            for (email, users) in Dictionary(grouping: users, by: { $0.email ?? "" }) {
                guard let to = try? MailAddress(email) else { continue }
                var links: [(account: Handle, address: String)] = []
                for user in users {
                    let link = try await accounts.makePasswordLink(
                        for: user.handle, lasting: Limits.passwordResetMillis, now: now())
                    links.append((user.handle, "\(forge.publicURL)/password/\(link.text)"))
                }
                letters.append(Letters.forgotten(to: to, links: links, forge: forge))
            }
            return letters
        }
    }

    /// Has a letter sent, unless one of its kind was sent to the address a while ago.
    ///
    /// - Returns: whether it is sent.
    /// - Throws: `unavailable` when too much waits.
    func send(
        _ kind: LettersSent.Kind, to address: MailAddress, _ make: @escaping Mailer.Making
    ) throws -> Bool {
        guard let mailer, lettersSent.note(kind, to: address, now: now()) else { return false }
        do {
            try mailer.enqueue(make)
        } catch {
            lettersSent.forget(kind, to: address)
            throw error
        }
        return true
    }
}
