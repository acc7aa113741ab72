/// What stands around the pages of administrators.
enum AdminFrame {
    enum Section: String, CaseIterable {
        case people = "Accounts"
        case projects = "Projects"
        case audit = "Audit log"

        var address: String {
            switch self {
            case .people: "/admin"
            case .projects: "/admin/projects"
            case .audit: "/admin/audit"
            }
        }
    }

    static func page(
        _ frame: Frame, _ section: Section, title: String? = nil, _ body: HTML
    ) -> HTML {
        let links = Section.allCases.map { other -> HTML in
            let current: HTML = other == section ? " aria-current=\"page\"" : ""
            return "<li><a href=\"\(other.address)\"\(current)>\(other.rawValue)</a></li>"
        }
        return frame.page(
            "\(title ?? section.rawValue) · administration",
            crumbs: [.init(name: "administration", address: "/admin")], isIndexed: false,
            """
            <div class="with-side"><nav class="side" aria-label="Administration">\
            <ul class="bare">\(links)\
            </ul></nav>
            <div class="stack">\(body)</div></div>
            """)
    }

    static func more(_ address: String, _ next: String?) -> HTML? {
        next.map {
            """
            <nav class="pages" aria-label="Pages"><a class="button push" href="\(address)?cursor=\
            \(PercentCoding.encode($0.utf8))">More</a></nav>
            """
        }
    }
}

/// An account as administrators see it.
struct AdminAccountView: Encodable, Sendable {
    let account: String
    let name: String
    let email: String
    let isOrganisation: Bool
    let isAdmin: Bool
    let isDisabled: Bool
    /// Of an organisation: it is shut out for good, and keeps its name.
    let isDeleted: Bool
    let hasPassword: Bool
    let hasSecondFactor: Bool
    let projects: Int
    let createdAt: Moment
    let lastUsedAt: Moment?

    init(_ overview: Accounts.Overview) {
        let user = overview.user
        account = user.handle.text
        name = user.displayName
        email = user.email ?? ""
        isOrganisation = user.isOrganisation
        isAdmin = user.isAdmin
        isDisabled = user.disabledMillis != nil
        isDeleted = overview.isDeleted
        hasPassword = user.hasPassword
        hasSecondFactor = overview.hasSecondFactor
        projects = overview.projectCount
        createdAt = Moment(user.createdMillis)
        lastUsedAt = overview.lastUsedMillis.map { Moment($0) }
    }

    /// What is not as with most accounts.
    var marks: [String] {
        [
            isOrganisation ? "organisation" : nil, isAdmin ? "administrator" : nil,
            isDeleted ? "deleted" : isDisabled ? "disabled" : nil,
            hasPassword || isOrganisation ? nil : "no password",
            hasSecondFactor ? "two-factor" : nil,
        ].compactMap(\.self)
    }
}

/// Accounts and organisations.
struct AdminAccountsAnswer: Answer {
    let items: [AdminAccountView]
    let next: String?

    func page(_ frame: Frame) -> HTML {
        let rows = items.map { item -> HTML in
            let marks = item.marks.map { "<span class=\"tag\">\($0)</span>" as HTML }
            let used: HTML = item.lastUsedAt.map { frame.time($0.millis) } ?? "never"
            return """
                <tr><th scope="row"><a href="/admin/accounts/\(item.account)"><b>\(item.account)</b></a>\
                \(item.name.isEmpty ? "" : " ")<span class="soft">\(item.name)</span></th><td><div \
                class="marks">\(marks)</div></td><td class="opt">\(item.email)</td><td class="num">\
                \(item.projects)</td><td class="nowrap opt">\(used)</td></tr>
                """
        }
        let table = SettingsFrame.table(
            "Accounts",
            head: """
                <th scope="col">Account</th><th scope="col"><span class="vh">Kind and state</span></th>\
                <th scope="col" class="opt">Mail address</th><th scope="col" class="num">Projects</th>\
                <th scope="col" class="opt">Last used</th>
                """, rows)
        return AdminFrame.page(
            frame, .people,
            """
            <section><div class="sect"><h1>Accounts</h1></div>\(table)\
            \(AdminFrame.more("/admin", next))</section>
            <section aria-labelledby="new"><div class="sect"><h2 id="new">New accounts</h2></div>
            <p>\(policy(frame))</p></section>
            """)
    }

    private func policy(_ frame: Frame) -> HTML {
        switch frame.signUp {
        case .open: "Everybody may sign up, on <a href=\"/signup\">/signup</a>."
        case .invite:
            "Whoever has an account may invite others, on <a href=\"/settings/invitations\">Invitations</a>."
        case .closed:
            "Nobody may sign up. <code>micelio admin user create</code> makes accounts."
        }
    }

    var markdown: String {
        let lines = items.map {
            "- \($0.account): \($0.marks.joined(separator: ", ")), \($0.projects) projects"
        }
        return "# Accounts\n\n\(lines.joined(separator: "\n"))\n"
    }
}

