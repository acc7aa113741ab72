import HTTPTypes
import HifCore
import HifStore
import Testing

@testable import MicelioForge

/// What owners change about a project.
@Suite struct ProjectSettingsTests {
    @Test func `description, topics and visibility are changed on the page and over the API`()
        async throws
    {
        try await TestServer.with { server in
            try await server.account("ana")
            _ = try await server.makeProject("ana/app")
            let ana = try await server.browser("ana")
            #expect(try await ana.get("/ana/app").body.contains("href=\"/ana/app/settings\""))
            let page = "/ana/app/settings"
            let bad = try await ana.submit(
                page, [("description", "Kept words"), ("topics", "tide-gauges Not_OK")])
            #expect(bad.status == 400 && bad.body.contains("Kept words"))
            let saved = try await ana.submit(
                page,
                [
                    ("description", "Boats & tides"), ("topics", "tides, boats tides"),
                    ("public", "true"),
                ])
            #expect(saved.status == 303)
            let home = try await server.http(.get, "/ana/app")
            #expect(home.status == 200 && home.body.contains("Boats &amp; tides"))
            #expect(!home.body.contains("/ana/app/settings"))
            let token = try await server.forge.accounts.createPersonalToken(
                for: Handle("ana"), label: "", scopes: .everything, expires: nil,
                now: server.forge.now()
            ).text
            let path = "/api/v1/projects/ana/app/settings"
            let read = try server.object(try await server.call(.get, path, token: token).body)
            #expect(read["topics"] as? [String] == ["tides", "boats"])
            let changed = try server.object(
                try await server.call(.patch, path, token: token, json: "{\"public\": false}").body)
            #expect(changed["is_public"] as? Bool == false)
            #expect(changed["description"] as? String == "Boats & tides")
            #expect(try await server.http(.get, "/ana/app").status == 404)
            let many = (0...Limits.topicsMax).map { "\"t\($0)\"" }.joined(separator: ", ")
            for json in [
                "{\"topics\": [\(many)]}", "{\"topics\": [\"\"]}", "{\"topics\": [\"-x\"]}",
                "{\"description\": \"\(String(repeating: "x", count: 501))\"}",
            ] {
                #expect(
                    try await server.call(.patch, path, token: token, json: json).status == 400)
            }
        }
    }

    @Test func `a project that was renamed is found by its old name, by those who may see it`()
        async throws
    {
        try await TestServer.with { server in
            try await server.account("ana")
            _ = try await server.makeProject("ana/app")
            let forge = server.forge
            let everything = try await forge.accounts.createPersonalToken(
                for: Handle("ana"), label: "", scopes: .everything, expires: nil, now: forge.now()
            ).text
            let narrow = try await forge.accounts.createPersonalToken(
                for: Handle("ana"), label: "",
                scopes: ScopeSet(parsing: "read:ana/App write:ana/other"),
                expires: nil, now: forge.now()
            ).text
            try await server.land(
                "ana/app", token: everything, goal: "Begin", [("docs/a.md", "x\n")])
            let ana = try await server.browser("ana")
            let renamed = try await ana.submit("/ana/app/settings/rename", [("name", "harbour")])
            #expect(renamed.headers[.location] == "/ana/harbour/settings")
            for (old, new) in [
                ("/ana/app", "/ana/harbour"), ("/ana/app?at=@1", "/ana/harbour?at=@1"),
                ("/ana/app/file/@1/docs/a.md", "/ana/harbour/file/@1/docs/a.md"),
                ("/ana/app/log?author=ana", "/ana/harbour/log?author=ana"),
            ] {
                let page = try await ana.get(old)
                #expect(page.status == 303 && page.headers[.location] == new, "\(old)")
            }
            #expect(try await server.http(.get, "/ana/app").status == 404)
            // A program gets what it asked for, and a token for the project follows it.
            for name in ["ana/app", "ana/harbour"] {
                let log = try await server.call(.get, "/api/v1/projects/\(name)/log", token: narrow)
                #expect(log.status == 200, "\(name): \(log.body)")
            }
            // The name is free: whoever takes it gets it.
            _ = try await server.makeProject("ana/app")
            #expect(try await ana.get("/ana/app").status == 200)
            #expect(
                try await server.call(.get, "/api/v1/projects/ana/app/log", token: narrow).status
                    == 404)
            let taken = try await ana.submit("/ana/harbour/settings/rename", [("name", "App")])
            #expect(taken.status == 409)
            let case_ = try await ana.submit("/ana/harbour/settings/rename", [("name", "Harbour")])
            #expect(case_.headers[.location] == "/ana/Harbour/settings")
        }
    }

    @Test func `a project is given only to whom the giver may make projects for`() async throws {
        let test = try await TestForge()
        let forge = test.forge
        let ana = try await test.user("ana")
        let ben = try await test.user("ben")
        let own = try await forge.accounts.createOrganisation(
            Handle("club"), displayName: "", by: ben, now: 1)
        _ = try await forge.accounts.setOrganisationMember(
            Handle("ana"), of: own, role: .member, now: 1)
        _ = try await forge.accounts.createOrganisation(
            Handle("other"), displayName: "", by: ben, now: 1)
        let path = try ProjectPath("ana/app")
        let principal = try await test.principal("ana")
        _ = try await forge.createProject(path, description: "", isPublic: false, as: principal)
        func grant(_ path: ProjectPath) async throws -> ProjectGrant<Managing> {
            try await forge.access.check(principal, Managing.self, on: path)
        }
        for owner in ["ben", "other", "nobody1"] {
            let grant = try await grant(path)
            #expect(
                await refusal { _ = try await forge.transfer(grant, to: Handle(owner)) }
                    == .forbidden,
                "\(owner)")
        }
        let moved = try await forge.transfer(grant(path), to: Handle("club"))
        #expect("\(moved)" == "club/app")
        // Who gave it stays an owner; the organisation's owners are.
        #expect(try await grant(moved).role == .owner)
        #expect(
            try await forge.access.check(test.principal("ben"), Managing.self, on: moved).role
                == .owner)
        #expect(try await grant(path).project.path == moved)
        _ = ana
        let back = try await forge.transfer(grant(moved), to: Handle("ana"))
        #expect("\(back)" == "ana/app")
        #expect(
            await refusal {
                _ = try await forge.access.check(
                    test.principal("ben"), Reading.self, on: ProjectPath("club/app"))
            } == .notFound)
    }

    @Test func `an archived project can be read and not worked in`() async throws {
        try await TestServer.with { server in
            try await server.account("ana")
            _ = try await server.makeProject("ana/app")
            let token = try await server.forge.accounts.createPersonalToken(
                for: Handle("ana"), label: "", scopes: .everything, expires: nil,
                now: server.forge.now()
            ).text
            let base = "/api/v1/projects/ana/app"
            let ana = try await server.browser("ana")
            func start() async throws -> Int {
                try await server.call(
                    .post, "\(base)/sessions", token: token, json: "{\"goal\": \"x\"}"
                ).status
            }
            #expect(try await start() == 201)
            #expect(
                try await ana.submit("/ana/app/settings/archive", [("archived", "true")]).status
                    == 303)
            #expect(try await start() == 422)
            #expect(try await ana.get("/ana/app").body.contains("Archived"))
            #expect(try await ana.get("/ana/app/sessions/new").status == 422)
            #expect(try await server.call(.get, "\(base)/log", token: token).status == 200)
            #expect(
                try await server.call(
                    .post, "\(base)/settings/archive", token: token, json: "{\"archived\": false}"
                ).status == 200)
            #expect(try await start() == 201)
        }
    }

    @Test func `a node without accounts takes everybody for readers of an archived project`()
        async throws
    {
        let test = try await TestForge()
        try await test.user("ana")
        let principal = try await test.principal("ana")
        let path = try ProjectPath("ana/app")
        _ = try await test.forge.createProject(
            path, description: "", isPublic: false, as: principal)
        let grant = try await test.forge.access.check(principal, Managing.self, on: path)
        try await test.forge.setArchived(grant, true)
        let found = try await test.forge.access.find(path, for: principal)
        let told = Access.told(found)
        #expect(told.ownerID != grant.project.ownerID && told.role == .read)
    }

    @Test func `a deleted project is gone for all, and comes back within its time`() async throws {
        let clock = TestClock()
        try await TestServer.with(now: { clock.now }) { server in
            try await server.account("ana")
            try await server.account("ben")
            let record = try await server.makeProject("ana/app", isPublic: true)
            try await server.forge.accounts.setMember(Handle("ben"), of: record, role: .owner)
            let ana = try await server.browser("ana")
            let ben = try await server.browser("ben")
            let page = "/ana/app/settings/delete"
            #expect(try await ana.submit(page, [("name", "app")]).status == 422)
            clock.advance(millis: Limits.confirmedMillis)
            #expect(try await ana.submit(page, [("name", "ana/app")]).status == 403)
            let gone = try await ana.submit(
                page, [("name", "ana/app"), ("password", TestServer.password)])
            #expect(gone.status == 303 && gone.headers[.location] == "/settings/deleted")
            for browser in [ana, ben, TestBrowser(server)] {
                #expect(try await browser.get("/ana/app").status == 404)
                #expect(try await !browser.get("/projects").body.contains("ana/app"))
            }
            #expect(try await server.forge.accounts.projectsToPurge(now: clock.now).isEmpty)
            let list = try await ana.get("/settings/deleted").body
            let restore = try #require(list.between("action=\"/settings/deleted/", "\""))
            #expect(try await !ben.get("/settings/deleted").body.contains("ana/app"))
            #expect(try await ben.submit("/settings/deleted/\(restore)").status == 404)
            let back = try await ana.submit("/settings/deleted/\(restore)")
            #expect(back.headers[.location] == "/ana/app")
            #expect(try await server.http(.get, "/ana/app").status == 200)
            #expect(try await ana.submit("/settings/deleted/\(restore)").status == 404)
        }
    }

    @Test func `what is purged is gone from the store, and nothing else`() async throws {
        let directory = try TemporaryDirectory()
        let files = DataFiles(directory: directory.path)
        let accounts = try Accounts(path: files.accounts)
        let user = try await accounts.createUser(Handle("ana"), now: 1)
        let store = MemoryStore()
        for (name, id) in [("app", "aa"), ("kept", "aab"), ("young", "bb")] {
            try await accounts.insertProject(
                ProjectPath("ana/\(name)"), ownerID: user.id, maker: nil, storeProjectID: id,
                description: "", isPublic: false, now: 1)
            _ = try await store.put(ObjectKey("p/\(id)/log/1"), [1], .ifAbsent)
        }
        let start: Int64 = 1_000
        try await accounts.deleteProject(accounts.project(ProjectPath("ana/app")), now: start)
        try await accounts.deleteProject(accounts.project(ProjectPath("ana/young")), now: start + 1)
        let upkeep = try ForgeUpkeep(directory: directory.path, store: store)
        var purged: [String] = []
        try await upkeep.purge(now: start + Limits.deletedProjectMillis) { name, count in
            #expect(count == 1)
            purged.append(name)
        }
        #expect(purged == ["ana/app"])
        let keys = try await store.listAll(prefix: "").map(\.key.string)
        #expect(keys == ["p/aab/log/1", "p/bb/log/1"])
        #expect(try await accounts.allProjects().map(\.path.name.text) == ["kept", "young"])
    }

    @Test func `a project whose time is over does not come back, for its content may be half gone`()
        async throws
    {
        let directory = try TemporaryDirectory()
        let accounts = try Accounts(path: DataFiles(directory: directory.path).accounts)
        let user = try await accounts.createUser(Handle("ana"), now: 1)
        let path = try ProjectPath("ana/app")
        try await accounts.insertProject(
            path, ownerID: user.id, maker: nil, storeProjectID: "aa", description: "",
            isPublic: false, now: 1)
        let project = try await accounts.project(path)
        try await accounts.deleteProject(project, now: 1_000)
        let end = 1_000 + Limits.deletedProjectMillis
        #expect(try await accounts.projectsToPurge(now: end).count == 1)
        #expect(try await accounts.restoreProject(project.id, of: user, now: end) == nil)
        #expect(try await accounts.projectsToPurge(now: end - 1).isEmpty)
        #expect(try await accounts.restoreProject(project.id, of: user, now: end - 1) == path)
    }

    @Test func `members are added, changed and removed by owners`() async throws {
        try await TestServer.with { server in
            for handle in ["ana", "ben"] { try await server.account(handle) }
            _ = try await server.makeProject("ana/app")
            let ana = try await server.browser("ana")
            let ben = try await server.browser("ben")
            let page = "/ana/app/settings"
            func put(_ handle: String, _ role: String) async throws -> Int {
                try await ana.submit("\(page)/members", [("handle", handle), ("role", role)]).status
            }
            #expect(try await put("nobody1", "read") == 404)
            #expect(try await put("ben", "admin") == 400)
            #expect(try await put("ana", "read") == 422)
            #expect(try await put("ben", "read") == 303)
            #expect(try await ben.get("/ana/app").status == 200)
            #expect(try await ben.get(page).status == 403)
            #expect(try await put("ben", "owner") == 303)
            #expect(try await ben.get(page).status == 200)
            #expect(try await ana.submit("\(page)/members/ben/remove").status == 303)
            #expect(try await ben.get("/ana/app").status == 404)
            let acts = try await server.forge.accounts.audit(limit: 3).map(\.act)
            #expect(acts == ["took the role of", "gave a role to", "gave a role to"])
        }
    }
}
