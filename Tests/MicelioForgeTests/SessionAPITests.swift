import Foundation
import HTTPTypes
import HifCore
import Testing

@testable import MicelioForge

/// Working on a session over HTTP alone.
@Suite struct SessionAPITests {
    private static let base = "/api/v1/projects/ana/app/sessions"

    private static func with(
        _ body: @escaping @Sendable (TestServer, String) async throws -> Void
    ) async throws {
        try await TestServer.with { server in
            let token = try await server.token("ana")
            let made = try await server.call(
                .post, "/api/v1/projects", token: token,
                json: "{\"name\": \"ana/app\", \"public\": true, \"description\": \"d\"}")
            #expect(made.status == 201, "\(made.body)")
            try await server.land("ana/app", token: token, goal: "Begin", [("a.txt", "one\ntwo\n")])
            try await body(server, token)
        }
    }

    private static func start(
        _ server: TestServer, _ token: String, key: String = ""
    ) async throws -> String {
        let answer = try await server.call(
            .post, base, token: token, json: "{\"goal\": \"Work\"}",
            headers: key.isEmpty ? [] : [("Idempotency-Key", key)])
        return try #require(try server.object(answer.body)["session"] as? String, "\(answer.body)")
    }

    private static func edit(
        _ server: TestServer, _ token: String, _ session: String, _ value: [String: Any]
    ) async throws -> (status: Int, object: [String: Any]) {
        let answer = try await server.call(
            .post, "\(base)/\(session)/files", token: token, json: server.text(value))
        return (answer.status, try server.object(answer.body))
    }

    @Test func `a call repeated with its key is one call`() async throws {
        try await SessionAPITests.with { server, token in
            let first = try await SessionAPITests.start(server, token, key: "k")
            #expect(try await SessionAPITests.start(server, token, key: "k") == first)
            #expect(try await SessionAPITests.start(server, token) != first)
            for _ in 0..<2 {
                let note = try await server.call(
                    .post, "\(SessionAPITests.base)/\(first)/notes", token: token,
                    json: "{\"text\": \"once\"}", headers: [("Idempotency-Key", "n")])
                #expect(try server.object(note.body)["messages"] as? Int == 1, "\(note.body)")
            }
        }
    }

