import HifCore
import HifRepository

/// What stands beside the lines of a file that is compared.
struct LineNotes: Sendable {
    /// Rows below lines.
    var below: [LinePlace: HTML] = [:]
    /// Above all lines: of those that are not shown.
    var above = HTML()
    /// What a line's number leads to, before its anchor: empty for the line itself, else the page
    /// with a form to comment on it.
    var form: String?

    func way(_ place: LinePlace) -> String { form.map { $0 + place.name } ?? "" }
}

/// A file that differs, as a part of a page.
extension FileDiff {
    /// What the file's anchors begin with.
    var anchor: String { FileDiff.anchor(repoPath) }

    static func anchor(_ path: RepoPath) -> String {
        "f/\(PercentCoding.encode(path.bytes, keepingSlashes: true))"
    }

    var counts: HTML {
        "<span><span class=\"plus\">+\(added.grouped)</span> <span class=\"minus\">−\(removed.grouped)</span></span>"
    }

    private var note: HTML? {
        let word: String?
        switch status {
        case .added: word = "added"
        case .removed: word = "removed"
        case .mode: word = "mode changed"
        case .changed: word = nil
        }
        return word.map { "<span class=\"tag\">\($0)</span>" }
    }

    /// The file as a part of a page.
    ///
    /// - Parameters:
    ///   - view: where the file itself is shown; nil when there is none.
    ///   - whole: where it is shown although it is long.
    ///   - head: what else stands in its head.
    ///   - notes: what was said of its lines.
    func article(
        view: String?, whole: String, head: HTML = "", notes: LineNotes = LineNotes()
    ) -> HTML {
        let viewLink: HTML? = view.map { "<a href=\"\($0)\">View file</a>" }
        return """
            <article class="file" id="\(anchor)" aria-label="\(repoPath.description)"><header><h3>\
            \(repoPath.description)</h3>\(counts)\(note)\(head)<span class="push row">\
            \(viewLink)</span></header>
            \(notes.above)\(body(whole, notes))</article>

            """
    }

    private func body(_ whole: String, _ notes: LineNotes) -> HTML {
        switch omitted {
        case "binary":
            return "<p class=\"pad soft\">Not text, so there are no lines to compare.</p>"
        case "too_large":
            return
                "<p class=\"pad soft\">Larger than \(Limits.diffFileBytesMax.byteSize), too large to be compared here.</p>"
        case "long", "not_read":
            let count = added + removed
            let what: HTML = count > 0 ? "Show \(count.grouped) lines" : "Show this file"
            return "<p class=\"pad soft\">Not shown yet. <a href=\"\(whole)\">\(what)</a></p>"
        default: break
        }
        if hunks.isEmpty {
            return status == .mode
                ? "<p class=\"pad soft\">Only whether it is executable changed.</p>"
                : "<p class=\"pad soft\">Empty.</p>"
        }
        var rows = HTML()
        var shown = 0
        for hunk in hunks {
            let skipped = hunk.newStart - 1 - shown
            if skipped > 0 {
                rows += """
                    <tr class="hunk"><td colspan="3" class="o"></td><td>\(skipped.grouped) unchanged line\(skipped == 1 ? "" : "s") <span>@@ −\(hunk.oldStart),\(hunk.oldCount) +\(hunk.newStart),\(hunk.newCount) @@</span></td></tr>

                    """
            }
            shown = hunk.newStart - 1 + hunk.newCount
            for line in hunk.lines { rows += row(line, notes) }
        }
        return """
            <table class="code diff"><caption class="vh">Changes in \(repoPath.description)</caption>
            <colgroup><col class="ln old"><col class="ln"><col class="sg"><col></colgroup>
            <thead class="vh"><tr><th scope="col">Old line</th><th scope="col">New line</th><th scope="col">Change</th><th scope="col">Text</th></tr></thead>
            <tbody>
            \(rows)</tbody></table>
            """
    }

    private func row(_ line: Line, _ notes: LineNotes) -> HTML {
        let old = line.old ?? 0
        let new = line.new ?? 0
        func number(_ place: LinePlace) -> HTML {
            "<a href=\"\(notes.way(place))#\(anchor):\(place.name)\">\(place.line)</a>"
        }
        switch line.sign {
        case .same:
            return """
                <tr id="\(anchor):L\(new)"><td class="o num"><span>\(old)</span></td><th \
                scope="row">\(number(LinePlace(.new, new)))</th><td class="m"></td><td>\
                \(line.html)</td></tr>
                \(notes.below[LinePlace(.new, new)])\(notes.below[LinePlace(.old, old)])
                """
        case .added:
            return """
                <tr class="add" id="\(anchor):L\(new)"><td class="o"></td><th scope="row">\
                \(number(LinePlace(.new, new)))</th><td class="m">+<span \
                class="vh">added</span></td><td>\(line.html)</td></tr>
                \(notes.below[LinePlace(.new, new)])
                """
        case .removed:
            return """
                <tr class="rem" id="\(anchor):O\(old)"><th scope="row" class="o">\
                \(number(LinePlace(.old, old)))</th><td></td><td class="m">−<span \
                class="vh">removed</span></td><td>\(line.html)</td></tr>
                \(notes.below[LinePlace(.old, old)])
                """
        }
    }

    var markdown: String {
        var text = "### \(MarkdownText.escape(repoPath.description)) (+\(added) −\(removed))\n\n"
        guard omitted == nil else {
            return text + "Not shown: \(omitted ?? "").\n"
        }
        var patch = ""
        for hunk in hunks {
            patch +=
                "@@ -\(hunk.oldStart),\(hunk.oldCount) +\(hunk.newStart),\(hunk.newCount) @@\n"
            for line in hunk.lines { patch += "\(line.sign.rawValue)\(line.text)\n" }
        }
        text += MarkdownText.code(patch, language: "diff") + "\n"
        return text
    }
}
