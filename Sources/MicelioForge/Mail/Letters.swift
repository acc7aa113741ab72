/// What the forge writes to people. Nothing in it is a text that somebody wrote: else the forge could
/// be made to send what a stranger has to say.
enum Letters {
    /// For somebody who asked for a new password, or whose address somebody else knows.
    ///
    /// - Parameter links: of each account with that address, where its password is set.
    static func forgotten(
        to address: MailAddress, links: [(account: Handle, address: String)], forge: Addresses
    ) -> Letter {
        let minutes = Limits.passwordResetMillis / 60_000
        let places = links.map { "Set one for the account \($0.account):\n\n\($0.address)\n" }
        return Letter(
            kind: "password", to: address, subject: "A new password for \(forge.host)",
            text: """
                Somebody asked for a new password on \(forge.host), and we hope it was you.

                \(places.joined(separator: "\n"))
                The link works once, for \(minutes) minutes. Until it is used, nothing changes.
                If you did not ask, there is nothing that you have to do.

                """)
    }

    /// For somebody who has no account yet.
    ///
    /// - Parameter expires: when the link ends, in milliseconds since 1970.
    static func invitation(
        to address: MailAddress, by inviter: Handle, link: String, expires: Int64,
        forge: Addresses
    ) -> Letter {
        Letter(
            kind: "invitation", to: address,
            subject: "\(inviter.text) invites you to \(forge.host)",
            text: """
                \(inviter) invites you to \(forge.host), where people and their agents work on
                projects together. Make an account here:

                \(link)

                The link makes one account and works until \(Moment(expires).short) UTC.
                If you do not know \(inviter), there is nothing that you have to do.

                """)
    }
}
