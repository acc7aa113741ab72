import ArgumentParser
import HifCore
import HifRepository
import HifWorkspace

struct SessionComment: HifCommand {
    static let words = "session comment"
    static let configuration = CommandConfiguration(
        commandName: "comment", abstract: "Comment on a message, a decision or a line.",
        discussion: """
            hif session comment "measured where?" --on d1
            hif session comment "this never ends" --line greeting/words.txt:2
            hif session comment "as in m3" --on c1 --session ses_1f3a
            """)

    @Argument(help: "The text, or '-' for standard input.")
    var text: String?
    @Option(help: "Read the text from this file ('-' is standard input).")
    var file: String?
    @Option(help: "What it is on: a message (m3), a decision (d1) or a comment (c2).")
    var on: String?
    @Option(help: "A line of a file as it is here: PATH:LINE.")
    var line: String?
    @Option(help: "A session that is not the one open here.")
    var session: String?
    @OptionGroup var common: CommonOptions

    static let data = SessionReview.data

    func run(_ context: Context) async throws -> Outcome {
        let hint = "hif session comment \"what\" --on d1"
        let text = try SessionTalk.text(text, file: file, hint: hint)
        guard (on == nil) != (line == nil) else {
            throw Failure.usage("a comment is on one thing: --on or --line", hint: hint)
        }
        let workspace = try await context.workspace(.writing)
        let reviewed = try await ReviewedSession.find(session, workspace)
        let subject: SessionEvent.Subject
        if let on {
            subject = .event(try reviewed.event(named: ArgumentBytes.text(on)))
        } else {
            subject = .line(try mark(workspace, reviewed, context))
        }
        return try await reviewed.add(
            .comment(on: subject, text: text), workspace, context, did: "Commented.")
    }

    private func mark(
        _ workspace: Workspace, _ reviewed: ReviewedSession, _ context: Context
    ) throws -> SessionEvent.LineMark {
        let hint = "hif session comment \"what\" --line PATH:12"
        guard reviewed.isOpenHere else {
            throw Failure.usage(
                "--line is for the session open here; another's files are on the forge's page",
                hint: hint)
        }
        let words = (line ?? "").split(
            separator: ":", omittingEmptySubsequences: false)
        guard words.count > 1, let number = UInt64(words.last ?? ""), number > 0 else {
            throw Failure.usage("--line is a path and a number: PATH:12", hint: hint)
        }
        guard let path = try context.path(words.dropLast().joined(separator: ":"), in: workspace),
            let content = try workspace.fileContent(path, bytesMax: Input.bytesMax)?.bytes
        else { throw Failure("not_found", .notFound, "there is no such file here", hint: hint) }
        let lines = TextLines(content)
        guard number <= UInt64(lines.count) else {
            throw Failure.usage("\(path) has \(lines.count) lines", hint: hint)
        }
        let bytes = lines[Int(number) - 1]
        return SessionEvent.LineMark(
            path: path, side: .new, line: number, content: Blake3.hash(content),
            text: String(decoding: bytes.last == 0x0A ? bytes.dropLast() : bytes, as: UTF8.self))
    }
}

struct SessionReview: HifCommand {
    static let words = "session review"
    static let configuration = CommandConfiguration(
        commandName: "review", abstract: "Say what you think of a decision.",
        discussion: """
            hif session review d1 approve
            hif session review d2 ask "is that measured?"
            hif session review d2 object "French is next month" --session ses_1f3a
            hif session review d2 withdraw
            """)

    @Argument(help: "The decision: d1, d2, ...")
    var decision: String
    @Argument(help: "approve, ask, object or withdraw.")
    var verdict: String
    @Argument(help: "Why, or '-' for standard input.")
    var text: String?
    @Option(help: "Read the text from this file ('-' is standard input).")
    var file: String?
    @Option(help: "A session that is not the one open here.")
    var session: String?
    @OptionGroup var common: CommonOptions

    static let data = SessionTalk.data

    func run(_ context: Context) async throws -> Outcome {
        let hint = "hif session review d1 object \"why\""
        let names = SessionEvent.Verdict.allCases.map(\.word)
        guard
            let verdict = SessionEvent.Verdict.allCases.first(where: { $0.word == self.verdict })
        else {
            throw Failure.usage(
                "'\(SafeText.escape(ArgumentBytes.text(self.verdict)))' is not a verdict",
                hint: "verdicts are " + names.joined(separator: ", "))
        }
        let hasText = text != nil || file != nil
        guard hasText || !verdict.needsText else {
            throw Failure.usage("to \(verdict.word) takes words", hint: hint)
        }
        let text = hasText ? try SessionTalk.text(text, file: file, hint: hint) : ""
        let name = ArgumentBytes.text(decision)
        guard name.hasPrefix("d") else {
            throw Failure.usage("'\(SafeText.escape(name))' is not a decision", hint: hint)
        }
        let workspace = try await context.workspace(.writing)
        let reviewed = try await ReviewedSession.find(session, workspace)
        return try await reviewed.add(
            .verdict(verdict, on: try reviewed.event(named: name), text: text), workspace, context,
            did: "\(name): \(verdict.past).")
    }
}

/// The session that a comment or a verdict goes to.
struct ReviewedSession {
    let id: SessionID
    let isOpenHere: Bool
    private let story: SessionStory

    static func find(_ text: String?, _ workspace: Workspace) async throws -> ReviewedSession {
        let own = workspace.state.session
        let id: SessionID
        if let text {
            let found = try await FoundSession.find(ArgumentBytes.text(text), workspace)
            if let position = found.position {
                throw WorkspaceError(
                    .sessionClosed, "the session has landed, at @\(position)",
                    hint: "hif show @\(position)")
            }
            id = found.id
        } else {
            guard let open = own?.sessionID else { throw workspace.noSession }
            id = open
        }
        let isOpenHere = own?.sessionID == id
        var events = try await workspace.remote.events(of: id, from: 0)
        let known = Set(events.map(\.id))
        for bytes in isOpenHere ? own?.waitingEvents ?? [] : [] {
            let event = try SessionEvent(decoding: bytes)
            if !known.contains(event.id) { events.append(event) }
        }
        return ReviewedSession(id: id, isOpenHere: isOpenHere, story: SessionStory(events))
    }

    func event(named name: String) throws -> EventID {
        guard let id = story.event(named: name) else {
            throw WorkspaceError(
                .notFound, "the session has no '\(SafeText.escape(name))'",
                hint: "hif session show \(id)")
        }
        return id
    }

    func add(
        _ body: SessionEvent.Body, _ workspace: Workspace, _ context: Context, did: String
    ) async throws -> Outcome {
        if isOpenHere { return try await SessionTalk.add(context, body, did: did) }
        let count = try await workspace.addEvent(body, to: id)
        context.console.line(did)
        return Outcome(data: [
            "session": .string(id.full), "events": .int(count), "delivered": .bool(true),
        ])
    }
}

extension SessionEvent.Verdict {
    /// As commands and answers name it.
    var word: String {
        switch self {
        case .approve: "approve"
        case .ask: "ask"
        case .object: "object"
        case .withdraw: "withdraw"
        }
    }

    var past: String {
        switch self {
        case .approve: "approved"
        case .ask: "asked"
        case .object: "objected"
        case .withdraw: "withdrawn"
        }
    }

    var needsText: Bool { self == .ask || self == .object }
}
