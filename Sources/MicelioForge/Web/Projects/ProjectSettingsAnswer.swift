import HifRepository

/// Who has a role in a project, besides its owner.
struct MembersView: Encodable, Sendable {
    let items: [MemberView]
}

/// What owners change about a project.
struct ProjectSettingsAnswer: Answer {
    let project: ProjectFrame
    let name: String
    let description: String
    let topics: [String]
    let isPublic: Bool
    let isArchived: Bool
    let members: [MemberView]
    /// Whom the caller may give it to.
    var owners: [String] = []
    var needsPassword = false
    var problem: String?
    /// What was typed before, for a page that comes again with a problem.
    var typed: JSONBody?

    private enum CodingKeys: CodingKey {
        case name, description, topics, isPublic, isArchived, members
    }

    init(_ frame: ProjectFrame, _ record: ProjectRecord, members: [MemberView]) {
        project = frame
        name = record.path.description
        description = record.description
        topics = record.topics
        isPublic = record.isPublic
        isArchived = record.isArchived
        self.members = members
    }

    private var address: String { "/\(name)/settings" }

    func page(_ frame: Frame) -> HTML {
        project.page(
            "Settings", frame, tab: .settings,
            """
            <h1 class="vh">Settings of \(name)</h1>
            <div class="stack">\(Frame.problem(problem))
            \(about)\(people)\(naming)\(transferring)\(archiving)\(deleting)</div>
            """)
    }

    private func section(_ id: String, _ title: HTML, _ body: HTML) -> HTML {
        """
        <section aria-labelledby="\(id)"><div class="sect"><h2 id="\(id)">\(title)</h2></div>
        \(body)</section>
        """
    }

    private var about: HTML {
        let isOn: HTML = isPublic ? " checked" : ""
        let typedTopics = typed?.string("topics") ?? topics.joined(separator: " ")
        return section(
            "about", "About",
            """
            <form class="form" method="post" action="\(address)">
            <div class="field"><label for="description">Description</label><input id="description" \
            name="description" value="\(typed?.string("description") ?? description)" \
            maxlength="\(Limits.descriptionBytesMax)"></div>
            <div class="field"><label for="topics">Topics</label><input id="topics" name="topics" \
            value="\(typedTopics)" autocapitalize="none" spellcheck="false" \
            aria-describedby="topics-hint"><p class="hint" id="topics-hint">Up to \(Limits.topicsMax) words, \
            with blanks between</p></div>
            <div class="field"><label class="check"><input type="checkbox" name="public" value="true"\
            \(isOn)><span>Everybody may read it, also without an account</span></label></div>
            <button class="primary">Save</button></form>
            """)
    }

    private var people: HTML {
        let roles = Role.allCases.map(\.rawValue)
        return section(
            "members", "Members",
            """
            \(MemberTable(members: members, address: "\(address)/members", roles: roles).html)\
            <p class="hint">read: see it, where it is private. write: work in sessions and land. owner: also \
            these settings.</p>
            """)
    }

    private var naming: HTML {
        section(
            "rename", "Name",
            """
            <form class="form" method="post" action="\(address)/rename">
            <div class="field"><label for="name">Name</label><input id="name" name="name" required \
            value="\(typed?.string("name").flatMap { $0.contains("/") ? nil : $0 } ?? project.path.name.text)" \
            autocapitalize="none" spellcheck="false" maxlength="\(Limits.projectNameBytesMax)" \
            aria-describedby="name-hint"><p class="hint" id="name-hint">The old name leads to the new one, \
            until another project takes it.</p></div>
            <button>Rename</button></form>
            """)
    }

    private var transferring: HTML {
        guard !owners.isEmpty else {
            return section(
                "transfer", "Owner",
                """
                <p>It belongs to \
                <a href="/\(project.path.owner.text)">\(project.path.owner.text)</a>. It can be \
                given to an <a href="/settings/organisations">organisation</a> that you are in.</p>
                """)
        }
        let options = owners.map { "<option value=\"\($0)\">\($0)</option>" as HTML }
        return section(
            "transfer", "Owner",
            """
            <form class="form" method="post" action="\(address)/transfer">
            <div class="field"><label for="to">Give it to</label><select id="to" name="to">\(options)\
            </select><p class="hint">You stay an owner of it. Addresses with the old name lead to the new \
            one.</p></div>
            \(SettingsFrame.passwordField(needsPassword, id: "for-transfer"))<button>Transfer</button></form>
            """)
    }

