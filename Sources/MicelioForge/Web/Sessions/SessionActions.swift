import HTTPTypes
import HifCore
import HifRepository
import Hummingbird

/// What is done in a session: over the API with JSON, on its page with a form. The same functions
/// answer both; a form leads back to the page, at what it made.
enum SessionActions {
    static let agent = JSONShape.Field(
        "agent", .upTo(Limits.agentLengthMax, example: "fern"),
        "The agent that does it for the account; empty for a person")

    /// Markdown that somebody wrote.
    private static let words = JSONShape.words(
        SessionEvent.textBytesMax, example: "Lines merge, a table would not.")

    static let all: [Route] = starting + talking + reviewing + closing + seeing

    /// What an action made.
    private struct Done {
        let value: any Encodable & Sendable
        var status = HTTPResponse.Status.created
        /// Where a browser goes on.
        let address: String
    }

    /// A session as it is after something was said in it.
    private struct Told: Encodable {
        let session: String
        /// What was added: `m3`, `d1`, `c2` or `v4`; null when it came too late to be in the session.
        let id: String?
        let decisions: Int
        let verdicts: Int
        let messages: Int
        let comments: Int

        static let shape = JSONShape.answer(
            "Told",
            [
                .init("session", .session),
                .maybe(
                    "id", .string,
                    "What was added: m3, d1, c2 or v4; not there when it came too late"),
                .init("decisions", .integer), .init("verdicts", .integer),
                .init("messages", .integer), .init("comments", .integer),
            ])
    }

    private struct Started: Encodable {
        let session: String
        let base: Position
        let url: String

        static let shape = JSONShape.answer(
            "Started",
            [
                .init("session", .session), .init("base", .position, "The newest landing"),
                .init("url", .string, "Of its page"),
            ])
    }

    private struct Closed: Encodable {
        let session: String
        let status: String
        let position: Position?
        let merged: [String]

        static let shape = JSONShape.answer(
            "Closed",
            [
                .init("session", .session), .init("status", .word("landed", "abandoned")),
                .maybe("position", .position), .init("merged", .list(.string)),
            ])
    }

    private static let starting =
        Route.writing(
            .get, .init(page: "/{owner}/{project}/sessions/new"), "sessions.new",
            "The form to start a session", body: nil
        ) { call, project in
            try await newForm(call, project, problem: nil, .ok)
        }
        + Route.writing(
            .post, .project("/sessions"), "sessions.start", "Starts a session",
            body: .object(
                [
                    .init(
                        "goal", .words(SessionEvent.textBytesMax, example: "Greet people"),
                        "What is to be reached; its first line is the title"), agent,
                ], required: ["goal"])
        ) { call, project in
            let links = links(project)
            do {
                let body = try await call.body()
                let (id, base) = try await project.start(
                    goal: body.string("goal") ?? "", agent: body.string("agent") ?? "",
                    key: call.idempotencyKey())
                if call.isForm { return .redirect(links.session(id)) }
                return .json(
                    Started(session: id.full, base: base, url: links.session(id)), .created)
            } catch let error as ForgeError where call.isForm {
                return try await newForm(
                    call, project, problem: error, error.code.httpStatus)
            }
        }
        .making(Started.shape).reading(Route.idempotencyKey).refusing(.unprocessable)

    private static let talking =
        action(
            "notes", "sessions.note", "Adds something that was said",
            .object(
                [
                    .init("text", words, "Markdown"),
                    .init(
                        "role", .word("human", "assistant", "system", "tool"),
                        "assistant without it, human in a form"), agent,
                ], required: ["text"])
        ) { call, body, project, id in
            let role = body.string("role") ?? (call.isForm ? "human" : "assistant")
            guard ["human", "assistant", "system", "tool"].contains(role) else {
                throw ForgeError.invalid("a role is human, assistant, system or tool")
            }
            let text = try said(body, "text")
            return try told(
                try await project.tell(
                    .note(role: role, text: text), in: id, agent: body.string("agent") ?? "",
                    key: call.idempotencyKey()), id, project)
        }
        .making(Told.shape).reading(Route.idempotencyKey).refusing(.unprocessable)
        + action(
            "decisions", "sessions.decide", "Records a decision and its reason",
            .object(
                [
                    .init("decision", words, "What was decided"),
                    .init(
                        "why", .upTo(SessionEvent.textBytesMax),
                        "The reason, with what was rejected"), agent,
                ], required: ["decision", "why"])
        ) { call, body, project, id in
            let text = try said(body, "decision")
            let why = try fitting(body.string("why") ?? "")
            return try told(
                try await project.tell(
                    .decision(text: text, why: why), in: id, agent: body.string("agent") ?? "",
                    key: call.idempotencyKey()), id, project)
        }
        .making(Told.shape).reading(Route.idempotencyKey).refusing(.unprocessable)

