import GRDB
import HTTPTypes
import HifCore
import Testing

@testable import MicelioForge

/// Making accounts by invitation, freely, or not at all.
@Suite struct SignUpTests {
    private static func form(
        _ handle: String, password: String = "long enough", repeated: String? = nil,
        email: String = ""
    ) -> [(String, String)] {
        [
            ("handle", handle), ("email", email), ("password", password),
            ("repeated", repeated ?? password),
        ]
    }

    /// The path of the link that a page of invitations has just shown.
    private static func link(_ page: String) throws -> String {
        "/join/" + (try #require(page.between("/join/", "\"")))
    }

    @Test func `an invitation makes one account, which is signed in`() async throws {
        try await TestServer.with { server in
            try await server.account("ana")
            let ana = try await server.browser("ana")
            let page = try await ana.submit("/settings/invitations", [("note", "for Ben")])
            #expect(page.status == 200 && page.body.contains("for Ben"))
            let link = try SignUpTests.link(page.body)
            #expect(try await !ana.get("/settings/invitations").body.contains("mic_inv_"))

            let ben = TestBrowser(server)
            // Looking uses nothing up, however often.
            for _ in 0..<2 {
                let shown = try await ben.get(link)
                #expect(shown.status == 200 && shown.body.contains(">ana</a> invites you"))
            }
            for (wrong, says) in [
                (SignUpTests.form("ben", password: "short"), "at least"),
                (SignUpTests.form("ben", repeated: "long enouhg"), "differ"),
                (SignUpTests.form("ana"), "already"),
                (SignUpTests.form("admin"), "reserved"),
                (SignUpTests.form("Ben"), "lower-case"),
                (SignUpTests.form("ben", email: "nowhere"), "no mail address"),
            ] {
                let answer = try await ben.submit(link, wrong)
                #expect(
                    (400...409).contains(answer.status) && answer.body.contains(says), "\(says)")
                #expect(answer.body.contains("value=\"\(wrong[0].1)\""))
                #expect(!answer.body.contains("long enough"))
            }
            let made = try await ben.submit(
                link, SignUpTests.form("ben", email: "ben@example.test"))
            #expect(made.status == 303 && made.headers[.location] == "/ben")
            #expect(try await ben.get("/settings").status == 200)
            #expect(try await server.forge.accounts.user(Handle("ben"))?.isAdmin == false)

            #expect(try await TestBrowser(server).get(link).status == 404)
            #expect(
                try await TestBrowser(server).submit(link, SignUpTests.form("eve")).status == 404)
            #expect(try await ana.get("/settings/invitations").body.contains("href=\"/ben\""))
            _ = try await server.forge.signIn(
                handle: "ben", password: "long enough", address: "")
            let acts = try await server.forge.accounts.audit(limit: 2)
            #expect(acts.map(\.act) == ["signed up as", "made the invitation"])
            #expect(acts.map(\.actor.account) == ["", "ana"] && acts[0].about == "ben")
            #expect(acts.allSatisfy { $0.actor.address == "127.0.0.1" })
        }
    }

    @Test func `dead invitations are one answer, whatever killed them`() async throws {
        let clock = TestClock()
        try await TestServer.with(now: { clock.now }) { server in
            let accounts = try server.forge.accounts
            let user = try await server.account("ana")
            func link() async throws -> (number: Int64, path: String) {
                let (made, link) = try await accounts.createInvitation(
                    by: user, note: "", now: clock.now)
                return (made.id, "/join/\(link.text)")
            }
            let revoked = try await link()
            let ana = try await server.browser("ana")
            #expect(
                try await ana.submit("/settings/invitations/\(revoked.number)/revoke").status == 303
            )
            let old = try await link()
            clock.advance(millis: Limits.invitationMillis)
            let orphan = try await link()
            try await accounts.setDisabled(Handle("ana"), true, now: clock.now)
            let never = TokenText(.invitation).text
            for path in [revoked.path, old.path, orphan.path, "/join/\(never)", "/join/x"] {
                let browser = TestBrowser(server)
                let seen = try await browser.get(path)
                let sent = try await browser.submit(path, SignUpTests.form("ben"))
                #expect(seen.status == 404 && sent.status == 404, "\(path)")
            }
            #expect(try await accounts.user(Handle("ben")) == nil)
            try await accounts.setDisabled(Handle("ana"), false, now: clock.now)
            #expect(try await TestBrowser(server).get(orphan.path).status == 200)
        }
    }

    @Test func `who may sign up is what the forge was started with`() async throws {
        for policy in SignUpPolicy.allCases {
            try await TestServer.with({ $0.signUp = policy }) { server in
                let browser = TestBrowser(server)
                let page = try await browser.get("/signup")
                #expect(page.body.contains("name=\"handle\"") == (policy == .open))
                let made = try await browser.submit("/signup", SignUpTests.form("ben"))
                #expect(made.status == (policy == .open ? 303 : 403))
                let (_, link) = try await server.forge.accounts.createInvitation(
                    by: nil, note: "", now: server.forge.now())
                #expect(
                    try await TestBrowser(server).submit(
                        "/join/\(link.text)", SignUpTests.form("carl")
                    ).status == (policy == .closed ? 404 : 303))
                let token = try await server.token("ana")
                let invited = try await server.call(
                    .post, "/api/v1/me/invitations", token: token, json: "{}")
                #expect(invited.status == (policy == .closed ? 403 : 201))
            }
        }
    }

    @Test func `invitations are made, listed and revoked over the API, within their bound`()
        async throws
    {
        try await TestServer.with { server in
            let token = try await server.token("ana")
            let other = try await server.token("eve")
            let path = "/api/v1/me/invitations"
            let made = try await server.call(
                .post, path, token: token, json: "{\"note\": \"for Ben\"}")
            let url = try #require(try server.object(made.body)["url"] as? String)
            #expect(url.hasPrefix("\(server.run.http)/join/mic_inv_"))
            for count in 1...Limits.invitationsOpenMax {
                let status = try await server.call(.post, path, token: token, json: "{}").status
                #expect(status == (count < Limits.invitationsOpenMax ? 201 : 422))
            }
            let long = String(repeating: "x", count: Limits.invitationNoteLengthMax + 1)
            #expect(
                try await server.call(.post, path, token: other, json: "{\"note\": \"\(long)\"}")
                    .status == 400)
            let list = try await server.call(.get, path, token: token).body
            let items = try #require(try server.object(list)["items"] as? [[String: Any]])
            #expect(items.count == Limits.invitationsOpenMax && !list.contains("mic_inv_"))
            let number = try #require(items.last?["number"] as? Int)
            // Of somebody else it is not there.
            #expect(try await server.call(.delete, "\(path)/\(number)", token: other).status == 404)
            #expect(try await server.call(.delete, "\(path)/\(number)", token: token).status == 200)
            #expect(try await server.call(.delete, "\(path)/\(number)", token: token).status == 404)
            #expect(try await server.call(.post, path, token: token, json: "{}").status == 201)
        }
    }

    @Test func `tries are counted, right or wrong`() async throws {
        let test = try await TestForge()
        var codes: [ForgeError.Code?] = []
        for count in 0...Limits.signUpTries.tries {
            codes.append(
                await refusal {
                    _ = try await test.forge.signUp(
                        SignUpForm(
                            handle: "ben\(count)", email: "", password: "long enough",
                            repeated: "long enough"),
                        invitation: TokenText(.invitation).text, address: "192.0.2.\(count)")
                })
        }
        #expect(codes.dropLast().allSatisfy { $0 == .notFound } && codes.last == .rateLimited)
    }

    @Test func `the audit log cannot be changed`() async throws {
        let test = try await TestForge()
        let accounts = try test.forge.accounts
        _ = try await accounts.createInvitation(by: nil, note: "", now: 1)
        for sql in ["DELETE FROM audit", "UPDATE audit SET about = ''"] {
            await #expect(throws: (any Error).self) {
                try await accounts.pool.write { try $0.execute(sql: sql) }
            }
        }
        let line = try #require(try await accounts.audit(limit: 10).first)
        #expect(line.actor.means == "command line" && line.atMillis == 1)
    }
}
