import Testing

@testable import MicelioForge

/// Who may do what: every kind of caller against every verb, on a private and on a public project.
@Suite struct AccessTests {
    private func world() async throws -> TestForge {
        let test = try await TestForge()
        for handle in ["ana", "bob", "eve", "wim"] { try await test.user(handle) }
        try await test.user("rex", isAdmin: true)
        let ana = try await test.principal("ana")
        for (name, isPublic) in [("secret", false), ("open", true)] {
            let view = try await test.forge.createProject(
                ProjectPath("ana/\(name)"), description: "", isPublic: isPublic, as: ana)
            try await test.forge.accounts.setMember(
                Handle("bob"), of: view.project, role: .read)
            try await test.forge.accounts.setMember(
                Handle("wim"), of: view.project, role: .write)
        }
        return test
    }

    private func outcomes(
        _ test: TestForge, _ principal: Principal, _ path: String
    ) async -> [ForgeError.Code?] {
        let access = test.forge.access
        return [
            await refusal {
                _ = try await access.check(principal, Reading.self, on: ProjectPath(path))
            },
            await refusal {
                _ = try await access.check(principal, Writing.self, on: ProjectPath(path))
            },
            await refusal {
                _ = try await access.check(principal, Managing.self, on: ProjectPath(path))
            },
        ]
    }

