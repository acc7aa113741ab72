/// The form behind a link that sets a password.
enum LinkPages {
    /// For somebody who cannot sign in. The forge sends no mail, so a person has to help.
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
