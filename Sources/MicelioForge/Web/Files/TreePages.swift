import HifCore
import HifRepository

/// A line of a directory.
struct TreeEntry: Encodable, Sendable {
    let path: String
    /// The path's own bytes, when they are not text.
    let pathBase64: String?
    /// `file`, `executable`, `symlink`, `directory` or `external`.
    let kind: String
    let size: UInt64
    let hash: String?
    let landing: LandingLine?

    let repoPath: RepoPath
    let leaf: Leaf

    private enum CodingKeys: CodingKey {
        case path, pathBase64, kind, size, hash, landing
    }

    init(_ entry: DirectoryListing.Entry) {
        repoPath = entry.path
        leaf = entry.leaf
        path = entry.path.string ?? entry.path.description
        pathBase64 = entry.path.string == nil ? Base64.encode(entry.path.bytes) : nil
        kind = "\(entry.leaf.kind)"
        size = entry.leaf.size
        hash = entry.leaf.kind == .directory ? nil : entry.leaf.hash.hex
        landing = entry.landing.map { LandingLine($0) }
    }

    func row(_ frame: Frame, _ project: ProjectFrame, at position: Position?) -> HTML {
        let links = project.links
        let isDirectory = leaf.kind == .directory
        let name = SafeText.escape(Array(repoPath.name)) + (isDirectory ? "/" : "")
        let address =
            isDirectory
            ? links.tree(repoPath, at: position) : links.file(repoPath, at: position)
        let last: HTML =
            landing.map {
                "<td class=\"wide\"><a href=\"\(links.landing($0.position))\" class=\"soft\">\($0.title)</a></td><td class=\"num\">\(project.position($0.position))</td><td class=\"num soft opt\">\(frame.time($0.landedAt.millis))</td>"
            } ?? "<td class=\"wide\"></td><td></td><td class=\"opt\"></td>"
        return """
            <tr><th scope="row"><a class="mono\(isDirectory ? " dirs" : "")" href="\(address)">\(name)</a></th>\(last)</tr>

            """
    }

    var markdown: String {
        let mark = leaf.kind == .directory ? "/" : ""
        return "- `\(path.replacing("`", with: "'"))\(mark)`"
            + (landing.map { " \($0.markdown)" } ?? "")
    }
}

extension DirectoryView {
    /// The table of its entries.
    ///
    /// - Parameters:
    ///   - position: the one that links carry; nil for the newest.
    ///   - up: the directory above; nil where there is none.
    func table(
        _ frame: Frame, _ project: ProjectFrame, at position: Position?, shown: Position,
        up: RepoPath?? = nil
    ) -> HTML {
        let rest: HTML? =
            count > entries.count
            ? "<p class=\"pad soft\">\((count - entries.count).grouped) more entries are not shown.</p>"
            : nil
        let above: HTML? = up.map {
            "<tr><th scope=\"row\"><a class=\"mono dirs\" href=\"\(project.links.tree($0, at: position))\">../</a></th><td class=\"wide\"></td><td></td><td class=\"opt\"></td></tr>"
        }
        guard !entries.isEmpty else { return "<p class=\"pad soft\">Nothing is here yet.</p>" }
        return """
            <table class="list tree"><caption class="vh">Files at @\(shown)</caption><thead \
            class="vh"><tr><th scope="col">Name</th><th scope="col">Last landing</th><th \
            scope="col">Position</th><th scope="col" class="opt">When</th></tr></thead><tbody>
            \(above)\(entries.map { $0.row(frame, project, at: position) })</tbody></table>\(rest)
            """
    }
}

/// A directory's README, as markup.
struct ReadmeView: Encodable, Sendable {
    let path: String
    let text: String

    let repoPath: RepoPath
    let html: HTML

    private enum CodingKeys: CodingKey {
        case path, text
    }

    private static let names = ["readme.md", "readme.markdown", "readme", "readme.txt"]

    /// Nil when the directory has none that can be shown.
    init?(
        _ listing: DirectoryListing, _ project: OpenProject<Reading>, _ point: ReadingPoint
    ) async throws {
        let files = listing.entries.filter { $0.leaf.isFile }
        func named(_ name: String) -> DirectoryListing.Entry? {
            files.first { String(decoding: $0.path.name, as: UTF8.self).lowercased() == name }
        }
        guard let entry = ReadmeView.names.lazy.compactMap(named).first,
            let bytes = try await project.content(
                of: entry.leaf, bytesMax: MarkdownHTML.textBytesMax, at: point),
            TextLines.isText(bytes)
        else { return nil }
        repoPath = entry.path
        path = entry.path.description
        text = String(decoding: bytes, as: UTF8.self)
        let links = ProjectLinks(project.grant.project.path)
        let position = point.position == point.tip ? nil : point.position
        let name = String(decoding: entry.path.name, as: UTF8.self).lowercased()
        if name.hasSuffix(".md") || name.hasSuffix(".markdown") {
            let (html, isComplete) = MarkdownHTML.render(
                bytes, addresses: .of(links, below: entry.path.parent, at: position))
            let cut: HTML? =
                isComplete
                ? nil
                : "<p class=\"soft\">The text is longer than a page shows. <a href=\"\(links.raw(entry.path, at: position))\">All of it</a></p>"
            self.html = "\(html)\(cut)"
        } else {
            html = "<pre tabindex=\"0\">\(text)</pre>"
        }
    }

