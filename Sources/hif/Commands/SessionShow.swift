import ArgumentParser
import HifCore
import HifRepository
import HifWorkspace

struct SessionShow: HifCommand {
    static let words = "session show"
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a session: its goal, what was said and decided.",
        discussion: """
            hif session show               the one that is open here
            hif session show ses_1f3a      any unique beginning of its id
            """)

    @Argument(help: "The session.")
    var session: String?
    @OptionGroup var common: CommonOptions

    static let data: Shape = .object([
        "session": .string, "state": .oneOf(["open", "landed", "abandoned"]), "goal": .string,
        "position": .maybe(.int), "events": .list(SessionFields.event),
    ])

    func run(_ context: Context) async throws -> Outcome {
        let workspace = try await context.workspace()
        let remote = workspace.remote
        let found: FoundSession
        if let session {
            found = try await FoundSession.find(ArgumentBytes.text(session), workspace)
        } else {
            guard let id = workspace.state.session?.sessionID else { throw workspace.noSession }
            found = FoundSession(id: id, position: nil)
        }
        var goal = ""
        var events: [SessionEvent]
        var state = "open"
        var warnings: [String] = []
        if let position = found.position {
            let detail = try await remote.landing(at: position)
            goal = detail.document?.goal ?? detail.landing.goalLine
            events = detail.document?.events ?? []
            state = "landed"
        } else {
            let isOwn = workspace.state.session?.sessionID == found.id
            let waiting = isOwn ? workspace.state.session?.waitingEvents ?? [] : []
            do {
                events = try await remote.events(of: found.id, from: 0)
            } catch let error as WorkspaceError where isOwn && error.code == .network {
                // What is here is better than nothing.
                events = []
                goal = workspace.state.session?.goal ?? ""
                warnings.append(
                    "the project cannot be reached: only what waits here to be sent is shown")
            }
            let known = Set(events.map(\.id))
            for bytes in waiting {
                let event = try SessionEvent(decoding: bytes)
                if !known.contains(event.id) { events.append(event) }
            }
            if case .started(let text, let created, _)? = events.first?.body {
                goal = text
                if warnings.isEmpty,
                    case .abandoned? = try await remote.closing(of: found.id, createdAt: created)
                {
                    state = "abandoned"
                }
            }
        }
        let console = context.console
        console.startPager()
        console.line(
            "\(found.id)  " + (found.position.map { "landed @\($0)" } ?? state))
        console.line()
        SessionFields.show(goal, console)
        SessionFields.show(events, console)
        return Outcome(
            data: [
                "session": .string(found.id.full), "state": .string(state), "goal": .string(goal),
                "position": found.position.map { .int($0) } ?? .null,
                "events": SessionFields.json(events),
            ], warnings: warnings)
    }
}

struct SessionList: HifCommand {
    static let words = "session list"
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the sessions that are open in the project.",
        discussion: "hif session list")

    @Option(help: "At most this many.")
    var limit = 50
    @OptionGroup var common: CommonOptions

    static let data: Shape = .object([
        "sessions": .list(
            .object([
                "session": .string, "goal": .string, "author": .string, "started": .maybe(.time),
                "here": .bool,
            ])),
        "truncated": .bool,
    ])

    func run(_ context: Context) async throws -> Outcome {
        guard limit > 0 else { throw Failure.usage("--limit must be at least 1") }
        let workspace = try await context.workspace()
        let console = context.console
        var sessions: [JSON] = []
        let ids = try await workspace.remote.openSessions(limit: limit + 1)
        for id in ids.prefix(limit) {
            guard let first = try await workspace.remote.events(of: id, from: 0).first,
                case .started(let goal, let created, _) = first.body
            else { continue }
            // The list is a hint: a session may have been closed a moment ago.
            if try await workspace.remote.closing(of: id, createdAt: created) != nil { continue }
            let isHere = workspace.state.session?.sessionID == id
            console.line(
                "\(id)  \(Moment.local(first.atMillis))  "
                    + SafeText.escape(LandingFields.name(first.author)) + "  "
                    + SafeText.escape(goal.firstLine) + (isHere ? "  (here)" : ""))
            sessions.append(
                .object([
                    "session": .string(id.full), "goal": .string(goal),
                    "author": .string(LandingFields.name(first.author)),
                    "started": .time(first.atMillis), "here": .bool(isHere),
                ]))
        }
        if sessions.isEmpty { console.note("No session is open.") }
        return Outcome(data: [
            "sessions": .array(sessions), "truncated": .bool(ids.count > limit),
        ])
    }
}

/// A session by any unique beginning of its id.
struct FoundSession {
    let id: SessionID
    /// Where it landed; nil while it is open, and when it was abandoned.
    let position: Position?

    /// Landings looked through for a session's id, newest first.
    static let landingsMax = 20_000

    static func find(_ text: String, _ workspace: Workspace) async throws -> FoundSession {
        let digits = text.hasPrefix(SessionID.prefix) ? String(text.dropFirst(4)) : text
        guard !digits.isEmpty, digits.count <= 64, digits.allSatisfy(\.isHexDigit) else {
            throw WorkspaceError(
                .usage, "'\(SafeText.escape(text))' is not a session's id",
                hint: "hif session list; ids look like ses_1f3a...")
        }
        var found: [SessionID: Position?] = [:]
        var others: [String] = []
        func look(_ id: SessionID, _ position: Position?) {
            if id.hash.hex.hasPrefix(digits.lowercased()) {
                found[id] = .some(position ?? found[id] ?? nil)
            } else if others.count < 1_000 {
                others.append(SessionID.prefix + id.hash.hex.prefix(digits.count))
            }
        }
        if let own = workspace.state.session?.sessionID { look(own, nil) }
        for id in try await workspace.remote.openSessions(limit: 10_000) { look(id, nil) }
        var query = LandingQuery(limit: 200)
        var visited = 0
        search: while visited < landingsMax {
            let page = try await workspace.remote.landings(query)
            for entry in page.entries {
                look(entry.landing.session, entry.position)
                visited += 1
                if digits.count == 64, !found.isEmpty { break search }
            }
            guard let next = page.next else { break }
            query.from = next
        }
        if found.isEmpty, let id = SessionID(text),
            try await !workspace.remote.events(of: id, from: 0).isEmpty
        {
            return FoundSession(id: id, position: nil)
        }
        guard let first = found.keys.sorted().first else {
            let near = Suggestion.nearest(to: SessionID.prefix + digits, in: others)
            throw WorkspaceError(
                .notFound, "there is no session '\(SafeText.escape(text))'",
                hint: near.map { "did you mean \($0)?" } ?? "hif session list; hif log")
        }
        guard found.count == 1 else {
            throw WorkspaceError(
                .usage,
                "'\(SafeText.escape(text))' is the beginning of several sessions: "
                    + found.keys.sorted().prefix(5).map { "\($0)" }.joined(separator: ", "),
                hint: "write more of it")
        }
        return FoundSession(id: first, position: found[first] ?? nil)
    }
}
