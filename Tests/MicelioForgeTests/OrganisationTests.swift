import HTTPTypes
import HifCore
import Testing

@testable import MicelioForge

/// Organisations: who may do what in them and in their projects.
@Suite struct OrganisationTests {
    @Test func `members write to an organisation's projects, its owners manage them`() async throws
    {
        let test = try await TestForge()
        let forge = test.forge
        let ana = try await test.user("ana")
        for handle in ["ben", "eve"] { try await test.user(handle) }
        let club = try await forge.accounts.createOrganisation(
            Handle("club"), displayName: "", by: ana, now: 1)
        _ = try await forge.accounts.setOrganisationMember(
            Handle("ben"), of: club, role: .member, now: 1)
        let path = try ProjectPath("club/app")
        let made = try await forge.createProject(
            path, description: "", isPublic: false, as: test.principal("ana"))
        #expect(made.project.ownerID == club.id)
        func role(_ handle: String, _ project: String = "club/app") async throws -> Role? {
            let principal = try await test.principal(handle)
            return try? await forge.access.check(
                principal, Reading.self, on: ProjectPath(project)
            ).role
        }
        #expect(try await role("ana") == .owner)
        #expect(try await role("ben") == .write)
        #expect(try await role("eve") == nil)
        let seen = try await forge.projects(
            of: nil, limit: 10, cursor: "", as: test.principal("ben")
        ).page
        #expect(seen.map { "\($0.project.path)" } == ["club/app"])
        // What a member makes is theirs to manage; the rest is not.
        _ = try await forge.createProject(
            ProjectPath("club/tools"), description: "", isPublic: false, as: test.principal("ben"))
        #expect(try await role("ben", "club/tools") == .owner)
        #expect(
            await refusal {
                _ = try await forge.createProject(
                    ProjectPath("club/more"), description: "", isPublic: false,
                    as: test.principal("eve"))
            } == .forbidden)
        // The more of two roles counts, and each ends by itself.
        try await forge.accounts.setMember(Handle("ben"), of: made.project, role: .owner)
        #expect(try await role("ben") == .owner)
        _ = try await forge.accounts.setOrganisationMember(
            Handle("ben"), of: club, role: nil, now: 1)
        #expect(try await role("ben") == .owner)
        try await forge.accounts.setMember(Handle("ben"), of: made.project, role: nil)
        #expect(try await role("ben") == nil)
    }

    @Test func `a token makes projects of an organisation only with a scope for it`() async throws {
        let test = try await TestForge()
        let ana = try await test.user("ana")
        _ = try await test.forge.accounts.createOrganisation(
            Handle("club"), displayName: "", by: ana, now: 1)
        for (scopes, code) in [
            ("manage:ana/*", .forbidden), ("write:*", .forbidden), ("manage:club/*", nil),
        ] as [(String, ForgeError.Code?)] {
            let principal = try await test.principal("ana", scopes: ScopeSet(parsing: scopes))
            #expect(
                await refusal {
                    _ = try await test.forge.createProject(
                        ProjectPath("club/app"), description: "", isPublic: false, as: principal)
                } == code, "\(scopes)")
        }
    }

    @Test func `an organisation keeps an owner, and nobody signs in as it`() async throws {
        let test = try await TestForge()
        let accounts = try test.forge.accounts
        let ana = try await test.user("ana")
        try await test.user("ben")
        let club = try await accounts.createOrganisation(
            Handle("club"), displayName: "", by: ana, now: 1)
        func set(_ handle: String, _ role: OrganisationRole?) async -> ForgeError.Code? {
            await refusal {
                _ = try await accounts.setOrganisationMember(
                    Handle(handle), of: club, role: role, now: 1)
            }
        }
        #expect(await set("ana", .member) == .unprocessable)
        #expect(await set("ana", nil) == .unprocessable)
        #expect(await set("club", .member) == .notFound)
        #expect(await set("nobody1", .member) == .notFound)
        #expect(await set("ben", .owner) == nil)
        #expect(await set("ana", nil) == nil)
        #expect(
            await refusal { _ = try await accounts.makePasswordLink(for: Handle("club"), now: 1) }
                == .unprocessable)
        #expect(await refusal { _ = try await test.token(of: "club") } == .unprocessable)
        #expect(await refusal { try await test.user("club") } == .alreadyExists)
        #expect(
            await refusal {
                _ = try await accounts.createOrganisation(
                    Handle("ben"), displayName: "", by: ana, now: 1)
            } == .alreadyExists)
    }

    @Test func `an organisation is made, peopled and left on pages`() async throws {
        try await TestServer.with { server in
            for handle in ["ana", "ben"] { try await server.account(handle) }
            let ana = try await server.browser("ana")
            let ben = try await server.browser("ben")
            let bad = try await ana.submit(
                "/settings/organisations", [("handle", "ben"), ("name", "Kept words")])
            #expect(bad.status == 409 && bad.body.contains("Kept words"))
            let made = try await ana.submit(
                "/settings/organisations", [("handle", "club"), ("name", "Boat Club")])
            #expect(made.headers[.location] == "/organisations/club")
            #expect(try await ben.get("/organisations/club").status == 403)
            let page = "/organisations/club"
            #expect(
                try await ana.submit(
                    "\(page)/members", [("handle", "nobody1"), ("role", "member")]
                ).status == 404)
            #expect(
                try await ana.submit("\(page)/members", [("handle", "ben"), ("role", "member")])
                    .status == 303)
            _ = try await ana.submit(page, [("name", "The Boat Club"), ("bio", "We sail.")])
            let shown = try await server.http(.get, "/club").body
            #expect(shown.contains("The Boat Club") && shown.contains("We sail."))
            #expect(shown.contains("href=\"/ben\"") && !shown.contains("New project"))
            #expect(try await ben.get("/club").body.contains("/new?owner=club"))
            #expect(try await ben.get("/ben").body.contains("href=\"/club\""))

            #expect(try await ben.get("/new?owner=club").body.contains("value=\"club\" selected"))
            let project = try await ben.submit(
                "/new", [("owner", "club"), ("name", "app"), ("description", "Boats")])
            #expect(project.status == 303 && project.headers[.location] == "/club/app")
            #expect(try await ben.get("/club/app").status == 200)
            #expect(try await server.http(.get, "/club/app").status == 404)
            let again = try await ben.submit(
                "/new", [("owner", "club"), ("name", "app"), ("description", "Kept words")])
            #expect(again.status == 409 && again.body.contains("Kept words"))
            #expect(
                try await ben.submit("/new", [("owner", "ana"), ("name", "app")]).status == 403)

            #expect(
                try await ben.submit("/settings/organisations/club/leave").status == 303)
            #expect(try await ben.submit("/settings/organisations/club/leave").status == 404)
            let stuck = try await ana.submit("\(page)/members/ana/remove")
            #expect(stuck.status == 422)
        }
    }

    @Test func `the API does the same`() async throws {
        try await TestServer.with { server in
            let token = try await server.token("ana")
            _ = try await server.token("ben")
            let made = try await server.call(
                .post, "/api/v1/organisations", token: token,
                json: "{\"handle\": \"club\", \"name\": \"Boat Club\"}")
            #expect(made.status == 201)
            let base = "/api/v1/organisations/club"
            #expect(
                try await server.call(
                    .put, "\(base)/members/ben", token: token, json: "{\"role\": \"member\"}"
                ).status == 200)
            #expect(
                try await server.call(
                    .put, "\(base)/members/ben", token: token, json: "{\"role\": \"admin\"}"
                ).status == 400)
            let changed = try await server.call(
                .patch, base, token: token, json: "{\"bio\": \"We sail.\"}")
            let page = try server.object(changed.body)
            #expect(page["name"] as? String == "Boat Club" && page["bio"] as? String == "We sail.")
            #expect((page["members"] as? [Any])?.count == 2)
            let mine = try await server.call(.get, "/api/v1/me/organisations", token: token)
            #expect(mine.body.contains("\"role\":\"owner\""))
            let account = try server.object(
                try await server.call(.get, "/api/v1/accounts/club", token: nil).body)
            #expect(account["members"] as? [String] == ["ana", "ben"])
            #expect(
                try await server.call(.delete, "\(base)/members/ben", token: token).status == 200)
            #expect(
                try await server.call(.delete, "\(base)/members/ben", token: token).status == 404)
        }
    }

    @Test
    func `an organisation without projects is deleted by an owner, and its handle stays taken`()
        async throws
    {
        let clock = TestClock()
        try await TestServer.with(now: { clock.now }) { server in
            for handle in ["ana", "ben"] { try await server.account(handle) }
            try await server.account("root1", isAdmin: true)
            let accounts = try server.forge.accounts
            let ana = try await server.browser("ana")
            let ben = try await server.browser("ben")
            _ = try await ana.submit("/settings/organisations", [("handle", "club")])
            let page = "/organisations/club"
            _ = try await ana.submit("\(page)/members", [("handle", "ben"), ("role", "member")])
            _ = try await ana.submit("/new", [("owner", "club"), ("name", "app")])
            let confirmed = [("handle", "club")]
            #expect(try await ben.submit("\(page)/delete", confirmed).status == 403)
            #expect(try await ana.get(page).body.contains("1 project</a>"))
            let owns = try await ana.submit("\(page)/delete", confirmed)
            #expect(owns.status == 422 && owns.body.contains("It still owns 1 project"))

            _ = try await ana.submit("/club/app/settings/delete", [("name", "club/app")])
            #expect(try await ana.submit("\(page)/delete", [("handle", "ana")]).status == 422)
            clock.advance(millis: Limits.confirmedMillis)
            #expect(try await ana.get(page).body.contains("for-delete"))
            #expect(try await ana.submit("\(page)/delete", confirmed).status == 403)
            let gone = try await ana.submit(
                "\(page)/delete", confirmed + [("password", TestServer.password)])
            #expect(gone.status == 303 && gone.headers[.location] == "/settings/organisations")

            for browser in [ana, ben, TestBrowser(server)] {
                #expect(try await browser.get("/club").status == 404)
            }
            #expect(try await ana.get(page).status == 404)
            #expect(try await !ben.get("/settings/organisations").body.contains("club"))
            #expect(
                try await ana.submit("/settings/organisations", confirmed).status == 409)
            #expect(await refusal { _ = try await server.account("club") } == .alreadyExists)
            #expect(try await ana.submit("/new", [("owner", "club"), ("name", "b")]).status == 403)
            let line = try #require(try await accounts.audit(limit: 1).first)
            #expect(line.act == "deleted the organisation" && line.about == "club")
            #expect(line.actor.account == "ana")
            #expect(
                await refusal {
                    try await accounts.setDisabled(Handle("club"), false, now: clock.now)
                } == .unprocessable)

            // What it owned comes back through an administrator, and its own owners can move it.
            let root = try await server.browser("root1")
            let shown = try await root.get("/admin/accounts/club").body
            #expect(shown.contains("deleted by its owners") && !shown.contains("Let in again"))
            #expect(
                try await root.submit("/admin/projects/club/app/restore").body
                    .contains("club/app is back."))
            #expect(try await ana.get("/club/app").status == 200)
            #expect(
                try await ana.submit("/club/app/settings/transfer", [("to", "ana")]).status == 303)
        }
    }

    @Test func `nothing is given to an organisation that was deleted meanwhile`() async throws {
        let test = try await TestForge()
        let ana = try await test.user("ana")
        let accounts = try test.forge.accounts
        let club = try await accounts.createOrganisation(
            Handle("club"), displayName: "", by: ana, now: 1)
        let record = try await test.forge.createProject(
            ProjectPath("ana/app"), description: "", isPublic: false,
            as: test.principal("ana")
        ).project
        try await accounts.deleteOrganisation(club, now: 2)
        let moved = try ProjectPath("club/app")
        #expect(
            await refusal {
                try await accounts.moveProject(
                    record, to: moved, ownerID: club.id, keeping: ana, now: 3)
            } == .notFound)
        #expect(
            await refusal {
                try await accounts.insertProject(
                    moved, ownerID: club.id, maker: ana,
                    storeProjectID: String(repeating: "0", count: 32), description: "",
                    isPublic: false, now: 3)
            } == .notFound)
    }
}
