import HifCore
import HifRepository

/// A session, whole: what was wanted, decided, said and changed, and what became of it.
struct SessionAnswer: Answer {
    enum Status: String, Encodable, Sendable {
        case open, conflicted, landed, abandoned
    }

    let session: String
    let status: Status
    let goal: String
    /// What the goal says after its first line.
    let about: String
    let author: AuthorView
    let startedAt: Moment
    let lastAt: Moment
    /// The newest landing when it began.
    let base: Position
    let tip: Position
    /// How often its files were changed at the forge; `expected_drafts` of the next change.
    let drafts: Int
    let decisions: [DecisionView]
    let messages: [MessageView]
    let changes: DiffView
    /// Paths that cannot land as they are.
    let conflicts: [ConflictView]
    /// Paths that somebody else changed since, and that merge.
    let merges: [String]
    let landed: LandedView?

    let project: ProjectFrame
    let id: SessionID

    private enum CodingKeys: CodingKey {
        case session, status, goal, about, author, startedAt, lastAt, base, tip, drafts
        case decisions, messages, changes, conflicts, merges, landed
    }

    init(
        project: ProjectFrame, id: SessionID, status: Status, story: SessionStory, diff: DiffView,
        verdicts: [DraftVerdict], landed: LandedView?
    ) {
        self.project = project
        self.id = id
        session = id.full
        self.status = status
        (goal, about) = SessionAnswer.split(story.goal)
        author = AuthorView(story.author)
        startedAt = Moment(story.startedMillis)
        lastAt = Moment(story.lastMillis)
        base = story.createdPosition
        tip = project.tip
        drafts = story.draftCount
        decisions = story.decisions.map(DecisionView.init)
        messages = story.messages.map(MessageView.init)
        changes = diff
        conflicts = verdicts.compactMap(ConflictView.init)
        merges = verdicts.filter { $0.outcome == .merges }.map(\.operation.path.description)
        self.landed = landed
    }

    /// Of a landing. An import, and small things landed without a session, have no events.
    init(project: ProjectFrame, _ detail: LandingDetail, diff: DiffView) {
        let landing = detail.landing
        let story = SessionStory(detail.document?.events ?? [])
        let goal = detail.document?.goal ?? landing.goalLine
        self.project = project
        id = landing.session
        session = landing.session.full
        status = .landed
        (self.goal, about) = SessionAnswer.split(goal)
        author = AuthorView(landing.author)
        startedAt = Moment(landing.startedMillis)
        lastAt = Moment(landing.landedMillis)
        base = landing.createdPosition
        tip = project.tip
        drafts = story.draftCount
        decisions = story.decisions.map(DecisionView.init)
        messages = story.messages.map(MessageView.init)
        changes = diff
        conflicts = []
        merges = []
        landed = LandedView(
            position: detail.position, at: Moment(landing.landedMillis),
            merged: landing.mergedPaths.map(\.description),
            sourceDigest: landing.sourceDigest.hex, landedDigest: landing.landedDigest.hex,
            gitCommit: detail.document?.origin?.commit.hex)
    }

    /// The first line that says something, and what follows it.
    private static func split(_ goal: String) -> (title: String, rest: String) {
        let lines = goal.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard let first = lines.firstIndex(where: { !$0.allSatisfy(\.isWhitespace) }) else {
            return ("No goal", "")
        }
        let rest = lines[(first + 1)...].drop { $0.allSatisfy(\.isWhitespace) }
        let end =
            rest.lastIndex { !$0.allSatisfy(\.isWhitespace) }.map { $0 + 1 } ?? rest.startIndex
        return (String(lines[first]), rest[..<end].joined(separator: "\n"))
    }

    var markdown: String {
        var text = "# \(MarkdownText.escape(goal))\n\n"
        text += "\(status.rawValue)"
        if let landed { text += " at @\(landed.position), \(landed.at.iso)" }
        text +=
            " · \(MarkdownText.escape(author.text)) · base @\(base), tip @\(tip)\n\n`\(session)`\n"
        if !about.isEmpty { text += "\n\(MarkdownText.quote(about))\n" }
        text += "\n## Decisions\n\n"
        if decisions.isEmpty { text += "None.\n" }
        for decision in decisions {
            text += "### \(decision.id) \(MarkdownText.escape(decision.decision))\n\n"
            if !decision.why.isEmpty { text += "\(MarkdownText.quote(decision.why))\n\n" }
        }
        text += "\n## Conversation\n\n"
        if messages.isEmpty { text += "Nothing was said.\n" }
        for message in messages {
            text +=
                "\(message.id) \(MarkdownText.escape(message.role)) \(MarkdownText.escape(message.author.text)), \(message.at.iso):\n\n\(MarkdownText.quote(message.text))\n\n"
        }
        if !conflicts.isEmpty {
            text += "\n## Conflicts\n\n"
            for conflict in conflicts {
                text +=
                    "- `\(conflict.path.replacing("`", with: "'"))` \(conflict.theirs)"
                    + (conflict.landing.map { " by @\($0)" } ?? "") + "\n"
            }
        }
        text += "\n## Changes\n\n\(changes.count) files, +\(changes.added) −\(changes.removed)\n\n"
        return text + changes.files.map(\.markdown).joined(separator: "\n")
    }
}
