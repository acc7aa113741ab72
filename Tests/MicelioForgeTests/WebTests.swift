import Foundation
import HTTPTypes
import HifCore
import Synchronization
import Testing

@testable import MicelioForge

/// The server as browsers and programs see it, over real sockets.
@Suite struct WebTests {
    @Test func `every answer carries the security headers`() async throws {
        try await TestServer.with { server in
            for path in [
                "/signin", "/livez", "/readyz", "/device", "/.well-known/micelio", "/nothing",
            ] {
                let answer = try await server.http(.get, path)
                #expect(answer.status == (path == "/nothing" ? 404 : 200), "\(path)")
                #expect(
                    answer.headers[.contentSecurityPolicy]?.contains("default-src 'none'") == true)
                #expect(answer.headers[.xContentTypeOptions] == "nosniff")
                #expect(answer.headers[.cacheControl] == "no-store")
            }
        }
    }

    @Test func `a client learns where to dial and which key to pin`() async throws {
        try await TestServer.with { server in
            let answer = try await server.http(.get, "/.well-known/micelio")
            let object = try JSONSerialization.jsonObject(with: Data(answer.body.utf8))
            let known = try #require(object as? [String: Any])
            #expect(known["grpc"] as? String == server.run.grpc)
            #expect(known["grpc_tls"] as? Bool == true)
            #expect(known["key_pin"] as? String == server.run.pin)
            #expect(known["store_id"] as? String == server.forge.repositories.storeID.hex)
            let path = server.directory.path + "/data/run.json"
            #expect(RunFile.read(path) == server.run)
        }
    }

    @Test func `set-up, then a device signs in through the pages`() async throws {
        try await TestServer.with { server in
            let link = try #require(
                try await server.forge.accounts.makeSetupLink(now: server.forge.now()))
            let page = try await server.http(.get, "/setup/\(link.text)")
            #expect(page.status == 200 && page.body.contains("first account"))
            let short = try await server.submit(
                "/setup/\(link.text)",
                [("handle", "ana"), ("password", "short"), ("repeated", "short")])
            #expect(short.status == 400 && short.body.contains("at least"))
            let made = try await server.submit(
                "/setup/\(link.text)",
                [("handle", "ana"), ("password", "correct horse"), ("repeated", "correct horse")])
            #expect(made.status == 200)
            #expect(try await server.http(.get, "/setup/\(link.text)").status == 404)

            let start = try await server.json(
                "/oauth/device_authorization",
                [("client_id", "hif"), ("device_name", "<script>alert(1)</script>")])
            let device = try #require(start.object["device_code"] as? String)
            let code = try #require(start.object["user_code"] as? String)
            #expect(start.object["interval"] as? Int == 5)
            #expect((start.object["expires_in"] as? Int).map { $0 <= 900 } == true)
            let complete = try #require(start.object["verification_uri_complete"] as? String)
            #expect(complete.hasPrefix(server.run.http + "/device?user_code="))

            // Opening the complete address approves nothing: it fills the field in.
            let opened = try await server.http(.get, "/device?user_code=\(code)")
            #expect(opened.body.contains("value=\"\(code)\""))
            #expect(try await server.poll(device) == "authorization_pending")

            let shown = try await server.submit("/device", [("user_code", code.lowercased())])
            #expect(shown.status == 200 && shown.body.contains("Did you start this?"))
            #expect(shown.body.contains("&lt;script&gt;") && !shown.body.contains("<script>"))
            let wrong = try await server.submit(
                "/device/decision",
                [
                    ("user_code", code), ("handle", "ana"), ("password", "x"),
                    ("decision", "approve"),
                ])
            #expect(wrong.status == 401 && wrong.body.contains("do not fit"))
            let right = try await server.submit(
                "/device/decision",
                [
                    ("user_code", code), ("handle", "ana"), ("password", "correct horse"),
                    ("decision", "approve"),
                ])
            #expect(right.status == 200)

            let tokens = try await server.json(
                "/oauth/token",
                [
                    ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
                    ("device_code", device),
                ])
            #expect(tokens.status == 200)
            let refresh = try #require(tokens.object["refresh_token"] as? String)
            #expect((tokens.object["access_token"] as? String)?.hasPrefix("mic_oat_") == true)
            #expect(try await server.poll(device) == "expired_token")

            let next = try await server.json(
                "/oauth/token", [("grant_type", "refresh_token"), ("refresh_token", refresh)])
            let access = try #require(next.object["access_token"] as? String)
            let revoked = try await server.http(.post, "/oauth/revoke", form: [("token", access)])
            #expect(revoked.status == 200)
            let dead = try await server.json(
                "/oauth/token", [("grant_type", "refresh_token"), ("refresh_token", refresh)])
            #expect(dead.status == 400 && dead.object["error"] as? String == "invalid_grant")
        }
    }

    @Test func `a refused login tells the device so`() async throws {
        try await TestServer.with { server in
            let start = try await server.json("/oauth/device_authorization", [("client_id", "hif")])
            let device = try #require(start.object["device_code"] as? String)
            let code = try #require(start.object["user_code"] as? String)
            let answer = try await server.submit(
                "/device/decision", [("user_code", code), ("decision", "deny")])
            #expect(answer.status == 200)
            #expect(try await server.poll(device) == "access_denied")
        }
    }

    @Test func `forms of other sites are refused`() async throws {
        try await TestServer.with { server in
            let form = [("user_code", "BBBB-BBBB")]
            let rows: [([(String, String)], Int)] = [
                ([], 403),
                ([("Sec-Fetch-Site", "cross-site")], 403),
                ([("Sec-Fetch-Site", "same-site")], 403),
                ([("Origin", "https://evil.test")], 403),
                ([("Origin", "null")], 403),
                ([("Sec-Fetch-Site", "cross-site"), ("Origin", server.run.http)], 403),
                ([("Origin", server.run.http)], 404),
                ([("Sec-Fetch-Site", "same-origin")], 404),
                ([("Sec-Fetch-Site", "none")], 404),
            ]
            for (headers, status) in rows {
                let answer = try await server.http(.post, "/device", form: form, headers: headers)
                #expect(answer.status == status, "\(headers)")
            }
        }
    }

    @Test func `odd requests get a plain refusal`() async throws {
        try await TestServer.with { server in
            let own = [("Sec-Fetch-Site", "same-origin")]
            let long = String(repeating: "a", count: Limits.formBytesMax)
            #expect(try await server.submit("/device", [("user_code", long)]).status == 413)
            let json = try await server.http(
                .post, "/device", form: [("a", "b")],
                headers: own + [("Content-Type", "application/json")])
            #expect(json.status == 415)
            let twice = try await server.submit(
                "/device/decision", [("user_code", "x"), ("user_code", "y")])
            #expect(twice.status == 400)
            #expect(try await server.submit("/device/decision", [("user_code", "x")]).status == 400)
            for link in ["x", "..%2f", TokenText(.link).text, TokenText(.personal).text] {
                #expect(try await server.http(.get, "/setup/\(link)").status == 404)
                #expect(try await server.http(.get, "/password/\(link)").status == 404)
            }
            let grant = try await server.json("/oauth/token", [("grant_type", "password")])
            #expect(grant.object["error"] as? String == "unsupported_grant_type")
            let rubbish = try await server.json(
                "/oauth/token", [("grant_type", "refresh_token"), ("refresh_token", "x")])
            #expect(rubbish.object["error"] as? String == "invalid_grant")
        }
    }

    @Test func `an address that is taken is said in a sentence`() async throws {
        try await TestServer.with { first in
            let taken = [
                try HostPort(String(first.run.http.dropFirst(7))), try HostPort(first.run.grpc),
            ]
            for (index, address) in taken.enumerated() {
                do {
                    try await TestServer.with({ configuration in
                        if index == 0 { configuration.http = address }
                        if index == 1 { configuration.rpc = address }
                    }) { _ in }
                    Issue.record("two servers on \(address)")
                } catch let error as ForgeError {
                    #expect(error.code == .unavailable && error.message.contains("\(address)"))
                }
            }
        }
    }

    @Test func `the server stops in order and takes its run file away`() async throws {
        let path = Mutex("")
        try await TestServer.with { server in
            let file = server.directory.path + "/data/run.json"
            path.withLock { $0 = file }
            #expect(FileManager.default.fileExists(atPath: path.withLock { $0 }))
        }
        #expect(!FileManager.default.fileExists(atPath: path.withLock { $0 }))
    }
}

extension TestServer {
    func json(
        _ path: String, _ form: [(String, String)]
    ) async throws -> (status: Int, object: [String: Any]) {
        let answer = try await http(.post, path, form: form)
        let object = try JSONSerialization.jsonObject(with: Data(answer.body.utf8))
        return (answer.status, object as? [String: Any] ?? [:])
    }

    /// The error of one poll; empty when there is none.
    func poll(_ device: String) async throws -> String {
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", device),
        ]
        return try await json("/oauth/token", form).object["error"] as? String ?? ""
    }
}
