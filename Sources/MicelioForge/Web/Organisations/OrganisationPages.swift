/// An organisation that an account is in.
struct MembershipView: Encodable, Sendable {
    let organisation: String
    let name: String
    let role: String
}

/// Somebody in an organisation or a project.
struct MemberView: Encodable, Sendable {
    let account: String
    let name: String
    let role: String
}

/// The organisations that an account is in.
struct OrganisationsAnswer: Answer {
    let items: [MembershipView]
    var problem: String?
    /// What was typed before, for a page that comes again with a problem.
    var typed: JSONBody?

    private enum CodingKeys: CodingKey {
        case items
    }

    init(items: [MembershipView]) {
        self.items = items
    }

    func page(_ frame: Frame) -> HTML {
        SettingsFrame.page(
            frame, .organisations, problem: problem,
            """
            <section>\(SettingsFrame.head(.organisations, items.count))\(table)</section>
            <section aria-labelledby="new"><div class="sect"><h2 id="new">New organisation</h2></div>
            <form class="form" method="post" action="/settings/organisations">
            <div class="field"><label for="handle">Handle</label><input id="handle" name="handle" required \
            value="\(typed?.string("handle") ?? "")" autocapitalize="none" spellcheck="false" \
            maxlength="\(Limits.handleBytesMax)" aria-describedby="handle-hint"><p class="hint" \
            id="handle-hint">Projects are named <code>handle/project</code></p></div>
            <div class="field"><label for="name">Name</label><input id="name" name="name" \
            value="\(typed?.string("name") ?? "")" maxlength="\(Limits.displayNameLengthMax)"></div>
            <button class="primary">Make organisation</button></form></section>
            """)
    }

    private var table: HTML {
        guard !items.isEmpty else {
            return """
                <p class="soft">None. An organisation owns projects that its members share.</p>
                """
        }
        let rows = items.map { item -> HTML in
            let name: HTML? =
                item.name.isEmpty ? nil : "<br><span class=\"soft\">\(item.name)</span>"
            let manage: HTML? =
                item.role == OrganisationRole.owner.rawValue
                ? "<a class=\"button\" href=\"/organisations/\(item.organisation)\">Manage<span class=\"vh\"> \(item.organisation)</span></a>"
                : nil
            let leave = SettingsFrame.ending(
                "/settings/organisations/\(item.organisation)/leave", "Leave", item.organisation)
            return """
                <tr><th scope="row"><a class="big" href="/\(item.organisation)">\(item.organisation)</a>\
                \(name)</th><td>\(item.role)</td>\
                <td class="num"><div class="row">\(manage)\(leave)</div></td></tr>
                """
        }
        return SettingsFrame.table(
            "Your organisations",
            head: """
                <th scope="col">Organisation</th><th scope="col">You are</th><th scope="col"><span \
                class="vh">Action</span></th>
                """, rows)
    }

    var markdown: String {
        let lines = items.map { "- [\($0.organisation)](/\($0.organisation)): \($0.role)" }
        return "# Organisations\n\n\(lines.joined(separator: "\n"))\n"
    }
}

/// An organisation as its owners change it.
struct OrganisationPage: Encodable, Sendable {
    let handle: String
    let name: String
    let bio: String
    let links: [String]
    let members: [MemberView]
    private let avatarTag: String?
    var projectCount = 0
    var needsPassword = false
    var problem: String?

    private enum CodingKeys: CodingKey {
        case handle, name, bio, links, members
    }

    init(_ profile: Profile, members: [Accounts.OrganisationMember]) {
        handle = profile.user.handle.text
        name = profile.user.displayName
        bio = profile.bio
        links = profile.links
        avatarTag = profile.avatarTag
        self.members = members.map {
            MemberView(account: $0.handle.text, name: $0.displayName, role: $0.role.rawValue)
        }
    }

    private var address: String { "/organisations/\(handle)" }

