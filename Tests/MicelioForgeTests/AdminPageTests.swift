import HTTPTypes
import HifCore
import Testing

@testable import MicelioForge

/// What administrators see and do on pages.
@Suite struct AdminPageTests {
    @Test func `there is no administration for who may not`() async throws {
        try await TestServer.with { server in
            try await server.account("ana")
            let ana = try await server.browser("ana")
            for path in ["/admin", "/admin/projects", "/admin/audit", "/admin/accounts/ana"] {
                #expect(try await ana.get(path).status == 404)
                #expect(try await server.http(.get, path).status == 401)
            }
            #expect(try await !ana.get("/").body.contains("href=\"/admin\""))
            try await server.account("root1", isAdmin: true)
            let scopes = [("read:*", 404), ("account:*", 404), ("account:* manage:*", 200)]
            for (text, status) in scopes {
                let token = try await server.forge.accounts.createPersonalToken(
                    for: Handle("root1"), label: "", scopes: ScopeSet(parsing: text), expires: nil,
                    now: server.forge.now()
                ).text
                #expect(
                    try await server.call(.get, "/api/v1/admin/audit", token: token).status
                        == status, "\(text)")
            }
        }
    }

    @Test func `an administrator shuts somebody out and lets them in again`() async throws {
        try await TestServer.with { server in
            try await server.account("root1", isAdmin: true)
            try await server.account("ana")
            let root = try await server.browser("root1")
            let ana = try await server.browser("ana")
            let page = "/admin/accounts/ana"
            #expect(try await root.get("/admin").body.contains("href=\"\(page)\""))
            #expect(try await root.submit("\(page)/disable").body.contains("disabled"))
            #expect(try await ana.get("/settings").status == 401)
            #expect(try await server.browser("ana").get("/settings").status == 401)
            #expect(try await root.submit("\(page)/enable").status == 200)
            #expect(try await server.browser("ana").get("/settings").status == 200)
            let own = try await root.submit("/admin/accounts/root1/disable")
            #expect(own.status == 422)
            #expect(try await root.submit("/admin/accounts/nobody1/disable").status == 404)
            let log = try await root.get("/admin/audit").body
            #expect(log.contains("shut out") && log.contains("let in again"))
        }
    }

    @Test func `a link for a password is shown once, after the password was typed`() async throws {
        let clock = TestClock()
        try await TestServer.with(now: { clock.now }) { server in
            try await server.account("root1", isAdmin: true)
            try await server.account("ana")
            let root = try await server.browser("root1")
            clock.advance(millis: Limits.confirmedMillis)
            let page = "/admin/accounts/ana/reset-link"
            #expect(try await root.submit(page).status == 403)
            let made = try await root.submit(page, [("password", TestServer.password)])
            let link = try #require(made.body.between("/password/", "\""))
            #expect(try await !root.get("/admin/accounts/ana").body.contains(link))
            let browser = TestBrowser(server)
            // Looking at it uses nothing up.
            for _ in 0..<2 { #expect(try await browser.get("/password/\(link)").status == 200) }
            let form = [("password", "long enough"), ("repeated", "long enough")]
            #expect(try await browser.submit("/password/\(link)", form).status == 200)
            #expect(try await browser.submit("/password/\(link)", form).status == 404)
            _ = try await server.forge.signIn(
                handle: "ana", password: "long enough", address: "")
            let late = try await root.submit(page)
            let old = try #require(late.body.between("/password/", "\""))
            clock.advance(millis: Limits.passwordResetMillis)
            #expect(try await browser.get("/password/\(old)").status == 404)
        }
    }

    @Test func `administrators give deleted projects back, within their time`() async throws {
        let clock = TestClock()
        try await TestServer.with(now: { clock.now }) { server in
            try await server.account("root1", isAdmin: true)
            try await server.account("ana")
            let token = try await server.forge.accounts.createPersonalToken(
                for: Handle("root1"), label: "", scopes: .everything, expires: nil, now: clock.now
            ).text
            _ = try await server.makeProject("ana/app", isPublic: true)
            let ana = try await server.browser("ana")
            let root = try await server.browser("root1")
            let restore = "/admin/projects/ana/app/restore"
            #expect(try await root.submit(restore).status == 404)
            _ = try await ana.submit("/ana/app/settings/delete", [("name", "ana/app")])
            #expect(try await ana.submit(restore).status == 404)
            // Its name is taken as long as it is kept, and nothing is written for another of that name.
            let again = try await ana.submit("/new", [("owner", "ana"), ("name", "App")])
            #expect(again.status == 409 && again.body.contains("was deleted"), "\(again.status)")
            let page = try await root.get("/admin/projects").body
            #expect(page.contains("formaction=\"\(restore)\""))
            clock.advance(millis: Limits.confirmedMillis)
            #expect(try await root.submit(restore).status == 403)
            let done = try await root.submit(restore, [("password", TestServer.password)])
            #expect(done.status == 200 && done.body.contains("ana/app is back."))
            #expect(try await server.http(.get, "/ana/app").status == 200)
            let line = try #require(try await server.forge.accounts.audit(limit: 1).first)
            #expect(line.act == "restored" && line.about == "ana/app")
            #expect(line.actor.account == "root1" && line.actor.means == "browser")

            _ = try await server.browser("ana").submit(
                "/ana/app/settings/delete", [("name", "ana/app")])
            func restoreByAPI() async throws -> Int {
                let answer = try await server.call(
                    .post, "/api/v1\(restore)", token: token, json: "{}")
                return answer.status
            }
            let list = try await server.call(.get, "/api/v1/admin/projects", token: token)
            let items = try server.object(list.body)["items"] as? [[String: Any]]
            #expect(items?.first?["ends_at"] as? String != nil)
            clock.advance(millis: Limits.deletedProjectMillis - 1)
            #expect(try await restoreByAPI() == 200)
            #expect(try await restoreByAPI() == 404)
            let owner = try await server.browser("ana")
            _ = try await owner.submit("/ana/app/settings/delete", [("name", "ana/app")])
            clock.advance(millis: Limits.deletedProjectMillis)
            #expect(try await restoreByAPI() == 404)
            #expect(
                try await !server.browser("root1").get("/admin/projects").body
                    .contains("formaction"))
        }
    }

    @Test func `lists go on where a page ended`() async throws {
        try await TestServer.with { server in
            let root = try await server.forge.accounts.createUser(
                Handle("root1"), isAdmin: true, now: 1)
            let token = try await server.forge.accounts.createPersonalToken(
                for: root.handle, label: "", scopes: .everything, expires: nil, now: 1
            ).text
            for name in ["ana", "ben", "carl"] { _ = try await server.token(name) }
            for name in ["a", "b", "c"] { _ = try await server.makeProject("ana/\(name)") }
            for (list, key) in [("accounts", "account"), ("projects", "name"), ("audit", "number")]
            {
                var seen: [String] = []
                var cursor = ""
                repeat {
                    let from = cursor.isEmpty ? "" : "&cursor=\(cursor)"
                    let answer = try server.object(
                        try await server.call(
                            .get, "/api/v1/admin/\(list)?limit=2\(from)", token: token
                        ).body)
                    let items = try #require(answer["items"] as? [[String: Any]])
                    #expect(items.count <= 2)
                    seen += items.map { "\($0[key] ?? "")" }
                    cursor = answer["next"] as? String ?? ""
                } while !cursor.isEmpty && seen.count < 20
                #expect(seen.count == Set(seen).count && seen.count >= 3, "\(list): \(seen)")
            }
            for address in ["audit?cursor=x", "audit?cursor=-1", "accounts?cursor=0.5"] {
                let answer = try await server.call(.get, "/api/v1/admin/\(address)", token: token)
                #expect(answer.status == 400, "\(address)")
            }
        }
    }
}
