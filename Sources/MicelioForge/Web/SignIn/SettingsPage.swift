/// What is signed in to an account, and the way to end all of it.
struct SettingsPage {
    let user: User
    let current: BrowserSession?
    let browsers: [BrowserSession]
    let tokens: [TokenRecord]

    func page(_ frame: Frame) -> HTML {
        frame.page(
            "Settings", isIndexed: false,
            """
            <header class="head"><h1>Settings</h1><p class="soft">of the account <a href="/\
            \(user.handle.text)">\(user.handle.text)</a></p></header>
            <div class="stack">
            <section aria-labelledby="browsers"><div class="sect"><h2 id="browsers">Browsers</h2>\
            <p>\(browsers.count)</p></div>
            \(browserTable(frame))
            <div class="row gap"><form method="post" action="/signout"><button>Sign this browser out</button></form>
            <form method="post" action="/signout/everywhere"><button class="danger">Sign out everywhere</button></form>
            <p class="hint">Everywhere: every browser, and every device that signed in with hif auth login. Tokens made by hand stay.</p></div></section>
            <section aria-labelledby="tokens"><div class="sect"><h2 id="tokens">Tokens</h2><p>\
            \(usable.count)</p></div>
            \(tokenTable(frame))</section>
            </div>
            """)
    }

    private func browserTable(_ frame: Frame) -> HTML {
        let rows = browsers.map { browser -> HTML in
            let here: HTML = browser.id == current?.id ? " <span class=\"tag\">this one</span>" : ""
            return """
                <tr><th scope="row" class="wide">\(browser.browser.isEmpty ? "Unknown browser" : browser.browser)\(here)</th><td class="nowrap opt mono">\(browser.address)</td><td class="num soft">\(frame.time(browser.createdMillis))</td><td class="num soft">\(frame.time(browser.lastUsedMillis))</td></tr>
                """
        }
        return """
            <table class="list"><caption class="vh">Browsers that are signed in</caption><thead>\
            <tr><th scope="col">Browser</th><th scope="col" class="opt">Address</th><th \
            scope="col" class="num">Signed in</th><th scope="col" class="num">Last used</th></tr>\
            </thead><tbody>\(rows)</tbody></table>
            """
    }

    private var usable: [TokenRecord] {
        tokens.filter { $0.revokedMillis == nil && $0.kind != .refresh }
    }

    private func tokenTable(_ frame: Frame) -> HTML {
        guard !usable.isEmpty else {
            return "<p class=\"soft\">None. hif auth login signs a device in.</p>"
        }
        let rows = usable.map { token -> HTML in
            let used: HTML = token.lastUsedMillis.map { frame.time($0) } ?? "never"
            let ends: HTML = token.expiresMillis.map { frame.time($0) } ?? "never"
            let name =
                token.label.isEmpty
                ? (token.kind == .access ? "A device" : "No label") : token.label
            return """
                <tr><th scope="row" class="wide">\(name)</th><td class="mono nowrap">…\(token.lastFour)</td><td class="opt">\(token.scopes.words.joined(separator: " "))</td><td class="num soft">\(used)</td><td class="num soft">\(ends)</td></tr>
                """
        }
        return """
            <table class="list"><caption class="vh">Tokens</caption><thead><tr><th \
            scope="col">Name</th><th scope="col">Ends with</th><th scope="col" \
            class="opt">May</th><th scope="col" class="num">Last used</th><th scope="col" \
            class="num">Expires</th></tr></thead><tbody>\(rows)</tbody></table>
            """
    }
}