    func page(_ frame: Frame) -> HTML {
        frame.page(
            "\(handle) · settings",
            crumbs: [
                .init(name: handle, address: "/\(handle)"),
                .init(name: "settings", address: address),
            ],
            isIndexed: false,
            """
            <header class="head"><h1>\(handle)</h1><p class="soft">an organisation that you own</p></header>
            <div class="stack">\(Frame.problem(problem))
            <section aria-labelledby="members"><div class="sect"><h2 id="members">Members</h2>\
            <p>\(members.count)</p></div>
            \(MemberTable(members: members, address: "\(address)/members", roles: roles).html)\
            <p class="hint">A member writes to every project of \(handle) and makes new ones. An owner \
            also manages members and settings.</p></section>
            <section aria-labelledby="profile"><div class="sect"><h2 id="profile">Profile</h2></div>
            <form class="form" method="post" action="\(address)">
            <div class="field"><label for="name">Name</label>\
            <input id="name" name="name" value="\(name)" \
            maxlength="\(Limits.displayNameLengthMax)"></div>
            <div class="field"><label for="bio">About it</label><textarea id="bio" name="bio" \
            maxlength="\(Limits.bioLengthMax)">\(bio)</textarea></div>
            <div class="field"><label for="links">Links, one to a line</label><textarea id="links" \
            name="links" class="mono" spellcheck="false">\(links.joined(separator: "\n"))</textarea></div>
            <button class="primary">Save</button></form></section>
            \(PictureSection(handle: handle, tag: avatarTag, address: "\(address)/picture").html)
            \(deleting)</div>
            """)
    }

    private var deleting: HTML {
        let body: HTML =
            projectCount > 0
            ? """
            <p>It owns <a href="/\(handle)">\(projectCount) project\(projectCount == 1 ? "" : "s")</a>. \
            Delete them or give them to somebody else first, in the settings of each.</p>
            """
            : """
            <p>Everybody is taken out of it, and its page goes. Nobody else gets its handle. This \
            cannot be undone.</p>
            <form class="form" method="post" action="\(address)/delete">
            <div class="field"><label for="confirm">Type <code>\(handle)</code> to confirm</label><input \
            id="confirm" name="handle" required autocomplete="off" autocapitalize="none" \
            spellcheck="false"></div>
            \(SettingsFrame.passwordField(needsPassword, id: "for-delete"))<button class="danger">Delete \
            organisation</button></form>
            """
        return """
            <section aria-labelledby="delete"><div class="sect"><h2 id="delete">Delete</h2></div>
            \(body)</section>
            """
    }

    private var roles: [String] { OrganisationRole.allCases.map(\.rawValue) }
}

/// Members with their roles, a form for each, and one to add somebody.
struct MemberTable {
    let members: [MemberView]
    /// Where the forms go; taking out is `…/{member}/remove` below it.
    let address: String
    /// Weakest first.
    let roles: [String]

    var html: HTML {
        let rows = members.map { member -> HTML in
            let name: HTML? =
                member.name.isEmpty ? nil : " <span class=\"soft\">\(member.name)</span>"
            let remove = SettingsFrame.ending(
                "\(address)/\(member.account)/remove", "Remove", member.account)
            return """
                <tr><th scope="row">\(Avatar.named(member.account))\(name)</th><td><form class="row" \
                method="post" action="\(address)"><input type="hidden" name="handle" \
                value="\(member.account)"><label class="vh" for="role-\(member.account)">Role of \
                \(member.account)</label><select class="at-in" id="role-\(member.account)" \
                name="role">\(options(member.role))</select><button>Change<span class="vh"> role of \
                \(member.account)</span></button></form></td><td class="num">\(remove)</td></tr>
                """
        }
        let table: HTML =
            members.isEmpty
            ? "<p class=\"soft\">Nobody yet.</p>"
            : SettingsFrame.table(
                "Members",
                head: """
                    <th scope="col">Account</th><th scope="col">Role</th><th scope="col"><span \
                    class="vh">Action</span></th>
                    """, rows)
        return """
            \(table)<form class="filters few gap" method="post" action="\(address)">
            <div><label for="handle">Add an account</label><input id="handle" name="handle" required \
            placeholder="handle" autocapitalize="none" spellcheck="false" \
            maxlength="\(Limits.handleBytesMax)"></div>
            <div><label for="role">As</label><select id="role" name="role">\(options(roles.first ?? ""))\
            </select></div><button class="primary">Add</button></form>
            """
    }

    private func options(_ chosen: String) -> [HTML] {
        roles.map { role in
            "<option value=\"\(role)\"\(role == chosen ? " selected" : "")>\(role)</option>"
        }
    }
}
