package import HifCore

/// A session as a reader follows it: its events, told apart by what they are to the reader.
///
/// What was said is numbered `m1`, `m2`, …, decisions `d1`, `d2`, …, comments `c1`, `c2`, … and
/// verdicts `v1`, `v2`, …, each in the order in which they came. An event keeps its number for ever:
/// events are only added.
package struct SessionStory: Hashable, Sendable {
    /// What all have: which event it is, by whom, and when.
    package struct Origin: Hashable, Sendable {
        /// The event's number in the session.
        package let event: Int
        package let id: EventID
        package let author: Author
        package let atMillis: Int64

        /// Whose word it is: the account, or the name of somebody who has none.
        package var voice: String { author.account.isEmpty ? author.name : author.account }
    }

    /// Something said.
    package struct Message: Hashable, Sendable {
        package let number: Int
        package let origin: Origin
        package let role: String
        package let text: String
    }

    package struct Decision: Hashable, Sendable {
        package let number: Int
        package let origin: Origin
        package let text: String
        package let why: String
        /// The newest message before it; 0 when nothing was said yet.
        package let afterMessage: Int
    }

    /// What a comment is on.
    package enum Subject: Hashable, Sendable {
        case message(Int)
        case decision(Int)
        case line(SessionEvent.LineMark)
        /// Something that is not in the session (any more).
        case nothing
    }

    package struct Comment: Hashable, Sendable {
        package let number: Int
        package let origin: Origin
        package let subject: Subject
        package let text: String
    }

    package struct Verdict: Hashable, Sendable {
        package let number: Int
        package let origin: Origin
        /// The decision's number; 0 when it is not in the session.
        package let decision: Int
        package let verdict: SessionEvent.Verdict
        package let text: String
    }

    /// How a decision stands.
    package enum Standing: String, Hashable, Sendable {
        /// Nobody has said anything of it.
        case unseen
        case approved
        /// Somebody waits for an answer.
        case asked
        case objected
    }

    /// What the session wants to change, without having landed it.
    package struct Draft: Hashable, Sendable {
        /// Paths ascending.
        package let operations: [Operation]
        /// Where contents lie that the project may not have.
        package let packs: [Hash]
        package let atMillis: Int64
        /// The number of the event that made it.
        package let event: Int
    }

    package private(set) var author = Author(account: "", name: "")
    package private(set) var goal = ""
    package private(set) var startedMillis: Int64 = 0
    package private(set) var createdPosition: Position = 0
    package private(set) var lastMillis: Int64 = 0
    package private(set) var messages: [Message] = []
    package private(set) var decisions: [Decision] = []
    package private(set) var comments: [Comment] = []
    package private(set) var verdicts: [Verdict] = []
    /// The newest draft; nil when the session has written none.
    package private(set) var draft: Draft?
    /// How often the draft was changed.
    package private(set) var draftCount = 0
    package private(set) var eventCount = 0
    /// What a comment on an event is on.
    private var subjects: [EventID: Subject] = [:]
    /// By decision and voice, the last word.
    private var words: [Int: [String: Verdict]] = [:]

    package init(_ events: [SessionEvent]) {
        for event in events { tell(event) }
    }

    /// Goes on with the next event.
    package mutating func tell(_ event: SessionEvent) {
        let origin = Origin(
            event: eventCount, id: event.id, author: event.author, atMillis: event.atMillis)
        eventCount += 1
        lastMillis = max(lastMillis, event.atMillis)
        switch event.body {
        case .started(let goal, let position, _):
            guard eventCount == 1 else { return }
            author = event.author
            self.goal = goal
            startedMillis = event.atMillis
            createdPosition = position
        case .note(let role, let text):
            messages.append(
                Message(number: messages.count + 1, origin: origin, role: role, text: text))
            subjects[event.id] = .message(messages.count)
        case .decision(let text, let why):
            decisions.append(
                Decision(
                    number: decisions.count + 1, origin: origin, text: text, why: why,
                    afterMessage: messages.count))
            subjects[event.id] = .decision(decisions.count)
        case .changed(let operations, let packs):
            draftCount += 1
            draft = Draft(
                operations: operations, packs: packs, atMillis: event.atMillis,
                event: origin.event)
        case .comment(let subject, let text):
            let resolved: Subject =
                switch subject {
                case .line(let mark): .line(mark)
                case .event(let id): subjects[id] ?? .nothing
                }
            comments.append(
                Comment(
                    number: comments.count + 1, origin: origin, subject: resolved, text: text))
            subjects[event.id] = resolved
        case .verdict(let verdict, let decision, let text):
            judge(verdict, decision, text, origin)
        case .abandonWished, .other: break
        }
    }

    private mutating func judge(
        _ verdict: SessionEvent.Verdict, _ decision: EventID, _ text: String, _ origin: Origin
    ) {
        var number = 0
        if case .decision(let known)? = subjects[decision] { number = known }
        let word = Verdict(
            number: verdicts.count + 1, origin: origin, decision: number, verdict: verdict,
            text: text)
        verdicts.append(word)
        if number > 0 { words[number, default: [:]][origin.voice] = word }
    }
}

extension SessionStory {
    /// The last word of everybody who has one on the decision, in the order in which they came.
    package func lastWords(onDecision number: Int) -> [Verdict] {
        (words[number] ?? [:]).values.filter { $0.verdict != .withdraw }
            .sorted { $0.number < $1.number }
    }

    package func standing(ofDecision number: Int) -> Standing {
        let words = Set((words[number] ?? [:]).values.map(\.verdict))
        if words.contains(.object) { return .objected }
        if words.contains(.ask) { return .asked }
        return words.contains(.approve) ? .approved : .unseen
    }

    /// Objections that nobody has taken back.
    package var objections: [Verdict] {
        decisions.flatMap { lastWords(onDecision: $0.number) }.filter { $0.verdict == .object }
    }

    /// The event that `m3`, `d1` or `c2` names.
    package func event(named name: String) -> EventID? {
        guard let number = Int(name.dropFirst()), number > 0 else { return nil }
        func at<Value>(_ values: [Value]) -> Value? {
            number <= values.count ? values[number - 1] : nil
        }
        return switch name.first {
        case "m": at(messages)?.origin.id
        case "d": at(decisions)?.origin.id
        case "c": at(comments)?.origin.id
        default: nil
        }
    }
}