    private static let reviewing =
        action(
            "comments", "sessions.comment", "Comments on a message, a decision or a line",
            .oneOf(
                [
                    .object(
                        [
                            .init("text", words, "Markdown"),
                            .init(
                                "on", .like("^[mdc][1-9][0-9]{0,8}$", example: "m1"),
                                "A message (m3), a decision (d1) or a comment (c2)"), agent,
                        ], required: ["text", "on"]),
                    .object(
                        [
                            .init("text", words, "Markdown"),
                            .init("path", .path, "A file that the session changes"),
                            .init("line", .whole(1...Int64(Int32.max)), "Counted from 1"),
                            .init(
                                "side", .word("old", "new"),
                                "old for the file as it was; new without it"), agent,
                        ], required: ["text", "path", "line"]),
                ], words: "a comment is on one thing: 'on', or 'path' and 'line'")
        ) { call, body, project, id in
            let text = try said(body, "text")
            return try told(
                try await project.comment(
                    text, on: place(body), in: id, agent: body.string("agent") ?? "",
                    key: call.idempotencyKey()), id, project)
        }
        .making(Told.shape).reading(Route.idempotencyKey).refusing(.unprocessable)
        + action(
            "verdicts", "sessions.judge",
            "Says what the caller thinks of a decision; their last word counts",
            .oneOf(
                [
                    verdict(
                        .word("approve", "withdraw"), "withdraw takes back what was said",
                        text: .upTo(SessionEvent.textBytesMax), required: []),
                    verdict(.word("ask", "object"), text: words, required: ["text"]),
                ], words: "'ask' and 'object' need a 'text'")
        ) { call, body, project, id in
            guard let verdict = SessionEvent.Verdict(word: body.string("verdict") ?? "") else {
                throw ForgeError.invalid("a verdict is approve, ask, object or withdraw")
            }
            let needsText = verdict == .ask || verdict == .object
            let text = needsText ? try said(body, "text") : try fitting(body.string("text") ?? "")
            return try told(
                try await project.judge(
                    body.string("on") ?? "", verdict, text: text, in: id,
                    agent: body.string("agent") ?? "", key: call.idempotencyKey()), id, project)
        }
        .making(Told.shape).reading(Route.idempotencyKey).refusing(.unprocessable)

    private static func verdict(
        _ verdict: JSONShape, _ summary: String = "", text: JSONShape, required: [String]
    ) -> JSONShape {
        .object(
            [
                .init("on", .like("^d[1-9][0-9]{0,8}$", example: "d1"), "The decision"),
                .init("verdict", verdict, summary), .init("text", text, "Markdown"), agent,
            ], required: ["on", "verdict"] + required)
    }

    private static let closing =
        action(
            "land", "sessions.land", "Lands the session's draft",
            .object(
                [
                    .init(
                        "overrule", .boolean,
                        "true lands although somebody objects to a decision"), agent,
                ], required: [])
        ) { call, body, project, id in
            try outcome(
                try await project.land(
                    id, agent: body.string("agent") ?? "",
                    overrules: body.bool("overrule") ?? false), id, project)
        }
        .answering(Closed.shape).refusing(.conflict, .objected, .unprocessable).costing(5)
        + action(
            "abandon", "sessions.abandon", "Closes a session that will not land",
            .object([.init("reason", words, "Why"), agent], required: ["reason"])
        ) { call, body, project, id in
            try await project.abandon(
                id, agent: body.string("agent") ?? "",
                reason: try said(body, "reason"))
            return Done(
                value: Closed(session: id.full, status: "abandoned", position: nil, merged: []),
                status: .ok, address: links(project).session(id))
        }
        .answering(Closed.shape)

