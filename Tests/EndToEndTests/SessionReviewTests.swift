import Foundation
import Testing

/// `hif session comment` and `hif session review`, in one's own session and in another's.
@Suite struct SessionReviewTests {
    private static func made() throws -> (box: Sandbox, session: String) {
        let box = Sandbox()
        try box.project(["a.txt": "one\ntwo\n"])
        try box.ok("checkout", "ana/app", "two")
        try box.ok("session", "start", "Work", in: "one")
        try box.ok("session", "note", "Hello", "--role", "human", in: "one")
        try box.ok("session", "decide", "This", "--why", "because", in: "one")
        let data = try box.ok("session", "show", "--json", in: "one").data()
        return (box, try #require(data["session"] as? String))
    }

    @Test func `what is said of a session is shown with what it is on`() throws {
        let (box, session) = try SessionReviewTests.made()
        try box.write("one/a.txt", "one\n2\n")
        try box.ok("session", "comment", "of the second", "--line", "a.txt:2", in: "one")
        try box.ok("session", "comment", "hi", "--on", "m1", "--session", session, in: "two")
        try box.ok("session", "review", "d1", "object", "no", "--session", session, in: "two")
        try box.ok("session", "review", "d1", "approve", in: "one")
        let text = try box.ok("session", "show", in: "one").text
        for words in ["m1 human", "d1 decided:", "on a.txt:2:", "> 2", "on m1:", "objected on d1:"]
        {
            #expect(text.contains(words), "\(words) is not in \(text)")
        }
        let data = try box.ok("session", "show", "--json", in: "one").data()
        let events = try #require(data["events"] as? [[String: Any]])
        #expect(
            events.map { $0["kind"] as? String ?? "" }.suffix(4) == [
                "comment", "comment", "verdict", "verdict",
            ])
        #expect(events[3]["id"] as? String == "c1" && events[3]["line"] as? Int == 2)
        #expect(events[4]["on"] as? String == "m1" && events[5]["verdict"] as? String == "object")
        try box.ok("session", "land", in: "one")
        #expect(try box.ok("show", "@latest", in: "one").text.contains("objected on d1:"))
        let late = try box.hif(
            "session", "comment", "late", "--on", "d1", "--session", session, in: "two")
        #expect(late.status != 0 && late.errors.contains("has landed"))
    }

    @Test(arguments: [
        ("session comment x", 2, "--on or --line"), ("session comment x --on d9", 5, "no 'd9'"),
        ("session comment x --line a.txt", 2, "PATH:12"),
        ("session comment x --line a.txt:9", 2, "has 2 lines"),
        ("session comment x --line nosuch:1", 5, "no such file"),
        ("session review d1 like", 2, "verdicts are approve"),
        ("session review d1 object", 2, "takes words"),
        ("session review m1 approve", 2, "decision"),
    ])
    func `what cannot be said is refused with a hint`(
        _ words: String, _ status: Int32, _ says: String
    ) throws {
        let (box, _) = try SessionReviewTests.made()
        let result = try box.run(
            HifBinary.path, words.split(separator: " ").map(String.init), in: "one")
        #expect(result.status == status && result.errors.contains(says), "\(result.errors)")
    }
}
