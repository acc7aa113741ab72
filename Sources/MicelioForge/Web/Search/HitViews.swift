import HifCore

/// A line that has something that was looked for.
struct HitLineView: Encodable, Sendable {
    /// Of a file, from 1.
    let line: Int?
    /// Of a session: `goal`, `d1`, `m3`, …: also its anchor.
    let part: String?
    let text: String
    /// What was found: first and one behind the last, in Unicode scalars from 0.
    let marks: [[Int]]

    init(_ line: SearchHit.Line, of kind: SearchDocument.Kind) {
        self.line = kind == .file ? line.number : nil
        part = kind == .session ? line.part ?? "goal" : nil
        text = line.text
        marks = line.marks.map { [$0.lowerBound, $0.upperBound] }
    }

    /// The text with its hits marked.
    var marked: HTML {
        var html = HTML()
        let scalars = Array(text.unicodeScalars)
        func piece(_ range: Range<Int>) -> String {
            var text = ""
            text.unicodeScalars.append(contentsOf: scalars[range])
            return text
        }
        var end = 0
        for mark in marks {
            html += "\(piece(end..<mark[0]))<mark>\(piece(mark[0]..<mark[1]))</mark>"
            end = mark[1]
        }
        html += "\(piece(end..<scalars.count))"
        return html
    }
}

/// A file that was found.
struct FileHitView: Encodable, Sendable {
    let path: String
    let pathBase64: String?
    /// At which the lines are these.
    let position: Position
    let lines: [HitLineView]
    /// How many lines have one of the words; more than `lines` when they are many.
    let lineCount: Int

    let repoPath: RepoPath

    private enum CodingKeys: CodingKey {
        case path, pathBase64, position, lines, lineCount
    }

    /// Nil for what is no file.
    init?(_ hit: SearchHit, indexed: Position) {
        guard hit.document.kind == .file, let path = try? RepoPath(hit.document.key) else {
            return nil
        }
        repoPath = path
        self.path = path.string ?? path.description
        pathBase64 = path.string == nil ? Base64.encode(path.bytes) : nil
        position = max(indexed, hit.document.position)
        lines = hit.lines.map { HitLineView($0, of: .file) }
        lineCount = hit.lineCount
    }

    /// A line on the file's page, which shows so many of them at a time.
    private func address(_ line: Int, _ project: ProjectFrame) -> String {
        let from = line > FileText.linesShownMax ? "?from=\(line - 20)" : ""
        return "\(project.links.file(repoPath, at: position))\(from)#L\(line)"
    }

    func article(_ project: ProjectFrame) -> HTML {
        let name = repoPath.description
        let rest = lineCount - lines.count
        let more: HTML? =
            rest > 0
            ? "<p class=\"pad soft\">and \(rest.grouped) more line\(rest == 1 ? "" : "s")</p>" : nil
        let rows = lines.map { line -> HTML in
            let number = line.line ?? 1
            return """
                <tr><th scope="row"><a href="\(address(number, project))">\(number)</a></th><td>\
                \(line.marked)</td></tr>

                """
        }
        let table: HTML? =
            rows.isEmpty
            ? nil
            : """
            <table class="code"><caption class="vh">Lines of \(name)</caption><colgroup><col class="ln">\
            <col></colgroup><thead class="vh"><tr><th scope="col">Line</th><th scope="col">Text</th></tr>\
            </thead><tbody>
            \(rows)</tbody></table>
            """
        return """
            <article class="file" aria-label="\(name)"><header><h2><a href="\
            \(project.links.file(repoPath, at: position))">\(name)</a></h2></header>\(table)\(more)\
            </article>

            """
    }

    func markdown(_ project: ProjectFrame) -> String {
        "- [\(MarkdownText.escape(path))](\(project.links.file(repoPath, at: position)))\n"
            + lines.map { "  - \($0.line ?? 1): \(MarkdownText.escape($0.text))\n" }.joined()
    }
}

/// A session that was found.
struct SessionHitView: Encodable, Sendable {
    let session: String
    let goal: String
    /// `open` or `landed`.
    let status: String
    /// Where it landed.
    let position: Position?
    let lines: [HitLineView]
    let lineCount: Int

    let id: SessionID

    private enum CodingKeys: CodingKey {
        case session, goal, status, position, lines, lineCount
    }

    /// Nil for what is no session.
    init?(_ hit: SearchHit) {
        guard hit.document.kind == .session, let id = SessionID(hit.document.key.hex) else {
            return nil
        }
        self.id = id
        session = id.full
        goal = hit.document.name
        let isOpen = hit.document.position == 0
        status = isOpen ? "open" : "landed"
        position = isOpen ? nil : hit.document.position
        lines = hit.lines.map { HitLineView($0, of: .session) }
        lineCount = hit.lineCount
    }

    private func address(_ project: ProjectFrame) -> String {
        position.map { project.links.landing($0) } ?? project.links.session(id)
    }

    private var title: String { goal.isEmpty ? "No goal" : goal }

    func article(_ project: ProjectFrame) -> HTML {
        let state: HTML =
            position.map { project.position($0) } ?? "<span class=\"state open\">Open</span>"
        let rest = lineCount - lines.count
        let more: HTML? = rest > 0 ? "<li class=\"soft\">and \(rest.grouped) more</li>" : nil
        let items = lines.map { line -> HTML in
            let part = line.part ?? "goal"
            let name: HTML =
                part == "goal"
                ? "<span class=\"soft\">goal</span>"
                : "<a class=\"\(part.hasPrefix("d") ? "why" : "mono")\" href=\"\(address(project))#\(part)\">\(part)</a>"
            return "<li>\(name) \(line.marked)</li>"
        }
        let list: HTML? =
            items.isEmpty
            ? nil : "<div class=\"pad\"><ul class=\"bare\">\(items)\(more)</ul></div>"
        return """
            <article class="box found" aria-label="\(title)"><header><h2><a href="\(address(project))">\
            \(title)</a></h2>\(state)</header>\(list)</article>

            """
    }

    func markdown(_ project: ProjectFrame) -> String {
        "- [\(MarkdownText.escape(title))](\(address(project))) \(position.map { "@\($0)" } ?? status)\n"
            + lines.map { "  - \($0.part ?? "goal"): \(MarkdownText.escape($0.text))\n" }.joined()
    }
}