/// One account, and what can be done to it.
struct AdminAccountAnswer: Answer {
    let account: AdminAccountView
    var needsPassword: Bool
    /// The address that was just made; it is shown this once.
    var made: String?
    var problem: String?

    private enum CodingKeys: String, CodingKey {
        case account
        case made = "url"
    }

    init(account: AdminAccountView, needsPassword: Bool) {
        self.account = account
        self.needsPassword = needsPassword
    }

    func page(_ frame: Frame) -> HTML {
        let marks = account.marks.map { "<span class=\"tag\">\($0)</span> " as HTML }
        let used: HTML = account.lastUsedAt.map { frame.time($0.millis) } ?? "never"
        let link: HTML? = made.map {
            """
            <div class="notice good"><p><b>Give this link to \(account.account) now.</b> It is shown only \
            this once, and works for \(Limits.passwordResetMillis / 60_000) minutes.</p><p class="grow">\
            <label class="vh" for="made">Link</label>\
            <input class="mono" id="made" readonly value="\($0)">\
            </p></div>
            """
        }
        return AdminFrame.page(
            frame, .people, title: account.account,
            """
            \(Frame.problem(problem))
            <section><div class="sect"><h1>\(account.account)</h1><p>\(marks)</p></div>
            \(link)<dl class="pairs"><dt>Page</dt>\
            <dd><a href="/\(account.account)">/\(account.account)</a></dd>
            <dt>Name</dt><dd>\(AdminAccountAnswer.said(account.name))</dd>\
            <dt>Mail</dt><dd>\(AdminAccountAnswer.said(account.email))</dd>
            <dt>Projects</dt><dd>\(account.projects)</dd>
            <dt>Joined</dt><dd>\(frame.time(account.createdAt.millis))</dd>
            <dt>Last used</dt><dd>\(used)</dd></dl></section>
            \(acts)
            """)
    }

    private static func said(_ text: String) -> HTML {
        text.isEmpty ? "<span class=\"soft\">none</span>" : "\(text)"
    }

    private var acts: HTML {
        var html: HTML = ""
        func act(_ word: String, _ title: HTML, _ says: HTML, isDanger: Bool = false) {
            let password = SettingsFrame.passwordField(needsPassword, id: "for-\(word)")
            html += """
                <section aria-labelledby="\(word)"><div class="sect"><h2 id="\(word)">\(title)</h2></div>
                <p>\(says)</p>\
                <form class="form" method="post" action="/admin/accounts/\(account.account)\
                /\(word)">\(password)<button\(isDanger ? dangerClass : "")>\(title)</button></form></section>
                """
        }
        if !account.isOrganisation, !account.isDisabled {
            act(
                "reset-link", "Make a link for a new password",
                "It works once. The old password works until then.")
        }
        if account.hasSecondFactor {
            act(
                "remove-second-factor", "Remove two-factor sign-in",
                "For somebody who lost app and codes. Make sure that it is them who ask.",
                isDanger: true)
        }
        if account.isDeleted {
            html += "<p class=\"soft\">It was deleted by its owners. Its name stays taken.</p>"
        } else if account.isDisabled {
            act("enable", "Let in again", "Its old tokens stay revoked.")
        } else {
            act(
                "disable", "Shut out",
                "Nobody gets in as this account, and all its tokens are revoked. Its projects stay.",
                isDanger: true)
        }
        return html
    }

    private var dangerClass: HTML { " class=\"danger\"" }

    var markdown: String {
        "# \(account.account)\n\n\(account.marks.joined(separator: ", "))\n"
    }
}

/// A project as administrators see it.
struct AdminProjectView: Encodable, Sendable {
    let name: String
    let isPublic: Bool
    let isArchived: Bool
    let isDeleted: Bool
    let storeProjectId: String
    let createdAt: Moment
    /// Until when a deleted one can be had back.
    let endsAt: Moment?
    /// Whether it can be had back now.
    let isRestorable: Bool

    private enum CodingKeys: CodingKey {
        case name, isPublic, isArchived, isDeleted, storeProjectId, createdAt, endsAt
    }

    init(_ project: ProjectRecord, now: Int64) {
        name = project.path.description
        isPublic = project.isPublic
        isArchived = project.isArchived
        isDeleted = project.deletedMillis != nil
        storeProjectId = project.storeProjectID
        createdAt = Moment(project.createdMillis)
        let ends = project.deletedMillis.map { $0 + Limits.deletedProjectMillis }
        endsAt = ends.map { Moment($0) }
        isRestorable = ends.map { $0 > now } ?? false
    }

    var marks: [String] {
        [isPublic ? nil : "private", isArchived ? "archived" : nil, isDeleted ? "deleted" : nil]
            .compactMap(\.self)
    }
}

/// Every project.
struct AdminProjectsAnswer: Answer {
    let items: [AdminProjectView]
    let next: String?
    let needsPassword: Bool
    /// A project that was just given back.
    var restored: String?
    var problem: String?

