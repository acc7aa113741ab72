import Foundation
import HTTPTypes
import HifCore
import HummingbirdTesting
import NIOCore
import Testing

@testable import MicelioForge

/// A request with a token and a JSON body, as a program sends it.
extension TestServer {
    func call(
        _ method: HTTPRequest.Method, _ path: String, token: String? = nil, json: String? = nil,
        headers: [(String, String)] = []
    ) async throws -> (status: Int, headers: HTTPFields, body: String) {
        let client = TestClient(host: "127.0.0.1", port: httpPort)
        client.connect()
        var fields = HTTPFields()
        if let token { fields[.authorization] = "Bearer \(token)" }
        if json != nil { fields[.contentType] = "application/json" }
        for (name, value) in headers { fields[HTTPField.Name(name)!] = value }
        let response = try await client.execute(
            TestClient.Request(
                path, method: method, headers: fields, body: json.map { ByteBuffer(string: $0) }))
        try await client.shutdown()
        let body = response.body.map { String(buffer: $0) } ?? ""
        AnswerCheck.check(method, path, response.status.code, response.headers, body)
        return (response.status.code, response.headers, body)
    }

    /// A request with bytes, and an answer that may be bytes.
    func send(
        _ method: HTTPRequest.Method, _ path: String, _ bytes: [UInt8]? = nil,
        type: String? = nil, headers: [(String, String)] = []
    ) async throws -> (status: Int, headers: HTTPFields, body: [UInt8]) {
        let client = TestClient(host: "127.0.0.1", port: httpPort)
        client.connect()
        var fields = HTTPFields()
        fields[.contentType] = type
        for (name, value) in headers { fields[HTTPField.Name(name)!] = value }
        let response = try await client.execute(
            TestClient.Request(
                path, method: method, headers: fields, body: bytes.map { ByteBuffer(bytes: $0) }))
        try await client.shutdown()
        let body = response.body.map { Array($0.readableBytesView) } ?? []
        AnswerCheck.check(
            method, path, response.status.code, response.headers,
            String(decoding: body, as: UTF8.self))
        return (response.status.code, response.headers, body)
    }

    func object(_ text: String) throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
    }

    /// Lands `files` in a session of its own; answers its position.
    @discardableResult
    func land(
        _ project: String, token: String, goal: String, _ files: [(String, String)],
        decision: String? = nil, note: String? = nil
    ) async throws -> Int {
        let base = "/api/v1/projects/\(project)/sessions"
        let start = try await call(.post, base, token: token, json: text(["goal": goal]))
        let session = try #require(try object(start.body)["session"] as? String, "\(start.body)")
        if let note {
            _ = try await call(
                .post, "\(base)/\(session)/notes", token: token,
                json: text(["text": note, "role": "human"]))
        }
        if let decision {
            _ = try await call(
                .post, "\(base)/\(session)/decisions", token: token,
                json: text(["decision": decision, "why": "because of \(decision)"]))
        }
        let edit = try await call(
            .post, "\(base)/\(session)/files", token: token,
            json: text(["files": files.map { ["path": $0.0, "content": $0.1] }]))
        try #require(edit.status == 200, "\(edit.body)")
        let landed = try await call(.post, "\(base)/\(session)/land", token: token, json: "{}")
        return try #require(try object(landed.body)["position"] as? Int, "\(landed.body)")
    }

    func text(_ value: Any) throws -> String {
        String(decoding: try JSONSerialization.data(withJSONObject: value), as: UTF8.self)
    }
}

/// The pages and their twins, on a project that was worked on.
@Suite struct PageTests {
    private static let evil = "<script>alert(1)</script>\"'&\u{202E}"

