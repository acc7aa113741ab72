import HifCore

/// The page of a session. Why before what: goal, decisions, conversation, changes, landing.
extension SessionAnswer {
    func page(_ frame: Frame) -> HTML {
        let title =
            landed.map { "\(goal) · landed at @\($0.position)" } ?? "\(goal) · session"
        return project.page(
            title, frame, tab: landed == nil ? .sessions : .landings,
            description:
                "\(status.rawValue) session: \(decisions.count) decisions, \(changes.count) files",
            """
            \(head(frame))
            \(facts(frame))
            \(notice)
            <div class="session">
            \(thread)
            <div class="stack">
            \(decisionSection(frame))
            \(talk(frame))
            \(changeSection)
            \(landing(frame))
            </div>
            </div>
            """)
    }

    private var state: HTML {
        switch status {
        case .open: "<span class=\"state open\">Open</span>"
        case .conflicted: "<span class=\"state warn\">Conflicted</span>"
        case .landed: "<span class=\"state good\">Landed</span>"
        case .abandoned: "<span class=\"state bad\">Abandoned</span>"
        }
    }

    private func head(_ frame: Frame) -> HTML {
        let more: HTML? = about.isEmpty ? nil : "\(SessionAnswer.prose(about))"
        let at: HTML? = landed.map { "\(project.position($0.position))" }
        let when: HTML =
            landed.map { "<span>landed \(frame.time($0.at.millis))</span>" }
            ?? "<span>started \(frame.time(startedAt.millis)), last event \(frame.time(lastAt.millis))</span>"
        return """
            <header class="goal">
            <p class="row soft">\(state)\(at)<span class="mono" title="\(session)">\
            \(id.description)</span>\(when)</p>
            <h1>\(goal)</h1>
            \(more)
            <p class="row">\(author.card)</p>
            </header>
            """
    }

    private func facts(_ frame: Frame) -> HTML {
        let span: HTML =
            landed.map { landed in
                "<dt>Base and landing</dt><dd>\(project.position(base)) <span class=\"soft\">→</span> \(project.position(landed.position))</dd>"
            }
            ?? "<dt>Base and tip</dt><dd>\(project.position(base)) <span class=\"soft\">→</span> \(project.position(tip))</dd>"
        return """
            <dl class="facts"><div><dt>Decisions</dt><dd>\(decisions.count)</dd></div><div>\
            <dt>Messages</dt><dd>\(messages.count)</dd></div><div><dt>Files</dt><dd>\
            \(changes.count.grouped)<small><span class="plus">+\(changes.added.grouped)</span> \
            <span class="minus">−\(changes.removed.grouped)</span></small></dd></div><div>\
            \(span)</div></dl>
            """
    }

    private var notice: HTML? {
        guard status == .conflicted else { return nil }
        let count = conflicts.count
        return """
            <div class="notice warn"><p><b>\(count) path\(count == 1 ? "" : "s") cannot land as \(count == 1 ? "it is" : "they are")</b>: somebody else landed other changes of the same lines first.</p><p class="push"><a href="#landing">Which, and what to do</a></p></div>
            """
    }

    /// Where one is: the parts of the page, and the way to each.
    private var thread: HTML {
        let isLanded = landed != nil
        let last: HTML =
            status == .conflicted
            ? "<li class=\"stop\"><a href=\"#landing\">Landing</a><span class=\"bad opt\">stopped by \(conflicts.count) conflict\(conflicts.count == 1 ? "" : "s")</span></li>"
            : "<li class=\"\(isLanded ? "done" : "")\"><a href=\"#landing\">Landing</a></li>"
        let whys = decisions.prefix(20).map { decision -> HTML in
            "<li><a href=\"#\(decision.id)\"><span class=\"why\">\(decision.id)</span></a></li>"
        }
        let files = changes.files.prefix(20).map { file -> HTML in
            "<li><a href=\"#\(file.anchor)\"><span class=\"mono\" title=\"\(file.repoPath.description)\">\(SafeText.escape(Array(file.repoPath.name)))</span></a></li>"
        }
        return """
            <nav class="thread" aria-label="In this session"><ol class="line bare"><li class="done"><a href="#main">Goal</a></li><li class="\(decisions.isEmpty ? "" : "whys")"><a href="#decisions">Decisions <span class="soft num">\(decisions.count)</span></a><ol class="bare opt marks">\(whys)</ol></li><li><a href="#talk">Conversation <span class="soft num">\(messages.count)</span></a></li><li><a href="#changes">Changes <span class="soft num">\(changes.count)</span></a><ol class="bare opt">\(files)</ol></li>\(last)</ol></nav>
            """
    }

