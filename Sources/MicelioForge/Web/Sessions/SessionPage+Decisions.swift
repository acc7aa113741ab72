import HifCore

/// Decisions, with what was said of each and the way to say something.
extension SessionPage {
    var decisionSection: HTML {
        let none: HTML? =
            answer.decisions.isEmpty ? "<p class=\"soft\">None was recorded.</p>" : nil
        return """
            <section aria-labelledby="decisions"><div class="sect"><h2 \
            id="decisions">Decisions</h2><p>\(summary)</p></div>
            <div id="decision-list">\(none)\(answer.decisions.map(article))</div>\(decideForm)\
            </section>
            """
    }

    private var summary: String {
        var counts: [String: Int] = [:]
        for decision in answer.decisions { counts[decision.standing, default: 0] += 1 }
        let words = [
            ("approved", "approved"), ("asked", "with a question"), ("objected", "objected"),
            ("unseen", "without a verdict"),
        ].compactMap { standing, word in counts[standing].map { "\($0) \(word)" } }
        return words.isEmpty ? "0" : words.joined(separator: ", ")
    }

    func article(_ decision: DecisionView) -> HTML {
        let id = decision.id
        let why: HTML =
            decision.why.isEmpty
            ? "<dt>Reason</dt><dd class=\"soft\">None was recorded.</dd>"
            : "<dt>Reason</dt><dd>\(SessionPage.prose(decision.why))</dd>"
        let after: HTML? = decision.after.map { " after <a href=\"#\($0)\">#\($0)</a>" }
        return """
            <article class="decision" id="\(id)" aria-labelledby="\(id)-t">\
            <header><a class="why" href="#\(id)">\(id)</a><h3 id="\
            \(id)-t">\(decision.decision)</h3>\(newMark(decision.event, decision.author))\
            \(standing(decision))</header>
            <dl>\(why)</dl>
            \(said(on: decision))
            <footer><p class="soft">Recorded by \(decision.author.text)\(after), \
            \(frame.time(decision.at.millis))</p>\(hasForms ? forms(decision) : nil)</footer>\
            </article>

            """
    }

    func standing(_ decision: DecisionView) -> HTML {
        let state: HTML? =
            switch decision.standing {
            case "approved": "<span class=\"state good\">Approved</span>"
            case "asked": "<span class=\"state warn\">Question</span>"
            case "objected": "<span class=\"state bad\">Objected</span>"
            default: isOpen ? "<span class=\"state open\">No verdict yet</span>" : nil
            }
        return "<span id=\"\(decision.id)-standing\">\(state)</span>"
    }

    /// Verdicts and comments on a decision.
    func said(on decision: DecisionView) -> HTML {
        let remarks = (answer.remarks[decision.id] ?? []).map { remark -> HTML in
            switch remark {
            case .comment(let comment): said(comment)
            case .verdict(let verdict): said(verdict)
            }
        }
        return "<div id=\"\(decision.id)-said\">\(remarks)</div>"
    }

    private func said(_ comment: CommentView) -> HTML {
        let by = self.by(comment.author, comment.at, comment.id, event: comment.event)
        return """
            <div class="said" id="\(comment.id)">\(by)\(SessionPage.prose(comment.text))</div>
            """
    }

    private func said(_ verdict: VerdictView) -> HTML {
        let (word, style) =
            switch verdict.verdict {
            case "approve": ("approved", "good")
            case "ask": ("asks", "warn")
            case "object": ("objects", "bad")
            default: ("took back what they said", "")
            }
        let past: HTML? =
            verdict.counts || verdict.verdict == "withdraw"
            ? nil : " <span class=\"tag\">taken back since</span>"
        let text: HTML? = verdict.text.isEmpty ? nil : SessionPage.prose(verdict.text)
        let by = self.by(
            verdict.author, verdict.at, verdict.id, event: verdict.event,
            more: " <span class=\"word\">\(word)</span>\(past)")
        let look = text == nil ? "brief" : verdict.counts ? style : ""
        return """
            <div class="said \(look)" id="\(verdict.id)">\(by)\(text)</div>
            """
    }

    private func forms(_ decision: DecisionView) -> HTML {
        let id = decision.id
        let own = answer.verdicts.last {
            $0.decision == id && $0.counts && $0.author.account == viewer.handle
        }?.verdict
        let verdicts = FormProblem.name("sessions.judge", on: id)
        let hidden: HTML = "<input type=\"hidden\" name=\"on\" value=\"\(id)\">"
        let sent = typed(verdicts, "verdict")
        func details(
            _ verdict: String, _ label: String, _ question: HTML, _ hint: HTML?
        ) -> HTML {
            let isSent = isWrong(verdicts) && sent == verdict
            let field = "\(id)-\(verdict)"
            let text = isSent ? typed(verdicts, "text") : ""
            let body = form(
                "verdicts", name: isSent ? verdicts : "",
                """
                \(hidden)<label for="\(field)">\(question)</label><textarea id="\(field)" \
                name="text" required>\(text)</textarea>\(hint)<button class="primary" \
                name="verdict" value="\(verdict)">\(label)</button>
                """)
            return """
                <details class="ask" name="\(id)-reply"\(isSent ? " open" : "")><summary \
                class="button">\(label)</summary>\(body)</details>
                """
        }
        let comments = FormProblem.name("sessions.comment", on: id)
        let withdraw: HTML? =
            own == nil
            ? nil
            : form(
                "verdicts", name: "",
                "\(hidden)<button class=\"quiet\" name=\"verdict\" value=\"withdraw\">Take back</button>"
            )
        let isApproved = own == "approve"
        let approve = form(
            "verdicts", name: isWrong(verdicts) && sent == "approve" ? verdicts : "",
            """
            \(hidden)<button name="verdict" value="approve" aria-pressed="\(isApproved ? "true" : "false")">\(isApproved ? "Approved" : "Approve")</button>
            """)
        return """
            \(approve)\(withdraw)
            \(details("ask", "Ask", "Your question about \(id)", nil))
            \(details("object", "Object", "What is wrong with \(id), and what would change your mind?", "<p class=\"hint\">An objection stops a landing at the forge until you take it back, or somebody overrules it.</p>"))
            <details class="ask" name="\(id)-reply"\(isWrong(comments) ? " open" : "")><summary \
            class="button">Comment</summary>\(form("comments", name: comments, """
            \(hidden)<label for="\(id)-c">Your comment on \(id)</label><textarea id="\(id)-c" \
            name="text" required>\(typed(comments, "text"))</textarea><button \
            class="primary">Comment</button>
            """))</details>
            """
    }

    private var decideForm: HTML? {
        guard hasForms else { return nil }
        let name = FormProblem.name("sessions.decide")
        return """
            <details class="ask"\(isWrong(name) ? " open" : "")><summary class="button">Record a \
            decision</summary>\(form("decisions", name: name, """
            <label for="decision">What was decided</label><input id="decision" name="decision" \
            value="\(typed(name, "decision"))" required><label for="why">The reason, with what was \
            rejected</label><textarea id="why" name="why" required>\(typed(name, "why"))</textarea>\
            <button class="primary">Record</button>
            """))</details>
            """
    }
}
