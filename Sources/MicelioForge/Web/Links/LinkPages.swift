/// The form behind a link that sets a password.
enum LinkPages {
    /// For somebody who cannot sign in, on a forge that sends mail.
    ///
    /// - Parameter typed: what was typed before, for a page that comes again with a problem.
    static func ask(_ frame: Frame, typed: String = "", problem: String? = nil) -> HTML {
        frame.page(
            "Forgotten your password?", isIndexed: false,
            """
            <div class="narrow"><h1>Forgotten your password?</h1>
            \(Frame.problem(problem))
            <p>A link with which to set a new one comes by mail, to the address that your account has.</p>
            <form method="post" action="/forgot">
            <div class="field"><label for="email">Mail address</label><input id="email" name="email" \
            type="email" value="\(typed)" required autocomplete="email" \
            maxlength="\(Limits.emailLengthMax)"></div>
            <p><button class="primary full">Send link</button></p></form>
            <p class="soft">No address in your account? Whoever runs this forge can make you a link. \
            <a href="/signin">Sign in</a></p></div>
            """)
    }

    /// The same whether there is such an account or not.
    static func asked(_ frame: Frame, address: String) -> HTML {
        frame.page(
            "Look into your mail", isIndexed: false,
            """
            <div class="narrow"><h1>Look into your mail</h1>
            <p>If there is an account with the address <b>\(address)</b>, a link is on its way. It works \
            once, for \(Limits.passwordResetMillis / 60_000) minutes.</p>
            <p class="soft">Nothing came? An address gets one link in \
            \(Limits.mailAgainMillis / 60_000) minutes. Perhaps your account has another one, or none: then \
            ask whoever runs this forge.</p>
            <p><a href="/signin">Sign in</a></p></div>
            """)
    }

    /// For somebody who cannot sign in, on a forge that sends no mail: a person has to help.
    static func forgotten(_ frame: Frame) -> HTML {
        frame.page(
            "Forgotten your password?", isIndexed: false,
            """
            <div class="narrow mid"><h1>Forgotten your password?</h1>
            <p>This forge sends no mail. Ask whoever runs it for a link with which to set a new \
            password; it works once, for \(Limits.passwordResetMillis / 60_000) minutes, so be at hand \
            when it comes.</p>
            <p>They make it on the forge's own machine:</p>
            <pre tabindex="0">micelio admin user reset-link HANDLE</pre>
            <p class="soft">A browser or device that is still signed in stays so. \
            <a href="/signin">Sign in</a></p></div>
            """)
    }

    /// - Parameter handle: what was typed before, for a page that comes again with a problem.
    static func form(
        _ frame: Frame, _ purpose: Accounts.LinkPurpose, handle: String = "",
        problem: String? = nil
    ) -> HTML {
        let title: String
        let who: HTML
        switch purpose {
        case .setup:
            title = "Set the forge up"
            who = """
                <p>This makes the first account, which administers the forge.</p>
                <form method="post">
                <div class="field"><label for="handle">Handle</label>
                <input id="handle" name="handle" value="\(handle)" required
                 autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="39"></div>
                """
        case .password(let user):
            title = "Set your password"
            who = """
                <p>For the account <strong>\(user.handle.text)</strong>. Devices that are signed in
                as it will have to sign in again.</p>
                <form method="post">
                <input type="hidden" name="username" autocomplete="username"
                 value="\(user.handle.text)">
                """
        }
        return frame.page(
            title, isIndexed: false,
            """
            <div class="narrow"><h1>\(title)</h1>
            \(Frame.problem(problem))
            \(who)
            <div class="field"><label for="password">Password, at least \
            \(Limits.passwordLengthMin) characters</label>
            <input id="password" name="password" type="password" required
             autocomplete="new-password"></div>
            <div class="field"><label for="repeated">The same again</label>
            <input id="repeated" name="repeated" type="password" required
             autocomplete="new-password"></div>
            <p><button class="primary full">Save</button></p>
            </form></div>
            """)
    }
}
