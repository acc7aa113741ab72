import HifCore
import HifRepository

/// Who did something, as pages and JSON say it. Mail addresses stay out: a page is read by anybody.
struct AuthorView: Encodable, Hashable, Sendable {
    let account: String
    let agent: String
    let name: String

    init(_ author: Author) {
        account = author.account
        agent = author.agent
        name = author.name.isEmpty ? author.account : author.name
    }

    /// In a word, for lists and Markdown.
    var text: String {
        let who = account.isEmpty ? name : account
        return agent.isEmpty ? who : "\(who) with \(agent)"
    }

    /// As `text`, leading to the account; git's authors have none.
    var html: HTML {
        let who: HTML =
            Frame.isHandle(account) ? "<a href=\"/\(account)\">\(account)</a>" : "\(shown)"
        let with: HTML = agent.isEmpty ? "" : " <span class=\"soft\">with \(agent)</span>"
        return "\(who)\(with)"
    }

    /// With pictures, and with the agent's owner named.
    var card: HTML {
        let who: HTML =
            Frame.isHandle(account)
            ? Avatar.named(account)
            : "<span class=\"who\">\(Avatar.drawn(shown))<span>\(shown)</span></span>"
        guard !agent.isEmpty else { return who }
        return """
            \(who) <span class="soft">with</span> <span class="who">\
            \(Avatar.drawn(agent, isAgent: true))<span>\(agent)</span></span> <span \
            class="tag">agent of \(shown)</span>
            """
    }

    private var shown: String {
        account.isEmpty ? (name.isEmpty ? "somebody" : name) : account
    }
}

extension Frame {
    /// Whether a name can be an account's, so that there may be a page of it.
    static func isHandle(_ text: String) -> Bool {
        (try? Handle(text)) != nil
    }
}

/// A landing in a list.
struct LandingLine: Encodable, Hashable, Sendable {
    let position: Position
    let goal: String
    let author: AuthorView
    let session: String
    let landedAt: Moment
    let files: Int
    /// How many decisions its session made; null when they were not counted.
    let decisions: Int?

    init(_ entry: LandingPage.Entry, decisions: Int? = nil) {
        let landing = entry.landing
        position = entry.position
        goal = landing.goalLine
        author = AuthorView(landing.author)
        session = landing.session.full
        landedAt = Moment(landing.landedMillis)
        files =
            switch landing.operations {
            case .inline(let operations): operations.count { !$0.isNoOp }
            case .stored(_, let count, let noOps): Int(count) - noOps.count
            }
        self.decisions = decisions
    }

    /// The goal, or what stands for it.
    var title: String { goal.isEmpty ? "No goal" : goal }

    var markdown: String {
        "@\(position) \(MarkdownText.escape(title)) (\(MarkdownText.escape(author.text)), \(landedAt.iso))"
    }
}

/// A project in a list.
struct ProjectLine: Encodable, Sendable {
    let name: String
    let description: String
    let isPublic: Bool
    let role: String
    let newest: LandingLine?

    init(_ view: ProjectView, newest: LandingPage.Entry?) {
        name = view.project.path.description
        description = view.project.description
        isPublic = view.project.isPublic
        role = view.role.rawValue
        self.newest = newest.map { LandingLine($0) }
    }

    func item(_ frame: Frame) -> HTML {
        let tag: HTML = isPublic ? "" : " <span class=\"tag\">Private</span>"
        let about: HTML = description.isEmpty ? "" : "<p>\(description)</p>"
        let last: HTML =
            newest.map {
                "<p class=\"soft\"><a class=\"pos\" href=\"/\(name)/@\($0.position)\">@\($0.position)</a> \($0.title), \(frame.time($0.landedAt.millis))</p>"
            } ?? "<p class=\"soft\">Nothing has landed yet</p>"
        return "<li><p><a class=\"big\" href=\"/\(name)\">\(name)</a>\(tag)</p>\(about)\(last)</li>"
    }

    var markdown: String {
        "- [\(name)](/\(name)): \(MarkdownText.escape(description))"
            + (newest.map { " Newest: \($0.markdown)" } ?? "")
    }
}
