import HTTPTypes
import HifCore
import HifRepository

/// Sessions: the list of the open ones, one of them, and one that has landed, which is found by its
/// position.
enum SessionRoutes {
    static let all: [Route] =
        Route.reading(
            .project("/sessions~"), "sessions.list", "The open sessions",
            query: [
                .init(
                    "state", .word("open", "conflicted", "objected", "unseen"),
                    "unseen: those with a decision that nobody judged"),
                .init(
                    "author", .upTo(Author.fieldBytesMax), "Who began it: an account or an agent"),
            ]
        ) { call, project in
            let filter = try SessionFilter(
                state: call.query["state"], author: call.query["author"])
            let sessions = try await project.openSessionStories().map(SessionLine.init)
            return .answer(
                SessionListAnswer(
                    project: ProjectFrame(
                        project.grant, tip: try await project.tip().position),
                    sessions: sessions.filter(filter.takes), filter: filter,
                    count: sessions.count,
                    mayWrite: try await mayWrite(call, project)))
        }
        .answering(SessionListAnswer.shape).costing(5)
        + Route.reading(
            .project("/sessions/{session}~"), "sessions.read",
            "A session: goal, decisions, conversation, changes, and what stands in its way",
            query: [
                .init("file", .path, "A path whose changes are shown although they are long"),
                .init(
                    "at", .upTo(5_000), "A line such as docs/a.md:L12: the page has a form there"),
            ]
        ) { call, project in
            try await open(call, project)
        }
        .answering(SessionAnswer.shape).costing(3)
        + Route.reading(
            .project("/sessions/{session}/events"), "sessions.events",
            "The session's events; asked for as text/event-stream, those to come as they come",
            query: [
                .init("from", .position, "The first event; Last-Event-ID counts more"),
                .init(
                    "limit", .whole(1...Int64(Limits.pageItemsMax)),
                    "Events at most; not of a stream"),
            ]
        ) { call, project in
            try await SessionStream.answer(call, project)
        }
        .answering(.jsonOrStream(SessionStream.shape))
        .reading(.init("Last-Event-ID", .position, "Go on after this event"))
        + Route.reading(
            .project("/@{at}~", api: "/landings/@{at}"), "landings.read",
            "A landing: the session it closed, and what it changed",
            query: [.init("file", .path, "A path whose changes are shown although they are long")]
        ) { call, project in
            try await landing(call, project)
        }
        .answering(SessionAnswer.shape).costing(3)

    private static func file(_ call: Call) throws -> RepoPath? {
        let text = call.query["file"]
        if text.isEmpty { return nil }
        guard let path = try? RepoPath(text) else {
            throw ForgeError.invalid("'\(text.prefix(200))' is no path of a file")
        }
        return path
    }

    /// Whether the caller may write to the project; asked for pages, which have forms then.
    private static func mayWrite(
        _ call: Call, _ project: OpenProject<Reading>
    ) async throws -> Bool {
        guard call.format == .html, call.principal.user != nil,
            !project.grant.project.isArchived
        else { return false }
        return project.grant.role >= .write
            && call.principal.scopes.allows(.write, on: project.grant.project.path)
    }

    /// A session's page again, after a form on it was refused.
    static func again(
        _ call: Call, _ id: SessionID, _ problem: FormProblem, _ status: HTTPResponse.Status
    ) async throws -> Reply {
        let project = try await call.forge.open(
            call.project(), for: Reading.self, as: call.principal)
        var answer: SessionAnswer
        switch try await find(call, project, id) {
        case .landed(let position):
            // While they wrote. The page of the landing says so, and has their words.
            let tip = try await project.tip().position
            answer = try await self.answer(call, project, project.detail(at: position), tip: tip)
        case .found(let found):
            answer = found
            answer.viewer = try await viewer(call, project, answer)
        }
        answer.viewer.problem = problem
        let form = problem.fields
        if let path = form["path"].flatMap({ try? RepoPath($0) }),
            let place = problem.form.split(separator: ":").last.flatMap({ LinePlace($0) })
        {
            answer.viewer.line = SessionViewer.LineChoice(path: path, place: place)
        }
        return .page(
            { [answer] frame in
                var frame = frame
                let links = answer.project.links
                frame.address =
                    answer.landed.map { links.landing($0.position) } ?? links.session(id)
                return answer.page(frame)
            }, status)
    }

