import Foundation
import GRPCCore
import HTTPTypes
import HifAPI
import HifCore
import HummingbirdTesting
import NIOCore
import SwiftProtobuf
import Testing

@testable import MicelioForge

/// What strangers send to a running forge, line by line of the list in docs/design/0009. What parsers
/// refuse by themselves is tested beside them.
@Suite struct BadInputTests {
    private static let base = "/api/v1/projects/ana/app"

    private static func with(
        _ body: @escaping @Sendable (TestServer, String) async throws -> Void
    ) async throws {
        try await TestServer.with { server in
            let token = try await server.token("ana")
            _ = try await server.makeProject("ana/app", isPublic: true)
            try await server.land("ana/app", token: token, goal: "Begin", [("a.txt", "one\n")])
            try await body(server, token)
        }
    }

    private static func edit(
        _ server: TestServer, _ token: String, _ files: [[String: Any]]
    ) async throws -> (session: String, status: Int, object: [String: Any]) {
        let start = try await server.call(
            .post, "\(base)/sessions", token: token, json: "{\"goal\": \"Work\"}")
        let session = try server.object(start.body)["session"] as? String ?? ""
        let answer = try await server.call(
            .post, "\(base)/sessions/\(session)/files", token: token,
            json: server.text(["files": files]))
        return (session, answer.status, try server.object(answer.body))
    }

    // MARK: Names

    @Test func `names that cannot be are not made, and are nowhere`() async throws {
        try await BadInputTests.with { server, token in
            for name in [
                "ana/..", "ana/.", "ana/%2e%2e%2f", "a/../../b", "ana/.git", "ana/app.", "ana/con",
                "ana/\u{202E}x", "ana/\u{1F600}", "ana/a\r\nb", "Ana/x", "\u{FF41}na/x", "ana", "/",
                "", "ana/" + String(repeating: "a", count: 256), "ana/x/y", "api/x",
            ] {
                let made = try await server.call(
                    .post, "/api/v1/projects", token: token, json: server.text(["name": name]))
                #expect(made.status == 400, "\(name): \(made.status)")
            }
            // In capitals it is the same project, and somebody else's name is not mine.
            for (name, status) in [("ana/APP", 409), ("ben/app", 403)] {
                let made = try await server.call(
                    .post, "/api/v1/projects", token: token, json: server.text(["name": name]))
                #expect(made.status == status, "\(name): \(made.status)")
            }
            for path in [
                "/..", "/ana/..", "/ana/%2e%2e", "/ana/app/..%2f..%2fetc", "/ANA/app",
                "/ana/app%00", "/ana/%FF", "/%E2%80%AEana/app", "//ana/app", "/ana//app",
                "/ana/app/file/@latest/../../../etc/passwd", "/ana/app/raw/@latest/..%2fa.txt",
                "/ana/app/raw/@latest/%2e%2e/a.txt", "/ana/app/raw/@latest//a.txt",
                "/ana/app/raw/@latest/.git/config", "/ana/app/raw/@latest/a.txt%00.png",
            ] {
                let answer = try await server.call(.get, path)
                #expect(answer.status == 404, "\(path): \(answer.status)")
            }
        }
    }

    // MARK: Paths

    @Test func `paths that escape, hide or go too deep are refused`() async throws {
        try await BadInputTests.with { server, token in
            for path in [
                "../../etc/passwd", "/etc/passwd", "a//b", "a/", ".git/config", ".GIT/hooks/x",
                "x/.hif/y", "file\0.txt", ".", "..", "a/../b",
                String(repeating: "d/", count: 5_000) + "x", String(repeating: "n", count: 256),
            ] {
                let edit = try await BadInputTests.edit(
                    server, token, [["path": path, "content": "x"]])
                #expect(edit.status == 400, "\(path.prefix(40)): \(edit.status)")
            }
            // A backslash is a letter like others, and never a way up.
            let odd = try await BadInputTests.edit(
                server, token, [["path": "a\\..\\b", "content": "x"]])
            #expect(odd.status == 200)
            let landed = try await server.call(
                .post, "\(BadInputTests.base)/sessions/\(odd.session)/land", token: token,
                json: "{}")
            #expect(landed.status == 200, "\(landed.body)")
            #expect(try await server.call(.get, "/ana/app/raw/@latest/a%5C..%5Cb").body == "x")
            #expect(try await server.call(.get, "/ana/app/raw/@latest/b").status == 404)
        }
    }