    func section(_ links: ProjectLinks, at position: Position?) -> HTML {
        """
        <section class="box" aria-label="\(path)"><header><b class="mono">\(path)</b><a \
        class="push" href="\(links.file(repoPath, at: position))">Source</a></header>
        <div class="prose pad">\(html)</div></section>
        """
    }
}

extension MarkdownHTML.Addresses {
    /// Of a text in a directory of a project.
    static func of(
        _ links: ProjectLinks, below directory: RepoPath?, at position: Position?
    ) -> MarkdownHTML.Addresses {
        /// The path that a relative address means, and what follows it.
        @Sendable func resolve(_ address: String) -> (path: RepoPath, tail: String)? {
            let end = address.firstIndex { $0 == "?" || $0 == "#" } ?? address.endIndex
            guard let bytes = PercentCoding.decode(address[..<end]) else { return nil }
            var parts = address.hasPrefix("/") ? [] : directory?.components.map(Array.init) ?? []
            for part in bytes.split(separator: RepoPath.slash) {
                if part.elementsEqual(".".utf8) { continue }
                if part.elementsEqual("..".utf8) {
                    guard parts.popLast() != nil else { return nil }
                } else {
                    parts.append(Array(part))
                }
            }
            guard let path = try? RepoPath(Array(parts.joined(separator: [RepoPath.slash]))) else {
                return nil
            }
            let fragment = address[end...]
            return (path, fragment.hasPrefix("#") ? "#text-\(fragment.dropFirst())" : "")
        }
        return MarkdownHTML.Addresses(
            link: { address in
                resolve(address).map { links.file($0.path, at: position) + $0.tail }
            },
            picture: { address in resolve(address).map { links.raw($0.path, at: position) } })
    }
}

/// A directory.
struct TreeAnswer: Answer {
    let project: ProjectFrame
    /// The position in the address; nil for the newest.
    let asked: Position?
    let position: Position
    let path: RepoPath?
    let directory: DirectoryView

    private enum CodingKeys: CodingKey {
        case position, entries, entryCount, readme
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(position, forKey: .position)
        try container.encode(directory.entries, forKey: .entries)
        try container.encode(directory.count, forKey: .entryCount)
        try container.encodeIfPresent(directory.readme, forKey: .readme)
    }

    func page(_ frame: Frame) -> HTML {
        let name = path.map(\.description) ?? "Files"
        let table = directory.table(
            frame, project, at: asked, shown: position, up: path.map(\.parent))
        return project.page(
            "\(name) at @\(position)", frame, tab: .files,
            """
            <header class="head"><h1 class="path">\(project.trail(path, at: asked))</h1>
            <p class="row soft"><span>At \(project.position(position))</span>\(history)</p></header>
            <div class="stack"><section class="box" aria-label="Files">
            \(table)</section>
            \(directory.readme.map { $0.section(project.links, at: asked) })</div>
            """)
    }

    private var history: HTML? {
        path.map { "<a href=\"\(project.links.log($0))\">History</a>" }
    }

    var markdown: String {
        "# \(MarkdownText.escape(path?.description ?? "/")) at @\(position)\n\n"
            + directory.entries.map(\.markdown).joined(separator: "\n") + "\n"
    }
}

/// A project's home.
struct HomeAnswer: Answer {
    let project: ProjectFrame
    let description: String
    let role: String
    let position: Position
    let isNewest: Bool
    let directory: DirectoryView
    let sessions: [SessionLine]
    let landings: [LandingLine]

    private enum CodingKeys: CodingKey {
        case name, isPublic, isArchived, topics, description, role, position, tip, entries,
            entryCount, readme
        case sessions, landings
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(project.path.description, forKey: .name)
        try container.encode(project.isPublic, forKey: .isPublic)
        try container.encode(project.isArchived, forKey: .isArchived)
        try container.encode(project.topics, forKey: .topics)
        try container.encode(description, forKey: .description)
        try container.encode(role, forKey: .role)
        try container.encode(position, forKey: .position)
        try container.encode(project.tip, forKey: .tip)
        try container.encode(directory.entries, forKey: .entries)
        try container.encode(directory.count, forKey: .entryCount)
        try container.encode(directory.readme, forKey: .readme)
        try container.encode(sessions, forKey: .sessions)
        try container.encode(landings, forKey: .landings)
    }

