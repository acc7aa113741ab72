/// The form to sign in.
enum SignInPages {
    /// - Parameter handle: what was typed before, for a page that comes again with a problem.
    static func form(
        _ frame: Frame, to: String, handle: String = "", problem: String? = nil
    ) -> HTML {
        frame.page(
            "Sign in", isIndexed: false,
            """
            <div class="narrow"><h1>Sign in</h1><p class="soft">to \(frame.host)</p>
            \(Frame.problem(problem))
            <form method="post" action="/signin"><input type="hidden" name="to" value="\(to)">
            <div class="field"><label for="handle">Handle</label>
            <input id="handle" name="handle" value="\(handle)" autocomplete="username" \
            autocapitalize="none" spellcheck="false" maxlength="39" required></div>
            <div class="field"><label for="password">Password</label>
            <input id="password" name="password" type="password" autocomplete="current-password" required>
            <p class="hint">Forgotten? Whoever runs this forge makes a link with which to set a new one.</p></div>
            <p><button class="primary full">Sign in</button></p></form>
            <p class="soft">Reading public projects needs no account. <a href="/">Look around</a></p></div>
            """)
    }
}
