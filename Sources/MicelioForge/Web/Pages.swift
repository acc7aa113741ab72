/// The forge's few pages: plain forms that work without scripts.
enum Pages {
    static func page(_ title: String, _ body: HTML) -> HTML {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="robots" content="noindex">
        <title>\(title) · micelio</title>
        <link rel="icon" href="data:,">
        <link rel="stylesheet" href="/static/forge.css">
        </head>
        <body>
        <main>
        <h1>\(title)</h1>
        \(body)
        </main>
        </body>
        </html>

        """
    }

    static func home(publicURL: String) -> HTML {
        page(
            "A micelio forge",
            """
            <p>Sign in from a terminal:</p>
            <pre>hif auth login \(publicURL)</pre>
            """)
    }

    /// - Parameter command: for a terminal.
    static func message(
        _ title: String, _ text: String, hint: String? = nil, command: String? = nil
    ) -> HTML {
        let more: HTML = hint.map { "<p>\(sentence($0))</p>" } ?? ""
        let last: HTML = command.map { "<pre>\($0)</pre>" } ?? ""
        return page(title, "<p>\(sentence(text))</p>\(more)\(last)")
    }

    private static func problem(_ text: String?) -> HTML {
        text.map { "<p class=\"problem\" role=\"alert\">\(sentence($0))</p>" } ?? ""
    }

    /// Errors begin small and have no full stop, as they stand behind the name of a program.
    private static func sentence(_ text: String) -> String {
        let text = text.prefix(1).uppercased() + text.dropFirst()
        return text.hasSuffix(".") || text.hasSuffix("?") || text.hasSuffix(":") ? text : text + "."
    }

    static func deviceCode(prefilled: String, problem text: String? = nil) -> HTML {
        page(
            "Sign a device in",
            """
            \(problem(text))
            <p>Type the code that the device shows.</p>
            <form method="post" action="/device">
            <label for="user_code">Code</label>
            <input id="user_code" name="user_code" value="\(prefilled)" required maxlength="20"
             autocomplete="off" autocapitalize="characters" spellcheck="false"
             placeholder="ABCD-EFGH">
            <button>Go on</button>
            </form>
            """)
    }

    static func deviceApproval(
        _ request: DeviceRequest, now: Int64, handle: String = "", problem text: String? = nil
    ) -> HTML {
        let minutes = max(0, now - request.createdMillis) / 60_000
        let age = minutes == 0 ? "less than a minute ago" : "\(minutes) min ago"
        return page(
            "Did you start this?",
            """
            \(problem(text))
            <p>A device asks to act as you on this forge. Approve only if you started it yourself,
            just now, and the code on the device is the same. Nobody who helps you needs a code
            approved.</p>
            <dl>
            <dt>Code</dt><dd><code>\(request.userCode.description)</code></dd>
            <dt>Device</dt><dd>\(request.deviceName)</dd>
            <dt>Program</dt><dd>\(request.clientName)</dd>
            <dt>Address</dt><dd>\(request.address)</dd>
            <dt>Started</dt><dd>\(age)</dd>
            <dt>May</dt><dd>everything that you may, until you sign it out</dd>
            </dl>
            <form method="post" action="/device/decision">
            <input type="hidden" name="user_code" value="\(request.userCode.description)">
            <label for="handle">Handle</label>
            <input id="handle" name="handle" value="\(handle)" autocomplete="username"
             autocapitalize="none" spellcheck="false" maxlength="39">
            <label for="password">Password</label>
            <input id="password" name="password" type="password" autocomplete="current-password">
            <button name="decision" value="approve">Approve</button>
            <button name="decision" value="deny" class="quiet">I did not start this</button>
            </form>
            """)
    }

    /// - Parameter handle: what was typed before, for a page that comes again with a problem.
    static func link(
        _ purpose: Accounts.LinkPurpose, handle: String = "", problem text: String? = nil
    ) -> HTML {
        let title: String
        let who: HTML
        switch purpose {
        case .setup:
            title = "Set the forge up"
            who = """
                <p>This makes the first account, which administers the forge.</p>
                <form method="post">
                <label for="handle">Handle</label>
                <input id="handle" name="handle" value="\(handle)" required
                 autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="39">
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
        return page(
            title,
            """
            \(problem(text))
            \(who)
            <label for="password">Password, at least \(String(Limits.passwordBytesMin)) characters</label>
            <input id="password" name="password" type="password" required
             autocomplete="new-password">
            <label for="repeated">The same again</label>
            <input id="repeated" name="repeated" type="password" required
             autocomplete="new-password">
            <button>Save</button>
            </form>
            """)
    }

    static let stylesheet = """
        :root { color-scheme: light dark; }
        body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; }
        main { max-width: 34rem; margin: 3rem auto; padding: 0 1rem; }
        h1 { font-size: 1.5rem; }
        label { display: block; margin: 1rem 0 .25rem; }
        input { font: inherit; box-sizing: border-box; width: 100%; padding: .5rem; }
        button { font: inherit; margin: 1.25rem .75rem 0 0; padding: .5rem 1rem; }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; }
        dt { font-weight: 600; }
        dd { margin: 0; overflow-wrap: anywhere; }
        pre { padding: .75rem; white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid; }
        .quiet { background: none; border: 1px solid; border-radius: .2rem; }
        .problem { border-left: .3rem solid #c00; padding-left: .75rem; }
        :focus-visible { outline: .2rem solid; outline-offset: .1rem; }
        """
}
