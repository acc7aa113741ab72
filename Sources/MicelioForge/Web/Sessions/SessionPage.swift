import HifCore

/// The page of a session. Why before what: goal, decisions, conversation, changes, landing.
extension SessionAnswer {
    func page(_ frame: Frame) -> HTML { SessionPage(answer: self, frame: frame).page }
}

/// A session as somebody sees it in a browser. Its parts have ids, and are what the stream of events
/// puts in the place of older ones.
struct SessionPage {
    let answer: SessionAnswer
    let frame: Frame

    var viewer: SessionViewer { answer.viewer }
    var project: ProjectFrame { answer.project }
    var address: String { project.links.session(answer.id) }

    /// Whether something may still be said and done.
    var isOpen: Bool { answer.status == .open || answer.status == .conflicted }

    /// Whether there are forms.
    var hasForms: Bool { isOpen && viewer.mayWrite }

    var page: HTML {
        let goal = answer.goal
        let title =
            answer.landed.map { "\(goal) · landed at @\($0.position)" } ?? "\(goal) · session"
        return project.page(
            title, frame, tab: answer.landed == nil ? .sessions : .landings,
            description:
                "\(answer.status.rawValue) session: \(answer.decisions.count) decisions, \(answer.changes.count) files",
            script: isOpen ? SessionScript.address : nil,
            """
            \(head)
            \(facts)
            \(notices)
            <div class="session">
            \(thread)
            <div class="stack">
            \(decisionSection)
            \(talkSection)
            \(changeSection)
            \(landingSection)
            </div>
            </div>
            \(live)
            """)
    }

    private var state: HTML {
        switch answer.status {
        case .open: "<span class=\"state open\">Open</span>"
        case .conflicted: "<span class=\"state warn\">Conflicted</span>"
        case .landed: "<span class=\"state good\">Landed</span>"
        case .abandoned: "<span class=\"state bad\">Abandoned</span>"
        }
    }

    private var head: HTML {
        let more: HTML? =
            answer.about.isEmpty ? nil : "\(SessionPage.prose(answer.about))"
        let at: HTML? = answer.landed.map { "\(project.position($0.position))" }
        let when: HTML =
            answer.landed.map { "<span>landed \(frame.time($0.at.millis))</span>" }
            ?? "<span>started \(frame.time(answer.startedAt.millis)), last event \(frame.time(answer.lastAt.millis))</span>"
        return """
            <header class="goal">
            <p class="row soft">\(state)\(at)<span class="mono" title="\(answer.session)">\
            \(answer.id.description)</span>\(when)<span class="state live" id="live" \
            hidden>Live</span></p>
            <h1>\(answer.goal)</h1>
            \(more)
            <p class="row">\(answer.author.card)\(agents)\(reviewers)</p>
            </header>
            """
    }

    /// Agents that worked in it, besides the one by which it is signed: who lands an agent's session on the
    /// page signs it alone.
    private var agents: HTML? {
        var seen: Set<String> = ["", answer.author.agent]
        let found = (answer.messages.map(\.author) + answer.decisions.map(\.author))
            .filter { seen.insert($0.agent).inserted }
        guard !found.isEmpty else { return nil }
        let cards = found.map { author -> HTML in
            let voice = Voice(author)
            return "\(voice.picture)\(voice.name) "
        }
        return " <span class=\"soft\">worked on by</span> \(cards)"
    }

    /// Those who gave a verdict.
    private var reviewers: HTML? {
        var seen: Set<String> = []
        let names = answer.verdicts.filter(\.counts).map(\.author).filter {
            Frame.isHandle($0.account) && seen.insert($0.account).inserted
        }
        guard !names.isEmpty else { return nil }
        return
            " <span class=\"soft\">reviewed by</span> \(names.map { "\(Avatar.named($0.account)) " as HTML })"
    }