    private var archiving: HTML {
        section(
            "archive", "Archive",
            isArchived
                ? """
                <p><span class="state warn">Archived</span></p><p>Nobody can work in it; everything can \
                still be read.</p>
                <form method="post" action="\(address)/archive"><input type="hidden" name="archived" \
                value="false"><button>Open it again</button></form>
                """
                : """
                <p>An archived project can be read, and not worked in. It can be opened again.</p>
                <form method="post" action="\(address)/archive"><input type="hidden" name="archived" \
                value="true"><button>Archive</button></form>
                """)
    }

    private var deleting: HTML {
        section(
            "delete", "Delete",
            """
            <p>The project is hidden from everybody at once. For \
            \(Limits.deletedProjectMillis / 86_400_000) \
            days its owners can have it back, on <a href="/settings/deleted">Deleted projects</a>.</p>
            <form class="form" method="post" action="\(address)/delete">
            <div class="field"><label for="confirm">Type <code>\(name)</code> to confirm</label><input \
            id="confirm" name="name" required autocomplete="off" autocapitalize="none" \
            spellcheck="false"></div>
            \(SettingsFrame.passwordField(needsPassword, id: "for-delete"))<button class="danger">Delete \
            project</button></form>
            """)
    }

    var markdown: String {
        let lines = [
            "Description: \(MarkdownText.escape(description))",
            "Topics: \(topics.joined(separator: " "))", "Public: \(isPublic ? "yes" : "no")",
            "Archived: \(isArchived ? "yes" : "no")",
        ]
        let people = members.map { "- [\($0.account)](/\($0.account)): \($0.role)" }
        return """
            # Settings of \(name)

            - \(lines.joined(separator: "\n- "))

            ## Members

            \(people.joined(separator: "\n"))

            """
    }
}

/// A deleted project in a list.
struct DeletedView: Encodable, Sendable {
    let number: Int64
    let name: String
    let deletedAt: Moment
    /// When it can no longer be had back.
    let endsAt: Moment

    init(_ project: Accounts.DeletedProject) {
        number = project.id
        name = project.path.description
        deletedAt = Moment(project.deletedMillis)
        endsAt = Moment(project.deletedMillis + Limits.deletedProjectMillis)
    }
}

/// Projects that were deleted, and can be had back.
struct DeletedAnswer: Answer {
    let items: [DeletedView]

    func page(_ frame: Frame) -> HTML {
        SettingsFrame.page(
            frame, .deleted,
            "<section>\(SettingsFrame.head(.deleted, items.count))\(table(frame))</section>")
    }

    private func table(_ frame: Frame) -> HTML {
        guard !items.isEmpty else { return "<p class=\"soft\">None.</p>" }
        let rows = items.map { item -> HTML in
            """
            <tr><th scope="row"><b>\(item.name)</b></th><td class="nowrap">\
            \(frame.time(item.deletedAt.millis))</td><td class="nowrap opt">\
            \(frame.time(item.endsAt.millis))</td><td class="num"><form method="post" \
            action="/settings/deleted/\(item.number)/restore"><button>Restore<span class="vh"> \
            \(item.name)</span></button></form></td></tr>
            """
        }
        return SettingsFrame.table(
            "Deleted projects",
            head: """
                <th scope="col">Project</th><th scope="col">Deleted</th><th scope="col" class="opt">Gone \
                for good</th><th scope="col"><span class="vh">Action</span></th>
                """, rows)
    }

    var markdown: String {
        let lines = items.map { "- \($0.number): \($0.name), until \($0.endsAt.iso)" }
        return "# Deleted projects\n\n\(lines.joined(separator: "\n"))\n"
    }
}