    /// What stands beside the visibility.
    private var marks: HTML {
        let archived: HTML =
            project.isArchived
            ? "<span class=\"state warn\">Archived: it can only be read</span>" : ""
        return "\(archived)\(project.topics.map { "<span>\($0)</span>" as HTML })"
    }

    /// The position that links carry: none at the newest, so that they go on showing the newest.
    private var linked: Position? { isNewest ? nil : position }

    func page(_ frame: Frame) -> HTML {
        let about: HTML = description.isEmpty ? "" : "<p class=\"lede\">\(description)</p>"
        let links = project.links
        return project.page(
            description.isEmpty ? "Files" : description, frame, tab: .files,
            description: description.isEmpty ? nil : description,
            """
            <header class="head"><h1 class="vh">\(project.path.description)</h1>\(about)
            <p class="row soft"><span class="tag">\(project.isPublic ? "Public" : "Private")</span>\(marks)</p></header>
            <div class="two"><div class="stack">
            <section aria-label="Files"><div class="box"><div class="bar"><form class="row" action="\(links.home)"><label for="at">At</label><input class="at-in mono" id="at" name="at" value="\(isNewest ? "@latest" : "@\(position)")" size="9"><button class="quiet">Go</button></form>\(newest(frame))</div>
            \(beginning ?? directory.table(frame, project, at: linked, shown: position))</div></section>
            \(directory.readme.map { $0.section(links, at: linked) })</div>
            <aside class="stack" aria-label="About this project">
            <section><div class="sect"><h2 class="h3">Get it</h2></div>
            <div class="field"><label for="c1">Check out</label><input class="cmd mono" id="c1" \
            readonly value="hif checkout \(project.path.description)"></div>
            <div class="field"><label for="c2">Begin to work</label><input class="cmd mono" id="c2" readonly value="hif session start &quot;Your goal&quot;"></div></section>
            <section><div class="sect"><h2 class="h3">Open sessions</h2><p>\(sessions.count)</p>\
            <a class="push" href="\(links.sessions)">All</a></div>
            \(openSessions(frame))</section>
            <section><div class="sect"><h2 class="h3">Recent landings</h2><a class="push" href="\
            \(links.log())">All \(project.tip.grouped)</a></div>
            \(recent(frame))</section>
            </aside></div>
            """)
    }

    /// How files come into a project that never had any, for who can bring them.
    private var beginning: HTML? {
        guard project.tip == 0, role != Role.read.rawValue else { return nil }
        return """
            <div class="pad"><p>Nothing is here yet. This brings the history of a git repository:</p>
            <p><label class="vh" for="c0">Command</label><input class="cmd mono" id="c0" readonly \
            value="hif import PATH \(project.path.description)"></p>
            <p>Or begin with a <a href="\(project.links.sessions)/new">session</a>: every change has one.</p>\
            </div>
            """
    }

    private func newest(_ frame: Frame) -> HTML {
        guard isNewest else {
            return
                "<span class=\"soft\"><a href=\"\(project.links.home)\">Newest: @\(project.tip)</a></span>"
        }
        return landings.first.map {
            "<span class=\"soft\">\(project.position($0.position)) by \($0.author.html), \(frame.time($0.landedAt.millis))</span>"
        } ?? ""
    }

    private func openSessions(_ frame: Frame) -> HTML {
        guard !sessions.isEmpty else {
            return "<p class=\"soft\">None. Every change begins with one.</p>"
        }
        return "<ul class=\"items\">\(sessions.prefix(5).map { $0.item(frame, project) })</ul>"
    }

    private func recent(_ frame: Frame) -> HTML {
        guard !landings.isEmpty else { return "<p class=\"soft\">Nothing has landed yet.</p>" }
        let items = landings.map { landing -> HTML in
            """
            <li class="done"><p>\(project.position(landing.position)) <a href="\
            \(project.links.landing(landing.position))">\(landing.title)</a></p><p class="soft">\
            \(landing.author.html), \(frame.time(landing.landedAt.millis))</p></li>

            """
        }
        return "<ol class=\"line bare\">\(items)</ol>"
    }

    var markdown: String {
        """
        # \(project.path)

        \(MarkdownText.escape(description))

        `hif checkout \(project.path)` · newest position @\(project.tip)

        ## Files at @\(position)

        \(directory.entries.map(\.markdown).joined(separator: "\n"))

        ## Open sessions

        \(sessions.isEmpty ? "None." : sessions.map { $0.markdown(project) }.joined(separator: "\n"))

        ## Recent landings

        \(landings.map { "- \($0.markdown)" }.joined(separator: "\n"))

        """
            + (directory.readme.map {
                "\n## \(MarkdownText.escape($0.path))\n\n\(MarkdownText.quote($0.text))\n"
            } ?? "")
    }
}