    @Test func `edits are applied all or none`() async throws {
        try await SessionAPITests.with { server, token in
            let session = try await SessionAPITests.start(server, token)
            let hash = Blake3.hash(Array("one\ntwo\n".utf8)).hex
            let wrong = try await SessionAPITests.edit(
                server, token, session,
                [
                    "files": [
                        ["path": "new.txt", "content": "x"] as [String: Any],
                        [
                            "path": "a.txt", "content": "y",
                            "expected": String(repeating: "0", count: 64),
                        ] as [String: Any],
                    ]
                ])
            #expect(wrong.status == 409 && wrong.object["code"] as? String == "content_changed")
            let exists = try await SessionAPITests.edit(
                server, token, session,
                [
                    "files": [
                        ["path": "a.txt", "content": "y", "expected": NSNull()] as [String: Any]
                    ]
                ])
            #expect(exists.status == 409)
            let right = try await SessionAPITests.edit(
                server, token, session,
                [
                    "expected_drafts": 0,
                    "files": [
                        ["path": "a.txt", "content": "one\n2\n", "expected": hash],
                        ["path": "b/c.sh", "content_base64": "AAH/", "executable": true]
                            as [String: Any],
                    ],
                ])
            #expect(right.status == 200 && right.object["drafts"] as? Int == 1)
            #expect(
                (right.object["files"] as? [[String: Any]])?.compactMap { $0["path"] as? String }
                    == ["a.txt", "b/c.sh"])
            let late = try await SessionAPITests.edit(
                server, token, session,
                ["expected_drafts": 0, "files": [["path": "z", "content": ""] as [String: Any]]])
            #expect(late.status == 409 && late.object["code"] as? String == "base_moved")
            let reverted = try await SessionAPITests.edit(
                server, token, session,
                [
                    "files": [
                        ["path": "a.txt", "revert": true] as [String: Any],
                        ["path": "b/c.sh", "delete": true] as [String: Any],
                    ]
                ])
            #expect(reverted.status == 200 && (reverted.object["files"] as? [Any])?.isEmpty == true)
            let nothing = try await server.call(
                .post, "\(SessionAPITests.base)/\(session)/land", token: token, json: "{}")
            #expect(nothing.status == 422, "\(nothing.body)")
        }
    }

    @Test func `edits merge where they can, and what cannot is data`() async throws {
        try await SessionAPITests.with { server, token in
            let first = try await SessionAPITests.start(server, token)
            let second = try await SessionAPITests.start(server, token)
            let third = try await SessionAPITests.start(server, token)
            for (session, text) in [
                (first, "ONE\ntwo\n"), (second, "one\ntwo\nthree\n"), (third, "eins\ntwo\n"),
            ] {
                let edit = try await SessionAPITests.edit(
                    server, token, session, ["files": [["path": "a.txt", "content": text]]])
                #expect(edit.status == 200)
            }
            func land(_ session: String) async throws -> (Int, [String: Any]) {
                let answer = try await server.call(
                    .post, "\(SessionAPITests.base)/\(session)/land", token: token, json: "{}")
                return (answer.status, try server.object(answer.body))
            }
            #expect(try await land(first).1["position"] as? Int == 2)
            let merged = try await land(second)
            #expect(
                merged.1["position"] as? Int == 3 && merged.1["merged"] as? [String] == ["a.txt"])
            let (status, refusal) = try await land(third)
            #expect(status == 409 && refusal["code"] as? String == "conflict")
            let conflict = try #require((refusal["conflicts"] as? [[String: Any]])?.first)
            #expect(conflict["path"] as? String == "a.txt" && conflict["landing"] as? Int == 3)
            #expect((refusal["next"] as? [String: Any])?["method"] as? String == "POST")
            let settled = try await SessionAPITests.edit(
                server, token, third,
                [
                    "base": 3,
                    "files": [["path": "a.txt", "content": "EINS\ntwo\nthree\n"] as [String: Any]],
                ])
            #expect(settled.status == 200)
            #expect(try await land(third).1["position"] as? Int == 4)
            // Landing again says the same.
            #expect(try await land(third).1["position"] as? Int == 4)
            let closed = try await SessionAPITests.edit(
                server, token, third,
                ["files": [["path": "a.txt", "content": ""] as [String: Any]]])
            #expect(closed.status == 409 && closed.object["code"] as? String == "session_closed")
            let text = try await server.call(.get, "/ana/app/raw/@4/a.txt")
            #expect(text.body == "EINS\ntwo\nthree\n")
        }
    }

    @Test func `a session that is given up stays readable`() async throws {
        try await SessionAPITests.with { server, token in
            let session = try await SessionAPITests.start(server, token)
            let answer = try await server.call(
                .post, "\(SessionAPITests.base)/\(session)/abandon", token: token,
                json: "{\"reason\": \"not needed\"}")
            #expect(answer.status == 200, "\(answer.body)")
            let page = try await server.call(.get, "/ana/app/sessions/\(session)")
            #expect(page.status == 200 && page.body.contains("Abandoned"))
        }
    }

    @Test(arguments: [
        "", "x", "[]", "{}", "{\"goal\": 1}", "{\"goal\": [\"a\"]}", "{\"goal\": \"\"}",
        "{\"goal\": \"  \\n \"}", "{\"goal\": \"a\", \"evil\": 1}", "{\"goal\": null}",
        "{\"goal\": \"a\"",
    ])
    func `bodies that are not what they should be are refused with a code`(_ body: String)
        async throws
    {
        try await SessionAPITests.with { server, token in
            let answer = try await server.call(
                .post, SessionAPITests.base, token: token, json: body)
            #expect(answer.status == 400, "\(body): \(answer.body)")
            #expect(answer.headers[.contentType] == "application/problem+json")
            #expect(try server.object(answer.body)["code"] as? String == "invalid_argument")
        }
    }

    @Test(arguments: [
        "../x", "/etc/passwd", "a//b", "a/../b", ".git/config", ".GIT/x", ".hif/y", "", "a/./b",
    ])
    func `paths that a project cannot hold are refused`(_ path: String) async throws {
        try await SessionAPITests.with { server, token in
            let session = try await SessionAPITests.start(server, token)
            let answer = try await SessionAPITests.edit(
                server, token, session, ["files": [["path": path, "content": "x"]]])
            #expect(answer.status == 400, "\(path)")
        }
    }

    @Test func `what is over a limit is refused`() async throws {
        try await SessionAPITests.with { server, token in
            let session = try await SessionAPITests.start(server, token)
            let many = (0...Limits.filesPerEditMax).map {
                ["path": "f\($0)", "content": ""] as [String: Any]
            }
            #expect(
                try await SessionAPITests.edit(server, token, session, ["files": many]).status
                    == 400)
            let long = String(repeating: "a", count: Limits.jsonBytesMax)
            #expect(
                try await SessionAPITests.edit(
                    server, token, session, ["files": [["path": "f", "content": long]]]
                ).status == 413)
            let key = String(repeating: "k", count: Limits.idempotencyKeyBytesMax + 1)
            let answer = try await server.call(
                .post, SessionAPITests.base, token: token, json: "{\"goal\": \"a\"}",
                headers: [("Idempotency-Key", key)])
            #expect(answer.status == 400)
            let twice = try await SessionAPITests.edit(
                server, token, session,
                [
                    "files": [
                        ["path": "f", "content": "1"] as [String: Any],
                        ["path": "f", "content": "2"] as [String: Any],
                    ]
                ])
            #expect(twice.status == 422)
            let form = try await server.call(
                .post, SessionAPITests.base, token: token, json: "{\"goal\": \"a\"}",
                headers: [("Content-Type", "text/plain")])
            #expect(form.status == 415)
            let wrong = try await server.call(.delete, SessionAPITests.base, token: token)
            #expect(wrong.status == 405 && wrong.headers[.allow] == "GET, HEAD, POST")
        }
    }
}