    private static let seeing = Route.telling(
        .project("/sessions/{session}/seen"), "sessions.seen",
        "Keeps how far the account has read a session",
        body: .object(
            [.init("events", .position, "How many events it has read: `events` of the session")],
            required: ["events"])
    ) { call, project in
        let body = try await call.body()
        let id = try call.session()
        try await call.forge.keepSeen(
            Int(clamping: body.integer("events") ?? 0), of: id, in: project.grant)
        if call.isForm { return .redirect(ProjectLinks(project.grant.project.path).session(id)) }
        return .json(["session": id.full])
    }
    .answering(.answer("Seen", [.init("session", .session)]))
    .refusing(.unauthenticated)

    // MARK: The two carriers

    private static func action(
        _ word: String, _ id: String, _ summary: String, _ body: JSONShape,
        _ run:
            @escaping @Sendable (Call, JSONBody, OpenProject<Writing>, SessionID)
            async throws -> Done
    ) -> [Route] {
        Route.writing(
            .post, .project("/sessions/{session}/\(word)"), id, summary,
            body: body
        ) { call, project in
            let session = try call.session()
            var body: JSONBody?
            do {
                let sent = try await call.body()
                body = sent
                let done = try await run(call, sent, project, session)
                return call.isForm ? .redirect(done.address) : .json(done.value, done.status)
            } catch  where call.isForm && isForReader(error) {
                return try await SessionRoutes.again(
                    call, session, problem(of: error, id, body ?? JSONBody([:])),
                    Refusal(error, logger: call.context.logger).status)
            }
        }
        .refusing(.sessionClosed)
    }

    /// Whether an error is about what was sent, so that the form comes again with it.
    private static func isForReader(_ error: any Error) -> Bool {
        if error is LandingRefused { return true }
        guard let error = error as? ForgeError else { return false }
        return switch error.code {
        case .invalidArgument, .tooLarge, .conflict, .sessionClosed, .objected, .unprocessable,
            .unavailable:
            true
        default: false
        }
    }

    private static func problem(of error: any Error, _ id: String, _ body: JSONBody) -> FormProblem
    {
        let told = (error as? LandingRefused)?.error ?? error as? ForgeError
        var fields: [String: String] = [:]
        for (name, value) in body.fields {
            if case .string(let text) = value { fields[name] = text }
        }
        var thing = body.string("on") ?? ""
        if let path = body.string("path") {
            let side = body.string("side") == "old" ? "O" : "L"
            thing = "\(path):\(side)\(body.integer("line") ?? 0)"
        }
        return FormProblem(
            form: FormProblem.name(id, on: thing), message: told?.message ?? "it failed",
            hint: told?.hint, fields: fields)
    }

    private static func newForm(
        _ call: Call, _ project: OpenProject<Writing>, problem: ForgeError?,
        _ status: HTTPResponse.Status
    ) async throws -> Reply {
        let reading = try await call.forge.open(
            call.project(), for: Reading.self, as: call.principal)
        let frame = ProjectFrame(project.grant, tip: try await reading.tip().position)
        // What was sent is not there any more when the form is refused for its size.
        return .page({ NewSessionPage(project: frame, problem: problem).page($0) }, status)
    }

    // MARK: What was sent, and what is answered

    private static func links(_ project: OpenProject<Writing>) -> ProjectLinks {
        ProjectLinks(project.grant.project.path)
    }

    private static func said(_ body: JSONBody, _ name: String) throws(ForgeError) -> String {
        let text = body.string(name) ?? ""
        guard !JSONShape.isBlank(text) else { throw .invalid("'\(name)' has no words") }
        return try fitting(text)
    }

    private static func fitting(_ text: String) throws(ForgeError) -> String {
        guard text.utf8.count <= SessionEvent.textBytesMax else {
            throw ForgeError(.tooLarge, "a text has at most \(SessionEvent.textBytesMax) bytes")
        }
        return text
    }