    @Test func `a link is a text, and nothing is written through it`() async throws {
        try await BadInputTests.with { server, token in
            try await server.plant(
                "ana/app", token: token,
                [
                    ("out", Array("/etc/passwd".utf8), .symlink),
                    ("dir", Array("../..".utf8), .symlink), ("loop", Array("loop".utf8), .symlink),
                ])
            for (path, text) in [("out", "/etc/passwd"), ("dir", "../.."), ("loop", "loop")] {
                let raw = try await server.call(.get, "/ana/app/raw/@latest/\(path)")
                #expect(raw.status == 200 && raw.body == text)
                let below = try await server.call(.get, "/ana/app/raw/@latest/\(path)/passwd")
                #expect(below.status == 404)
            }
            let edit = try await BadInputTests.edit(
                server, token, [["path": "dir/evil", "content": "x"]])
            #expect(edit.status == 200)
            let land = try await server.call(
                .post, "\(BadInputTests.base)/sessions/\(edit.session)/land", token: token,
                json: "{}")
            #expect(land.status == 409, "\(land.body)")
            let conflicts = try server.object(land.body)["conflicts"] as? [[String: Any]]
            #expect(conflicts?.first?["theirs"] as? String == "in_the_way")
        }
    }

    @Test func `a session that is in its own way is told so before it lands`() async throws {
        try await BadInputTests.with { server, token in
            let near = try await BadInputTests.edit(
                server, token,
                ["a", "a-b", "ab/c", "d/e", "d/ee/f"].map { ["path": $0, "content": "1"] })
            #expect(near.status == 200, "\(near.object)")
            for paths in [["a", "a/b"], ["c/d/e", "c"], ["a", "a-b", "a!", "a/b/c"]] {
                let edit = try await BadInputTests.edit(
                    server, token, paths.map { ["path": $0, "content": "1"] })
                #expect(edit.status == 422, "\(edit.object)")
                let title = edit.object["title"] as? String ?? ""
                #expect(title.contains("as a file"), "\(title)")
            }
        }
    }

    @Test func `a verdict without its text is told what it lacks, and an unknown one the words`()
        async throws
    {
        try await BadInputTests.with { server, token in
            let edit = try await BadInputTests.edit(
                server, token, [["path": "a", "content": "1"]])
            let session = "\(BadInputTests.base)/sessions/\(edit.session)"
            _ = try await server.call(
                .post, "\(session)/decisions", token: token,
                json: "{\"decision\": \"One\", \"why\": \"short\"}")
            for (verdict, said) in [
                ("object", "'ask' and 'object' need a 'text'"),
                ("reject", "/verdict is one of approve, withdraw, ask, object"),
            ] {
                let refused = try await server.call(
                    .post, "\(session)/verdicts", token: token,
                    json: "{\"on\": \"d1\", \"verdict\": \"\(verdict)\"}")
                #expect(refused.status == 400 && refused.body.contains(said), "\(refused.body)")
            }
        }
    }

