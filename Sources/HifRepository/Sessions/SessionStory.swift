package import HifCore

/// A session as a reader follows it: its events, told apart by what they are to the reader.
///
/// What was said is numbered `m1`, `m2`, …, decisions `d1`, `d2`, …, each in the order in which they
/// came. An event keeps its number for ever: events are only added.
package struct SessionStory: Hashable, Sendable {
    /// Something said.
    package struct Message: Hashable, Sendable {
        package let number: Int
        package let author: Author
        package let atMillis: Int64
        package let role: String
        package let text: String
    }

    package struct Decision: Hashable, Sendable {
        package let number: Int
        package let author: Author
        package let atMillis: Int64
        package let text: String
        package let why: String
        /// The newest message before it; 0 when nothing was said yet.
        package let afterMessage: Int
    }

    /// What the session wants to change, without having landed it.
    package struct Draft: Hashable, Sendable {
        /// Paths ascending.
        package let operations: [Operation]
        /// Where contents lie that the project may not have.
        package let packs: [Hash]
        package let atMillis: Int64
    }

    package private(set) var author = Author(account: "", name: "")
    package private(set) var goal = ""
    package private(set) var startedMillis: Int64 = 0
    package private(set) var createdPosition: Position = 0
    package private(set) var lastMillis: Int64 = 0
    package private(set) var messages: [Message] = []
    package private(set) var decisions: [Decision] = []
    /// The newest draft; nil when the session has written none.
    package private(set) var draft: Draft?
    /// How often the draft was changed.
    package private(set) var draftCount = 0
    package private(set) var eventCount = 0

    package init(_ events: [SessionEvent]) {
        for event in events { tell(event) }
    }

    private mutating func tell(_ event: SessionEvent) {
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
                Message(
                    number: messages.count + 1, author: event.author, atMillis: event.atMillis,
                    role: role, text: text))
        case .decision(let text, let why):
            decisions.append(
                Decision(
                    number: decisions.count + 1, author: event.author, atMillis: event.atMillis,
                    text: text, why: why, afterMessage: messages.count))
        case .changed(let operations, let packs):
            draftCount += 1
            draft = Draft(operations: operations, packs: packs, atMillis: event.atMillis)
        case .abandonWished: break
        }
    }
}