    private static func withProject(
        isPublic: Bool = true, _ body: @escaping @Sendable (TestServer, String) async throws -> Void
    ) async throws {
        try await TestServer.with { server in
            let token = try await server.token("ana")
            _ = try await server.makeProject("ana/app", isPublic: isPublic)
            try await server.land(
                "ana/app", token: token, goal: "Begin",
                [
                    ("README.md", "# App\n\n[docs](docs/a.md) <script>x</script>\n"),
                    ("docs/a.md", "one\ntwo\nthree\n"),
                    ("src/main.swift", "let a = 1\nlet b = 2\n"),
                ], decision: "Swift", note: "Hello **you**")
            try await server.land(
                "ana/app", token: token, goal: "Count on\n\nIt has a second line.",
                [("src/main.swift", "let a = 10\nlet b = 2\n")])
            try await body(server, token)
        }
    }

    @Test func `every page has its three forms, and says what it must`() async throws {
        try await PageTests.withProject { server, _ in
            let session = try #require(
                try server.object(try await server.call(.get, "/ana/app/@1.json").body)["session"]
                    as? String)
            let pages: [(String, String, [String])] = [
                ("/projects", "/projects@", ["ana/app", "@2"]), ("/ana", "/ana@", ["ana/app"]),
                ("/ana/app", "/ana/app@", ["README.md", "src", "Count on", "@2", "App"]),
                ("/ana/app/tree/@latest", "/ana/app/tree@/@latest", ["docs", "Begin"]),
                ("/ana/app/tree/@1/src", "/ana/app/tree@/@1/src", ["main.swift", "@1"]),
                ("/ana/app/file/@2/src/main.swift", "/ana/app/file@/@2/src/main.swift", ["10"]),
                (
                    "/ana/app/blame/@2/src/main.swift", "/ana/app/blame@/@2/src/main.swift",
                    ["@1", "@2", "Begin"]
                ),
                ("/ana/app/log", "/ana/app/log@", ["Begin", "Count on"]),
                ("/ana/app/log?path=docs/", "/ana/app/log@?path=docs/", ["Begin"]),
                ("/ana/app/diff/@1/@2", "/ana/app/diff/@1/@2@", ["main.swift"]),
                ("/ana/app/sessions", "/ana/app/sessions@", []),
                ("/ana/app/@1", "/ana/app/@1@", ["Begin", "Swift", "because of Swift", "Hello"]),
                ("/ana/app/@2", "/ana/app/@2@", ["Count on", "It has a second line"]),
                ("/ana/app/sessions/\(session)", "/ana/app/sessions/\(session)@", ["Begin"]),
            ]
            for (address, twin, words) in pages {
                let page = try await server.call(.get, address)
                if page.status == 303 {
                    #expect(page.headers[.location] == "/ana/app/@1")
                } else {
                    #expect(page.status == 200, "\(address): \(page.status)")
                    #expect(page.body.contains("<h1"), "\(address)")
                    #expect(!page.body.contains("<script"), "\(address)")
                    // Markup of ours that was escaped by mistake.
                    #expect(
                        !page.body.contains("&lt;p") && !page.body.contains("&lt;a"), "\(address)")
                    for word in words { #expect(page.body.contains(word), "\(address): \(word)") }
                }
                let json = try await server.call(.get, twin.twin("json"))
                #expect(json.status == 200, "\(twin): \(json.body.prefix(200))")
                #expect(json.headers[.contentType] == "application/json")
                _ = try server.object(json.body)
                let text = try await server.call(.get, twin.twin("md"))
                #expect(text.status == 200 && text.body.hasPrefix("# "), "\(twin)")
                for word in words where !word.contains("*") {
                    #expect(
                        text.body.contains(word) || json.body.contains(word), "\(twin): \(word)")
                }
                let accepted = try await server.call(
                    .get, address, headers: [("Accept", "application/json")])
                #expect(accepted.body == json.body, "\(address)")
            }
        }
    }

    @Test func `a page that has not changed is not sent again`() async throws {
        try await PageTests.withProject { server, _ in
            let first = try await server.call(.get, "/ana/app/@1.json")
            let tag = try #require(first.headers[.eTag])
            let second = try await server.call(
                .get, "/ana/app/@1.json", headers: [("If-None-Match", tag)])
            #expect(second.status == 304 && second.body.isEmpty)
            #expect(second.headers[.eTag] == tag)
            let other = try await server.call(
                .get, "/ana/app/@2.json", headers: [("If-None-Match", tag)])
            #expect(other.status == 200)
            let head = try await server.call(.head, "/ana/app/@1.json")
            #expect(head.status == 200 && head.body.isEmpty)
        }
    }

    @Test func `what is missing and what is private look the same`() async throws {
        try await PageTests.withProject(isPublic: false) { server, token in
            let nobody = try await server.call(.get, "/ana/app")
            let nothing = try await server.call(.get, "/ana/nope")
            #expect(nobody.status == 404 && nothing.status == 404)
            #expect(
                nobody.body.replacing("app", with: "") == nothing.body.replacing("nope", with: ""))
            let own = try await server.call(.get, "/ana/app", token: token)
            #expect(own.status == 200 && own.body.contains("noindex"))
            for path in [
                "/ana/app.json", "/ana/app/@1", "/ana/app/log", "/ana/app/raw/@1/README.md",
                "/ana/app/file/@1/README.md", "/api/v1/projects/ana/app",
                "/api/v1/projects/ana/app/landings/@1",
            ] {
                #expect(try await server.call(.get, path).status == 404, "\(path)")
            }
            #expect(!(try await server.call(.get, "/").body.contains("ana/app")))
            #expect(!(try await server.call(.get, "/ana").body.contains("ana/app")))
        }
    }

    @Test(arguments: [
        "/ana/app/@0", "/ana/app/@3", "/ana/app/@99999999999999999999", "/ana/app/@-1",
        "/ana/app/@01", "/ana/app/@1 OR 1=1", "/ana/app/@1%20OR%201=1", "/ana/app/tree/@1/nope",
        "/ana/app/file/@1/src", "/ana/app/file/@1/../../etc/passwd",
        "/ana/app/file/@1/%2e%2e%2fetc", "/ana/app/file/@1/.git/config",
        "/ana/app/file/@1/.GIT/config", "/ana/app/file/@1/.hif/x", "/ana/app/file/@1/a%00b",
        "/ana/app/file/@1/a//b", "/ana/app/raw/@1/docs", "/Ana/app", "/ana/app/sessions/ses_12",
        "/%61dmin/app", "/..%2f/app", "/ana/app/diff/@1/@9", "/ana/app/blame/@1/docs",
    ])
    func `addresses of nothing are answered as nothing`(_ path: String) async throws {
        try await PageTests.withProject { server, _ in
            let answer = try await server.call(.get, path.replacing(" ", with: "%20"))
            #expect(answer.status == 404, "\(path): \(answer.status)")
            #expect(!answer.body.contains("<script"))
        }
    }

    @Test func `hostile goals, names and texts are shown and do nothing`() async throws {
        try await PageTests.withProject { server, token in
            let evil = PageTests.evil
            let name = "a<b>\"'&.html"
            try await server.land(
                "ana/app", token: token, goal: evil,
                [(name, evil), ("x\u{1B}[31m.txt", "\u{1B}[31mred")], decision: evil, note: evil)
            let encoded = PercentCoding.encode(name.utf8)
            for path in [
                "/ana/app", "/ana/app/log", "/ana/app/@3", "/ana/app/tree/@3",
                "/ana/app/file/@3/\(encoded)", "/ana/app/blame/@3/\(encoded)",
                "/ana/app/diff/@2/@3", "/", "/ana/app/@3?file=\(encoded)",
                "/ana/app/log?author=\(PercentCoding.encode(evil.utf8))",
            ] {
                let page = try await server.call(.get, path)
                #expect(page.status == 200, "\(path): \(page.status)")
                #expect(!page.body.contains("<script"), "\(path)")
                #expect(!page.body.contains("\u{202E}") && !page.body.contains("\u{1B}"), "\(path)")
            }
            let raw = try await server.call(.get, "/ana/app/raw/@3/\(encoded)")
            #expect(raw.headers[.contentType] == "text/plain; charset=utf-8")
            #expect(raw.headers[.contentSecurityPolicy] == SecurityHeaders.sandbox)
            #expect(raw.headers[.xContentTypeOptions] == "nosniff")
        }
    }

    @Test(arguments: [
        ("\u{89}PNG", "application/octet-stream", false),
        ("<svg onload=x>", "text/plain; charset=utf-8", true),
        ("<html>", "text/plain; charset=utf-8", true),
        ("%PDF-1.7", "text/plain; charset=utf-8", true),
        ("GIF89a<script>", "image/gif", true),
    ])
    func `bytes leave as what they are, never as what they are called`(
        _ text: String, _ type: String, _ isShown: Bool
    ) {
        var bytes = Array(text.utf8)
        if !isShown { bytes = [0x89, 0x50, 0x00, 0xFF] }
        #expect(RawType(bytes) == RawType(bytes))
        #expect(RawType(bytes).contentType == type && RawType(bytes).isShown == isShown)
    }

    @Test func `blame leads from a line to the landing that wrote it`() async throws {
        try await PageTests.withProject { server, _ in
            let blame = try server.object(
                try await server.call(.get, "/ana/app/blame.json/@2/src/main.swift").body)
            let runs = try #require(blame["runs"] as? [[String: Any]])
            #expect(runs.map { $0["position"] as? Int } == [2, 1])
            let landings = try #require(blame["landings"] as? [[String: Any]])
            #expect(landings.compactMap { $0["goal"] as? String } == ["Count on", "Begin"])
            #expect(landings.last?["decisions"] as? Int == 1)
        }
    }

    @Test func `an open session shows its draft, and in conflict says with whom`() async throws {
        try await PageTests.withProject { server, token in
            let base = "/api/v1/projects/ana/app/sessions"
            let start = try await server.call(
                .post, base, token: token, json: "{\"goal\": \"Change b\", \"agent\": \"fern\"}")
            let session = try #require(try server.object(start.body)["session"] as? String)
            _ = try await server.call(
                .post, "\(base)/\(session)/files", token: token,
                json:
                    "{\"agent\": \"fern\", \"files\": [{\"path\": \"src/main.swift\", \"content\": \"let a = 10\\nlet b = 3\\n\"}]}"
            )
            let open = try await server.call(.get, "/ana/app/sessions/\(session)")
            #expect(
                open.status == 200 && open.body.contains("Open")
                    && open.body.contains("agent of ana"))
            #expect(open.body.contains("<ins>") && open.body.contains("id=\"f/src/main.swift:L2\""))
            #expect(try await server.call(.get, "/ana/app/sessions").body.contains("Change b"))
            try await server.land(
                "ana/app", token: token, goal: "Be first",
                [("src/main.swift", "let a = 10\nlet b = 4\n")])
            let stopped = try await server.call(.get, "/ana/app/sessions/\(session)")
            #expect(stopped.body.contains("Conflicted") && stopped.body.contains("@3"))
            let json = try server.object(
                try await server.call(.get, "/ana/app/sessions/\(session).json").body)
            #expect(json["status"] as? String == "conflicted")
            let conflicts = try #require(json["conflicts"] as? [[String: Any]])
            #expect(conflicts.first?["path"] as? String == "src/main.swift")
            #expect(conflicts.first?["landing"] as? Int == 3)
            #expect(try await server.call(.get, "/ana/app").body.contains("Conflicted"))
        }
    }
}

extension String {
    /// A twin's address: the last `@` that ends a word, or stands before a slash, is the suffix's
    /// place.
    fileprivate func twin(_ suffix: String) -> String {
        for mark in ["@/@", "@?"] {
            if let range = firstRange(of: mark) {
                return self[..<range.lowerBound] + ".\(suffix)"
                    + self[index(after: range.lowerBound)...]
            }
        }
        return hasSuffix("@") ? dropLast() + ".\(suffix)" : self
    }
}
