import HTTPTypes
import HifCore
import HifRepository

/// Sessions: the list of the open ones, one of them, and one that has landed, which is found by its
/// position.
enum SessionRoutes {
    static let all: [Route] =
        Route.reading(.project("/sessions~"), "sessions.list", "The open sessions") {
            call, project in
            let sessions = try await project.openSessionStories()
            let tip = try await project.tip().position
            return .answer(
                SessionListAnswer(
                    project: ProjectFrame(project.grant.project, tip: tip),
                    sessions: sessions.map(SessionLine.init)))
        }
        + Route.reading(
            .project("/sessions/{session}~"), "sessions.read",
            "A session: goal, decisions, conversation, changes, and what stands in its way",
            query: [.init("file", .string, "A path whose changes are shown although they are long")]
        ) { call, project in
            try await session(call, project)
        }
        + Route.reading(
            .project("/@{at}~", api: "/landings/@{at}"), "landings.read",
            "A landing: the session it closed, and what it changed",
            query: [.init("file", .string, "A path whose changes are shown although they are long")]
        ) { call, project in
            try await landing(call, project)
        }

    private static func file(_ call: Call) throws -> RepoPath? {
        let text = call.query["file"]
        return text.isEmpty ? nil : try? RepoPath(text)
    }

    private static func session(
        _ call: Call, _ project: OpenProject<Reading>
    ) async throws -> Reply {
        let id = try call.session()
        let tip = try await project.tip().position
        let frame = ProjectFrame(project.grant.project, tip: tip)
        switch try await project.session(id) {
        case .landed(let position):
            // A program asks for the session, and gets it; a browser goes where it is for good.
            if call.format == .html { return .redirect(frame.links.landing(position)) }
            return .answer(
                try await answer(call, project, project.detail(at: position), tip: tip))
        case .abandoned(let story):
            return .answer(
                SessionAnswer(
                    project: frame, id: id, status: .abandoned, story: story,
                    diff: DiffView(
                        ChangedFiles(files: [], count: 0)), verdicts: [], landed: nil))
        case .open(let open):
            let draft = open.story.draft
            let changes = (draft?.operations ?? []).map {
                TreeChange(path: $0.path, before: $0.before, after: $0.after)
            }
            let only = try file(call)
            let files = try await project.contents(
                of: changes, packs: draft?.packs ?? [], only: only)
            return .answer(
                SessionAnswer(
                    project: frame, id: id, status: open.isConflicted ? .conflicted : .open,
                    story: open.story, diff: DiffView(files, only: only),
                    verdicts: open.verdicts, landed: nil))
        }
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
            project: ProjectFrame(project.grant.project, tip: tip), detail,
            diff: DiffView(files, only: only))
    }
}

/// The open sessions of a project.
struct SessionListAnswer: Answer {
    let project: ProjectFrame
    let sessions: [SessionLine]

    private enum CodingKeys: CodingKey {
        case sessions
    }

    func page(_ frame: Frame) -> HTML {
        let table: HTML =
            sessions.isEmpty
            ? "<p>None is open. Every change begins with a session: <code>hif session start \"Your goal\"</code></p>"
            : """
            <table class="list"><caption class="vh">Open sessions</caption><thead><tr><th \
            scope="col">State</th><th scope="col">Goal</th><th scope="col" class="opt">Who</th>\
            <th scope="col" class="num opt">Decisions</th><th scope="col" class="num \
            opt">Files</th><th scope="col" class="num">Last event</th></tr></thead><tbody>\
            \(sessions.map { $0.row(frame, project) })</tbody></table>
            """
        return project.page(
            "Sessions", frame, tab: .sessions,
            """
            <header class="head row"><h1>Open sessions</h1><span class="soft">\
            \(sessions.count)</span><span class="push"><a href="\(project.links.log())">Those \
            that landed</a></span></header>
            \(table)
            """)
    }

    var markdown: String {
        "# Open sessions of \(project.path)\n\n"
            + (sessions.isEmpty
                ? "None." : sessions.map { $0.markdown(project) }.joined(separator: "\n")) + "\n"
    }
}
