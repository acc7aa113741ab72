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
    /// Objections that stand.
    let objections: Int
    /// Decisions of which nobody has said anything.
    let unseen: Int

    let id: SessionID

    private enum CodingKeys: CodingKey {
        case session, goal, status, author, startedAt, lastAt, base, decisions, messages, files
        case objections, unseen
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
        objections = open.story.objections.count
        unseen = open.story.decisions.count {
            open.story.standing(ofDecision: $0.number) == .unseen
        }
    }

    var state: HTML {
        if objections > 0 { return "<span class=\"state bad\">Objected</span>" }
        return status == "open"
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

extension ConflictView {
    /// Nil for a change that can land.
    init?(_ verdict: DraftVerdict) {
        guard case .conflicts(let hunks) = verdict.outcome else { return nil }
        self.init(
            path: verdict.operation.path.description, landing: verdict.landing?.position,
            theirs: verdict.found == nil
                ? "deleted" : verdict.found?.kind == .directory ? "in_the_way" : "changed",
            found: verdict.found.flatMap { $0.kind == .directory ? nil : $0.hash.hex },
            lines: hunks.map { [$0.ours.lowerBound + 1, $0.ours.upperBound] },
            by: verdict.landing.map { AuthorView($0.landing.author).text },
            goal: verdict.landing?.landing.goalLine)
    }

    init(_ conflict: LandOutcome.Conflict) {
        self.init(
            path: conflict.operation.path.description, landing: conflict.landing,
            theirs: conflict.found == nil
                ? "deleted" : conflict.reason == .fileAndDirectory ? "in_the_way" : "changed",
            found: conflict.found.flatMap { $0.kind == .directory ? nil : $0.hash.hex },
            lines: conflict.hunks.map { [$0.ours.lowerBound + 1, $0.ours.upperBound] }, by: nil,
            goal: nil)
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
