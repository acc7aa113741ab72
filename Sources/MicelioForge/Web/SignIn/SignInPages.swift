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
            <p class="hint"><a href="/forgot">Forgotten your password?</a></p></div>
            <p><button class="primary full">Sign in</button></p></form>
            <p class="soft">\(without(frame)) Reading public projects needs no account. <a href="/">\
            Look around</a></p></div>
            """)
    }

    /// The second step, for an account with two-factor sign-in.
    static func code(
        _ frame: Frame, to: String, ticket: String, problem: String? = nil
    ) -> HTML {
        frame.page(
            "Sign in", isIndexed: false,
            """
            <div class="narrow"><h1>One code more</h1><p class="soft">to sign in to \(frame.host)</p>
            \(Frame.problem(problem))
            <form method="post" action="/signin/code"><input type="hidden" name="to" value="\(to)">
            <input type="hidden" name="ticket" value="\(ticket)">
            \(codeField)
            <p><button class="primary full">Sign in</button></p></form>
            <p class="soft">Neither app nor recovery codes? Whoever runs this forge can turn the code off.</p></div>
            """)
    }

    static let codeField: HTML = """
        <div class="field"><label for="code">Code</label><input class="usercode" id="code" name="code" \
        required autocomplete="one-time-code" autocapitalize="none" spellcheck="false" maxlength="30" \
        aria-describedby="code-hint"><p class="hint" id="code-hint">Six digits of your authenticator app, \
        or one of your recovery codes</p></div>
        """

    /// What somebody without an account can do.
    private static func without(_ frame: Frame) -> HTML {
        switch frame.signUp {
        case .open: "No account? <a href=\"/signup\">Sign up</a>."
        case .invite: "No account? This forge gives them out by invitation."
        case .closed: "No account? Whoever runs this forge makes them."
        }
    }
}
