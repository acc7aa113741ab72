import HifCore
import HifRepository

/// What stands around the pages of a project.
struct ProjectFrame: Sendable {
    enum Tab: Sendable {
        case files, sessions, landings, settings
    }

    let path: ProjectPath
    let isPublic: Bool
    /// The newest position.
    let tip: Position
    let links: ProjectLinks

    /// Whether the one who looks can change its settings.
    let mayManage: Bool
    let isArchived: Bool
    let topics: [String]

    init<Verb: ProjectVerb>(_ grant: ProjectGrant<Verb>, tip: Position) {
        let project = grant.project
        path = project.path
        isPublic = project.isPublic
        isArchived = project.isArchived
        topics = project.topics
        mayManage =
            grant.role == .owner && grant.principal.scopes.allows(.manage, on: project.path)
        self.tip = tip
        links = ProjectLinks(project.path)
    }

    /// - Parameter isFound: whether search engines may list the page, where the project is public.
    func page(
        _ title: String, _ frame: Frame, tab: Tab?, description: String? = nil,
        isFound: Bool = true, script: String? = nil, _ body: HTML
    ) -> HTML {
        func link(_ name: String, _ address: String, _ own: Tab, _ count: HTML = "") -> HTML {
            let current: HTML = own == tab ? " aria-current=\"page\"" : ""
            return "<a href=\"\(address)\"\(current)>\(name)\(count)</a>"
        }
        let settings: HTML? =
            mayManage ? link("Settings", "\(links.home)/settings", .settings) : nil
        let landings: HTML = " <span class=\"soft num\">\(tip.grouped)</span>"
        return frame.page(
            "\(title) · \(path)",
            crumbs: [
                .init(name: path.owner.text, address: "/\(path.owner)"),
                .init(name: path.name.text, address: links.home),
            ],
            tabs: """
                <nav class="tabs" aria-label="Project">\(link("Files", links.home, .files))\(link("Sessions", links.sessions, .sessions))\(link("Landings", links.log(), .landings, landings))\(settings)</nav>
                """,
            find: .init(name: path.name.text, address: links.search()),
            description: description, isIndexed: isPublic && isFound, script: script, body)
    }

    /// A position, leading to its landing.
    func position(_ position: Position) -> HTML {
        position == 0
            ? "<span class=\"pos\">@0</span>"
            : "<a class=\"pos\" href=\"\(links.landing(position))\">@\(position)</a>"
    }

    /// A path whose directories lead to their pages.
    func trail(_ path: RepoPath?, at position: Position?) -> HTML {
        var html: HTML = "<a href=\"\(links.tree(nil, at: position))\">\(self.path.name.text)</a>"
        guard let path else { return html }
        for ancestor in path.ancestors.reversed() {
            html +=
                "/<a href=\"\(links.tree(ancestor, at: position))\">\(SafeText.escape(Array(ancestor.name)))</a>"
        }
        html += "/\(SafeText.escape(Array(path.name)))"
        return html
    }
}
