import Foundation
import HTTPTypes
import HifCore
import Testing

@testable import MicelioForge

/// Comments and verdicts: over the API and with the page's forms.
@Suite struct ReviewTests {
    private static let base = "/api/v1/projects/ana/app/sessions"

    /// A project, and an open session that changes `a.txt` and has a message and two decisions.
    private static func with(
        _ body: @escaping @Sendable (Reviewed) async throws -> Void
    ) async throws {
        try await TestServer.with { server in
            let ana = try await server.token("ana")
            let ben = try await server.token("ben")
            let project = try await server.makeProject("ana/app", isPublic: true)
            try await server.forge.accounts.setMember(Handle("ben"), of: project, role: .write)
            try await server.land("ana/app", token: ana, goal: "Begin", [("a.txt", "one\ntwo\n")])
            let start = try await server.call(
                .post, base, token: ana, json: "{\"goal\": \"Work\", \"agent\": \"fern\"}")
            let session = try #require(
                try server.object(start.body)["session"] as? String, "\(start.body)")
            let reviewed = Reviewed(server: server, session: session, ana: ana, ben: ben)
            for (word, value) in [
                ("notes", ["text": "Hello"] as [String: Any]),
                ("decisions", ["decision": "First", "why": "because"]),
                ("decisions", ["decision": "Second", "why": "because"]),
                ("files", ["files": [["path": "a.txt", "content": "one\n2\n"]]]),
            ] {
                let answer = try await reviewed.post(word, value, as: ana)
                #expect(answer.status < 300, "\(answer.object)")
            }
            try await body(reviewed)
        }
    }

    struct Reviewed: Sendable {
        let server: TestServer
        let session: String
        let ana: String
        let ben: String

        var page: String { "/ana/app/sessions/\(session)" }

        func post(
            _ word: String, _ value: [String: Any], as token: String
        ) async throws -> (status: Int, object: [String: Any]) {
            let answer = try await server.call(
                .post, "\(ReviewTests.base)/\(session)/\(word)", token: token,
                json: server.text(value))
            return (answer.status, try server.object(answer.body))
        }

        func read() async throws -> [String: Any] {
            try server.object(
                try await server.call(.get, "\(ReviewTests.base)/\(session)").body)
        }

        /// A form of the page, as the browser of an account sends it.
        func submit(
            _ word: String, _ form: [(String, String)], as token: String
        ) async throws -> (status: Int, location: String, body: String) {
            let answer = try await server.http(
                .post, "\(page)/\(word)", form: form,
                headers: [
                    ("Sec-Fetch-Site", "same-origin"), ("Authorization", "Bearer \(token)"),
                ])
            return (answer.status, answer.headers[.location] ?? "", answer.body)
        }
    }

    @Test func `a comment stands where it was made, in every form of the session`() async throws {
        try await ReviewTests.with { reviewed in
            let onLine = try await reviewed.post(
                "comments", ["text": "why **2**?", "path": "a.txt", "line": 2], as: reviewed.ben)
            #expect(onLine.status == 201 && onLine.object["id"] as? String == "c1")
            for (on, id) in [("m1", "c2"), ("d2", "c3"), ("c1", "c4")] {
                let answer = try await reviewed.post(
                    "comments", ["text": "on \(on)", "on": on], as: reviewed.ben)
                #expect(answer.object["id"] as? String == id, "\(answer.object)")
            }
            let comments = try #require(try await reviewed.read()["comments"] as? [[String: Any]])
            let place = try #require(comments[0]["place"] as? [String: Any])
            #expect(
                place["quote"] as? String == "2" && place["line"] as? Int == 2
                    && place["side"] as? String == "new")
            #expect(place["content"] as? String == Blake3.hash(Array("one\n2\n".utf8)).hex)
            #expect(comments[1]["on"] as? String == "m1" && comments[2]["on"] as? String == "d2")
            // A comment on a comment is on the same line.
            #expect((comments[3]["place"] as? [String: Any])?["line"] as? Int == 2)

            let page = try await reviewed.server.call(
                .get, reviewed.page, token: reviewed.ana, headers: [("Accept", "text/html")])
            let thread = try #require(
                page.body.range(of: "id=\"t/f/a.txt:L2\""), "the thread is not below its line")
            let rest = page.body[thread.upperBound...]
            #expect(rest.contains("id=\"c1\"") && rest.contains("id=\"c4\""))
            #expect(page.body.contains("<strong>2</strong>"))
            let text = try await reviewed.server.call(.get, reviewed.page + ".md").body
            #expect(text.contains("c1 on `a.txt:2`, `2`, ben") && text.contains("c3 on d2 ben"))
        }
    }

    @Test func `a comment follows its line into the next draft, and is kept when the line goes`()
        async throws
    {
        try await ReviewTests.with { reviewed in
            _ = try await reviewed.post(
                "comments", ["text": "mark", "path": "a.txt", "line": 2], as: reviewed.ben)
            _ = try await reviewed.post(
                "comments", ["text": "past", "path": "a.txt", "line": 2, "side": "old"],
                as: reviewed.ben)
            func page(_ text: String) async throws -> String {
                _ = try await reviewed.post(
                    "files", ["files": [["path": "a.txt", "content": text]]], as: reviewed.ana)
                return try await reviewed.server.call(.get, reviewed.page).body
            }
            let moved = try await page("zero\none\n2\n")
            #expect(moved.contains("id=\"t/f/a.txt:L3\"") && moved.contains("was line 2"))
            #expect(moved.contains("id=\"t/f/a.txt:O2\""))
            let gone = try await page("one\nthree\n")
            #expect(!gone.contains("id=\"t/f/a.txt:L") && gone.contains("id=\"c1\""))
            let reverted = try await reviewed.post(
                "files", ["files": [["path": "a.txt", "revert": true]]], as: reviewed.ana)
            #expect(reverted.status == 200)
            let none = try await reviewed.server.call(.get, reviewed.page).body
            #expect(none.contains("Comments on what is not shown") && none.contains("id=\"c2\""))
        }
    }

    @Test func `an objection stops the landing until it is taken back or overruled`() async throws {
        try await ReviewTests.with { reviewed in
            func standing(_ index: Int) async throws -> String? {
                (try await reviewed.read()["decisions"] as? [[String: Any]])?[index]["standing"]
                    as? String
            }
            #expect(try await standing(0) == "unseen")
            let objected = try await reviewed.post(
                "verdicts", ["on": "d1", "verdict": "object", "text": "no"], as: reviewed.ben)
            #expect(objected.status == 201 && objected.object["id"] as? String == "v1")
            #expect(try await standing(0) == "objected")
            let (status, refusal) = try await reviewed.post("land", [:], as: reviewed.ana)
            #expect(status == 409 && refusal["code"] as? String == "objected", "\(refusal)")
            #expect((refusal["title"] as? String)?.contains("ben objects to d1") == true)
            // Ana's approval is not ben's.
            _ = try await reviewed.post(
                "verdicts", ["on": "d1", "verdict": "approve"], as: reviewed.ana)
            #expect(try await standing(0) == "objected")
            let form = try await reviewed.submit("land", [], as: reviewed.ana)
            #expect(form.status == 409 && form.body.contains("Ben objects to d1"))
            #expect(form.body.contains("name=\"overrule\""))
            _ = try await reviewed.post(
                "verdicts", ["on": "d1", "verdict": "withdraw"], as: reviewed.ben)
            #expect(try await standing(0) == "approved")
            _ = try await reviewed.post(
                "verdicts", ["on": "d2", "verdict": "object", "text": "no"], as: reviewed.ben)
            let landed = try await reviewed.submit(
                "land", [("overrule", "true")], as: reviewed.ana)
            #expect(landed.status == 303 && landed.location == "/ana/app/@2", "\(landed.body)")
            let page = try await reviewed.server.call(.get, "/ana/app/@2")
            #expect(page.body.contains("Landed over") && page.body.contains("id=\"v3\""))
            // Asked again, without overruling, it has landed.
            let again = try await reviewed.post("land", [:], as: reviewed.ana)
            #expect(again.status == 200 && again.object["position"] as? Int == 2, "\(again)")
        }
    }

    @Test func `forms lead back to what they made, and come again with what was wrong`()
        async throws
    {
        try await ReviewTests.with { reviewed in
            for (word, form, anchor) in [
                ("notes", [("text", "a\r\nb")], "m2"),
                ("decisions", [("decision", "Third"), ("why", "w")], "d3"),
                ("comments", [("on", "d3"), ("text", "t")], "c1"),
                (
                    "comments",
                    [("path", "a.txt"), ("line", "1"), ("side", "new"), ("text", "t")], "c2"
                ),
                ("verdicts", [("on", "d3"), ("verdict", "approve"), ("text", "")], "v1"),
            ] {
                let answer = try await reviewed.submit(word, form, as: reviewed.ben)
                #expect(
                    answer.status == 303 && answer.location == "\(reviewed.page)#\(anchor)",
                    "\(word): \(answer)")
            }
            let messages = try await reviewed.read()["messages"] as? [[String: Any]]
            #expect(messages?.last?["text"] as? String == "a\nb")
            #expect(messages?.last?["role"] as? String == "human")
            for (word, form, words, status) in [
                ("notes", [("text", "  ")], "has no words", 400),
                ("decisions", [("decision", " "), ("why", "Kept text")], "Kept text", 400),
                (
                    "verdicts", [("on", "d3"), ("verdict", "object"), ("text", "")],
                    "has no words", 400
                ),
                ("comments", [("on", "d9"), ("text", "Kept words")], "d9", 422),
                (
                    "comments",
                    [("path", "a.txt"), ("line", "99"), ("side", "new"), ("text", "Kept")],
                    "no line", 422
                ),
                ("notes", [("text", "x"), ("evil", "1")], "no field", 400),
                ("abandon", [("reason", "")], "has no words", 400),
            ] {
                let answer = try await reviewed.submit(word, form, as: reviewed.ben)
                #expect(answer.status == status, "\(word) \(form): \(answer.status)")
                #expect(
                    answer.body.contains("That did not work") && answer.body.contains(words),
                    "\(word) \(form)")
            }
            let foreign = try await reviewed.server.http(
                .post, "\(reviewed.page)/notes", form: [("text", "x")],
                headers: [("Sec-Fetch-Site", "cross-site")])
            #expect(foreign.status == 403)
            let ended = try await reviewed.submit(
                "abandon", [("reason", "not needed")], as: reviewed.ana)
            #expect(ended.status == 303)
            let late = try await reviewed.submit("notes", [("text", "late")], as: reviewed.ana)
            #expect(late.status == 409 && late.body.contains("was abandoned"))
        }
    }

    @Test func `who writes while it lands is told so, and has their words`() async throws {
        try await ReviewTests.with { reviewed in
            let landed = try await reviewed.post("land", [:], as: reviewed.ana)
            #expect(landed.status == 200, "\(landed)")
            for (word, form) in [
                ("comments", [("on", "d1"), ("text", "My <b>words")]),
                ("abandon", [("reason", "My <b>words")]),
                ("decisions", [("decision", "My <b>words"), ("why", "w")]),
            ] {
                let late = try await reviewed.submit(word, form, as: reviewed.ben)
                #expect(late.status == 409, "\(word): \(late.status)")
                #expect(
                    late.body.contains("landed at @2") && late.body.contains("My &lt;b&gt;words"))
                #expect(late.body.contains("<h1>Work</h1>") && !late.body.contains("<b>words"))
            }
        }
    }

    @Test func `a session is started with a form, and a goal is asked for`() async throws {
        try await ReviewTests.with { reviewed in
            let server = reviewed.server
            func start(_ goal: String) async throws -> (Int, String?) {
                let answer = try await server.http(
                    .post, "/ana/app/sessions", form: [("goal", goal)],
                    headers: [
                        ("Sec-Fetch-Site", "same-origin"),
                        ("Authorization", "Bearer \(reviewed.ben)"),
                    ])
                return (answer.status, answer.headers[.location])
            }
            let (status, location) = try await start("Do it\r\n\r\nWell")
            #expect(status == 303)
            let page = try await server.call(.get, try #require(location), token: reviewed.ben)
            #expect(page.body.contains("<h1>Do it</h1>") && page.body.contains("Well"))
            #expect(try await start(" ").0 == 400)
            let form = try await server.call(.get, "/ana/app/sessions/new", token: reviewed.ben)
            #expect(form.status == 200 && form.body.contains("name=\"goal\""))
        }
    }

    @Test func `who may only read sees no form, and who is signed in with less cannot use one`()
        async throws
    {
        try await ReviewTests.with { reviewed in
            let cem = try await reviewed.server.token("cem")
            for token in [nil, cem] {
                let page = try await reviewed.server.call(.get, reviewed.page, token: token)
                #expect(page.status == 200 && !page.body.contains("name=\"text\""))
            }
            let answer = try await reviewed.submit("notes", [("text", "x")], as: cem)
            #expect(answer.status == 403)
            let form = try await reviewed.server.call(.get, reviewed.page, token: reviewed.ben)
            #expect(form.body.contains("name=\"text\""))
        }
    }

    @Test func `what somebody wrote in a review is no markup`() async throws {
        try await ReviewTests.with { reviewed in
            let evil = "<script>alert(1)</script>\"'&\u{202E} [x](javascript:alert(1))"
            for (word, value) in [
                ("comments", ["text": evil, "on": "d1"] as [String: Any]),
                ("comments", ["text": evil, "path": "a.txt", "line": 2]),
                ("comments", ["text": evil, "on": "m1"]),
                ("verdicts", ["text": evil, "on": "d1", "verdict": "object"]),
            ] {
                #expect(try await reviewed.post(word, value, as: reviewed.ben).status == 201)
            }
            let page = try await reviewed.server.call(.get, reviewed.page, token: reviewed.ben)
            #expect(!page.body.contains("<script>alert") && !page.body.contains("\u{202E}"))
            #expect(!page.body.contains("href=\"javascript:"))
            let again = try await reviewed.submit(
                "comments", [("on", "d99"), ("text", evil)], as: reviewed.ben)
            #expect(again.status == 422 && !again.body.contains("<script>alert"))
        }
    }

    @Test func `whoever returns is told what is new, and nothing of their own`() async throws {
        let clock = TestClock()
        try await TestServer.with(now: { clock.now }) { server in
            let ana = try await server.token("ana")
            let ben = try await server.token("ben")
            let project = try await server.makeProject("ana/app", isPublic: true)
            try await server.forge.accounts.setMember(Handle("ben"), of: project, role: .write)
            let start = try await server.call(
                .post, ReviewTests.base, token: ana, json: "{\"goal\": \"Work\"}")
            let session = try #require(try server.object(start.body)["session"] as? String)
            let page = "/ana/app/sessions/\(session)"
            func look(_ token: String) async throws -> String {
                try await server.call(.get, page, token: token).body
            }
            func note(_ token: String) async throws {
                _ = try await server.call(
                    .post, "\(ReviewTests.base)/\(session)/notes", token: token,
                    json: "{\"text\": \"hello\"}")
            }
            #expect(!(try await look(ben)).contains("Since you last looked"))
            clock.advance(millis: Limits.sessionViewMillis)
            try await note(ana)
            try await note(ben)
            let back = try await look(ben)
            #expect(back.contains("Since you last looked") && back.contains("1 message."))
            // Looking again a minute later is the same look.
            clock.advance(millis: 60_000)
            #expect((try await look(ben)).contains("1 message."))
            let read = try await server.http(
                .post, "\(page)/seen", form: [("events", "3")],
                headers: [
                    ("Sec-Fetch-Site", "same-origin"), ("Authorization", "Bearer \(ben)"),
                ])
            #expect(read.status == 303)
            #expect(!(try await look(ben)).contains("Since you last looked"))
            let nobody = try await server.call(
                .post, "\(ReviewTests.base)/\(session)/seen", json: "{\"events\": 3}")
            #expect(nobody.status == 401)
        }
    }

    @Test func `the list of sessions is narrowed by state and author`() async throws {
        try await ReviewTests.with { reviewed in
            let server = reviewed.server
            _ = try await server.call(
                .post, ReviewTests.base, token: reviewed.ben, json: "{\"goal\": \"Another\"}")
            func goals(_ query: String) async throws -> [String] {
                let answer = try await server.call(.get, "/ana/app/sessions.json?\(query)")
                let sessions = try server.object(answer.body)["sessions"] as? [[String: Any]]
                return (sessions ?? []).compactMap { $0["goal"] as? String }.sorted()
            }
            #expect(try await goals("") == ["Another", "Work"])
            #expect(try await goals("author=ben") == ["Another"])
            #expect(try await goals("author=fern") == ["Work"])
            #expect(try await goals("state=unseen") == ["Work"])
            #expect(try await goals("state=objected") == [])
            _ = try await reviewed.post(
                "verdicts", ["on": "d1", "verdict": "object", "text": "no"], as: reviewed.ben)
            #expect(try await goals("state=objected") == ["Work"])
            #expect(try await goals("state=open") == ["Another"])
            #expect(try await server.call(.get, "/ana/app/sessions?state=x").status == 400)
        }
    }
}
