import HTTPTypes

/// Inviting others to make an account: links that work once.
enum InvitationRoutes {
    private static let places = Route.Places(
        page: "/settings/invitations~", api: "/api/v1/me/invitations")

    static let all: [Route] =
        Route.own(
            places, "invitations.list", "The invitations that the account made"
        ) { call, grant in .answer(try await list(call, grant)) }
        .answering(InvitationsAnswer.shape)
        + Route.changing(
            page: "/settings/invitations", api: (.post, "/api/v1/me/invitations"),
            "invitations.create", "Makes a link with which somebody makes an account, once",
            .object(
                [
                    .init(
                        "note", .upTo(Limits.invitationNoteLengthMax),
                        "For whom it is; only the account itself sees it"),
                    .init(
                        "email", .mail, "Where the link is sent to, by a forge that sends mail"),
                ],
                required: [])
        ) { call, grant in
            let body = try await call.body()
            return try await call.answeringForm { error in
                var answer = try await list(call, grant)
                answer.problem = error.message
                answer.typed = body
                return .page({ [answer] in answer.page($0) }, error.code.httpStatus)
            } _: {
                // An empty field of the form is none; a program that wants none leaves it out.
                let email = body.string("email").flatMap { call.isForm && $0.isEmpty ? nil : $0 }
                guard email != "" else {
                    throw ForgeError.invalid(
                        "'email' is empty: leave it out for a link that you give yourself")
                }
                let made = try await call.forge.invite(
                    grant, note: body.string("note") ?? "", email: email ?? "")
                if !call.isForm {
                    return .json(
                        MadeInvitation(
                            invitation: InvitationView(made.invitation), url: made.address,
                            mailedTo: email),
                        .created)
                }
                var answer = try await list(call, grant)
                answer.made = made.address
                answer.mailedTo = email
                return .page { [answer] in answer.page($0) }
            }
        }
        .making(MadeInvitation.shape).refusing(.unprocessable).costing(5)
        + Route.ending(
            page: "/settings/invitations/{number}/revoke", api: "/api/v1/me/invitations/{number}",
            "invitations.revoke", "Makes an open invitation worthless",
            back: "/settings/invitations"
        ) { call, grant in
            try await call.forge.endInvitation(call.number(), grant)
        }

    private static func list(_ call: Call, _ grant: AccountGrant) async throws -> InvitationsAnswer
    {
        InvitationsAnswer(
            items: try await call.forge.invitations(grant).map(InvitationView.init),
            policy: call.forge.signUpPolicy)
    }

    private struct MadeInvitation: Encodable {
        let invitation: InvitationView
        let url: String
        let mailedTo: String?

        static let shape = JSONShape.answer(
            "MadeInvitation",
            [
                .init("invitation", InvitationView.shape),
                .init("url", .string, "Where somebody makes an account with it, this once"),
                .maybe("mailed_to", .string, "Where the link is on its way to"),
            ])
    }
}

/// An invitation in a list. Never its link.
struct InvitationView: Encodable, Sendable {
    let number: Int64
    let note: String
    let createdAt: Moment
    let expiresAt: Moment
    /// The account that was made with it; null while it is open.
    let usedBy: String?

    init(_ invitation: Invitation) {
        number = invitation.id
        note = invitation.note
        createdAt = Moment(invitation.createdMillis)
        expiresAt = Moment(invitation.expiresMillis)
        usedBy = invitation.usedBy
    }
}

/// The invitations of an account.
struct InvitationsAnswer: Answer {
    let items: [InvitationView]
    let policy: SignUpPolicy
    /// The address that was just made; it is shown this once.
    var made: String?
    /// Where its link was sent to.
    var mailedTo: String?
    var problem: String?
    /// What was typed before, for a page that comes again with a problem.
    var typed: JSONBody?

    private enum CodingKeys: CodingKey {
        case items
    }

    func page(_ frame: Frame) -> HTML {
        SettingsFrame.page(
            frame, .invitations, problem: problem,
            """
            <section>\(SettingsFrame.head(.invitations, items.count))
            \(notice)\(table(frame))</section>
            \(form(frame))
            """)
    }

    private var notice: HTML? {
        made.map {
            let lead: HTML =
                mailedTo.map { "<b>It is on its way to \($0).</b> Here it is shown" }
                ?? "<b>Give this link away now.</b> It is shown"
            return """
                <div class="notice good"><p>\(lead) only this once, \
                and makes one account.</p><p class="grow"><label class="vh" for="made">New invitation</label>\
                <input class="mono" id="made" readonly value="\($0)"></p></div>
                """
        }
    }

    private func table(_ frame: Frame) -> HTML {
        guard !items.isEmpty else {
            return "<p class=\"soft\">You have invited nobody yet.</p>"
        }
        let rows = items.map { item -> HTML in
            let state: HTML
            let action: HTML
            if let account = item.usedBy {
                state = "used by <a href=\"/\(account)\">\(account)</a>"
                action = ""
            } else {
                state = "open, ends \(frame.time(item.expiresAt.millis))"
                action = SettingsFrame.ending(
                    "/settings/invitations/\(item.number)/revoke", "Revoke",
                    "invitation \(item.number)")
            }
            return """
                <tr><th scope="row">\(item.note.isEmpty ? "No note" : item.note)</th><td class="opt \
                nowrap">\(frame.time(item.createdAt.millis))</td><td>\(state)</td>\
                <td class="num">\(action)</td></tr>
                """
        }
        return SettingsFrame.table(
            "Your invitations",
            head: """
                <th scope="col">For</th><th scope="col" class="opt">Made</th><th scope="col">State</th>\
                <th scope="col"><span class="vh">Action</span></th>
                """, rows)
    }

    private func form(_ frame: Frame) -> HTML {
        guard policy != .closed else {
            return """
                <p class="soft">This forge takes no new accounts by invitation. Whoever runs it makes them.</p>
                """
        }
        return """
            <section aria-labelledby="new"><div class="sect"><h2 id="new">Invite somebody</h2></div>
            <form class="form" method="post" action="/settings/invitations">
            <div class="field"><label for="note">For whom</label><input id="note" name="note" \
            value="\(typed?.string("note") ?? "")" \
            maxlength="\(Limits.invitationNoteLengthMax)" aria-describedby="note-hint"><p class="hint" \
            id="note-hint">For your own list. Nobody else sees it.</p></div>
            \(frame.sendsMail ? mailField : nil)<button class="primary">Make link</button>
            <p class="hint">The link makes one account and ends after \
            \(Limits.invitationMillis / 86_400_000) \
            days. \(Limits.invitationsOpenMax) can be open at once.</p></form></section>
            """
    }

    private var mailField: HTML {
        """
        <div class="field"><label for="email">Send it to</label><input id="email" name="email" \
        type="email" value="\(typed?.string("email") ?? "")" autocomplete="off" \
        maxlength="\(Limits.emailLengthMax)" aria-describedby="email-hint"><p class="hint" \
        id="email-hint">A mail address, if the forge is to send the link. It says that you invite \
        them, and nothing else of you.</p></div>
        """
    }

    var markdown: String {
        let lines = items.map { item in
            let note = item.note.isEmpty ? "No note" : MarkdownText.escape(item.note)
            let state = item.usedBy.map { "used by \($0)" } ?? "open until \(item.expiresAt.iso)"
            return "- \(item.number): \(note), \(state)"
        }
        return "# Invitations\n\n\(lines.joined(separator: "\n"))\n"
    }
}
