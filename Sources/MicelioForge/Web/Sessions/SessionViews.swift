import HifCore
import HifRepository

/// A session in a list.
struct SessionLine: Encodable, Sendable {
    let session: String
    let goal: String
    /// `open` or `conflicted`.
    let status: String
    let author: AuthorView
    let startedAt: Moment
    let lastAt: Moment
    let base: Position
    let decisions: Int
    let messages: Int
    let files: Int

    let id: SessionID

    private enum CodingKeys: CodingKey {
        case session, goal, status, author, startedAt, lastAt, base, decisions, messages, files
    }

    init(_ open: OpenSession) {
        id = open.id
        session = open.id.full
        goal = LandRequest.goalLine(open.story.goal)
        status = open.isConflicted ? "conflicted" : "open"
        author = AuthorView(open.story.author)
        startedAt = Moment(open.story.startedMillis)
        lastAt = Moment(open.story.lastMillis)
        base = open.story.createdPosition
        decisions = open.story.decisions.count
        messages = open.story.messages.count
        files = open.story.draft?.operations.count ?? 0
    }

    var state: HTML {
        status == "open"
            ? "<span class=\"state open\">Open</span>"
            : "<span class=\"state warn\">Conflicted</span>"
    }

    private var facts: String {
        func some(_ count: Int, _ word: String) -> String? {
            count == 0 ? nil : "\(count) \(word)\(count == 1 ? "" : "s")"
        }
        return [some(decisions, "decision"), some(messages, "message"), some(files, "file")]
            .compactMap(\.self).joined(separator: ", ")
    }

    func item(_ frame: Frame, _ project: ProjectFrame) -> HTML {
        """
        <li><p><a href="\(project.links.session(id))">\(goal)</a></p><p class="soft">\(state) \(author.html), \(frame.time(lastAt.millis))\(facts.isEmpty ? "" : "; \(facts)")</p></li>

        """
    }

    func row(_ frame: Frame, _ project: ProjectFrame) -> HTML {
        """
        <tr><td class="nowrap">\(state)</td><th scope="row" class="wide"><a href="\
        \(project.links.session(id))">\(goal)</a></th><td class="nowrap opt">\(author.html)</td>\
        <td class="num opt">\(decisions)</td><td class="num opt">\(files)</td><td class="num \
        soft">\(frame.time(lastAt.millis))</td></tr>

        """
    }

    func markdown(_ project: ProjectFrame) -> String {
        "- [\(MarkdownText.escape(goal))](\(project.links.session(id))) \(status), \(MarkdownText.escape(author.text)), base @\(base)"
    }
}

/// Something said.
struct MessageView: Encodable, Sendable {
    /// `m1`, `m2`, …: also its anchor.
    let id: String
    let role: String
    let author: AuthorView
    let at: Moment
    let text: String

    init(_ message: SessionStory.Message) {
        id = "m\(message.number)"
        role = message.role
        author = AuthorView(message.author)
        at = Moment(message.atMillis)
        text = message.text
    }
}

/// Something decided, and why.
struct DecisionView: Encodable, Sendable {
    /// `d1`, `d2`, …: also its anchor.
    let id: String
    let author: AuthorView
    let at: Moment
    let decision: String
    let why: String
    /// The message before it.
    let after: String?

    init(_ decision: SessionStory.Decision) {
        id = "d\(decision.number)"
        author = AuthorView(decision.author)
        at = Moment(decision.atMillis)
        self.decision = decision.text
        why = decision.why
        after = decision.afterMessage > 0 ? "m\(decision.afterMessage)" : nil
    }
}

extension ConflictView {
    /// Nil for a change that can land.
    init?(_ verdict: DraftVerdict) {
        guard case .conflicts(let hunks) = verdict.outcome else { return nil }
        self.init(
            path: verdict.operation.path.description, landing: verdict.landing?.position,
            theirs: verdict.found == nil
                ? "deleted" : verdict.found?.kind == .directory ? "in_the_way" : "changed",
            found: verdict.found.flatMap { $0.kind == .directory ? nil : $0.hash.hex },
            lines: hunks.map { [$0.ours.lowerBound + 1, $0.ours.upperBound] })
    }

    init(_ conflict: LandOutcome.Conflict) {
        self.init(
            path: conflict.operation.path.description, landing: conflict.landing,
            theirs: conflict.found == nil
                ? "deleted" : conflict.reason == .fileAndDirectory ? "in_the_way" : "changed",
            found: conflict.found.flatMap { $0.kind == .directory ? nil : $0.hash.hex },
            lines: conflict.hunks.map { [$0.ours.lowerBound + 1, $0.ours.upperBound] })
    }
}

/// What landed, and how.
struct LandedView: Encodable, Sendable {
    let position: Position
    let at: Moment
    /// Paths that somebody else changed too, merged by line.
    let merged: [String]
    let sourceDigest: String
    let landedDigest: String
    /// The git commit it was imported from.
    let gitCommit: String?
}
