import HifCore
import HifRepository

/// Changes by file, with what was said of their lines where the lines are.
extension SessionPage {
    var changeSection: HTML {
        let changes = answer.changes
        let articles = changes.files.map(article)
        let nothing: HTML? =
            changes.count > 0
            ? nil
            : answer.landed == nil
                ? "<p class=\"soft\">None yet at the forge. A session that is worked on in a checkout sends its changes when it lands.</p>"
                : "<p class=\"soft\">It changed no file.</p>"
        let hint: HTML? =
            hasForms && changes.count > 0
            ? "<p class=\"push\">To comment on a line, follow its number.</p>" : nil
        return """
            <section aria-labelledby="changes"><div class="sect"><h2 id="changes">Changes</h2><p>\
            \(changes.summary)</p>\(hint)</div>
            \(nothing)\(articles)\(changes.rest)\(strays)</section>
            """
    }

    private func article(_ file: FileDiff) -> HTML {
        let path = file.repoPath
        let text = path.description
        let base = answer.landed.map { project.links.landing($0.position) } ?? address
        let isStopped = answer.conflicts.contains { $0.path == text }
        let isMerged =
            answer.merges.contains(text) || answer.landed?.merged.contains(text) == true
        let mark: HTML =
            isStopped
            ? "<span class=\"state warn\">Conflicts</span>"
            : isMerged ? "<span class=\"tag\">merges</span>" : ""
        return file.article(
            view: view(file),
            whole: "\(base)?file=\(PercentCoding.encode(path.bytes))#\(file.anchor)", head: mark,
            notes: notes(file))
    }

    /// Where a changed file can be seen: what landed is at its position, a draft nowhere yet.
    private func view(_ file: FileDiff) -> String? {
        guard let landed = answer.landed else { return nil }
        return file.newHash == nil
            ? project.links.file(file.repoPath, at: landed.position - 1)
            : project.links.file(file.repoPath, at: landed.position)
    }

    private func notes(_ file: FileDiff) -> LineNotes {
        var notes = LineNotes()
        let path = PercentCoding.encode(file.repoPath.bytes)
        let isCommentable = hasForms && file.repoPath.string != nil
        if isCommentable {
            let asked = frame.address.contains("file=\(path)") ? "file=\(path)&" : ""
            notes.form = "\(address)?\(asked)at=\(path):"
        }
        let comments = answer.comments.filter { $0.place?.mark.path == file.repoPath }
        guard !comments.isEmpty || viewer.line?.path == file.repoPath else { return notes }
        let places = LinePlaces(file)
        var threads: [LinePlace: [CommentView]] = [:]
        var loose: [CommentView] = []
        for comment in comments {
            if let place = comment.place.flatMap({ places.place(of: $0.mark) }) {
                threads[place, default: []].append(comment)
            } else {
                loose.append(comment)
            }
        }
        for (place, comments) in threads {
            notes.below[place] = thread(file.repoPath, place, comments)
        }
        if isCommentable, let choice = viewer.line, choice.path == file.repoPath,
            places.shows(choice.place)
        {
            notes.below[choice.place] = """
                \(notes.below[choice.place])\(commentForm(file, choice.place))
                """
        }
        if !loose.isEmpty {
            notes.above = """
                <ol class="talk loose" aria-label="Comments on lines that are not shown">\
                \(loose.map(stray))</ol>
                """
        }
        return notes
    }

    /// The comments on one line, and the way to answer.
    func thread(_ path: RepoPath, _ place: LinePlace, _ comments: [CommentView]) -> HTML {
        let anchor = "\(FileDiff.anchor(path)):\(place.name)"
        let label = "\(path.description) line \(place.line)"
        let id = comments.first?.id ?? ""
        let name = FormProblem.name("sessions.comment", on: "\(path):\(place.name)")
        let answerForm: HTML? =
            hasForms && viewer.line != SessionViewer.LineChoice(path: path, place: place)
            ? form(
                "comments", name: name, class: "row",
                """
                \(hidden(path, place))<label class="vh" for="\(id)-r">Your answer on \
                \(label)</label><input class="reply" id="\(id)-r" name="text" placeholder="Answer" \
                value="\(typed(name, "text"))" required><button>Answer</button>
                """) : nil
        return """
            <tr class="note" id="t/\(anchor)"><td colspan="4"><ol class="talk" aria-label="Comments on \
            \(label)">\(comments.map { item($0, more: moved($0, place)) })</ol>\(answerForm)</td></tr>

            """
    }

