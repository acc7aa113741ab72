/// What was found among the names of projects and accounts.
struct NameSearchAnswer: Answer {
    let query: String
    let projects: [ProjectLine]
    let accounts: [AccountLine]
    /// Whether there is more than is answered.
    let isCut: Bool

    let problem: String?

    private enum CodingKeys: CodingKey {
        case query, projects, accounts, isCut
    }

    /// An account or organisation in a list.
    struct AccountLine: Encodable, Sendable {
        let handle: String
        let name: String
        let isOrganisation: Bool
    }

    init(query: String, projects: [ProjectLine], _ found: FoundNames) {
        self.query = query
        self.projects = projects
        accounts = found.accounts.map {
            AccountLine(
                handle: $0.handle.text, name: $0.displayName, isOrganisation: $0.isOrganisation)
        }
        isCut = found.isCut
        problem = nil
    }

    /// Of a search that was refused.
    init(query: String, problem: String) {
        self.query = query
        self.problem = problem
        (projects, accounts, isCut) = ([], [], false)
    }

    func page(_ frame: Frame) -> HTML {
        frame.page(
            query.isEmpty ? "Search" : "Search for \(query)", isIndexed: false,
            """
            <header class="head"><h1>Search</h1></header>
            \(Frame.problem(problem))
            <form class="words" role="search" action="/search" aria-label="Words to look for"><div><label \
            for="q">Words</label><input id="q" name="q" type="search" value="\(query)" \
            aria-describedby="how"></div><button class="primary">Search</button></form>
            <p class="hint" id="how">Names and descriptions of projects, and accounts, that have all \
            words. What is in a project its own search finds, on its pages.</p>
            \(results(frame))
            """)
    }

    private func results(_ frame: Frame) -> HTML {
        guard !JSONShape.isBlank(query), problem == nil else { return "" }
        guard !projects.isEmpty || !accounts.isEmpty else {
            return """
                <section class="gap" aria-label="What was found"><p>No project that you may see and no \
                account on \(frame.host) has all of that.</p><ul><li>Fewer words, or parts of them, find \
                more.</li><li><a href="/projects">All projects</a></li></ul></section>
                """
        }
        let found: HTML? =
            projects.isEmpty
            ? nil
            : """
            <section class="gap" aria-labelledby="projects"><div class="sect"><h2 id="projects">Projects\
            </h2></div><ul class="items">\(projects.map { $0.item(frame) })</ul></section>
            """
        let people = accounts.map { account -> HTML in
            let name: HTML? =
                account.name.isEmpty ? nil : " <span class=\"soft\">\(account.name)</span>"
            let tag: HTML? =
                account.isOrganisation ? " <span class=\"tag\">Organisation</span>" : nil
            return "<li>\(Avatar.named(account.handle))\(name)\(tag)</li>"
        }
        let who: HTML? =
            people.isEmpty
            ? nil
            : """
            <section class="gap" aria-labelledby="accounts"><div class="sect"><h2 id="accounts">Accounts\
            </h2></div><ul class="items">\(people)</ul></section>
            """
        let cut: HTML? =
            isCut ? "<p class=\"soft gap\">There is more: say more words.</p>" : nil
        return "\(found)\(who)\(cut)"
    }

    var markdown: String {
        guard !JSONShape.isBlank(query) else { return "# Search\n\nSay what for: `?q=words`\n" }
        let lines =
            projects.map(\.markdown)
            + accounts.map { "- [\($0.handle)](/\($0.handle)): \(MarkdownText.escape($0.name))" }
        return "# \(MarkdownText.escape(query))\n\n"
            + (lines.isEmpty ? "Nothing has all of that." : lines.joined(separator: "\n"))
            + (isCut ? "\n\nThere is more: say more words." : "") + "\n"
    }
}
