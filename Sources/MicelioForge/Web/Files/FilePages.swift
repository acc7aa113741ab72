import HifCore
import HifRepository

/// What stands above a file, whichever way it is looked at.
struct FileHead: Encodable, Sendable {
    let path: String
    let pathBase64: String?
    let position: Position
    let kind: String
    let size: UInt64
    let hash: String
    let landing: LandingLine?

    let project: ProjectFrame
    let asked: Position?
    let repoPath: RepoPath

    private enum CodingKeys: CodingKey {
        case path, pathBase64, position, kind, size, hash, landing
    }

    init(
        project: ProjectFrame, asked: Position?, position: Position, path: RepoPath, leaf: Leaf,
        landing: LandingLine?
    ) {
        self.project = project
        self.asked = asked
        self.position = position
        repoPath = path
        self.path = path.string ?? path.description
        pathBase64 = path.string == nil ? Base64.encode(path.bytes) : nil
        kind = "\(leaf.kind)"
        size = leaf.size
        hash = leaf.hash.hex
        self.landing = landing
    }

    enum View {
        case code, blame
    }

    /// - Parameter facts: what the file is, in a few words.
    func page(_ frame: Frame, _ view: View, facts: String, _ body: HTML) -> HTML {
        let links = project.links
        func button(_ name: String, _ address: String, _ own: View?) -> HTML {
            let current: HTML = own == view ? " aria-current=\"page\"" : ""
            return "<a class=\"button\" href=\"\(address)\"\(current)>\(name)</a>"
        }
        let last: HTML? = landing.map {
            "<span>last changed by \(project.position($0.position)) “<a href=\"\(links.landing($0.position))\">\($0.title)</a>”, \(frame.time($0.landedAt.millis))</span>"
        }
        return project.page(
            "\(repoPath) at @\(position)", frame, tab: .files,
            """
            <header class="head"><h1 class="path">\(project.trail(repoPath, at: asked))</h1>
            <p class="row soft"><span>At \(project.position(position))</span>\(last)</p></header>
            <article class="file" aria-label="\(repoPath.description)"><header><span>\(facts)</span><nav class="push row" aria-label="This file">\(button("Code", links.file(repoPath, at: asked), .code))\(button("Blame", links.blame(repoPath, at: asked), .blame))\(button("History", links.log(repoPath), nil))\(button("Raw", links.raw(repoPath, at: asked), nil))</nav></header>
            \(body)</article>
            """)
    }

    var markdown: String { "# \(MarkdownText.escape(path)) at @\(position)\n" }
}

/// A part of a file's lines.
struct FileText: Encodable, Sendable {
    /// Lines on one page.
    static let linesShownMax = 3_000

    let isText: Bool
    let lineCount: Int
    /// The first line shown, from 1.
    let from: Int
    let lines: [String]

    let language: String?
    let markup: [HTML]

    private enum CodingKeys: CodingKey {
        case isText, lineCount, from, lines
    }

    init(_ bytes: [UInt8], _ head: FileHead, from: Int) {
        isText = TextLines.isText(bytes)
        let found = Language.of(head.repoPath)
        language = found?.name
        guard isText else {
            (lineCount, self.from, lines, markup) = (0, 1, [], [])
            return
        }
        let text = TextLines(bytes)
        lineCount = text.count
        self.from = min(from, max(text.count, 1))
        let tokens = Lexer.tokens(of: text, found)
        let shown =
            min(
                self.from - 1, text.count)..<min(
                text.count, self.from - 1 + FileText.linesShownMax)
        lines = shown.map {
            let line = text[$0]
            return String(decoding: line.last == 0x0A ? line.dropLast() : line, as: UTF8.self)
        }
        markup = shown.map {
            CodeHTML.line(text[$0], tokens.isEmpty ? [] : tokens[$0])
        }
    }

    /// The line after the last shown; nil at the end.
    var next: Int? {
        let next = from + lines.count
        return next <= lineCount ? next : nil
    }
}

/// A file by lines.
struct FileAnswer: Answer {
    let head: FileHead
    /// Nil when it is too large to be shown.
    let content: FileText?

    func page(_ frame: Frame) -> HTML {
        let size = head.size.byteSize
        guard let content else {
            return head.page(
                frame, .code, facts: size,
                "<p class=\"pad soft\">Larger than \(Limits.fileShownBytesMax.byteSize), too large to be shown by lines.</p>"
            )
        }
        guard content.isText else {
            return head.page(
                frame, .code, facts: "\(size), not text",
                "<p class=\"pad soft\">Not text. <a href=\"\(head.project.links.raw(head.repoPath, at: head.asked))\">The bytes</a></p>"
            )
        }
        var rows = HTML()
        for (offset, line) in content.markup.enumerated() {
            let number = content.from + offset
            rows += """
                <tr id="L\(number)"><th scope="row"><a href="#L\(number)">\(number)</a></th><td>\
                \(line)</td></tr>

                """
        }
        let facts =
            ["\(content.lineCount.grouped) line\(content.lineCount == 1 ? "" : "s")", size]
            + (content.language.map { [$0] } ?? [])
        return head.page(
            frame, .code, facts: facts.joined(separator: ", "),
            """
            <table class="code"><caption class="vh">\(head.repoPath.description) at @\
            \(head.position)</caption><colgroup><col class="ln"><col></colgroup><thead class="vh">\
            <tr><th scope="col">Line</th><th scope="col">Text</th></tr></thead><tbody>
            \(rows)</tbody></table>\(pages(content))
            """)
    }

