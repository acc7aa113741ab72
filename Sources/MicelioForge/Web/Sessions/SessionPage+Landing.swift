import HifCore

/// What became of the session, or would: the landing box, and the ways to close it.
extension SessionPage {
    var landingSection: HTML {
        let box: HTML =
            switch answer.status {
            case .landed: landedBox
            case .abandoned:
                "<div class=\"landing\"><p class=\"pad\">Closed without landing. What was said and decided stays.</p></div>"
            case .open, .conflicted: openBox
            }
        let judged: HTML? =
            isOpen ? "<p>judged at tip \(project.position(answer.tip))</p>" : nil
        return """
            <section aria-labelledby="landing"><div class="sect"><h2 id="landing">Landing</h2>\
            \(judged)</div>
            \(box)</section>
            """
    }

    private var landedBox: HTML {
        guard let landed = answer.landed else { return "" }
        let merged: HTML? =
            landed.merged.isEmpty
            ? nil
            : "<dt>Merged by line</dt><dd><ul class=\"bare\">\(landed.merged.map { "<li class=\"mono\">\($0)</li>" as HTML })</ul></dd>"
        let git: HTML? = landed.gitCommit.map { "<dt>Git commit</dt><dd class=\"mono\">\($0)</dd>" }
        let objected = answer.decisions.filter { $0.standing == "objected" }
        let overruled: HTML? =
            objected.isEmpty
            ? nil
            : "<dt>Landed over</dt><dd>objections to \(objected.map { "<a class=\"why\" href=\"#\($0.id)\">\($0.id)</a> " as HTML })</dd>"
        let before = landed.position - 1
        return """
            <div class="landing good"><div class="pad row"><span class="at">@\
            \(landed.position)</span><span class="soft">\(frame.time(landed.at.millis))</span>\
            <span class="push row"><a class="button" href="\
            \(project.links.tree(nil, at: landed.position))">Files here</a><a class="button" \
            href="\(project.links.diff(before, landed.position))">Diff with @\(before)</a></span>\
            </div>
            <div class="pad"><dl class="pairs">\(merged)\(overruled)\(git)<dt>Session</dt><dd \
            class="mono">\(answer.session)</dd><dt>Wanted</dt><dd class="mono">\
            \(landed.sourceDigest)</dd><dt>Landed</dt><dd class="mono">\(landed.landedDigest)</dd>\
            </dl></div></div>
            """
    }

    private var openBox: HTML {
        let rows: HTML = "\(decisionRow)\(conflictRows)\(mergeRows)\(clearRow)"
        let table: HTML? =
            rows.text.isEmpty
            ? nil
            : "<table class=\"policy\"><caption class=\"vh\">What would become of it</caption><tbody>\(rows)</tbody></table>"
        return """
            <div class="landing"><div>\(table)</div><div class="pad">\(problem(landForm))\(way)\
            \(hasForms ? forms : nil)</div></div>
            """
    }

    private var objected: [DecisionView] { answer.decisions.filter { $0.standing == "objected" } }

    private var decisionRow: HTML? {
        guard !answer.decisions.isEmpty else { return nil }
        func links(_ standing: String) -> HTML? {
            let found = answer.decisions.filter { $0.standing == standing }
            guard !found.isEmpty else { return nil }
            return "\(found.map { "<a class=\"why\" href=\"#\($0.id)\">\($0.id)</a> " as HTML })"
        }
        let (state, words): (HTML, HTML) =
            if let objected = links("objected") {
                (
                    "<span class=\"state bad\">Stops it</span>",
                    "\(objected)objected to by \(objectors). Answer, have it taken back, or overrule it."
                )
            } else if let asked = links("asked") {
                (
                    "<span class=\"state warn\">Question</span>",
                    "\(asked)has a question; it does not stop the landing."
                )
            } else if let unseen = links("unseen") {
                (
                    "<span class=\"state open\">Not reviewed</span>",
                    "\(unseen)without a verdict; that does not stop the landing."
                )
            } else {
                ("<span class=\"state good\">Approved</span>", "all of them")
            }
        return """
            <tr><th scope="row">Decisions</th><td>\(state)</td><td>\(words)</td></tr>

            """
    }

    private var objectors: String {
        var names: [String] = []
        for verdict in answer.verdicts where verdict.counts && verdict.verdict == "object" {
            let name = verdict.author.text
            if !names.contains(name) { names.append(name) }
        }
        return names.joined(separator: ", ")
    }

    private var conflictRows: [HTML] {
        answer.conflicts.map { conflict in
            let who: HTML? = conflict.by.map { by in
                let goal: HTML? =
                    conflict.goal.map { $0.isEmpty ? nil : ", \u{201C}\($0)\u{201D}" } ?? nil
                return " of \(by)\(goal)"
            }
            let by: HTML =
                conflict.landing.map { "by \(project.position($0))\(who)" } ?? "since the base"
            let lines = conflict.lines.map { range -> String in
                range[0] >= range[1] ? "line \(range[0])" : "lines \(range[0]) to \(range[1])"
            }.joined(separator: ", ")
            let where_: HTML = lines.isEmpty ? "" : "; in dispute: \(lines)"
            return """
                <tr><th scope="row" class="mono">\(conflict.path)</th><td><span class="state \
                warn">Conflicts</span></td><td>\(SessionPage.words(conflict.theirs)) \
                \(by)\(where_)</td></tr>

                """
        }
    }

    private var mergeRows: [HTML] {
        answer.merges.map { path in
            """
            <tr><th scope="row" class="mono">\(path)</th><td><span class="state \
            good">Merges</span></td><td>somebody else changed other lines</td></tr>

            """
        }
    }

    private var clearRow: HTML? {
        let clean = answer.changes.count - answer.conflicts.count - answer.merges.count
        guard clean > 0 else { return nil }
        return """
            <tr><th scope="row">\(clean.grouped) path\(clean == 1 ? "" : "s")</th><td><span class="state good">Clear</span></td><td>nobody else changed \(clean == 1 ? "it" : "them") since</td></tr>

            """
    }

    private var way: HTML? {
        if answer.status == .conflicted {
            return """
                <p>Take in what landed and settle the difference: <code>hif update</code>, edit, \
                <code>hif session resolve</code>. Without a checkout, send each path again with \
                <code>"base": \(answer.tip)</code>.</p>
                """
        }
        if answer.changes.count == 0 {
            return
                "<p>Nothing to land here yet. From the checkout that has the files: <code>hif session land</code>.</p>"
        }
        return viewer.mayWrite
            ? nil
            : "<p>Land it with <code>hif session land</code>, or <code>POST …/land</code>.</p>"
    }

    private var landForm: String { FormProblem.name("sessions.land") }

    private var forms: HTML {
        let count = objected.count
        let overrule: HTML? =
            count == 0
            ? nil
            : """
            <label class="check"><input type="checkbox" name="overrule" value="true"><span>Land over \
            \(count == 1 ? "the objection" : "\(count) objections")</span></label>
            """
        let isStopped = answer.status == .conflicted
        let land: HTML? =
            answer.changes.count == 0
            ? nil
            : isStopped
                ? "<p class=\"hint\">It can be landed here when no path is in conflict.</p>"
                : form(
                    "land", name: "", class: "row",
                    "\(overrule)<button class=\"primary\">Land</button>")
        let name = FormProblem.name("sessions.abandon")
        let body = form(
            "abandon", name: name,
            """
            <label for="reason">Why it will not land</label><textarea id="reason" name="reason" \
            required>\(typed(name, "reason"))</textarea><p class="hint">This cannot be undone. What was \
            said and decided stays readable.</p><button class="danger">Abandon the session</button>
            """)
        return """
            <div class="row ends">\(land)<details class="ask"\(isWrong(name) ? " open" : "")>\
            <summary class="button danger">Abandon</summary>\(body)</details></div>
            """
    }

    private static func words(_ theirs: String) -> String {
        switch theirs {
        case "deleted": "deleted"
        case "in_the_way": "a directory is in the way, put there"
        default: "changed"
        }
    }
}