    private var facts: HTML {
        let end = answer.landed?.position
        let span: HTML = """
            <dt>\(end == nil ? "Base and tip" : "Base and landing")</dt><dd>\
            \(project.position(answer.base)) <span class="soft">→</span> \
            \(project.position(end ?? answer.tip))</dd>
            """
        let changes = answer.changes
        let objected = answer.decisions.count { $0.standing == "objected" }
        let asked = answer.decisions.count { $0.standing == "asked" }
        let standing: HTML? =
            objected > 0
            ? "<small class=\"bad\">\(objected) objected</small>"
            : asked > 0
                ? "<small class=\"warn\">\(asked) with a question</small>" : nil
        return """
            <dl class="facts"><div><dt>Decisions</dt><dd>\(answer.decisions.count)\(standing)\
            </dd></div><div><dt>Messages</dt><dd>\(answer.messages.count)</dd></div><div>\
            <dt>Comments</dt><dd>\(answer.comments.count)</dd></div><div><dt>Files</dt><dd>\
            \(changes.count.grouped)<small><span class="plus">+\(changes.added.grouped)</span> \
            <span class="minus">−\(changes.removed.grouped)</span></small></dd></div><div>\
            \(span)</div></dl>
            """
    }

    /// What the viewer should know before anything else.
    private var notices: HTML {
        var notices: HTML = "<div id=\"stale\" role=\"status\"></div>"
        if let problem = viewer.problem {
            let hint: HTML? = problem.hint.map { " \(Frame.sentence($0))" }
            let way: HTML? =
                hasForms ? "<p class=\"push\"><a href=\"#wrong\">To the form</a></p>" : nil
            notices += """
                <div class="notice warn" role="alert"><p><b>That did not work</b>: \
                \(Frame.sentence(problem.message))\(hint)</p>\(way)</div>
                """
            if !hasForms { notices += kept(problem) }
        }
        if answer.status == .conflicted {
            let count = answer.conflicts.count
            notices += """
                <div class="notice warn"><p><b>\(count) path\(count == 1 ? "" : "s") cannot land as \(count == 1 ? "it is" : "they are")</b>: somebody else landed other changes of the same lines first.</p><p class="push"><a href="#landing">Which, and what to do</a></p></div>
                """
        }
        notices += SessionNews(page: self).notice ?? ""
        return notices
    }

    /// What somebody wrote into a form that is not there any more, for them to take along.
    private func kept(_ problem: FormProblem) -> HTML {
        let texts = ["decision", "why", "text", "reason"].compactMap { name -> HTML? in
            guard let text = problem.fields[name], !JSONShape.isBlank(text) else { return nil }
            return """
                <div class="field"><label for="kept-\(name)">What you wrote</label><textarea id="\
                kept-\(name)" readonly>\(text)</textarea></div>
                """
        }
        return "\(texts)"
    }

    /// Where one is: the parts of the page, and the way to each.
    private var thread: HTML {
        let isLanded = answer.landed != nil
        let count = answer.conflicts.count
        let objected = answer.decisions.first { $0.standing == "objected" }
        let stop: HTML? =
            isLanded
            ? nil
            : objected.map { "stopped by \($0.id)" }
                ?? (answer.status == .conflicted
                    ? "stopped by \(count) conflict\(count == 1 ? "" : "s")" : nil)
        let last: HTML =
            stop.map {
                "<li class=\"stop\"><a href=\"#landing\">Landing</a><span class=\"bad opt\">\($0)</span></li>"
            }
            ?? "<li class=\"\(isLanded ? "done" : "")\"><a href=\"#landing\">Landing</a></li>"
        // Names alone stand side by side.
        let isSilent = answer.decisions.allSatisfy { $0.standing == "unseen" }
        let whys = answer.decisions.prefix(20).map { decision -> HTML in
            "<li><a href=\"#\(decision.id)\"><span class=\"why\">\(decision.id)</span>\(SessionPage.standingWord(decision))</a></li>"
        }
        let files = answer.changes.files.prefix(20).map { file -> HTML in
            "<li><a href=\"#\(file.anchor)\"><span class=\"mono\" title=\"\(file.repoPath.description)\">\(SafeText.escape(Array(file.repoPath.name)))</span></a></li>"
        }
        return """
            <nav class="thread" aria-label="In this session"><ol class="line bare"><li class="done"><a href="#main">Goal</a></li><li class="\(answer.decisions.isEmpty ? "" : "whys")"><a href="#decisions">Decisions <span class="soft num">\(answer.decisions.count)</span></a><ol class="bare opt\(isSilent ? " marks" : "")">\(whys)</ol></li><li><a href="#talk">Conversation <span class="soft num">\(answer.messages.count)</span></a></li><li><a href="#changes">Changes <span class="soft num">\(answer.changes.count)</span></a><ol class="bare opt">\(files)</ol></li>\(last)</ol></nav>
            """
    }