    private static func place(_ body: JSONBody) throws(ForgeError) -> CommentPlace {
        switch (body.string("on"), body.string("path"), body.integer("line")) {
        case (let on?, nil, nil): return .named(on)
        case (nil, let text?, let number?):
            guard let path = try? RepoPath(text), number > 0 else {
                throw .invalid("'\(text.prefix(200))' has no line \(number)")
            }
            guard ["", "old", "new"].contains(body.string("side") ?? "") else {
                throw .invalid("a side is old or new")
            }
            return .line(path, body.string("side") == "old" ? .old : .new, UInt64(number))
        default: throw .invalid("a comment is on one thing: 'on', or 'path' and 'line'")
        }
    }

    private static func told(
        _ told: ToldSession, _ id: SessionID, _ project: OpenProject<Writing>
    ) throws -> Done {
        let story = told.story
        func name(_ letter: String, _ found: Int?) -> String? { found.map { "\(letter)\($0)" } }
        let made =
            name("m", story.messages.last { $0.origin.id == told.event }?.number)
            ?? name("d", story.decisions.last { $0.origin.id == told.event }?.number)
            ?? name("c", story.comments.last { $0.origin.id == told.event }?.number)
            ?? name("v", story.verdicts.last { $0.origin.id == told.event }?.number)
        let page = links(project).session(id)
        return Done(
            value: Told(
                session: id.full, id: made, decisions: story.decisions.count,
                verdicts: story.verdicts.count, messages: story.messages.count,
                comments: story.comments.count),
            address: made.map { "\(page)#\($0)" } ?? page)
    }

    /// A landing's answer. What cannot land is an error with the paths in it, and the call that
    /// leads on.
    private static func outcome(
        _ outcome: LandOutcome, _ id: SessionID, _ project: OpenProject<Writing>
    ) throws -> Done {
        let base = "/api/v1/projects/\(project.grant.project.path)/sessions/\(id.full)"
        switch outcome {
        case .landed(let landed):
            return Done(
                value: Closed(
                    session: id.full, status: "landed", position: landed.position,
                    merged: landed.mergedPaths.map(\.description)), status: .ok,
                address: links(project).landing(landed.position))
        case .abandoned:
            throw ForgeError(.sessionClosed, "the session was abandoned")
        case .conflict(let conflicts, let position):
            throw LandingRefused(
                error: ForgeError(
                    .conflict, "somebody else landed other changes of the same lines first",
                    hint:
                        "read the files at @\(position), then send them again with \"base\": \(position)"
                ),
                conflicts: conflicts.map(ConflictView.init),
                next: Refusal.Next(method: "POST", href: "\(base)/files"))
        case .lacking:
            throw LandingRefused(
                error: ForgeError(
                    .unprocessable, "the content of some files is not here any more",
                    hint: "send the files again"),
                conflicts: [], next: Refusal.Next(method: "POST", href: "\(base)/files"))
        case .refused(let reason): throw ForgeError(.unprocessable, reason)
        case .unknown(let reason):
            throw LandingRefused(
                error: ForgeError(
                    .unavailable, "it may have landed: \(reason)", hint: "ask again"),
                conflicts: [], next: Refusal.Next(method: "POST", href: "\(base)/land"))
        }
    }
}

/// The form to start a session.
struct NewSessionPage {
    let project: ProjectFrame
    let problem: ForgeError?

    func page(_ frame: Frame) -> HTML {
        project.page(
            "New session", frame, tab: .sessions,
            """
            <div class="form"><header class="head"><h1>New session</h1></header>
            \(Frame.problem(problem?.message))
            <form method="post" action="\(project.links.sessions)"><div class="field"><label \
            for="goal">Goal</label><textarea id="goal" name="goal" required autofocus></textarea>\
            <p class="hint">What is to be reached, and why. The first line is the title.</p></div>\
            <p class="row"><button class="primary">Start</button><a href="\
            \(project.links.sessions)">Leave</a></p></form>
            <p class="soft gap">In a checkout: <code>hif session start "Your goal"</code></p></div>
            """)
    }
}