    @Test func `names that look alike are two files, and stay two`() async throws {
        try await BadInputTests.with { server, token in
            // Composed and decomposed, capital and small: bytes tell, and nothing is folded.
            let twins = ["\u{FC}.txt", "u\u{308}.txt", "A.txt", "a.txt "]
            let edit = try await BadInputTests.edit(
                server, token, twins.map { ["path": $0, "content": "in \($0)"] })
            #expect(edit.status == 200, "\(edit.object)")
            let land = try await server.call(
                .post, "\(BadInputTests.base)/sessions/\(edit.session)/land", token: token,
                json: "{}")
            #expect(land.status == 200, "\(land.body)")
            for twin in twins {
                let address = PercentCoding.encode(twin.utf8)
                let raw = try await server.call(.get, "/ana/app/raw/@latest/\(address)")
                #expect(Array(raw.body.utf8) == Array("in \(twin)".utf8))
            }
        }
    }

    // MARK: Positions and ids

    @Test func `positions and ids that are none lead nowhere`() async throws {
        try await BadInputTests.with { server, token in
            let closed = try await server.makeProject("ana/closed")
            try await server.land(
                "ana/closed", token: token, goal: "Hidden", [("s.txt", "secret\n")])
            let start = try await server.call(
                .post, "/api/v1/projects/ana/closed/sessions", token: token,
                json: "{\"goal\": \"x\"}")
            let foreign = try server.object(start.body)["session"] as? String ?? ""
            let pack = try #require(try await server.packs(of: closed).first)
            for path in [
                "/@-1", "/@99999999999999999999", "/@1%20OR%201=1", "/@01", "/@1e1", "/@+1",
                "/@0x1",
                "/@999", "/@%F0%9D%9F%8F", "/tree/@999", "/file/@-1/a.txt", "/diff/@1/@2%20",
                "/diff/@999/@1", "/sessions/ses_1", "/sessions/\(foreign)",
                "/sessions/ses_" + String(repeating: "0", count: 64), "/sessions/%2e%2e",
            ] {
                for suffix in ["", ".json"] where !path.contains("/file/") {
                    let answer = try await server.call(
                        .get, "/ana/app\(path)\(suffix)", token: token)
                    #expect(answer.status == 404, "\(path): \(answer.status)")
                }
            }
            // Another project's pack, by its right name.
            let own = "/api/v1/projects/ana/closed/packs/\(pack.hex)"
            #expect(try await server.call(.get, own, token: token).status == 200)
            #expect(
                try await server.call(.get, "\(BadInputTests.base)/packs/\(pack.hex)", token: token)
                    .status == 404)
            // Nobody signed in learns that any of it exists.
            #expect(try await server.call(.get, own).status == 404)
            let session = "/api/v1/projects/ana/closed/sessions/\(foreign)"
            #expect(try await server.call(.get, session).status == 404)
        }
    }

    @Test func `content of a project is not to be had through another`() async throws {
        try await BadInputTests.with { server, token in
            _ = try await server.makeProject("ana/closed")
            try await server.land(
                "ana/closed", token: token, goal: "Hidden", [("s.txt", "secret\n")])
            let secret = Blake3.hash(Array("secret\n".utf8))
            func blob(_ project: String, _ token: String?) async throws -> RPCError.Code? {
                let found = Found()
                try await server.rpc { client in
                    do {
                        try await Micelio_V1_Content.Client(wrapping: client).blobs(
                            .with {
                                $0.project = .with {
                                    $0.owner = "ana"
                                    $0.name = project
                                }
                                $0.position = 1
                                $0.hashes = [secret.wire]
                            }, metadata: token.map { ["authorization": "Bearer \($0)"] } ?? [:]
                        ) { for try await _ in $0.messages {} }
                    } catch let error as RPCError {
                        found.code = error.code
                    }
                }
                return found.code
            }
            #expect(try await blob("closed", token) == nil)
            #expect(try await blob("app", token) == .notFound)
            #expect(try await blob("closed", nil) == .notFound)
            // Neither does saying that one has it bring it in.
            let edit = try await server.call(
                .get, "\(BadInputTests.base)/file/@latest/s.txt", token: token)
            #expect(edit.status == 404)
        }
    }

    private final class Found: @unchecked Sendable {
        // Written by one call and read when it has ended.
        var code: RPCError.Code?
    }

    // MARK: Credentials

    @Test func `a token that is worth nothing any more says why`() async throws {
        try await BadInputTests.with { server, token in
            let accounts = try server.forge.accounts
            let now = server.forge.now()
            let text = try TokenText(parsing: token)
            func status(_ fields: [(String, String)], _ path: String = "/api/v1/me") async throws
                -> (Int, String)
            {
                let answer = try await server.call(.get, path, headers: fields)
                return (answer.status, try server.object(answer.body)["code"] as? String ?? "")
            }
            for value in [
                "", "Bearer", "Bearer ", "Bearer  \(token)", "bearer\(token)", "Token \(token)",
                "Basic \(token)", "Basic %%%", "Digest x", "Bearer \(token)x", "Bearer x\(token)",
                "Bearer \(token), Bearer \(token)", token,
            ] {
                let (code, word) = try await status([("Authorization", value)])
                #expect(
                    code == 401 && word == "token_malformed", "\(value.prefix(12)): \(code) \(word)"
                )
            }
            #expect(try await status([("Authorization", "bEaReR \(token)")]).0 == 200)
            // In an address, a cookie or another field it is not looked at.
            #expect(try await status([], "/api/v1/me?token=\(token)").0 == 400)
            #expect(try await status([("Cookie", "micelio=\(token)")]).0 == 401)
            #expect(try await status([("X-Authorization", "Bearer \(token)")]).0 == 401)
            #expect(try await status([("Private-Token", token)]).0 == 401)
            let page = try await server.call(
                .get, "/settings?access_token=\(token)", headers: [("Accept", "application/json")])
            #expect(page.status == 401)

            try await accounts.revoke(text, now: now)
            let (revoked, reason) = try await status([("Authorization", "Bearer \(token)")])
            #expect(revoked == 401 && reason == "token_revoked")
            let ben = try await server.token("ben")
            try await accounts.setDisabled(Handle("ben"), true, now: now)
            let (disabled, _) = try await status([("Authorization", "Bearer \(ben)")])
            #expect(disabled == 401 || disabled == 403)
        }
    }

    // MARK: Fields and bodies

    @Test func `a field counts once, and is what it is said to be`() async throws {
        try await BadInputTests.with { server, token in
            for json in [
                #"{"goal": "a", "goal": "b"}"#, #"{"goal": "a", "\u0067oal": "b"}"#,
                #"{"goal": ["a"]}"#, #"{"goal": {"a": 1}}"#, #"{"goal": null}"#, #"{"Goal": "a"}"#,
                #"{"goal": "a", "agent": ["x"]}"#, #"[{"goal": "a"}]"#, #"{"goal": "a"} {}"#,
                "{\"goal\": \"a\u{1}\"}", #"{"goal": "\ud800"}"#, "{\"goal\": \"a\"", "nul",
                String(repeating: "[", count: 50_000), String(repeating: "{\"a\":", count: 50_000),
                #"{"goal": 1e999}"#, #"{"goal": "\#(String(repeating: " ", count: 100))"}"#,
                #"{"goal": "a", "__proto__": {}}"#,
            ] {
                let answer = try await server.call(
                    .post, "\(BadInputTests.base)/sessions", token: token, json: json)
                #expect(answer.status == 400, "\(json.prefix(60)): \(answer.status)")
            }
            for query in [
                "limit=1&limit=2", "limit[]=1", "limit%5B%5D=1", "limit=0", "limit=101", "limit=-1",
                "limit=1e1", "limit=%31%20", "limit=", "from=@-1", "from=latest@", "path=../x",
                "path=%00", "author=%FF", "cursor=abc", "Limit=1", "limit=1;from=@1",
            ] {
                let answer = try await server.call(
                    .get, "\(BadInputTests.base)/log?\(query)", token: token)
                #expect(answer.status == 400, "\(query): \(answer.status)")
            }
            // A page has no such page either.
            for path in [
                "/ana/app/log?cursor=abc", "/ana/app/log?limit=x", "/ana/app/log?limit=1&limit=2",
            ] {
                #expect(try await server.call(.get, path).status == 400, "\(path)")
            }
            // What other sites hang onto links does not matter to one.
            #expect(try await server.call(.get, "/ana/app/log?utm_source=x").status == 200)
            for form in [
                [("handle", "a"), ("handle", "b")], [("email[]", "a@b"), ("handle", "a")],
                [("handle[0]", "a")],
            ] {
                #expect(try await server.submit("/signin", form).status == 400, "\(form)")
            }
            for type in ["text/plain", "application/xml", "multipart/form-data", ""] {
                let answer = try await server.call(
                    .post, "\(BadInputTests.base)/sessions", token: token, json: #"{"goal": "a"}"#,
                    headers: [("Content-Type", type)])
                #expect(answer.status == 415, "\(type): \(answer.status)")
                let problem = try server.object(answer.body)
                #expect(problem["code"] as? String == "unsupported_media_type")
            }
        }
    }

    @Test func `methods that an address does not take are named with those that it does`()
        async throws
    {
        try await BadInputTests.with { server, token in
            for method: HTTPRequest.Method in [.put, .delete, .patch, .trace, .options] {
                let answer = try await server.call(
                    method, "\(BadInputTests.base)/sessions", token: token)
                #expect(answer.status == 405, "\(method): \(answer.status)")
                #expect(answer.headers[.allow] == "GET, HEAD, POST")
            }
        }
    }

    // MARK: Requests that no client sends

    /// A request, and the statuses that are right: refused, or the connection closed (0).
    @Test(
        arguments: [
            // More than one party might read these in more than one way.
            (
                "GET /api/v1/me HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\nAuthorization: Bearer y\r\n",
                [400]
            ),
            (
                "GET /api/v1/me HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\nauthorization: Basic eDp5\r\n",
                [400]
            ),
            (
                "POST /device HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                [0, 400]
            ),
            (
                "POST /device HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n",
                [0, 400]
            ),
            ("POST /device HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n", [0, 400]),
            (
                "POST /device HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n",
                [0, 400, 413]
            ),
            (
                "POST /device HTTP/1.1\r\nHost: a\r\nSec-Fetch-Site: none\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 999999999\r\n",
                [413]
            ),
            ("GET /api/v1/me HTTP/1.1\r\nHost: a\r\nAuthorization : Bearer x\r\n", [0, 400]),
            ("GET /api/v1/me HTTP/1.1\r\nHost: a\r\nX: a\r\n folded\r\n", [0, 400, 401]),
            (
                "GET /api/v1/me HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\u{0}y\r\n",
                [0, 400, 401]
            ),
            ("GET /\u{0} HTTP/1.1\r\nHost: a\r\n", [0, 400, 404]),
            ("GET  /livez HTTP/1.1\r\nHost: a\r\n", [0, 200, 400, 404]),
            ("GET /livez HTTP/9.9\r\nHost: a\r\n", [0, 400, 505]),
            ("GET http://evil.test/livez HTTP/1.1\r\nHost: a\r\n", [0, 200, 400, 404]),
            ("\u{16}\u{3}\u{1}\u{2}", [0, 400]),
        ] as [(String, [Int])])
    func `a request that is none is refused, and the next one is answered`(
        _ head: String, _ statuses: [Int]
    ) async throws {
        try await TestServer.with { server in
            let answer = try await RawHTTP.send(
                head + "Connection: close\r\n\r\n", port: server.httpPort)
            #expect(statuses.contains(answer.status), "\(head): \(answer.text.prefix(300))")
            #expect(try await server.call(.get, "/livez").status == 200)
        }
    }

    @Test func `nothing that somebody sends becomes a header of an answer`() async throws {
        try await BadInputTests.with { server, token in
            for path in [
                "/signin?to=/%0d%0aSet-Cookie:%20evil=1", "/ana/app/log?path=%0d%0aX-Evil:%201",
                "/ana%0d%0aX-Evil:%201/app", "/ana/app/@1%0d%0aX-Evil:%201",
                "/api/v1/projects?cursor=%0d%0aX-Evil:%201",
            ] {
                let answer = try await server.call(.get, path)
                #expect(answer.headers[HTTPField.Name("X-Evil")!] == nil, "\(path)")
                #expect(answer.headers[.setCookie] == nil, "\(path)")
            }
            let form = try await server.http(
                .post, "/theme", form: [("theme", "dark"), ("to", "/a\r\nX-Evil: 1")],
                headers: [("Sec-Fetch-Site", "same-origin")])
            #expect(form.headers[.location] == "/")
            #expect(form.headers[HTTPField.Name("X-Evil")!] == nil)
        }
    }

    @Test func `a head that is too long is refused`() async throws {
        try await TestServer.with { server in
            let long = String(repeating: "a", count: 1 << 20)
            for head in [
                "GET /\(long) HTTP/1.1\r\nHost: a\r\n",
                "GET /livez HTTP/1.1\r\nHost: a\r\nX: \(long)\r\n",
            ] {
                let answer = try await RawHTTP.send(
                    head + "Connection: close\r\n\r\n", port: server.httpPort)
                #expect([0, 400, 414, 431].contains(answer.status), "\(answer.status)")
            }
            #expect(try await server.call(.get, "/livez").status == 200)
        }
    }

    // MARK: Races

    @Test func `of landings of one line at once, one is first and the others are told`()
        async throws
    {
        try await BadInputTests.with { server, token in
            var sessions: [String] = []
            for number in 0..<6 {
                let edit = try await BadInputTests.edit(
                    server, token, [["path": "a.txt", "content": "number \(number)\n"]])
                sessions.append(edit.session)
            }
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for session in sessions {
                    group.addTask {
                        try await server.call(
                            .post, "\(BadInputTests.base)/sessions/\(session)/land", token: token,
                            json: "{}"
                        ).status
                    }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }.sorted()
            }
            #expect(statuses == [200, 409, 409, 409, 409, 409])
        }
    }

    @Test func `a key that is used for two calls at once makes one thing`() async throws {
        try await BadInputTests.with { server, token in
            let ids = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        let answer = try await server.call(
                            .post, "\(BadInputTests.base)/sessions", token: token,
                            json: #"{"goal": "Once"}"#, headers: [("Idempotency-Key", "one")])
                        return try server.object(answer.body)["session"] as? String ?? ""
                    }
                }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(ids.count == 1 && !ids.contains(""))
            for (value, status) in [
                (#"{"goal": "Once"}"#, 201), (#"{"goal": "Twice"}"#, 422),
                (#"{"goal": "Once", "agent": "fern"}"#, 422),
            ] {
                let again = try await server.call(
                    .post, "\(BadInputTests.base)/sessions", token: token, json: value,
                    headers: [("Idempotency-Key", "one")])
                #expect(again.status == status, "\(value): \(again.status)")
            }
            let session = try #require(ids.first)
            for (text, status) in [("a", 201), ("a", 201), ("b", 422)] {
                let note = try await server.call(
                    .post, "\(BadInputTests.base)/sessions/\(session)/notes", token: token,
                    json: server.text(["text": text]), headers: [("Idempotency-Key", "n")])
                #expect(note.status == status, "\(text): \(note.status) \(note.body)")
            }
            for key in ["", "a b", "\u{FC}", String(repeating: "k", count: 201)] {
                let answer = try await server.call(
                    .post, "\(BadInputTests.base)/sessions", token: token, json: #"{"goal": "x"}"#,
                    headers: [("Idempotency-Key", key)])
                #expect(answer.status == 400, "'\(key.prefix(9))': \(answer.status)")
            }
        }
    }
}
