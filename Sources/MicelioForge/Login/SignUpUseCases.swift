import HifCore

/// Who may make an account without an administrator.
package enum SignUpPolicy: String, Sendable, CaseIterable {
    /// Everybody.
    case open
    /// Whoever has a link that somebody with an account made.
    case invite
    /// Nobody.
    case closed
}

/// What somebody wrote who signs up.
package struct SignUpForm: Sendable {
    package var handle: String
    /// Empty for none.
    package var email: String
    package var password: String
    package var repeated: String

    package init(handle: String, email: String, password: String, repeated: String) {
        self.handle = handle
        self.email = email
        self.password = password
        self.repeated = repeated
    }
}

/// Making accounts, and inviting others to.
extension Forge {
    /// Makes an account, with an invitation or, on an open forge, without one.
    ///
    /// - Parameter address: the caller's, for limits. Every try counts, whatever comes of it.
    package func signUp(
        _ form: SignUpForm, invitation text: String?, address: String
    ) async throws -> User {
        try limiters.signUps.count(network(of: address), now: now())
        let link = try text.map { try invitationLink($0) }
        guard signUpPolicy != .closed, signUpPolicy == .open || link != nil else {
            throw ForgeError(
                .forbidden, "nobody can sign up on this forge without an invitation",
                hint: "ask somebody who has an account, or whoever runs the forge")
        }
        // Before the password, which costs a core: most tries that fail, fail here.
        if let link, try await accounts.invitation(link, now: now()) == nil {
            throw Accounts.deadInvitation
        }
        let handle = try Handle(form.handle)
        guard form.password == form.repeated else {
            throw ForgeError.invalid("the two passwords differ")
        }
        try checkNewPassword(form.password)
        guard try await accounts.user(handle) == nil else { throw Accounts.handleTaken(handle) }
        return try await accounts.signUp(
            handle, email: form.email.isEmpty ? nil : form.email,
            passwordHash: try await passwords.hash(form.password), with: link, now: now())
    }

    /// The invitation behind a link.
    ///
    /// - Throws: one answer for every link that does not work, whatever the reason. Tries count.
    package func invitation(ofLink text: String, address: String) async throws -> Invitation {
        try limiters.invitations.count(network(of: address), now: now())
        guard signUpPolicy != .closed, let link = try? invitationLink(text),
            let found = try await accounts.invitation(link, now: now())
        else { throw Accounts.deadInvitation }
        return found
    }

    private func invitationLink(_ text: String) throws(ForgeError) -> TokenText {
        guard let link = try? TokenText(parsing: text), link.kind == .invitation else {
            throw Accounts.deadInvitation
        }
        return link
    }

    /// Invites somebody in the caller's name.
    ///
    /// - Parameter email: where the link is to be sent to; empty for nowhere.
    /// - Returns: the invitation, and the address to give away, told this once.
    package func invite(
        _ grant: AccountGrant, note: String, email: String = ""
    ) async throws -> (invitation: Invitation, address: String) {
        guard signUpPolicy != .closed else {
            throw ForgeError(
                .forbidden, "this forge takes no new accounts",
                hint: "whoever runs it makes them: micelio admin user create")
        }
        let to = email.isEmpty ? nil : try MailAddress(email)
        if to != nil, !sendsMail {
            throw ForgeError(
                .unprocessable, "this forge sends no mail",
                hint: "leave the address out, and give the link away yourself")
        }
        if to != nil { try limiters.invitationMails.count("\(grant.user.id)", now: now()) }
        let (made, link) = try await accounts.createInvitation(
            by: grant.user, note: note, now: now())
        let address = "\(addresses.publicURL)/join/\(link.text)"
        if let to {
            do {
                try mail(made, link: address, to: to, by: grant.user)
            } catch {
                // Nobody was told of the link, so nobody will use it.
                _ = try await accounts.endInvitation(made.id, of: grant.user, now: now())
                throw error
            }
        }
        return (made, address)
    }

    private func mail(
        _ invitation: Invitation, link: String, to: MailAddress, by inviter: User
    ) throws {
        let letter = Letters.invitation(
            to: to, by: inviter.handle, link: link, expires: invitation.expiresMillis,
            forge: addresses)
        let isSent = try send(.invitation, to: to) { [letter] }
        guard isSent else {
            throw ForgeError(
                .unprocessable, "an invitation was sent to \(to) a few minutes ago",
                hint: "leave the address out, and give the link away yourself")
        }
    }

    package func invitations(_ grant: AccountGrant) async throws -> [Invitation] {
        try await accounts.invitations(of: grant.user, now: now())
    }

    package func endInvitation(_ id: Int64, _ grant: AccountGrant) async throws {
        guard try await accounts.endInvitation(id, of: grant.user, now: now()) else {
            throw ForgeError(.notFound, "you have no open invitation \(id)")
        }
    }
}