    private static func standingWord(_ decision: DecisionView) -> String {
        decision.standing == "unseen" ? "" : " \(decision.standing)"
    }

    /// What somebody wrote, as Markdown that leads nowhere but elsewhere.
    static func prose(_ text: String) -> HTML {
        let (html, isComplete) = MarkdownHTML.render(Array(text.utf8))
        return isComplete ? html : "\(html)<p class=\"soft\">Cut: the text is longer.</p>"
    }

    /// Where the script finds the stream, and from which event on.
    private var live: HTML? {
        guard isOpen else { return nil }
        return """
            <div id="feed" hidden data-page="\(address)" data-feed="\(address)/events?from=\
            \(answer.events)"></div>
            """
    }
}

extension SessionPage {
    /// A form that goes to one of the session's actions; with what was wrong when it was sent before.
    ///
    /// - Parameter name: as `FormProblem.name`.
    func form(_ action: String, name: String, class style: String = "", _ body: HTML) -> HTML {
        let styled: HTML = style.isEmpty ? "" : " class=\"\(style)\""
        return """
            <form method="post" action="\(address)/\(action)"\(styled)>\(problem(name))\(body)</form>
            """
    }

    func problem(_ name: String) -> HTML? {
        guard let problem = viewer.problem, problem.form == name else { return nil }
        let hint: HTML? = problem.hint.map { " \(Frame.sentence($0))" }
        return """
            <p class="wrong" id="wrong">\(Frame.sentence(problem.message))\(hint)</p>
            """
    }

    /// What was typed into a field of a form that comes again.
    func typed(_ name: String, _ field: String) -> String {
        guard let problem = viewer.problem, problem.form == name else { return "" }
        return problem.fields[field] ?? ""
    }

    func isWrong(_ name: String) -> Bool { viewer.problem?.form == name }

    /// A mark beside what the viewer has not seen.
    func newMark(_ event: Int, _ author: AuthorView) -> HTML? {
        viewer.isNew(event, by: author) ? " <span class=\"new\">new</span>" : nil
    }

    /// Who, when, and the anchor: the line above everything that was said.
    func by(
        _ author: AuthorView, _ at: Moment, _ id: String, event: Int, isHuman: Bool = false,
        more: HTML? = nil
    ) -> HTML {
        let voice = Voice(author, isHuman: isHuman)
        return """
            <p class="by">\(voice.name)\(voice.owner)\(more)\(newMark(event, author))\
            \(frame.time(at.millis))<a href="#\(id)">#\(id)</a></p>
            """
    }

    /// Who speaks: an agent, or a person.
    struct Voice {
        let picture: HTML
        let name: HTML
        let owner: HTML?

        init(_ author: AuthorView, isHuman: Bool = false) {
            let isAgent = !author.agent.isEmpty && !isHuman
            let speaker =
                isAgent
                ? author.agent : (author.account.isEmpty ? author.name : author.account)
            // A name that only reads like an account's has not its picture.
            picture =
                isAgent || author.account.isEmpty || !Frame.isHandle(speaker)
                ? Avatar.drawn(speaker, isAgent: isAgent) : Avatar.small(speaker)
            name =
                isAgent || !Frame.isHandle(speaker)
                ? "<span class=\"who\">\(speaker)</span>"
                : "<a class=\"who\" href=\"/\(speaker)\">\(speaker)</a>"
            owner =
                isAgent && !author.account.isEmpty
                ? "<span>agent of \(author.account)</span>" : nil
        }
    }
}