    private func decisionSection(_ frame: Frame) -> HTML {
        let cards = decisions.map { decision -> HTML in
            let why: HTML =
                decision.why.isEmpty
                ? "<dt>Reason</dt><dd class=\"soft\">None was recorded.</dd>"
                : "<dt>Reason</dt><dd>\(SessionAnswer.prose(decision.why))</dd>"
            let after: HTML? = decision.after.map { " after <a href=\"#\($0)\">#\($0)</a>" }
            return """
                <article class="decision" id="\(decision.id)" aria-labelledby="\(decision.id)-t">\
                <header><a class="why" href="#\(decision.id)">\(decision.id)</a><h3 id="\
                \(decision.id)-t">\(decision.decision)</h3></header>
                <dl>\(why)</dl>
                <footer><p class="soft">Recorded by \(decision.author.text)\(after), \
                \(frame.time(decision.at.millis))</p></footer></article>

                """
        }
        return """
            <section aria-labelledby="decisions"><div class="sect"><h2 \
            id="decisions">Decisions</h2><p>\(decisions.count)</p></div>
            \(decisions.isEmpty ? SessionAnswer.none : HTML())\(cards)</section>
            """
    }

    private static let none: HTML = "<p class=\"soft\">None was recorded.</p>"

    private func talk(_ frame: Frame) -> HTML {
        let items = messages.map { message -> HTML in
            let isAgent = !message.author.agent.isEmpty && message.role != "human"
            let speaker =
                isAgent
                ? message.author.agent
                : (message.author.account.isEmpty ? message.author.name : message.author.account)
            let who: HTML =
                isAgent || !Frame.isHandle(speaker)
                ? "<span class=\"who\">\(speaker)</span>"
                : "<a class=\"who\" href=\"/\(speaker)\">\(speaker)</a>"
            let owner: HTML? =
                isAgent && !message.author.account.isEmpty
                ? "<span>agent of \(message.author.account)</span>" : nil
            let role: HTML? =
                message.role.isEmpty || message.role == "human"
                ? nil : "<span class=\"tag\">\(message.role)</span>"
            return """
                <li id="\(message.id)">\(Avatar.picture(speaker, isAgent: isAgent))<div><p \
                class="by">\(who)\(owner)\(role)\(frame.time(message.at.millis))<a href="#\
                \(message.id)">#\(message.id)</a></p>\(said(message))</div></li>

                """
        }
        let list: HTML =
            messages.isEmpty
            ? "<p class=\"soft\">Nothing was said.</p>" : "<ol class=\"talk\">\(items)</ol>"
        return """
            <section aria-labelledby="talk"><div class="sect"><h2 id="talk">Conversation</h2><p>\
            \(messages.count)</p></div>
            \(list)</section>
            """
    }

    /// What a tool printed is folded; what somebody said is not.
    private func said(_ message: MessageView) -> HTML {
        guard message.role == "tool" else { return SessionAnswer.prose(message.text) }
        let lines = message.text.split(separator: "\n", omittingEmptySubsequences: false)
        let first = lines.first.map { String($0.prefix(200)) } ?? ""
        return """
            <details class="tool"><summary><code>\(first)</code> \(lines.count) line\(lines.count == 1 ? "" : "s")</summary><pre tabindex="0" aria-label="Output">\(message.text)</pre></details>
            """
    }

    /// What somebody wrote, as Markdown that leads nowhere but elsewhere.
    static func prose(_ text: String) -> HTML {
        let (html, isComplete) = MarkdownHTML.render(Array(text.utf8))
        return isComplete ? html : "\(html)<p class=\"soft\">Cut: the text is longer.</p>"
    }

    private var changeSection: HTML {
        let base =
            landed.map { project.links.landing($0.position) } ?? project.links.session(id)
        let articles = changes.files.map { file -> HTML in
            let merged =
                merges.contains(file.repoPath.description)
                || landed?.merged.contains(file.repoPath.description) == true
            let isStopped = conflicts.contains { $0.path == file.repoPath.description }
            let mark: HTML =
                isStopped
                ? "<span class=\"state warn\">Conflicts</span>"
                : merged ? "<span class=\"tag\">merges</span>" : ""
            return file.article(
                view: view(file),
                whole:
                    "\(base)?file=\(PercentCoding.encode(file.repoPath.bytes))#\(file.anchor)",
                head: mark)
        }
        let nothing: HTML =
            landed == nil
            ? "<p class=\"soft\">None yet at the forge. A session that is worked on in a checkout sends its changes when it lands.</p>"
            : "<p class=\"soft\">None.</p>"
        return """
            <section aria-labelledby="changes"><div class="sect"><h2 id="changes">Changes</h2><p>\
            \(changes.summary)</p></div>
            \(changes.count == 0 ? nothing : nil)\(articles)\(changes.rest)</section>
            """
    }