    private enum CodingKeys: CodingKey {
        case items, next
    }

    init(items: [AdminProjectView], next: String?, needsPassword: Bool) {
        self.items = items
        self.next = next
        self.needsPassword = needsPassword
    }

    func page(_ frame: Frame) -> HTML {
        let rows = items.map { item -> HTML in
            let marks = item.marks.map { "<span class=\"tag\">\($0)</span>" as HTML }
            let name: HTML =
                item.isDeleted ? "\(item.name)" : "<a href=\"/\(item.name)\">\(item.name)</a>"
            return """
                <tr><th scope="row">\(name)</th><td><div class="marks">\
                \(marks)</div></td><td class="nowrap">\(frame.time(item.createdAt.millis))</td><td \
                class="mono opt">\(item.storeProjectId)</td></tr>
                """
        }
        let table = SettingsFrame.table(
            "Projects",
            head: """
                <th scope="col">Project</th><th scope="col"><span class="vh">State</span></th><th \
                scope="col">Made</th><th scope="col" class="opt">Id in the store</th>
                """, rows)
        return AdminFrame.page(
            frame, .projects,
            """
            \(Frame.problem(problem))\(SettingsFrame.done(restored.map { "\($0) is back." }))
            <section><div class="sect"><h1>Projects</h1></div>\(table)\
            \(AdminFrame.more("/admin/projects", next))
            <p class="hint">Private projects are listed; what is in them is shown to their members only.</p>\
            </section>\(deleted(frame))
            """)
    }

    /// Those of this page that can be had back. One form, for the password is typed once for all of them.
    private func deleted(_ frame: Frame) -> HTML? {
        let rows = items.filter(\.isRestorable).map { item -> HTML in
            let ends: HTML = item.endsAt.map { frame.time($0.millis) } ?? ""
            return """
                <tr><th scope="row"><b>\(item.name)</b></th><td class="nowrap">\(ends)</td><td \
                class="num"><button formaction="/admin/projects/\(item.name)/restore">Restore<span \
                class="vh"> \(item.name)</span></button></td></tr>
                """
        }
        guard !rows.isEmpty else { return nil }
        let table = SettingsFrame.table(
            "Deleted projects",
            head: """
                <th scope="col">Project</th><th scope="col">Gone for good</th><th scope="col"><span \
                class="vh">Action</span></th>
                """, rows)
        return """
            <section aria-labelledby="deleted"><div class="sect"><h2 id="deleted">Deleted projects</h2>\
            <p>\(rows.count)</p></div>
            <form method="post">\(SettingsFrame.passwordField(needsPassword).map {
                "<div class=\"form\">\($0)</div>" as HTML
            })\(table)</form></section>
            """
    }

    var markdown: String {
        let lines = items.map { "- [\($0.name)](/\($0.name)) \($0.marks.joined(separator: ", "))" }
        return "# Projects\n\n\(lines.joined(separator: "\n"))\n"
    }
}

/// A line of the audit log.
struct AuditView: Encodable, Sendable {
    let number: Int64
    let at: Moment
    /// Empty for whoever runs the forge, and for nobody in particular.
    let account: String
    let means: String
    let address: String
    let act: String
    let about: String

    init(_ entry: AuditEntry) {
        number = entry.id
        at = Moment(entry.atMillis)
        account = entry.actor.account
        means = entry.actor.means
        address = entry.actor.address
        act = entry.act
        about = entry.about
    }
}

/// The audit log, newest first.
struct AuditAnswer: Answer {
    let items: [AuditView]
    let next: String?

    func page(_ frame: Frame) -> HTML {
        let rows = items.map { item -> HTML in
            let who: HTML =
                item.account.isEmpty
                ? "<span class=\"soft\">somebody</span>"
                : "<a href=\"/admin/accounts/\(item.account)\">\(item.account)</a>"
            return """
                <tr><td class="nowrap">\(frame.time(item.at.millis))</td><td>\(who) \(item.act) \
                <b>\(item.about)</b></td><td class="opt">\(item.means)</td><td class="mono opt">\
                \(item.address)</td></tr>
                """
        }
        let table = SettingsFrame.table(
            "Audit log",
            head: """
                <th scope="col">When</th><th scope="col">What</th><th scope="col" class="opt">By</th><th \
                scope="col" class="opt">From</th>
                """, rows)
        return AdminFrame.page(
            frame, .audit,
            """
            <section><div class="sect"><h1>Audit log</h1>\
            <p>Nothing is ever changed in it</p></div>\(table)\
            \(AdminFrame.more("/admin/audit", next))</section>
            """)
    }

    var markdown: String {
        let lines = items.map { item in
            let who = item.account.isEmpty ? "somebody" : item.account
            return
                "- \(item.at.iso) \(who) \(item.act) \(MarkdownText.escape(item.about)) (\(MarkdownText.escape(item.means)), \(item.address))"
        }
        return "# Audit log\n\n\(lines.joined(separator: "\n"))\n"
    }
}
