import HifCore

/// Which open sessions a list shows.
struct SessionFilter: Sendable {
    /// `open`, `conflicted`, `objected`, `unseen`, or empty for all.
    let state: String
    let author: String

    static let states = [
        ("", "All"), ("unseen", "Waiting for a verdict"), ("objected", "Objected"),
        ("conflicted", "Conflicted"), ("open", "Free to land"),
    ]

    init(state: String, author: String) throws(ForgeError) {
        guard SessionFilter.states.contains(where: { $0.0 == state }) else {
            throw .invalid("a state is open, conflicted, objected or unseen")
        }
        self.state = state
        self.author = author
    }

    func takes(_ line: SessionLine) -> Bool {
        let isRight =
            switch state {
            case "open": line.status == "open" && line.objections == 0
            case "conflicted": line.status == "conflicted"
            case "objected": line.objections > 0
            case "unseen": line.unseen > 0
            default: true
            }
        return isRight
            && (author.isEmpty || line.author.account == author || line.author.agent == author)
    }
}

/// The open sessions of a project.
struct SessionListAnswer: Answer {
    let project: ProjectFrame
    let sessions: [SessionLine]
    let filter: SessionFilter
    /// How many are open, whichever are shown.
    let count: Int
    let mayWrite: Bool

    private enum CodingKeys: CodingKey {
        case sessions, count
    }

    func page(_ frame: Frame) -> HTML {
        let nothing: HTML =
            count == 0
            ? "<p>None is open. Every change begins with a session: <code>hif session start \"Your goal\"</code></p>"
            : "<p>None of the open sessions is of this kind. <a href=\"\(project.links.sessions)\">All of them</a></p>"
        let table: HTML =
            sessions.isEmpty
            ? nothing
            : """
            <table class="list"><caption class="vh">Open sessions</caption><thead><tr><th \
            scope="col">State</th><th scope="col">Goal</th><th scope="col" class="opt">Who</th>\
            <th scope="col" class="num opt">Decisions</th><th scope="col" class="num \
            opt">Files</th><th scope="col" class="num">Last event</th></tr></thead><tbody>\
            \(sessions.map { $0.row(frame, project) })</tbody></table>
            """
        let new: HTML? =
            mayWrite
            ? "<a class=\"button primary\" href=\"\(project.links.sessions)/new\">New session</a>"
            : nil
        return project.page(
            "Sessions", frame, tab: .sessions,
            """
            <header class="head row"><h1>Open sessions</h1><span class="soft">\
            \(count)</span><span class="push row"><a href="\(project.links.log())">Those \
            that landed</a>\(new)</span></header>
            \(count == 0 ? nil : filters)
            \(table)
            """)
    }

    private var filters: HTML {
        let states = SessionFilter.states.map { value, name -> HTML in
            "<option value=\"\(value)\"\(value == filter.state ? " selected" : "")>\(name)</option>"
        }
        return """
            <form class="filters few" action="\(project.links.sessions)" aria-label="Filter sessions"><div>\
            <label for="state">State</label><select id="state" name="state">\(states)</select></div>\
            <div><label for="author">Account or agent</label><input id="author" name="author" value="\
            \(filter.author)"></div><button class="primary">Filter</button></form>
            """
    }

    var markdown: String {
        "# Open sessions of \(project.path)\n\n"
            + (sessions.isEmpty
                ? "None." : sessions.map { $0.markdown(project) }.joined(separator: "\n")) + "\n"
    }
}
