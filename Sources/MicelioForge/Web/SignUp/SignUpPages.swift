/// The pages on which somebody makes an account.
enum SignUpPages {
    /// - Parameters:
    ///   - invitation: what let the visitor in; nil on an open forge.
    ///   - action: where the form goes.
    ///   - form: what was typed before, for a page that comes again with a problem.
    static func form(
        _ frame: Frame, invitation: Invitation?, action: String, form: SignUpForm? = nil,
        problem: String? = nil
    ) -> HTML {
        let by: HTML? = invitation.map { invitation in
            let who: HTML =
                invitation.inviter.map { "<a href=\"/\($0)\">\($0)</a>" } ?? "Whoever runs it"
            return "<p>\(who) invites you. The link works once.</p>"
        }
        return frame.page(
            "Sign up", isIndexed: false,
            """
            <div class="narrow"><h1>Sign up</h1><p class="soft">to \(frame.host)</p>
            \(by)\(Frame.problem(problem))
            <form method="post" action="\(action)">
            <div class="field"><label for="handle">Handle</label>
            <input id="handle" name="handle" value="\(form?.handle ?? "")" required \
            autocomplete="username" autocapitalize="none" spellcheck="false" \
            maxlength="\(Limits.handleBytesMax)" aria-describedby="handle-hint">
            <p class="hint" id="handle-hint">Your name in addresses and in history: lower-case letters, \
            digits, single dashes.</p></div>
            <div class="field"><label for="email">Mail address, if you like</label>
            <input id="email" name="email" type="email" value="\(form?.email ?? "")" \
            autocomplete="email" maxlength="\(Limits.emailLengthMax)" aria-describedby="email-hint">
            <p class="hint" id="email-hint">\(Frame.mailHint(frame))</p></div>
            <div class="field"><label for="password">Password, at least \
            \(Limits.passwordLengthMin) characters</label>
            <input id="password" name="password" type="password" required \
            autocomplete="new-password"></div>
            <div class="field"><label for="repeated">The same again</label>
            <input id="repeated" name="repeated" type="password" required \
            autocomplete="new-password"></div>
            <p><button class="primary full">Make account</button></p></form>
            <p class="soft">You have one? <a href="/signin">Sign in</a></p></div>
            """)
    }

    /// Where nobody signs up without a link.
    static func refusal(_ frame: Frame, _ policy: SignUpPolicy) -> HTML {
        let reason: HTML =
            policy == .invite
            ? "This forge gives accounts out by invitation. Everybody who has one can make you a link, on the page <b>Settings, Invitations</b>."
            : "This forge takes no new accounts. Whoever runs it makes them."
        return frame.page(
            "Sign up", isIndexed: false,
            """
            <div class="narrow"><h1>Sign up</h1><p>\(reason)</p>
            <p class="row"><a class="button" href="/signin">Sign in</a> <a class="button" href="/">\
            Look around</a></p>
            <p class="soft">Reading public projects needs no account.</p></div>
            """)
    }
}