    /// Where a changed file can be seen: what landed is at its position, a draft nowhere yet.
    private func view(_ file: FileDiff) -> String? {
        guard let landed else { return nil }
        return file.newHash == nil
            ? project.links.file(file.repoPath, at: landed.position - 1)
            : project.links.file(file.repoPath, at: landed.position)
    }

    private func landing(_ frame: Frame) -> HTML {
        let box: HTML
        switch status {
        case .landed: box = landedBox(frame)
        case .abandoned:
            box =
                "<div class=\"landing\"><p class=\"pad\">Closed without landing. What was said and decided stays.</p></div>"
        case .open, .conflicted: box = openBox
        }
        let judged: HTML? =
            landed == nil && status != .abandoned
            ? "<p>judged at tip \(project.position(tip))</p>" : nil
        return """
            <section aria-labelledby="landing"><div class="sect"><h2 id="landing">Landing</h2>\
            \(judged)</div>
            \(box)</section>
            """
    }

    private func landedBox(_ frame: Frame) -> HTML {
        guard let landed else { return "" }
        let merged: HTML? =
            landed.merged.isEmpty
            ? nil
            : "<dt>Merged by line</dt><dd><ul class=\"bare\">\(landed.merged.map { "<li class=\"mono\">\($0)</li>" as HTML })</ul></dd>"
        let git: HTML? = landed.gitCommit.map { "<dt>Git commit</dt><dd class=\"mono\">\($0)</dd>" }
        let before = landed.position - 1
        return """
            <div class="landing good"><div class="pad row"><span class="at">@\
            \(landed.position)</span><span class="soft">\(frame.time(landed.at.millis))</span>\
            <span class="push row"><a class="button" href="\
            \(project.links.tree(nil, at: landed.position))">Files here</a><a class="button" \
            href="\(project.links.diff(before, landed.position))">Diff with @\(before)</a></span>\
            </div>
            <div class="pad"><dl class="pairs">\(merged)\(git)<dt>Session</dt><dd class="mono">\
            \(session)</dd><dt>Wanted</dt><dd class="mono">\(landed.sourceDigest)</dd>\
            <dt>Landed</dt><dd class="mono">\(landed.landedDigest)</dd></dl></div></div>
            """
    }

    private var openBox: HTML {
        var rows = HTML()
        for conflict in conflicts {
            let by: HTML = conflict.landing.map { "by \(project.position($0))" } ?? "since the base"
            let lines = conflict.lines.map { range -> String in
                range[0] >= range[1] ? "line \(range[0])" : "lines \(range[0]) to \(range[1])"
            }.joined(separator: ", ")
            let where_: HTML = lines.isEmpty ? "" : "; in dispute: \(lines)"
            rows += """
                <tr><th scope="row" class="mono">\(conflict.path)</th><td><span class="state \
                warn">Conflicts</span></td><td>\(SessionAnswer.words(conflict.theirs)) \
                \(by)\(where_)</td></tr>

                """
        }
        for path in merges {
            rows += """
                <tr><th scope="row" class="mono">\(path)</th><td><span class="state \
                good">Merges</span></td><td>somebody else changed other lines</td></tr>

                """
        }
        let clean = changes.count - conflicts.count - merges.count
        if clean > 0 {
            rows += """
                <tr><th scope="row">\(clean.grouped) path\(clean == 1 ? "" : "s")</th><td><span class="state good">Clear</span></td><td>nobody else changed \(clean == 1 ? "it" : "them") since</td></tr>

                """
        }
        let way: HTML =
            status == .conflicted
            ? """
            <p>Take in what landed and settle the difference: <code>hif update</code>, edit, \
            <code>hif session resolve</code>. Without a checkout, send each path again with \
            <code>"base": \(tip)</code>.</p>
            """
            : "<p>Land it with <code>hif session land</code>, or <code>POST …/land</code>.</p>"
        let table: HTML? =
            rows.text.isEmpty
            ? nil
            : "<table class=\"policy\"><caption class=\"vh\">What would become of each path</caption><tbody>\(rows)</tbody></table>"
        return """
            <div class="landing"><div>\(table)</div><div class="pad">\(way)</div></div>
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
