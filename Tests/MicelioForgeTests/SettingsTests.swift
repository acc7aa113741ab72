import GRDB
import HTTPTypes
import HifCore
import Testing

@testable import MicelioForge

/// What an account does with its own things, on pages and over the API.
@Suite struct SettingsTests {
    @Test func `a profile is changed on its page and over the API, and shown to all`() async throws
    {
        try await TestServer.with { server in
            try await server.account("ana")
            let ana = try await server.browser("ana")
            let saved = try await ana.submit(
                "/settings",
                [
                    ("name", "Ana <Lima>"), ("bio", "Boats & tides"), ("email", "ana@example.test"),
                    ("links", "https://example.org/ana\r\n\r\n  http://two.example  "),
                ])
            #expect(saved.status == 200 && saved.body.contains("Saved"))
            let page = try await server.http(.get, "/ana")
            #expect(
                page.body.contains("Ana &lt;Lima&gt;") && page.body.contains("Boats &amp; tides"))
            #expect(
                page.body.contains("href=\"https://example.org/ana\" rel=\"me nofollow noopener\""))
            #expect(page.body.contains("href=\"http://two.example\""))
            #expect(!page.body.contains("ana@example.test"))

            let token = try await server.forge.accounts.createPersonalToken(
                for: Handle("ana"), label: "", scopes: ScopeSet(parsing: "account:*"), expires: nil,
                now: server.forge.now()
            ).text
            let path = "/api/v1/me/profile"
            let changed = try await server.call(
                .patch, path, token: token, json: "{\"bio\": \"Tides\", \"links\": []}")
            let profile = try server.object(changed.body)
            #expect(
                profile["bio"] as? String == "Tides" && profile["name"] as? String == "Ana <Lima>")
            #expect(profile["email"] as? String == "ana@example.test")
            #expect((profile["links"] as? [String])?.isEmpty == true)
            // In a form, what is empty is emptied.
            _ = try await ana.submit("/settings", [("name", "Ana")])
            let read = try server.object(try await server.call(.get, path, token: token).body)
            #expect(read["bio"] as? String == "" && read["email"] as? String == "")
        }
    }

    @Test func `links of a profile are addresses of the web`() async throws {
        try await TestServer.with { server in
            try await server.account("ana")
            let ana = try await server.browser("ana")
            let long = "https://example.org/" + String(repeating: "a", count: 200)
            for link in [
                "javascript:alert(1)", "data:text/html,x", " //example.org", "https://",
                "https://a\"b", "ftp://example.org", "https://bank.example@evil.example", long,
                "https://a\nhttps://b\nhttps://c\nhttps://d\nhttps://e",
            ] {
                let page = try await ana.submit("/settings", [("bio", "kept"), ("links", link)])
                #expect(page.status == 400 && page.body.contains("role=\"alert\""), "\(link)")
                #expect(page.body.contains("kept"))
            }
            #expect(try await !server.http(.get, "/ana").body.contains("nofollow"))
        }
    }

    @Test func `a new password needs the old one and ends everything else that is signed in`()
        async throws
    {
        try await TestServer.with { server in
            let user = try await server.account("ana")
            let here = try await server.browser("ana")
            let there = try await server.browser("ana")
            let forge = server.forge
            let pair = try await forge.accounts.pool.write { database in
                try Accounts.beginLogin(
                    user, clientName: "hif", deviceName: "laptop", address: "", now: forge.now(),
                    in: database)
            }
            let personal = try await forge.accounts.createPersonalToken(
                for: user.handle, label: "", scopes: .everything, expires: nil, now: forge.now())
            for (old, new, repeated, status) in [
                ("wrong horse", "long enough", "long enough", 401),
                (TestServer.password, "short", "short", 400),
                (TestServer.password, "long enough", "long enouhg", 400),
            ] {
                let page = try await here.submit(
                    "/settings/password", [("old", old), ("new", new), ("repeated", repeated)])
                #expect(page.status == status && page.body.contains("role=\"alert\""))
            }
            #expect(try await there.get("/settings").status == 200)
            let before = here.cookie
            let done = try await here.submit(
                "/settings/password",
                [("old", TestServer.password), ("new", "long enough"), ("repeated", "long enough")])
            #expect(done.status == 303 && here.cookie != before)
            #expect(try await here.get("/settings").status == 200)
            #expect(try await there.get("/settings").status == 401)
            #expect(
                await refusal {
                    _ = try await forge.accounts.refresh(pair.refresh, now: forge.now())
                }
                    == .tokenRevoked)
            let path = "/api/v1/me/password"
            let set = try await server.call(
                .put, path, token: personal.text,
                json: "{\"old\": \"long enough\", \"new\": \"another one\"}")
            #expect(set.status == 200)
            let again = try await server.call(
                .put, path, token: personal.text,
                json: "{\"old\": \"long enough\", \"new\": \"another one\"}")
            #expect(again.status == 401)
        }
    }

    @Test func `one browser or one device is signed out, and only one's own`() async throws {
        try await TestServer.with { server in
            let user = try await server.account("ana")
            try await server.account("eve")
            let ana = try await server.browser("ana")
            let other = try await server.browser("ana")
            let eve = try await server.browser("eve")
            let forge = server.forge
            let pair = try await forge.accounts.pool.write { database in
                try Accounts.beginLogin(
                    user, clientName: "hif", deviceName: "Laptop of Ana", address: "192.0.2.1",
                    now: forge.now(), in: database)
            }
            let list = try server.object(try await ana.get("/settings/devices.json").body)
            let browsers = try #require(list["browsers"] as? [[String: Any]])
            let devices = try #require(list["devices"] as? [[String: Any]])
            #expect(
                browsers.count == 2 && browsers.count { $0["is_this_one"] as? Bool == true } == 1)
            #expect(devices.count == 1 && devices[0]["device"] as? String == "Laptop of Ana")
            let page = try await ana.get("/settings/devices").body
            #expect(page.contains("Laptop of Ana") && page.contains("this one"))

            let device = try #require(devices[0]["number"] as? Int)
            let browser = try #require(
                browsers.first { $0["is_this_one"] as? Bool == false }?["number"] as? Int)
            let ends = [
                "/settings/devices/\(device)/end", "/settings/browsers/\(browser)/end",
            ]
            for end in ends { #expect(try await eve.submit(end).status == 404) }
            #expect(try await other.get("/settings").status == 200)
            for end in ends { #expect(try await ana.submit(end).status == 303) }
            #expect(try await other.get("/settings").status == 401)
            #expect(try await ana.get("/settings").status == 200)
            #expect(
                await refusal {
                    _ = try await forge.accounts.resolve(pair.access, now: forge.now())
                }
                    == .tokenRevoked)
            let left = try server.object(try await ana.get("/settings/devices.json").body)
            #expect((left["devices"] as? [Any])?.isEmpty == true)
        }
    }

    @Test func `a token is shown once, does what its boxes say, and is revoked`() async throws {
        try await TestServer.with { server in
            try await server.account("ana")
            _ = try await server.makeProject("ana/app")
            _ = try await server.makeProject("ana/other")
            let ana = try await server.browser("ana")
            let page = try await ana.submit(
                "/settings/tokens",
                [("name", "Nightly"), ("read", "true"), ("projects", "ana/app"), ("days", "7")])
            #expect(page.status == 200)
            let token = "mic_pat_" + (try #require(page.body.between("value=\"mic_pat_", "\"")))
            let again = try await ana.get("/settings/tokens").body
            #expect(again.contains("Nightly") && !again.contains("mic_pat_"))
            func status(_ path: String) async throws -> Int {
                try await server.call(.get, "/api/v1/projects/\(path)/log", token: token).status
            }
            #expect(try await status("ana/app") == 200)
            #expect(try await status("ana/other") == 404)
            #expect(
                try await server.call(
                    .post, "/api/v1/projects/ana/app/sessions", token: token,
                    json: "{\"goal\": \"x\"}"
                ).status == 403)
            let list = try server.object(try await ana.get("/settings/tokens.json").body)
            let item = try #require((list["items"] as? [[String: Any]])?.first)
            #expect(item["scopes"] as? [String] == ["read:ana/app"])
            let number = try #require(item["number"] as? Int)
            #expect(try await ana.submit("/settings/tokens/\(number)/revoke").status == 303)
            #expect(try await status("ana/app") == 401)
        }
    }

    @Test func `a token for every project is made only by who says so`() async throws {
        try await TestServer.with { server in
            try await server.account("ana")
            let ana = try await server.browser("ana")
            let all = try await ana.submit(
                "/settings/tokens",
                [("name", "All"), ("read", "true"), ("projects", "*"), ("days", "7")])
            #expect(all.status == 422 && !all.body.contains("mic_pat_"))
            for form in [
                [("name", "All"), ("read", "true"), ("days", "7")],
                [("name", "All"), ("days", "7"), ("projects", "ana/app")],
                [("name", ""), ("read", "true"), ("days", "7"), ("projects", "ana/app")],
                [("name", "x"), ("read", "true"), ("days", "0"), ("projects", "ana/app")],
                [("name", "x"), ("read", "true"), ("days", "367"), ("projects", "ana/app")],
                [("name", "x"), ("read", "true"), ("days", "7"), ("projects", "ana/app/x")],
            ] {
                let page = try await ana.submit("/settings/tokens", form)
                #expect(page.status == 400 && !page.body.contains("mic_pat_"), "\(form)")
            }
            let page = try await ana.submit(
                "/settings/tokens",
                [("name", "All"), ("read", "true"), ("all_projects", "true"), ("days", "7")])
            #expect(page.body.contains("mic_pat_") && page.body.contains("read:*"))
            let token = try await server.forge.accounts.createPersonalToken(
                for: Handle("ana"), label: "", scopes: .everything, expires: nil,
                now: server.forge.now()
            ).text
            let body = "{\"name\": \"x\", \"scopes\": [\"read:*\"], \"days\": 1"
            let path = "/api/v1/me/tokens"
            #expect(
                try await server.call(.post, path, token: token, json: body + "}").status == 422)
            #expect(
                try await server.call(
                    .post, path, token: token, json: body + ", \"all_projects\": true}"
                ).status == 201)
        }
    }

    @Test func `a token makes none that may do more than itself`() async throws {
        let test = try await TestForge()
        try await test.user("ana")
        func make(_ own: String, _ wanted: String) async throws -> ForgeError.Code? {
            let principal = try await test.principal("ana", scopes: ScopeSet(parsing: own))
            let grant = try test.forge.access.checkAccount(principal)
            return await refusal {
                _ = try await test.forge.makeToken(
                    grant, name: "x", scopes: ScopeSet(parsing: wanted), days: 1, isForAll: true)
            }
        }
        #expect(try await make("account:* read:*", "read:ana/app") == nil)
        #expect(try await make("account:* read:ana/*", "read:ana/app") == nil)
        #expect(try await make("account:* read:ana/App", "read:ana/app account:*") == nil)
        for (own, wanted) in [
            ("account:* read:*", "write:ana/app"), ("account:* read:ana/app", "read:ana/*"),
            ("account:* read:ana/*", "read:*"), ("account:* read:ana/app", "read:ana/app manage:*"),
        ] {
            #expect(try await make(own, wanted) == .forbidden, "\(own) made \(wanted)")
        }
    }

    @Test func `a browser types the password again before it makes a token, after a while`()
        async throws
    {
        let clock = TestClock()
        try await TestServer.with(now: { clock.now }) { server in
            try await server.account("ana")
            let ana = try await server.browser("ana")
            let form = [
                ("name", "Nightly"), ("read", "true"), ("projects", "ana/app"), ("days", "7"),
            ]
            #expect(try await !ana.get("/settings/tokens").body.contains("once more"))
            clock.advance(millis: Limits.confirmedMillis)
            #expect(try await ana.get("/settings/tokens").body.contains("once more"))
            for (password, status) in [("", 403), ("wrong horse", 401)] {
                let page = try await ana.submit(
                    "/settings/tokens", form + [("password", password)])
                #expect(page.status == status && !page.body.contains("mic_pat_"))
                #expect(page.body.contains("value=\"Nightly\""))
            }
            let made = try await ana.submit(
                "/settings/tokens", form + [("password", TestServer.password)])
            #expect(made.status == 200 && made.body.contains("mic_pat_"))
            // For a while it need not be typed again.
            #expect(try await ana.submit("/settings/tokens", form).status == 200)
        }
    }
}
