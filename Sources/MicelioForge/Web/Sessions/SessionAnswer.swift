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
    /// How many events it has; `from` of what comes next.
    let events: Int
    let decisions: [DecisionView]
    let verdicts: [VerdictView]
    let messages: [MessageView]
    let comments: [CommentView]
    let changes: DiffView
    /// Paths that cannot land as they are.
    let conflicts: [ConflictView]
    /// Paths that somebody else changed since, and that merge.
    let merges: [String]
    let landed: LandedView?

    let project: ProjectFrame
    let id: SessionID
    var viewer = SessionViewer()
    /// What was said of each message and decision, by its id, in the order in which it was said.
    let remarks: [String: [SessionRemark]]
    /// The event that changed the files last.
    let draftEvent: Int?

    private enum CodingKeys: CodingKey {
        case session, status, goal, about, author, startedAt, lastAt, base, tip, drafts, events
        case decisions, verdicts, messages, comments, changes, conflicts, merges, landed
    }

    init(
        project: ProjectFrame, id: SessionID, status: Status, story: SessionStory, diff: DiffView,
        outlook: [DraftVerdict], landed: LandedView?
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
        events = story.eventCount
        decisions = story.decisions.map { DecisionView($0, in: story) }
        verdicts = story.verdicts.map { VerdictView($0, in: story) }
        messages = story.messages.map(MessageView.init)
        comments = story.comments.map(CommentView.init)
        remarks = SessionRemark.sorted(comments, verdicts)
        draftEvent = story.draft?.event
        changes = diff
        conflicts = outlook.compactMap(ConflictView.init)
        merges = outlook.filter { $0.outcome == .merges }.map(\.operation.path.description)
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
        events = story.eventCount
        decisions = story.decisions.map { DecisionView($0, in: story) }
        verdicts = story.verdicts.map { VerdictView($0, in: story) }
        messages = story.messages.map(MessageView.init)
        comments = story.comments.map(CommentView.init)
        remarks = SessionRemark.sorted(comments, verdicts)
        draftEvent = story.draft?.event
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
}
