import HifCore
import HifRepository
import Testing

/// What a session's reviewers said, as a reader follows it.
@Suite struct SessionStoryTests {
    private static func event(
        _ number: UInt64, _ account: String, _ body: SessionEvent.Body
    ) -> SessionEvent {
        SessionEvent(
            id: EventID(high: 0, low: number), author: Author(account: account, name: account),
            atMillis: Int64(number), body: body)
    }

    private static let beginning = [
        event(1, "ana", .started(goal: "Do it", createdPosition: 4, key: "")),
        event(2, "ana", .note(role: "human", text: "a")),
        event(3, "ana", .decision(text: "b", why: "c")),
        event(4, "ana", .decision(text: "e", why: "f")),
    ]

    private static func id(_ number: UInt64) -> EventID { EventID(high: 0, low: number) }

    @Test func `a comment is found by what it is on, a comment on it as well`() throws {
        let mark = SessionEvent.LineMark(
            path: try RepoPath("a"), side: .old, line: 3, content: .zero, text: "x")
        let story = SessionStory(
            SessionStoryTests.beginning + [
                SessionStoryTests.event(
                    5, "ben", .comment(on: .event(SessionStoryTests.id(2)), text: "1")),
                SessionStoryTests.event(
                    6, "ben", .comment(on: .event(SessionStoryTests.id(4)), text: "2")),
                SessionStoryTests.event(7, "ben", .comment(on: .line(mark), text: "3")),
                SessionStoryTests.event(
                    8, "ana", .comment(on: .event(SessionStoryTests.id(7)), text: "4")),
                SessionStoryTests.event(
                    9, "ana", .comment(on: .event(SessionStoryTests.id(99)), text: "5")),
            ])
        #expect(
            story.comments.map(\.subject) == [
                .message(1), .decision(2), .line(mark), .line(mark), .nothing,
            ])
        #expect(story.comments.map(\.number) == [1, 2, 3, 4, 5])
        #expect(story.comments.map(\.origin.event) == [4, 5, 6, 7, 8])
        #expect(story.event(named: "c3") == SessionStoryTests.id(7))
        #expect(story.event(named: "d2") == SessionStoryTests.id(4))
        for name in ["", "d", "d0", "d3", "m2", "x1", "c-1", "d99999999999999999999"] {
            #expect(story.event(named: name) == nil, "\(name)")
        }
    }

    @Test func `the last word of each account decides how a decision stands`() {
        var story = SessionStory(SessionStoryTests.beginning)
        var number: UInt64 = 10
        func say(_ account: String, _ verdict: SessionEvent.Verdict, on decision: UInt64 = 3) {
            number += 1
            story.tell(
                SessionStoryTests.event(
                    number, account,
                    .verdict(verdict, on: SessionStoryTests.id(decision), text: "t")))
        }
        #expect(story.standing(ofDecision: 1) == .unseen)
        say("ben", .approve)
        #expect(story.standing(ofDecision: 1) == .approved)
        say("cem", .ask)
        #expect(story.standing(ofDecision: 1) == .asked)
        say("ben", .object)
        #expect(story.standing(ofDecision: 1) == .objected)
        #expect(story.objections.map(\.origin.voice) == ["ben"])
        say("ben", .withdraw)
        #expect(story.standing(ofDecision: 1) == .asked && story.objections.isEmpty)
        say("cem", .approve)
        #expect(story.standing(ofDecision: 1) == .approved)
        #expect(story.lastWords(onDecision: 1).map(\.origin.voice) == ["cem"])
        #expect(story.standing(ofDecision: 2) == .unseen)
        // On what is no decision here.
        say("ben", .object, on: 2)
        say("ben", .object, on: 99)
        #expect(story.objections.isEmpty && story.verdicts.suffix(2).map(\.decision) == [0, 0])
    }
}
