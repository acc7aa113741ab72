import HTTPTypes
import Testing

@testable import MicelioForge

/// What the API answers about accounts is what `/openapi.json` says.
@Suite struct AccountAnswerShapeTests {
    @Test func `every operation on accounts answers what is said of it`() async throws {
        let way = MailWay(FakeCarrier(), from: try MailAddress("forge@forge.test"))
        try await TestServer.with({ $0.mail = way }) { server in
            let accounts = try server.forge.accounts
            let root = try await accounts.createUser(
                Handle("root1"), isAdmin: true, now: server.forge.now())
            let token = try await accounts.createPersonalToken(
                for: root.handle, label: "", scopes: .everything, expires: nil,
                now: server.forge.now()
            ).text
            let ben = try await accounts.createUser(Handle("ben"), now: server.forge.now())
            let api = DescribedCalls(server, token: token)
            try await accountItself(api, server, root)
            try await organisations(api)
            try await project(api, server)
            try await administration(api, server, ben)
            let beside = Set(RouteTable.besideKeeper.routes.map(\.id))
            api.expectAll(of: RouteTable.forge.routes.filter { !beside.contains($0.id) })
        }
    }

    private func accountItself(
        _ api: DescribedCalls, _ server: TestServer, _ root: User
    ) async throws {
        let me = "/api/v1/me"
        let accounts = try server.forge.accounts
        let now = server.forge.now()
        _ = try await api.call(
            "profile.change", me + "/profile",
            [
                "name": "Root", "email": "root@example.org", "bio": "Keeps things",
                "links": ["https://example.org"],
            ], .patch)
        let profile = try await api.call("profile.read", me + "/profile")
        #expect(profile["email"] as? String == "root@example.org")
        let picture = try SamplePictures.webp(SamplePictures.bands(30, 30))
        let avatar = try await api.upload("avatar.set", me + "/avatar", picture, type: "image/webp")
        #expect((avatar["address"] as? String ?? "").hasPrefix("/avatars/root1?v="))
        _ = try await api.call("avatar.remove", me + "/avatar", nil, .delete)

        _ = try await api.call(
            "tokens.create", me + "/tokens",
            ["name": "ci", "scopes": ["read:root1/app", "account:*"], "days": 7])
        _ = try await api.call(
            "tokens.create", me + "/tokens",
            ["agent": "fern", "scopes": ["write:*"], "days": 1, "all_projects": true])
        let tokens = try await api.call("tokens.list", me + "/tokens")
        let items = tokens["items"] as? [[String: Any]] ?? []
        #expect(items.count == 3)
        let made = items.first { $0["name"] as? String == "ci" }?["number"] as? Int ?? 0
        _ = try await api.call("tokens.revoke", me + "/tokens/\(made)", nil, .delete)

        _ = try await api.call("forgot.ask", "/api/v1/forgot", ["email": "root@example.org"])
        let invitation = try await api.call(
            "invitations.create", me + "/invitations",
            ["note": "For Cleo", "email": "cleo@example.org"])
        let number = (invitation["invitation"] as? [String: Any])?["number"] as? Int ?? 0
        _ = try await api.call("invitations.list", me + "/invitations")
        _ = try await api.call(
            "invitations.revoke", me + "/invitations/\(number)", nil, .delete)

        _ = try await accounts.beginBrowser(
            root, replacing: nil, browser: "Firefox", address: "127.0.0.1", now: now)
        let start = try await server.forge.startDevice(
            clientName: "hif", deviceName: "laptop", address: "127.0.0.1")
        _ = try await accounts.decideDevice(
            start.request.userCode, approvedBy: root, now: now)
        _ = try await server.forge.pollDevice(start.deviceCode.text)
        let signedIn = try await api.call("devices.list", me + "/devices")
        for (kind, word) in [("browsers", "browsers.end"), ("devices", "devices.end")] {
            let number = (signedIn[kind] as? [[String: Any]])?.first?["number"] as? Int ?? 0
            _ = try await api.call(word, me + "/\(kind)/\(number)", nil, .delete)
        }

        let link = try await accounts.makePasswordLink(for: root.handle, now: now)
        _ = try await accounts.setPassword(
            with: link, passwordHash: PasswordHash.make("correct horse"), now: now)
        _ = try await api.call(
            "password.set", me + "/password",
            ["old": "correct horse", "new": "battery staple"], .put)
    }

