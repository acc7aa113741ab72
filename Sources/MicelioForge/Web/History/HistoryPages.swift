import HifCore

/// Landings, newest first.
struct LogAnswer: Answer {
    let project: ProjectFrame
    let path: RepoPath?
    let pathText: String
    let author: String
    let from: Position?
    let landings: [LandingLine]
    /// Where to go on; nil when nothing older is left.
    let next: Position?

    private enum CodingKeys: CodingKey {
        case landings, next
    }

    func page(_ frame: Frame) -> HTML {
        let list: HTML =
            landings.isEmpty ? "<p>No landing is of this kind.</p>" : table(frame)
        return project.page(
            "Landings", frame, tab: .landings,
            """
            <header class="head row"><h1>Landings</h1><span class="soft">\(project.tip.grouped) \
            in all</span></header>
            <form class="filters" action="\(project.links.log())" aria-label="Filter landings"><div><label for="path">Path</label><input class="mono" id="path" name="path" value="\(pathText)" placeholder="docs/"></div><div><label for="author">Author or agent</label><input id="author" name="author" value="\(author)"></div><div><label for="from">From position</label><input class="mono" id="from" name="from" value="\(from.map { "@\($0)" } ?? "")" placeholder="@latest"></div><button class="primary">Filter</button></form>
            \(list)
            \(pages)
            """)
    }

    /// A day after the other, each with its name above.
    private func table(_ frame: Frame) -> HTML {
        var bodies = HTML()
        var day = ""
        var rows = HTML()
        func close() {
            guard !day.isEmpty else { return }
            bodies +=
                "<tbody><tr class=\"day\"><th colspan=\"6\" scope=\"rowgroup\">\(day)</th></tr>\n\(rows)</tbody>"
            rows = HTML()
        }
        for landing in landings {
            if landing.landedAt.dayName != day {
                close()
                day = landing.landedAt.dayName
            }
            let address = project.links.landing(landing.position)
            let count = landing.decisions ?? 0
            let why: HTML? =
                count > 0
                ? "<a class=\"why\" href=\"\(address)#decisions\"><span class=\"vh\">decisions: </span>\(count)</a>"
                : nil
            rows += """
                <tr><th scope="row">\(project.position(landing.position))</th><td class="wide"><a \
                href="\(address)">\(landing.title)</a></td><td class="nowrap opt">\
                \(landing.author.html)</td><td class="num opt">\(why)</td><td class="num opt \
                soft">\(landing.files.grouped)</td><td class="num soft"><time datetime="\
                \(landing.landedAt.iso)">\(landing.landedAt.clock)</time></td></tr>

                """
        }
        close()
        return """
            <table class="list log"><caption class="vh">Landings, newest first</caption><thead>\
            <tr><th scope="col">Position</th><th scope="col">Goal</th><th scope="col" \
            class="opt">Who</th><th scope="col" class="num opt">Decisions</th><th scope="col" \
            class="num opt">Files</th><th scope="col" class="num">Time, UTC</th></tr></thead>\
            \(bodies)</table>
            """
    }

    private var pages: HTML {
        let path = path.map { " --path \($0)" } ?? ""
        let newest: HTML =
            from == nil
            ? "<span class=\"soft\">Newest</span>"
            : "<a class=\"button\" href=\"\(project.links.log(self.path, author: author))\">Newest</a>"
        let older: HTML =
            next.map {
                "<a class=\"button\" href=\"\(project.links.log(self.path, author: author, from: $0))\">From @\($0) on</a>"
            } ?? "<span class=\"soft\">Nothing older</span>"
        return """
            <nav class="pages" aria-label="Pages">\(newest)<span class="mono soft opt">hif log\
            \(path)</span>\(older)</nav>
            """
    }

    var markdown: String {
        "# Landings of \(project.path)\n\n"
            + landings.map { "- \($0.markdown)" }.joined(separator: "\n")
            + (next.map { "\n\nOlder: `\(project.links.log(path, author: author, from: $0))`" }
                ?? "")
            + "\n"
    }
}

/// What differs between two positions.
struct DiffAnswer: Answer {
    let project: ProjectFrame
    let from: Position
    let to: Position
    let path: RepoPath?
    let diff: DiffView

    private enum CodingKeys: CodingKey {
        case from, to, diff
    }

    func page(_ frame: Frame) -> HTML {
        let links = project.links
        let articles = diff.files.map { file -> HTML in
            let isThere = file.newHash != nil
            return file.article(
                view: isThere
                    ? links.file(file.repoPath, at: to) : links.file(file.repoPath, at: from),
                whole: links.diff(from, to, path: file.repoPath))
        }
        let nothing: HTML? = diff.count == 0 ? "<p>Nothing differs.</p>" : nil
        let all: HTML? = path.map {
            "<span>only \($0.description)</span><a href=\"\(links.diff(from, to))\">All files</a>"
        }
        return project.page(
            "@\(from) to @\(to)", frame, tab: .landings,
            """
            <header class="head"><h1>\(project.position(from)) to \(project.position(to))</h1>
            <p class="row soft"><span>\(diff.summary)</span>\(all)<a href="\
            \(links.diff(to, from))">The way back</a><a href="\(links.patch(from, to, path: path))">\
            Patch</a></p></header>
            \(nothing)\(articles)\(diff.rest)
            """)
    }

    var markdown: String {
        "# @\(from) to @\(to)\n\n\(diff.count) files, +\(diff.added) −\(diff.removed)\n\n"
            + diff.files.map(\.markdown).joined(separator: "\n")
    }
}