    /// That a comment was made on another draft of the file.
    private func moved(_ comment: CommentView, _ place: LinePlace) -> HTML? {
        guard let mark = comment.place, mark.line != place.line else { return nil }
        return "<span class=\"tag\">was line \(mark.line)</span>"
    }

    private func commentForm(_ file: FileDiff, _ place: LinePlace) -> HTML {
        let name = FormProblem.name("sessions.comment", on: "\(file.repoPath):\(place.name)")
        let side = place.side == .old ? " as it was" : ""
        let body = form(
            "comments", name: name,
            """
            \(hidden(file.repoPath, place))<label for="line-comment">Your comment on line \
            \(place.line)\(side)</label><textarea id="line-comment" name="text" required \
            autofocus>\(typed(name, "text"))</textarea><p class="row"><button \
            class="primary">Comment</button><a href="\(address)#\(file.anchor):\(place.name)">Leave</a></p>
            """)
        return "<tr class=\"note\"><td colspan=\"4\">\(body)</td></tr>"
    }

    private func hidden(_ path: RepoPath, _ place: LinePlace) -> HTML {
        """
        <input type="hidden" name="path" value="\(path.string ?? "")"><input type="hidden" \
        name="line" value="\(place.line)"><input type="hidden" name="side" value="\
        \(place.side == .old ? "old" : "new")">
        """
    }

    /// Comments on lines of files that the session does not change (any more), and on nothing.
    private var strays: HTML? {
        let shown = Set(answer.changes.files.map(\.repoPath))
        let left = answer.comments.filter { comment in
            comment.on == nil && comment.place.map { !shown.contains($0.mark.path) } ?? true
        }
        guard !left.isEmpty else { return nil }
        return """
            <h3 class="group">Comments on what is not shown</h3><ol class="talk">\
            \(left.map(stray))</ol>
            """
    }

    private func stray(_ comment: CommentView) -> HTML {
        let quote: HTML? = comment.place.map {
            "<span class=\"tag\">\($0.path):\($0.line)</span> <code>\($0.quote)</code>"
        }
        return item(comment, more: quote)
    }
}

/// The lines of a comparison that are shown, to find those that comments are on.
struct LinePlaces {
    private let file: FileDiff
    private var texts: [LinePlace: String] = [:]
    private var byText: [String: [LinePlace]] = [:]

    init(_ file: FileDiff) {
        self.file = file
        for line in file.hunks.lazy.flatMap(\.lines) {
            if let new = line.new { add(LinePlace(.new, new), line.text) }
            if let old = line.old { add(LinePlace(.old, old), line.text) }
        }
    }

    private mutating func add(_ place: LinePlace, _ text: String) {
        texts[place] = text
        byText[text, default: []].append(place)
    }

    func shows(_ place: LinePlace) -> Bool { texts[place] != nil }

    /// Where a comment's line is now: the same line of the same content, else the nearest line that
    /// says the same; nil when none is shown.
    func place(of mark: SessionEvent.LineMark) -> LinePlace? {
        let line = Int(clamping: mark.line)
        let exact = LinePlace(mark.side, line)
        let hash = mark.side == .old ? file.oldHash : file.newHash
        if hash == mark.content.hex { return shows(exact) ? exact : nil }
        return (byText[mark.text] ?? []).filter { $0.side == mark.side }
            .min { abs($0.line - line) < abs($1.line - line) }
    }
}