    private func organisations(_ api: DescribedCalls) async throws {
        _ = try await api.call(
            "organisations.create", "/api/v1/organisations",
            ["handle": "club", "name": "The club"])
        _ = try await api.call(
            "organisations.change", "/api/v1/organisations/club",
            ["bio": "We", "links": ["https://example.org/club"]], .patch)
        _ = try await api.call(
            "organisations.put_member", "/api/v1/organisations/club/members/ben",
            ["role": "owner"], .put)
        let picture = try SamplePictures.jpeg(SamplePictures.bands(30, 30))
        let club = "/api/v1/organisations/club/avatar"
        _ = try await api.upload("organisations.set_avatar", club, picture, type: "image/jpeg")
        _ = try await api.call("organisations.remove_avatar", club, nil, .delete)
        _ = try await api.call("organisations.list", "/api/v1/me/organisations")
        _ = try await api.call("accounts.read", "/api/v1/accounts/club")
        _ = try await api.call("accounts.read", "/api/v1/accounts/ben")
        _ = try await api.call(
            "organisations.leave", "/api/v1/me/organisations/club", nil, .delete)
        _ = try await api.call(
            "organisations.create", "/api/v1/organisations", ["handle": "team"])
        _ = try await api.call(
            "organisations.put_member", "/api/v1/organisations/team/members/ben",
            ["role": "member"], .put)
        _ = try await api.call(
            "organisations.remove_member", "/api/v1/organisations/team/members/ben", nil, .delete)
        _ = try await api.call("organisations.create", "/api/v1/organisations", ["handle": "crew"])
        _ = try await api.call(
            "organisations.delete", "/api/v1/organisations/crew/delete", ["handle": "crew"])
    }

    private func project(_ api: DescribedCalls, _ server: TestServer) async throws {
        _ = try await api.call("projects.create", "/api/v1/projects", ["name": "root1/old"])
        let old = "/api/v1/projects/root1/old"
        let base = "/api/v1/projects/root1/app"
        let named = try await api.call("project.rename", old + "/settings/rename", ["name": "app"])
        #expect(named["name"] as? String == "root1/app")
        _ = try await api.call(
            "project.change", base + "/settings",
            ["description": "An app", "topics": ["parsers", "small"], "public": true], .patch)
        _ = try await api.call("members.put", base + "/members/ben", ["role": "write"], .put)
        _ = try await api.call("members.list", base + "/members")
        _ = try await api.call("project.settings", base + "/settings")
        _ = try await api.call("members.remove", base + "/members/ben", nil, .delete)
        _ = try await api.call("project.archive", base + "/settings/archive", ["archived": true])
        _ = try await api.call("project.archive", base + "/settings/archive", ["archived": false])
        _ = try await api.call("project.transfer", base + "/settings/transfer", ["to": "team"])
        let moved = "/api/v1/projects/team/app"
        _ = try await api.call(
            "project.delete", moved + "/settings/delete", ["name": "team/app"])
        let deleted = try await api.call("projects.deleted", "/api/v1/me/deleted")
        let number = (deleted["items"] as? [[String: Any]])?.first?["number"] as? Int ?? 0
        _ = try await api.call(
            "projects.restore", "/api/v1/me/deleted/\(number)/restore", [:])
        _ = try await api.call(
            "project.delete", moved + "/settings/delete", ["name": "team/app"])
    }

    private func administration(
        _ api: DescribedCalls, _ server: TestServer, _ ben: User
    ) async throws {
        let admin = "/api/v1/admin"
        let first = try await api.call("admin.accounts", admin + "/accounts?limit=1")
        let next = first["next"] as? String ?? ""
        _ = try await api.call("admin.accounts", admin + "/accounts?cursor=\(next)")
        _ = try await api.call("admin.projects", admin + "/projects")
        _ = try await api.call("admin.restore", admin + "/projects/team/app/restore", [:])
        let lines = try await api.call("admin.audit", admin + "/audit?limit=2")
        _ = try await api.call(
            "admin.audit", admin + "/audit?cursor=\(lines["next"] as? String ?? "")")
        _ = try await api.call("admin.account", admin + "/accounts/ben")
        let link = try await api.call("admin.reset_link", admin + "/accounts/ben/reset-link", [:])
        #expect((link["url"] as? String ?? "").contains("/password/"))
        let grant = try server.forge.access.checkAccount(
            Principal(user: ben, token: nil, scopes: .everything))
        let secret = TimeCode.newSecret()
        _ = try await server.forge.turnSecondFactorOn(
            grant, secret: Base32.encode(secret),
            code: TimeCode.code(of: secret, step: TimeCode.step(at: server.forge.now())))
        _ = try await api.call(
            "admin.remove_second_factor", admin + "/accounts/ben/remove-second-factor", [:])
        _ = try await api.call("admin.disable", admin + "/accounts/ben/disable", [:])
        _ = try await api.call("admin.enable", admin + "/accounts/ben/enable", [:])
    }
}
