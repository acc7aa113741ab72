/// The tokens of an account, and the form to make one.
struct TokensAnswer: Answer {
    let items: [TokenView]
    /// Names of projects, to choose from.
    var projects: [String]
    var needsPassword: Bool
    /// The name and text of a token that was just made; it is shown this once.
    var made: (name: String, token: String)?
    var problem: String?
    /// What was typed before, for a page that comes again with a problem.
    var typed: JSONBody?

    private enum CodingKeys: CodingKey {
        case items
    }

    init(items: [TokenView], projects: [String], needsPassword: Bool) {
        self.items = items
        self.projects = projects
        self.needsPassword = needsPassword
    }

    func page(_ frame: Frame) -> HTML {
        SettingsFrame.page(
            frame, .tokens, problem: problem,
            """
            <section>\(SettingsFrame.head(.tokens, items.count))
            \(notice)\(table(frame))</section>
            <section aria-labelledby="new"><div class="sect"><h2 id="new">New token</h2></div>
            \(form)</section>
            """)
    }

    private var notice: HTML? {
        made.map { made in
            """
            <div class="notice good"><p><b>Copy the token “\(made.name)” now.</b> It is shown only this \
            once.</p><p class="grow"><label class="vh" for="made">New token</label><input class="mono" \
            id="made" readonly value="\(made.token)"></p></div>
            """
        }
    }

    private func table(_ frame: Frame) -> HTML {
        guard !items.isEmpty else {
            return """
                <p class="soft">None. A token lets a program act as you; hif needs none, as \
                <code>hif auth login</code> signs it in.</p>
                """
        }
        let rows = items.map { item -> HTML in
            let used: HTML = item.lastUsedAt.map { frame.time($0.millis) } ?? "never"
            let ends: HTML =
                item.isExpired
                ? "<span class=\"state bad\">ended</span>"
                : item.expiresAt.map { frame.time($0.millis) } ?? "never"
            let scopes = item.scopes.map { "<code>\($0)</code> " as HTML }
            let button = SettingsFrame.ending(
                "/settings/tokens/\(item.number)/revoke", "Revoke", item.name)
            let name: HTML =
                item.isAgent
                ? "<span class=\"who\">\(Avatar.drawn(item.name, isAgent: true))<span>\(item.name)</span></span> <span class=\"tag\">agent</span>"
                : "<b>\(item.name.isEmpty ? "No name" : item.name)</b>"
            return """
                <tr><th scope="row">\(name)<br><code>…\
                \(item.lastFour)</code></th><td>\(scopes)</td><td class="nowrap opt">\(used)</td>\
                <td>\(ends)</td><td class="num">\(button)</td></tr>
                """
        }
        return SettingsFrame.table(
            "Your tokens",
            head: """
                <th scope="col">Name</th><th scope="col">May</th><th scope="col" class="opt">Last \
                used</th><th scope="col">Ends</th><th scope="col"><span class="vh">Action</span></th>
                """, rows)
    }

    private static let verbs: [(name: String, says: HTML)] = [
        ("read", "Read files, landings and sessions"),
        ("write", "Work in sessions, and land them"),
        ("manage", "Make projects, change their settings and members"),
        ("account", "Act on your account: settings, tokens, invitations"),
    ]

    private var form: HTML {
        let boxes = TokensAnswer.verbs.map { verb -> HTML in
            let isOn = typed.map { $0.bool(verb.name) ?? false } ?? (verb.name == "read")
            return """
                <label class="check"><input type="checkbox" name="\(verb.name)" value="true"\
                \(isOn ? " checked" : "")><span><code>\(verb.name)</code> \(verb.says)</span></label>
                """
        }
        let options = projects.map { "<option value=\"\($0)\">" as HTML }
        let days = typed?.integer("days") ?? 30
        let lives = [7, 30, 90, 365].map { count -> HTML in
            let isOn: HTML = Int64(count) == days ? " selected" : ""
            return "<option value=\"\(count)\"\(isOn)>\(count) days</option>"
        }
        let isForAll: HTML = typed?.bool("all_projects") ?? false ? " checked" : ""
        return """
            <form class="form" method="post" action="/settings/tokens">
            <div class="field"><label for="name">Name</label><input id="name" name="name" \
            value="\(typed?.string("name") ?? "")" maxlength="\(Limits.tokenLabelLengthMax)" \
            aria-describedby="name-hint"><p class="hint" id="name-hint">What or who will use it</p></div>
            <div class="field"><label for="agent">Or an agent of yours</label><input id="agent" \
            name="agent" value="\(typed?.string("agent") ?? "")" autocapitalize="none" \
            spellcheck="false" maxlength="\(Limits.handleBytesMax)" aria-describedby="agent-hint"><p \
            class="hint" id="agent-hint">Its name, if an agent works with the token: history then says \
            that it was the agent, for you. It can never do more than you.</p></div>
            <fieldset><legend>It may</legend>\(boxes)</fieldset>
            <div class="field"><label for="projects">In which projects</label><input id="projects" \
            name="projects" class="mono" list="known" value="\(typed?.string("projects") ?? "")" \
            autocapitalize="none" spellcheck="false" aria-describedby="projects-hint"><datalist \
            id="known">\(options)</datalist><p class="hint" id="projects-hint">Like \
            <code>ana/app</code>, or <code>ana/*</code> for all of ana; several with blanks between</p>
            <label class="check"><input type="checkbox" name="all_projects" value="true"\(isForAll)>\
            <span class="warn">Every project that I may use, also those to come. Whoever gets hold of \
            the token gets all of them.</span></label></div>
            <div class="field"><label for="days">Ends after</label><select id="days" name="days">\
            \(lives)</select></div>
            \(SettingsFrame.passwordField(needsPassword))<button class="primary">Make token</button></form>
            """
    }

    var markdown: String {
        let lines = items.map { item in
            let ends = item.expiresAt.map { "ends \($0.iso)" } ?? "without an end"
            return
                "- \(item.number): \(MarkdownText.escape(item.name)) (…\(item.lastFour)), `\(item.scopes.joined(separator: " "))`, \(ends)"
        }
        return "# Tokens\n\n\(lines.joined(separator: "\n"))\n"
    }
}
