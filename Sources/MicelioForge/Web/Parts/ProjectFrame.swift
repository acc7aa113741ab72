import HifCore
import HifRepository

/// What stands around the pages of a project.
struct ProjectFrame: Sendable {
    enum Tab: Sendable {
        case files, sessions, landings
    }

    let path: ProjectPath
    let isPublic: Bool
    /// The newest position.
    let tip: Position
    let links: ProjectLinks

    init(_ project: ProjectRecord, tip: Position) {
        path = project.path
        isPublic = project.isPublic
        self.tip = tip
        links = ProjectLinks(project.path)
    }

    func page(
        _ title: String, _ frame: Frame, tab: Tab?, description: String? = nil,
        script: String? = nil, _ body: HTML
    ) -> HTML {
        func link(_ name: String, _ address: String, _ own: Tab, _ count: HTML = "") -> HTML {
            let current: HTML = own == tab ? " aria-current=\"page\"" : ""
            return "<a href=\"\(address)\"\(current)>\(name)\(count)</a>"
        }
        let landings: HTML = " <span class=\"soft num\">\(tip.grouped)</span>"
        return frame.page(
            "\(title) · \(path)",
            crumbs: [
                .init(name: path.owner.text, address: "/\(path.owner)"),
                .init(name: path.name.text, address: links.home),
            ],
            tabs: """
                <nav class="tabs" aria-label="Project">\(link("Files", links.home, .files))\(link("Sessions", links.sessions, .sessions))\(link("Landings", links.log(), .landings, landings))</nav>
                """,
            description: description, isIndexed: isPublic, script: script, body)
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