    private func pages(_ content: FileText) -> HTML? {
        guard content.from > 1 || content.next != nil else { return nil }
        let address = head.project.links.file(head.repoPath, at: head.asked)
        let back = max(1, content.from - FileText.linesShownMax)
        let earlier: HTML? =
            content.from > 1
            ? "<a class=\"button\" href=\"\(address)?from=\(back)\">Earlier lines</a>" : nil
        let later: HTML? = content.next.map {
            "<a class=\"button push\" href=\"\(address)?from=\($0)\">Lines from \($0.grouped) on</a>"
        }
        return "<nav class=\"pages pad\" aria-label=\"Pages\">\(earlier)\(later)</nav>"
    }

    var markdown: String {
        guard let content, content.isText else { return head.markdown + "\nNot shown.\n" }
        return head.markdown + "\n" + MarkdownText.code(content.lines.joined(separator: "\n"))
            + "\n"
    }
}

/// Who wrote each line, in runs of lines of one landing.
struct BlameAnswer: Answer {
    struct Run: Encodable, Sendable {
        /// First line, from 1.
        let line: Int
        let count: Int
        /// Null where the history was longer than is looked at.
        let position: Position?
    }

    let file: FileHead
    let runs: [Run]
    let landings: [LandingLine]

    let markup: [HTML]
    let byPosition: [Position: LandingLine]
    let lines: [String]

    private enum CodingKeys: CodingKey {
        case file, runs, landings
    }

    init(_ head: FileHead, _ blame: FileBlame, decisions: [Position: Int]) {
        file = head
        var runs: [Run] = []
        var start = 0
        for index in 1...max(1, blame.positions.count)
        where index >= blame.positions.count || blame.positions[index] != blame.positions[start] {
            if start < blame.positions.count {
                runs.append(
                    Run(
                        line: start + 1, count: index - start, position: blame.positions[start]))
            }
            start = index
        }
        self.runs = runs
        let used = Set(blame.positions.compactMap(\.self))
        byPosition = blame.landings.filter { used.contains($0.key) }.reduce(into: [:]) {
            $0[$1.key] = LandingLine(
                LandingPage.Entry(position: $1.key, landing: $1.value),
                decisions: decisions[$1.key])
        }
        landings = byPosition.values.sorted { $0.position > $1.position }
        let language = Language.of(head.repoPath)
        var lexer = language.map(Lexer.init)
        markup = blame.lines.prefix(FileText.linesShownMax).map { line in
            CodeHTML.line(line[...], lexer?.next(line[...]) ?? [])
        }
        lines = blame.lines.map { line in
            String(decoding: line.last == 0x0A ? line.dropLast() : line[...], as: UTF8.self)
        }
    }

    func page(_ frame: Frame) -> HTML {
        var bodies = HTML()
        for run in runs where run.line <= markup.count {
            bodies += body(run, frame)
        }
        let rest: HTML? =
            markup.count < lines.count
            ? "<p class=\"pad soft\">The first \(markup.count.grouped) lines are shown.</p>" : nil
        return file.page(
            frame, .blame,
            facts: "\(lines.count.grouped) lines of \(landings.count.grouped) landings",
            """
            <table class="code blame"><caption class="vh">Where each line of \
            \(file.repoPath.description) came from</caption><colgroup><col class="from"><col \
            class="ln"><col></colgroup><thead class="vh"><tr><th scope="col">Landing, goal, \
            decisions</th><th scope="col">Line</th><th scope="col">Text</th></tr></thead>
            \(bodies)</table>\(rest)
            """)
    }

    private func body(_ run: Run, _ frame: Frame) -> HTML {
        let last = min(markup.count, run.line + run.count - 1)
        let lot = lot(run, frame)
        var rows = HTML()
        for number in run.line...last {
            let head: HTML? =
                number == run.line
                ? "<th scope=\"rowgroup\" class=\"lot\" rowspan=\"\(last - run.line + 1)\">\(lot)</th>"
                : nil
            rows += """
                <tr id="L\(number)">\(head)<th scope="row"><a href="#L\(number)">\(number)</a>\
                </th><td>\(markup[number - 1])</td></tr>

                """
        }
        return "<tbody>\(rows)</tbody>"
    }

    private func lot(_ run: Run, _ frame: Frame) -> HTML {
        guard let position = run.position, let landing = byPosition[position] else {
            return "<span class=\"soft\">older</span>"
        }
        let address = file.project.links.landing(position)
        let count = landing.decisions ?? 0
        let why: HTML? =
            count > 0
            ? "<span><a class=\"why\" href=\"\(address)#decisions\"><span class=\"vh\">decisions: </span>\(count)</a></span>"
            : "<span></span>"
        return """
            <span class="cut"><span><a class="pos" href="\(address)">@\(position)</a></span><span>\
            <a href="\(address)">\(landing.title)</a></span>\(why)</span><span class="by-lot \
            soft">\(landing.author.text), \(frame.time(landing.landedAt.millis))</span>
            """
    }

    var markdown: String {
        var text = file.markdown + "\n"
        for landing in landings { text += "- \(landing.markdown)\n" }
        var code = ""
        for run in runs {
            for number in run.line..<run.line + run.count {
                code += "\(run.position.map { "@\($0)" } ?? "older")\t\(lines[number - 1])\n"
            }
        }
        return text + "\n" + MarkdownText.code(code) + "\n"
    }
}