    private enum Found {
        case found(SessionAnswer)
        /// Its page is another: that of its landing.
        case landed(Position)
    }

    private static func open(
        _ call: Call, _ project: OpenProject<Reading>
    ) async throws -> Reply {
        let id = try call.session()
        switch try await find(call, project, id) {
        case .landed(let position):
            // A program asks for the session, and gets it; a browser goes where it is for good.
            if call.format == .html {
                return .redirect(ProjectLinks(project.grant.project.path).landing(position))
            }
            let tip = try await project.tip().position
            return .answer(
                try await answer(call, project, project.detail(at: position), tip: tip))
        case .found(var answer):
            if call.format == .html { answer.viewer = try await viewer(call, project, answer) }
            return .answer(answer)
        }
    }

    private static func find(
        _ call: Call, _ project: OpenProject<Reading>, _ id: SessionID
    ) async throws -> Found {
        let tip = try await project.tip().position
        let frame = ProjectFrame(project.grant, tip: tip)
        switch try await project.session(id) {
        case .landed(let position): return .landed(position)
        case .abandoned(let story):
            return .found(
                SessionAnswer(
                    project: frame, id: id, status: .abandoned, story: story,
                    diff: DiffView(ChangedFiles(files: [], count: 0)), outlook: [], landed: nil))
        case .open(let open):
            let draft = open.story.draft
            let changes = (draft?.operations ?? []).map {
                TreeChange(path: $0.path, before: $0.before, after: $0.after)
            }
            let only = try file(call)
            let files = try await project.contents(
                of: changes, packs: draft?.packs ?? [], only: only)
            return .found(
                SessionAnswer(
                    project: frame, id: id, status: open.isConflicted ? .conflicted : .open,
                    story: open.story, diff: DiffView(files, only: only),
                    outlook: open.verdicts, landed: nil))
        }
    }

    /// Who looks at the session's page; remembers that they have seen it as it is now.
    private static func viewer(
        _ call: Call, _ project: OpenProject<Reading>, _ answer: SessionAnswer
    ) async throws -> SessionViewer {
        var viewer = SessionViewer()
        viewer.mayWrite = try await mayWrite(call, project)
        viewer.handle = call.principal.user?.handle.text
        viewer.line = SessionViewer.LineChoice(call.query["at"])
        // A database that cannot be written to costs the marks, and not the page.
        if let before = try? await call.forge.look(
            at: answer.id, events: answer.events, in: project.grant)
        {
            viewer.seen = before.events
            viewer.seenMillis = before.atMillis
        }
        return viewer
    }

    private static func landing(
        _ call: Call, _ project: OpenProject<Reading>
    ) async throws -> Reply {
        let tip = try await project.tip().position
        let position = try call.position() ?? tip
        guard position > 0 else { throw Call.nothing }
        return .answer(
            try await answer(call, project, project.detail(at: position), tip: tip))
    }

    private static func answer(
        _ call: Call, _ project: OpenProject<Reading>, _ detail: LandingDetail, tip: Position
    ) async throws -> SessionAnswer {
        let only = try file(call)
        let changes = detail.operations.filter { !$0.isNoOp }.map {
            TreeChange(
                path: $0.operation.path, before: $0.operation.before, after: $0.operation.after)
        }
        let files = try await project.contents(of: changes, only: only)
        return SessionAnswer(
            project: ProjectFrame(project.grant, tip: tip), detail,
            diff: DiffView(files, only: only))
    }
}
