import HifCore

/// What was found in a project.
struct SearchAnswer: Answer {
    let query: String
    /// `files` or `sessions`.
    let `in`: String
    let files: [FileHitView]
    let sessions: [SessionHitView]
    /// Where to go on.
    let next: String?
    /// Up to which landing there was something to look through, and how many came since; null when nothing
    /// was looked for.
    let indexed: Position?
    let behind: UInt64?

    let project: ProjectFrame
    let kind: SearchDocument.Kind
    let problem: String?

    private enum CodingKeys: CodingKey {
        case query, `in`, files, sessions, next, indexed, behind
    }

    /// - Parameter results: nil when there was nothing to look for.
    init(
        project: ProjectFrame, query: String, kind: SearchDocument.Kind, results: SearchResults?,
        problem: String? = nil
    ) {
        self.project = project
        self.query = query
        self.kind = kind
        self.problem = problem
        self.in = SearchAnswer.word(kind)
        files = (results?.hits ?? []).compactMap {
            FileHitView($0, indexed: results?.indexed ?? 0)
        }
        sessions = (results?.hits ?? []).compactMap { SessionHitView($0) }
        next = results?.next.map { "\($0)" }
        indexed = results?.indexed
        behind = results.map { $0.tip - $0.indexed }
    }

    private static func word(_ kind: SearchDocument.Kind) -> String {
        kind == .file ? "files" : "sessions"
    }

    private var isEmpty: Bool { files.isEmpty && sessions.isEmpty }

    // MARK: Page

    func page(_ frame: Frame) -> HTML {
        let title = query.isEmpty ? "Search" : "Search for \(query)"
        return project.page(
            title, frame, tab: nil, isFound: false,
            """
            <header class="head"><h1>Search</h1></header>
            \(Frame.problem(problem))\(form)
            \(results)
            """)
    }

    private var form: HTML {
        """
        <form class="words" role="search" action="\(project.links.search())" aria-label="Words to look for">\
        <div><label for="q">Words</label><input id="q" name="q" type="search" value="\(query)" \
        aria-describedby="how"></div><input type="hidden" name="in" value="\(self.in)">\
        <button class="primary">Search</button></form>
        <p class="hint" id="how">All words have to be there, in any case, also within longer words. \
        <code>"two words"</code> stand together, <code>path:docs/</code> is for files named so.</p>
        <nav class="row gap" aria-label="Where to look">\(choice("Files", .file))\
        \(choice("Sessions", .session))</nav>
        """
    }

    private func choice(_ name: String, _ kind: SearchDocument.Kind) -> HTML {
        let current: HTML = kind == self.kind ? " aria-current=\"page\"" : ""
        let address = project.links.search(query, in: SearchAnswer.word(kind))
        return "<a class=\"button\" href=\"\(address)\"\(current)>\(name)</a>"
    }

    private var results: HTML {
        guard indexed != nil else { return "" }
        let list: HTML =
            kind == .file
            ? "\(files.map { $0.article(project) })" : "\(sessions.map { $0.article(project) })"
        return """
            <section class="gap" aria-label="What was found">\(standing)\
            \(isEmpty ? nothing : list)\(more)</section>
            """
    }

    /// What the index does not know yet.
    private var standing: HTML? {
        guard let indexed, let behind, behind > 0 else { return nil }
        return """
            <div class="notice warn" role="status"><p>Indexed up to @\(indexed), \
            \(behind.grouped) behind. Each search reads on: search again for what landed since.</p></div>
            """
    }

    private var nothing: HTML {
        if next != nil {
            return "<p>Nothing so far, and not all has been looked through.</p>"
        }
        let other: SearchDocument.Kind = kind == .file ? .session : .file
        let place = SearchAnswer.word(other)
        return """
            <p>\(nothingFound)</p><ul><li>Fewer words, or parts of them, find more.</li>\
            <li><a href="\(project.links.search(query, in: place))">Look in \(place)</a> for the same.\
            </li><li>Files that are deleted now are in <a href="\(project.links.log())">landings</a> of \
            the past, which are not searched.</li></ul>
            """
    }

    private var nothingFound: String {
        let what = kind == .file ? "No file at" : "No open session, and none that landed up to"
        return "\(what) @\(indexed ?? 0) of \(project.path) has all of that."
    }

    private var more: HTML? {
        next.map {
            """
            <nav class="pages" aria-label="Pages"><a class="button push" href="\
            \(project.links.search(query, in: self.in, after: $0))">More</a></nav>
            """
        }
    }

    // MARK: Markdown

    var markdown: String {
        guard let indexed else {
            return "# Search in \(project.path)\n\nSay what for: `?q=words`\n"
        }
        var text = "# \(MarkdownText.escape(query)) in \(self.in) of \(project.path)\n\n"
        if let behind, behind > 0 { text += "Indexed up to @\(indexed), \(behind) behind.\n\n" }
        text +=
            kind == .file
            ? files.map { $0.markdown(project) }.joined()
            : sessions.map { $0.markdown(project) }.joined()
        if isEmpty { text += "\(next == nil ? nothingFound : "Nothing so far.")\n" }
        if let next {
            text += "\nMore: `\(project.links.search(query, in: self.in, after: next))`\n"
        }
        return text
    }
}
