import Foundation
import HTTPTypes
import HifCore
import Testing

@testable import MicelioForge

/// What the API answers is what `/openapi.json` says.
@Suite struct AnswerShapeTests {
    @Test func `every operation on projects answers what is said of it`() async throws {
        try await TestServer.with { server in
            let api = DescribedCalls(server, token: try await server.token("ana"))
            let base = "/api/v1/projects/ana/app"
            func call(_ id: String, _ path: String, _ value: [String: Any]? = nil) async throws
                -> [String: Any]
            {
                try await api.call(id, path, value)
            }
            _ = try await call(
                "projects.create", "/api/v1/projects",
                ["name": "ana/app", "description": "An app", "public": true])
            _ = try await call("account.me", "/api/v1/me")
            try await server.land(
                "ana/app", token: api.token, goal: "Begin",
                [
                    ("README.md", "# App\n"), ("docs/a.md", "one\ntwo\nthree\n"),
                    ("b.bin", "\u{0}\u{1}"),
                ],
                decision: "Markdown", note: "hello")
            let first = try await call(
                "sessions.start", base + "/sessions", ["goal": "One\n\nMore"])
            let second = try await call(
                "sessions.start", base + "/sessions", ["goal": "Two", "agent": "fern"])
            let ids = [first, second].map { $0["session"] as? String ?? "" }
            let one = base + "/sessions/" + ids[0]
            let two = base + "/sessions/" + ids[1]
            for (path, text) in [(one, "ONE\ntwo\nthree\n"), (two, "eins\ntwo\nthree\n")] {
                _ = try await call(
                    "sessions.edit", path + "/files",
                    [
                        "files": [
                            ["path": "docs/a.md", "content": text] as [String: Any],
                            ["path": "b.bin", "content_base64": "AAEC"],
                            [
                                "path": "new/\(text.prefix(1)).sh", "content": "x",
                                "executable": true,
                            ],
                        ]
                    ])
            }
            _ = try await call("sessions.note", two + "/notes", ["text": "n", "role": "human"])
            _ = try await call("sessions.decide", two + "/decisions", ["decision": "d", "why": ""])
            _ = try await call("sessions.comment", two + "/comments", ["text": "c", "on": "d1"])
            _ = try await call(
                "sessions.comment", two + "/comments",
                ["text": "c", "path": "docs/a.md", "line": 1, "side": "old"])
            _ = try await call(
                "sessions.judge", two + "/verdicts", ["on": "d1", "verdict": "approve"])
            _ = try await call("sessions.seen", two + "/seen", ["events": 3])
            _ = try await call("sessions.land", one + "/land", [:])
            // In conflict, with all that reviewers write.
            let open = try await call("sessions.read", two)
            #expect(open["status"] as? String == "conflicted")
            #expect((open["conflicts"] as? [Any])?.isEmpty == false)
            let refused = try await server.call(.post, two + "/land", token: api.token, json: "{}")
            #expect(refused.status == 409)
            _ = try await call("sessions.events", two + "/events?limit=2")
            _ = try await call("sessions.list", base + "/sessions")
            _ = try await call("projects.read", base)
            _ = try await call("sessions.abandon", two + "/abandon", ["reason": "r"])
            _ = try await call("sessions.read", two)
            _ = try await call("sessions.read", one)
            _ = try await call("sessions.events", one + "/events?from=1")
            for (id, path) in [
                ("projects.list", "/api/v1/projects?limit=1"),
                ("accounts.read", "/api/v1/accounts/ana"), ("tree.root", base + "/tree/@latest"),
                ("tree.read", base + "/tree/@1/docs"),
                ("file.read", base + "/file/@latest/docs/a.md"),
                ("file.read", base + "/file/@latest/b.bin"),
                ("file.read", base + "/file/@1/docs/a.md?from=2"),
                ("file.blame", base + "/blame/@latest/docs/a.md"),
                ("file.raw", base + "/raw/@1/docs/a.md"), ("landings.list", base + "/log?limit=1"),
                ("landings.list", base + "/log?path=docs/"),
                ("landings.read", base + "/landings/@latest"),
                ("diff.read", base + "/diff/@0/@latest"),
                ("diff.read", base + "/diff/@2/@1?path=docs"),
            ] { _ = try await call(id, path) }
            for (id, path) in [
                ("search.project", base + "/search?q=one&limit=1"),
                ("search.project", base + "/search"),
                ("search.project", base + "/search?q=markdown&in=sessions"),
                ("search.names", "/api/v1/search?q=app"),
            ] { _ = try await call(id, path) }
            let record = try #require(
                try await server.forge.accounts.project(
                    ProjectPath("ana/app"), seenBy: nil)
            ).project
            let pack = try #require(try await server.packs(of: record).first)
            _ = try await call("packs.read", base + "/packs/\(pack.hex)")

            api.expectAll(of: RouteTable.besideKeeper.routes)
        }
    }

    @Test func `the description is whole: every reference leads to a shape`() throws {
        let document = OpenAPI.document(.forge, publicURL: "http://forge.test")
        let text = String(decoding: try JSONText.bytes(document), as: UTF8.self)
        guard case .object(let fields) = document, case .object(let parts)? = fields["components"],
            case .object(let schemas)? = parts["schemas"]
        else {
            Issue.record("no schemas")
            return
        }
        for match in text.matches(of: /"#\/components\/schemas\/(\w+)"/) {
            #expect(schemas[String(match.1)] != nil, "\(match.1)")
        }
        for route in RouteTable.forge.routes where route.surface == .api {
            #expect(!route.codes.isEmpty && text.contains("\"\(route.id)\""))
        }
    }

    /// A shape, a value of it, and values that are not.
    @Test(
        arguments: [
            (JSONShape.string, "\"\"", ["1", "null", "[]", "{}", "true"]),
            (.words(3), "\" ab\"", ["\"  \"", "\"abcd\"", "\"\\u001c\""]),
            (.upTo(2), "\"\u{1F600}\u{1F600}\"", ["\"abc\""]),
            (.word("a", "b"), "\"b\"", ["\"c\"", "\"\""]),
            (.whole(1...3), "3", ["0", "4", "1.5", "\"1\"", "-1"]), (.whole(0...5), "2.0", ["2.5"]),
            (.isTrue, "true", ["false", "null", "1"]), (.boolean, "false", ["0", "\"true\""]),
            (.optional(.boolean), "null", ["1"]),
            (.list(.boolean, count: 1...2), "[true]", ["[]", "[1]"]),
            (.list(.boolean, count: 1...2), "[true,false]", ["[true,true,true]", "{}"]),
            (
                .object([.init("a", .boolean), .init("b", .string)], required: ["a"]),
                "{\"a\":true}",
                ["{}", "{\"a\":1}", "{\"a\":true,\"c\":1}", "[]"]
            ),
            (
                .oneOf(
                    [
                        .object([.init("a", .boolean)], required: ["a"]),
                        .object([.init("b", .boolean)], required: ["b"]),
                    ], words: "a or b"), "{\"b\":true}",
                ["{}", "{\"a\":true,\"b\":true}", "{\"b\":1}", "{\"c\":true}"]
            ),
        ] as [(JSONShape, String, [String])])
    func `a shape takes what is of it, and nothing else`(
        _ shape: JSONShape, _ right: String, _ wrong: [String]
    ) throws {
        try shape.check(try JSONReader.value(Array(right.utf8)), at: "")
        for text in wrong {
            #expect(throws: ForgeError.self, "\(text)") {
                try shape.check(try JSONReader.value(Array(text.utf8)), at: "")
            }
        }
    }
}
