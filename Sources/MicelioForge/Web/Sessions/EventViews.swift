import HifCore
import HifRepository

/// Something said.
struct MessageView: Encodable, Sendable {
    /// `m1`, `m2`, …: also its anchor.
    let id: String
    /// The number of the event.
    let event: Int
    let role: String
    let author: AuthorView
    let at: Moment
    let text: String

    init(_ message: SessionStory.Message) {
        id = "m\(message.number)"
        event = message.origin.event
        role = message.role
        author = AuthorView(message.origin.author)
        at = Moment(message.origin.atMillis)
        text = message.text
    }
}

/// Something decided, and why.
struct DecisionView: Encodable, Sendable {
    /// `d1`, `d2`, …: also its anchor.
    let id: String
    let event: Int
    let author: AuthorView
    let at: Moment
    let decision: String
    let why: String
    /// The message before it.
    let after: String?
    /// `unseen`, `approved`, `asked` or `objected`.
    let standing: String

    init(_ decision: SessionStory.Decision, in story: SessionStory) {
        id = "d\(decision.number)"
        event = decision.origin.event
        author = AuthorView(decision.origin.author)
        at = Moment(decision.origin.atMillis)
        self.decision = decision.text
        why = decision.why
        after = decision.afterMessage > 0 ? "m\(decision.afterMessage)" : nil
        standing = story.standing(ofDecision: decision.number).rawValue
    }
}

/// What somebody thinks of a decision.
struct VerdictView: Encodable, Sendable {
    /// `v1`, `v2`, …: also its anchor.
    let id: String
    let event: Int
    let author: AuthorView
    let at: Moment
    let decision: String
    let verdict: String
    let text: String
    /// Whether it is its account's last word on the decision.
    let counts: Bool

    init(_ verdict: SessionStory.Verdict, in story: SessionStory) {
        id = "v\(verdict.number)"
        event = verdict.origin.event
        author = AuthorView(verdict.origin.author)
        at = Moment(verdict.origin.atMillis)
        decision = "d\(verdict.decision)"
        self.verdict = verdict.verdict.word
        text = verdict.text
        counts = story.lastWords(onDecision: verdict.decision).contains {
            $0.number == verdict.number
        }
    }
}

extension SessionEvent.Verdict {
    /// As the API names it.
    var word: String {
        switch self {
        case .approve: "approve"
        case .ask: "ask"
        case .object: "object"
        case .withdraw: "withdraw"
        }
    }

    init?(word: String) {
        guard let verdict = SessionEvent.Verdict.allCases.first(where: { $0.word == word }) else {
            return nil
        }
        self = verdict
    }
}

/// Where in a file a comment is.
struct LineView: Encodable, Sendable {
    let path: String
    /// `old` or `new`.
    let side: String
    let line: Int
    /// What the line said.
    let quote: String
    /// The content it was in.
    let content: String

    let mark: SessionEvent.LineMark

    private enum CodingKeys: CodingKey {
        case path, side, line, quote, content
    }

    init(_ mark: SessionEvent.LineMark) {
        self.mark = mark
        path = mark.path.description
        side = mark.side == .old ? "old" : "new"
        line = Int(clamping: mark.line)
        quote = mark.text
        content = mark.content.hex
    }
}

/// Something said of something else.
struct CommentView: Encodable, Sendable {
    /// `c1`, `c2`, …: also its anchor.
    let id: String
    let event: Int
    let author: AuthorView
    let at: Moment
    /// The message or decision it is on; null for a line, and for what is not there.
    let on: String?
    let place: LineView?
    let text: String

    init(_ comment: SessionStory.Comment) {
        id = "c\(comment.number)"
        event = comment.origin.event
        author = AuthorView(comment.origin.author)
        at = Moment(comment.origin.atMillis)
        text = comment.text
        switch comment.subject {
        case .message(let number): (on, place) = ("m\(number)", nil)
        case .decision(let number): (on, place) = ("d\(number)", nil)
        case .line(let mark): (on, place) = (nil, LineView(mark))
        case .nothing: (on, place) = (nil, nil)
        }
    }

    /// What it is on, in words.
    var subject: String {
        place.map { "\($0.path):\($0.line)\($0.side == "old" ? " as it was" : "")" } ?? on
            ?? "something that is gone"
    }
}

/// What was said of a message or a decision: a comment, or a verdict.
enum SessionRemark: Sendable {
    case comment(CommentView)
    case verdict(VerdictView)

    private var event: Int {
        switch self {
        case .comment(let comment): comment.event
        case .verdict(let verdict): verdict.event
        }
    }

    /// By what they are on, in the order in which they were said.
    static func sorted(
        _ comments: [CommentView], _ verdicts: [VerdictView]
    ) -> [String: [SessionRemark]] {
        var remarks: [String: [SessionRemark]] = [:]
        for comment in comments {
            if let on = comment.on { remarks[on, default: []].append(.comment(comment)) }
        }
        for verdict in verdicts { remarks[verdict.decision, default: []].append(.verdict(verdict)) }
        return remarks.mapValues { $0.sorted { $0.event < $1.event } }
    }
}

/// One event of a session, as `…/events` tells it.
struct EventView: Encodable, Sendable {
    /// Counted from 0.
    let event: Int
    /// `started`, `message`, `decision`, `comment`, `verdict`, `draft` or `other`.
    let kind: String
    let author: AuthorView
    let at: Moment
    let message: MessageView?
    let decision: DecisionView?
    let comment: CommentView?
    let verdict: VerdictView?

    /// - Parameter story: told up to this event, and no further.
    init(_ event: SessionEvent, in story: SessionStory) {
        self.event = story.eventCount - 1
        author = AuthorView(event.author)
        at = Moment(event.atMillis)
        var message: MessageView?
        var decision: DecisionView?
        var comment: CommentView?
        var verdict: VerdictView?
        switch event.body {
        case .started: kind = "started"
        case .note:
            kind = "message"
            message = story.messages.last.map(MessageView.init)
        case .decision:
            kind = "decision"
            decision = story.decisions.last.map { DecisionView($0, in: story) }
        case .comment:
            kind = "comment"
            comment = story.comments.last.map(CommentView.init)
        case .verdict:
            kind = "verdict"
            verdict = story.verdicts.last.map { VerdictView($0, in: story) }
        case .changed: kind = "draft"
        case .abandonWished, .other: kind = "other"
        }
        self.message = message
        self.decision = decision
        self.comment = comment
        self.verdict = verdict
    }
}
