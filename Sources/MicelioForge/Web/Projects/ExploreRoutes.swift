import HTTPTypes
import HifRepository

/// Finding projects: all that the visitor may see, and those of one account.
enum ExploreRoutes {
    static let all: [Route] =
        Route.open(
            .get, .init(page: "/"), "projects.explore", "Projects that the caller may see",
            query: paging
        ) { call in .answer(try await explore(call)) }
        .costing(5)
        + Route.open(
            .get, .init(page: "/projects~", api: "/api/v1/projects"), "projects.list",
            "Projects that the caller may see", query: paging
        ) { call in .answer(try await explore(call)) }
        .answering(ExploreAnswer.shape).costing(5)
        + Route.open(
            .get, .init(page: "/{owner}~", api: "/api/v1/accounts/{owner}"), "accounts.read",
            "An account, and those of its projects that the caller may see", query: paging
        ) { call in
            let owner = try call.handle()
            let profile = try await call.forge.profile(of: owner)
            return .answer(
                ProfileAnswer(
                    handle: owner.text, name: profile.user.displayName, bio: profile.bio,
                    links: profile.links, isOrganisation: profile.user.isOrganisation,
                    members: profile.members, organisations: profile.organisations,
                    joinedAt: Moment(profile.user.createdMillis),
                    projects: try await lines(call, of: owner)))
        }
        .answering(ProfileAnswer.shape).costing(5)

    static let paging = [
        Route.QueryField("cursor", .cursor, "Where to go on: `next` of the page before"), limit,
    ]
    static let limit = Route.QueryField(
        "limit", .whole(1...Int64(Limits.pageItemsMax)), "Items on the page")

    private static func explore(_ call: Call) async throws -> ExploreAnswer {
        ExploreAnswer(projects: try await lines(call, of: nil))
    }

    private static func lines(_ call: Call, of owner: Handle?) async throws -> ProjectPageView {
        // Each line asks the project's own store for its newest landing.
        let limit = try call.queryNumber("limit", else: 20, max: Limits.pageItemsMax)
        let (page, next) = try await call.forge.projects(
            of: owner, limit: limit, cursor: call.query["cursor"], as: call.principal)
        var lines: [ProjectLine] = []
        for view in page {
            let newest = try await call.forge.newestLanding(of: view, as: call.principal)
            lines.append(ProjectLine(view, newest: newest))
        }
        return ProjectPageView(items: lines, next: next)
    }
}

/// Projects, and where to go on.
struct ProjectPageView: Encodable, Sendable {
    let items: [ProjectLine]
    let next: String?

    /// - Parameter none: what is said where there is no project.
    func list(_ frame: Frame, address: String, none: HTML? = nil) -> HTML {
        guard !items.isEmpty else { return "<p class=\"soft\">\(none ?? "No projects yet.")</p>" }
        let more: HTML? = next.map {
            """
            <nav class="pages" aria-label="Pages"><a class="button push" href="\(address)?cursor=\
            \($0)">More projects</a></nav>
            """
        }
        return "<ul class=\"items\">\(items.map { $0.item(frame) })</ul>\(more)"
    }

    var markdown: String {
        items.map(\.markdown).joined(separator: "\n")
            + (next.map { "\n\nMore: `?cursor=\($0)`" } ?? "")
    }
}

/// The front page.
struct ExploreAnswer: Answer {
    let projects: ProjectPageView

    func page(_ frame: Frame) -> HTML {
        frame.page(
            "Projects", description: "Projects on \(frame.host)",
            """
            <header class="head"><h1>Projects</h1><p class="soft">on \(frame.host)</p></header>
            <div class="two"><section aria-label="Projects">\(projects.list(frame, address: "/projects"))</section>
            <aside class="stack" aria-label="About this forge">
            <section><div class="sect"><h2 class="h3">From a terminal</h2></div>
            <div class="field"><label for="c1">Sign in</label><input class="cmd mono" id="c1" \
            readonly value="hif auth login \(frame.publicURL)"></div>
            <div class="field"><label for="c2">Make a project</label><input class="cmd mono" id="c2" readonly value="hif project create YOU/NAME"></div></section>
            <section><div class="sect"><h2 class="h3">For agents</h2></div>
            <p><a href="/SKILL.md">SKILL.md</a> teaches the whole way of working, over HTTP alone or with hif. <a href="/openapi.json">openapi.json</a> describes every call.</p></section>
            </aside></div>
            """)
    }

    var markdown: String { "# Projects\n\n\(projects.markdown)\n" }
}

/// An account's page.
struct ProfileAnswer: Answer {
    let handle: String
    let name: String
    let bio: String
    let links: [String]
    let isOrganisation: Bool
    /// Of an organisation.
    let members: [String]
    /// Of a person.
    let organisations: [String]
    let joinedAt: Moment
    let projects: ProjectPageView

    func page(_ frame: Frame) -> HTML {
        let shown: HTML = name.isEmpty || name == handle ? "" : "<p class=\"big\">\(name)</p>"
        return frame.page(
            handle, crumbs: [.init(name: handle, address: "/\(handle)")],
            description: "\(handle) on \(frame.host)",
            """
            <div class="profile"><section class="me-card" aria-label="Account">\
            \(Avatar.large(handle))
            <h1>\(handle)</h1>\(shown)\(about)\
            <p class="soft">joined \(frame.time(joinedAt.millis))</p>\
            \(people)</section>
            <section aria-labelledby="projects"><div class="sect"><h2 id="projects">Projects</h2>\
            \(acts(frame))</div>
            \(projects.list(frame, address: "/\(handle)", none: none(frame)))</section></div>
            """)
    }

    /// Who shares what with whom.
    private var people: HTML? {
        let names = isOrganisation ? members : organisations
        guard !names.isEmpty else { return nil }
        let items = names.map { "<li>\(Avatar.named($0))</li>" as HTML }
        return """
            <h2 class="h3 gap">\(isOrganisation ? "Members" : "Organisations")</h2><ul class="bare">\(items)</ul>
            """
    }

    /// How the first project comes, to who can make it.
    private func none(_ frame: Frame) -> HTML? {
        guard frame.user?.handle.text == handle else { return nil }
        return """
            No projects yet. <a href="/new">Make one</a>, and bring the history of a git repository \
            into it if you like.
            """
    }

    /// What the one who looks can do here.
    private func acts(_ frame: Frame) -> HTML? {
        guard let viewer = frame.user?.handle.text,
            viewer == handle || isOrganisation && members.contains(viewer)
        else { return nil }
        let manage: HTML? =
            isOrganisation ? "<a href=\"/organisations/\(handle)\">Manage \(handle)</a>" : nil
        return """
            <p class="push row">\(manage)<a href="/new?owner=\(handle)">New project</a></p>
            """
    }

    /// In the account's own words, as plain text; its links vouch for nothing of this site's.
    private var about: HTML {
        let bio: HTML = bio.isEmpty ? "" : "<p>\(bio)</p>"
        let lines = links.map { link -> HTML in
            let shown = link.split(separator: "/", maxSplits: 1).last.map { $0.drop { $0 == "/" } }
            return """
                <li><a href="\(link)" rel="me nofollow noopener">\(String(shown ?? ""))</a></li>
                """
        }
        return links.isEmpty ? bio : "\(bio)<ul class=\"bare\">\(lines)</ul>"
    }

    var markdown: String {
        let about = ([bio] + links).filter { !$0.isEmpty }.map(MarkdownText.escape)
        return
            "# \(handle)\n\n\(MarkdownText.escape(name))\n\n\(about.joined(separator: "\n\n"))\n\n## Projects\n\n\(projects.markdown)\n"
    }
}
