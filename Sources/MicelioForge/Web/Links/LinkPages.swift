/// The form behind a link that sets a password.
enum LinkPages {
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
            \(Limits.passwordBytesMin) characters</label>
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