    @Test func `who lacks a role is told the command that gives it`() async throws {
        let test = try await world()
        let bob = try await test.principal("bob")
        let error = await #expect(throws: ForgeError.self) {
            try await test.forge.access.check(bob, Writing.self, on: ProjectPath("ana/open"))
        }
        #expect(error?.hint?.contains("micelio admin project grant ana/open bob write") == true)
    }

    @Test func `the matrix of roles`() async throws {
        let test = try await world()
        typealias Code = ForgeError.Code
        let rows: [(caller: String?, path: String, read: Code?, write: Code?, manage: Code?)] = [
            ("ana", "ana/secret", nil, nil, nil),
            ("ana", "ana/open", nil, nil, nil),
            ("wim", "ana/secret", nil, nil, .forbidden),
            ("wim", "ana/open", nil, nil, .forbidden),
            ("bob", "ana/secret", nil, .forbidden, .forbidden),
            ("bob", "ana/open", nil, .forbidden, .forbidden),
            ("eve", "ana/secret", .notFound, .notFound, .notFound),
            ("eve", "ana/open", nil, .forbidden, .forbidden),
            // Who administers the forge is nobody special in a project.
            ("rex", "ana/secret", .notFound, .notFound, .notFound),
            (nil, "ana/secret", .notFound, .notFound, .notFound),
            (nil, "ana/open", nil, .unauthenticated, .unauthenticated),
            ("ana", "ana/nothing", .notFound, .notFound, .notFound),
            ("eve", "nobody1/secret", .notFound, .notFound, .notFound),
        ]
        for row in rows {
            let principal =
                if let caller = row.caller { try await test.principal(caller) } else {
                    Principal.anonymous
                }
            #expect(
                await outcomes(test, principal, row.path) == [row.read, row.write, row.manage],
                "\(row.caller ?? "anonymous") on \(row.path)")
        }
    }

    @Test func `the matrix of scopes`() async throws {
        let test = try await world()
        let rows: [(scopes: String, path: String, outcomes: [ForgeError.Code?])] = [
            ("", "ana/secret", [.notFound, .notFound, .notFound]),
            ("", "ana/open", [.notFound, .notFound, .notFound]),
            ("read:*", "ana/secret", [nil, .forbidden, .forbidden]),
            ("read:ana/secret", "ana/secret", [nil, .forbidden, .forbidden]),
            ("read:ana/open", "ana/secret", [.notFound, .notFound, .notFound]),
            ("read:ana/*", "ana/secret", [nil, .forbidden, .forbidden]),
            ("read:bob/*", "ana/secret", [.notFound, .notFound, .notFound]),
            // A token that may only write must not learn what it may not read.
            ("write:*", "ana/secret", [.notFound, nil, .notFound]),
            ("read:* write:ana/secret", "ana/secret", [nil, nil, .forbidden]),
            ("read:* write:ana/open", "ana/secret", [nil, .forbidden, .forbidden]),
            ("manage:*", "ana/secret", [.notFound, .notFound, nil]),
            ("account:*", "ana/secret", [.notFound, .notFound, .notFound]),
        ]
        for row in rows {
            let principal = try await test.principal("ana", scopes: ScopeSet(parsing: row.scopes))
            #expect(
                await outcomes(test, principal, row.path) == row.outcomes,
                "'\(row.scopes)' on \(row.path)")
        }
    }

    @Test func `not there and not allowed are one answer`() async throws {
        let test = try await world()
        let eve = try await test.principal("eve")
        func answer(_ path: String) async -> ForgeError? {
            do {
                _ = try await test.forge.project(ProjectPath(path), as: eve)
                return nil
            } catch { return error as? ForgeError }
        }
        let hidden = try #require(await answer("ana/secret"))
        let missing = try #require(await answer("ana/secres"))
        #expect(hidden.code == missing.code && hidden.hint == missing.hint)
        #expect(
            hidden.message.replacing("secret", with: "x")
                == missing.message.replacing("secres", with: "x"))
    }

    @Test func `lists hold what may be seen, in pages`() async throws {
        let test = try await world()
        func names(_ caller: String?, owner: String? = nil) async throws -> [String] {
            let principal =
                if let caller { try await test.principal(caller) } else { Principal.anonymous }
            var names: [String] = []
            var cursor = ""
            repeat {
                let (page, next) = try await test.forge.projects(
                    of: owner.map { try Handle($0) }, limit: 1, cursor: cursor, as: principal)
                names += page.map(\.project.path.description)
                cursor = next ?? ""
            } while !cursor.isEmpty
            return names
        }
        #expect(try await names("ana") == ["ana/secret", "ana/open"])
        #expect(try await names("bob") == ["ana/secret", "ana/open"])
        #expect(try await names("eve") == ["ana/open"])
        #expect(try await names(nil) == ["ana/open"])
        #expect(try await names("ana", owner: "eve").isEmpty)
    }

    @Test func `projects are made under one's own name only, once`() async throws {
        let test = try await world()
        let ana = try await test.principal("ana")
        func create(_ path: String, _ principal: Principal) async -> ForgeError.Code? {
            await refusal {
                _ = try await test.forge.createProject(
                    ProjectPath(path), description: "", isPublic: false, as: principal)
            }
        }
        #expect(await create("ana/new-one", ana) == nil)
        #expect(await create("ana/NEW-one", ana) == .alreadyExists)
        #expect(await create("eve/app", ana) == .forbidden)
        #expect(await create("ana/app", .anonymous) == .unauthenticated)
        let reader = try await test.principal("ana", scopes: ScopeSet(parsing: "read:*"))
        #expect(await create("ana/app", reader) == .forbidden)
        let long = await refusal {
            _ = try await test.forge.createProject(
                ProjectPath("ana/app"),
                description: String(repeating: "x", count: Limits.descriptionBytesMax + 1),
                isPublic: false, as: ana)
        }
        #expect(long == .invalidArgument)
    }

    @Test(arguments: [
        "read", "read:", "read:ana", "all:*", "read:ana/app/x", "read:../app", "read:Ana/app",
        "account:ana/app", "read:*:*", "*",
    ])
    func `what is no scope is refused`(_ text: String) {
        #expect(throws: ForgeError.self) { try ScopeSet(parsing: text) }
    }

    @Test func `a damaged scope in the database allows nothing`() {
        #expect(ScopeSet(stored: "read:* evil") == .none)
        #expect(ScopeSet(stored: ScopeSet.everything.stored) == .everything)
    }

    @Test func `each way of being nobody has its own answer`() async throws {
        let test = try await world()
        let good = try await test.token(of: "ana")
        let expired = try await test.token(of: "ana", expires: test.clock.now + 1)
        let revoked = try await test.token(of: "ana")
        try await test.forge.revoke(revoked.text)
        let disabled = try await test.token(of: "eve")
        try await test.forge.accounts.setDisabled(Handle("eve"), true, now: test.clock.now)
        test.clock.advance(millis: 1)
        func answer(_ values: [String]) async -> ForgeError.Code? {
            await refusal {
                _ = try await test.forge.authenticator.authenticate(authorization: values)
            }
        }
        let rows: [([String], ForgeError.Code?)] = [
            ([], nil),
            (["Bearer \(good.text)"], nil),
            (["bearer \(good.text)"], nil),
            (["Basic \(Base64.encode(Array("x:\(good.text)".utf8)))"], nil),
            (["Bearer \(expired.text)"], .tokenExpired),
            (["Bearer \(revoked.text)"], .tokenRevoked),
            (["Bearer \(disabled.text)"], .accountDisabled),
            (["Bearer \(TokenText(.personal).text)"], .tokenUnknown),
            (["Bearer \(TokenText(.refresh).text)"], .tokenMalformed),
            (["Bearer \(TokenText(.device).text)"], .tokenMalformed),
            (["Bearer \(good.text)x"], .tokenMalformed),
            (["Bearer garbage"], .tokenMalformed),
            (["Bearer"], .tokenMalformed),
            ([""], .tokenMalformed),
            (["Digest \(good.text)"], .tokenMalformed),
            (["Basic !!!"], .tokenMalformed),
            (["Bearer \(good.text)", "Bearer \(good.text)"], .invalidArgument),
            (["Bearer \(good.text)\r\nX: y"], .tokenMalformed),
        ]
        for (values, code) in rows {
            #expect(await answer(values) == code, "\(values)")
        }
    }
}
