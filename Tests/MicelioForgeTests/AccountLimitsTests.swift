import GRDB
import HifCore
import Testing

@testable import MicelioForge

/// One more than an account, an organisation or a project may have.
@Suite struct AccountLimitsTests {
    /// So many accounts, in one transaction.
    private static func make(_ count: Int, in accounts: Accounts) async throws -> [String] {
        let handles = (0..<count).map { "p\($0)" }
        try await accounts.pool.write { database in
            for handle in handles {
                try database.execute(
                    sql: "INSERT INTO users (handle, created_at) VALUES (?, 1)",
                    arguments: [handle])
            }
        }
        return handles
    }

    @Test func `tokens of one account are bounded, and one that was revoked makes room`()
        async throws
    {
        let test = try await TestForge()
        let user = try await test.user("ana")
        let accounts = try test.forge.accounts
        func make() async throws -> ForgeError.Code? {
            await refusal {
                _ = try await accounts.makePersonalToken(
                    of: user, label: "x", scopes: .none, expires: test.clock.now + 1,
                    now: test.clock.now)
            }
        }
        for _ in 0..<Limits.personalTokensMax { #expect(try await make() == nil) }
        #expect(try await make() == .unprocessable)
        let first = try #require(try await accounts.personalTokens(of: user).first)
        #expect(try await accounts.endPersonalToken(first.id, of: user, now: test.clock.now))
        #expect(try await make() == nil)
        test.clock.advance(millis: 1)
        #expect(try await make() == nil)
    }

    @Test func `scopes and days of one token are bounded`() async throws {
        let test = try await TestForge()
        try await test.user("ana")
        let grant = try test.forge.access.checkAccount(try await test.principal("ana"))
        for (count, code) in [
            (Limits.tokenScopesMax, nil), (Limits.tokenScopesMax + 1, .invalidArgument),
        ] as [(Int, ForgeError.Code?)] {
            let words = (0..<count).map { "read:ana/p\($0)" }
            let found = await refusal {
                _ = try await test.forge.makeToken(
                    grant, name: "ci", scopes: ScopeSet(parsing: words.joined(separator: " ")),
                    days: 1, isForAll: false)
            }
            #expect(found == code)
        }
        for days in [0, Int64(Limits.personalTokenDaysMax) + 1] {
            let found = await refusal {
                _ = try await test.forge.makeToken(
                    grant, name: "ci", scopes: ScopeSet(parsing: "read:ana/app"), days: days,
                    isForAll: false)
            }
            #expect(found == .invalidArgument)
        }
    }

    @Test func `used invitations are remembered, the newest of them`() async throws {
        let test = try await TestForge()
        let user = try await test.user("ana")
        let accounts = try test.forge.accounts
        for number in 0...Limits.invitationsUsedMax {
            let (_, link) = try await accounts.createInvitation(
                by: user, note: "", now: Int64(number))
            _ = try await accounts.signUp(
                Handle("guest\(number)"), email: nil, passwordHash: "", with: link,
                now: Int64(number))
        }
        _ = try await accounts.createInvitation(by: user, note: "open", now: 1_000)
        let used = try await accounts.invitations(of: user, now: 1_000).compactMap(\.usedBy)
        #expect(used.count == Limits.invitationsUsedMax && !used.contains("guest0"))
    }

    @Test func `tries at codes and invitations are bounded, and tickets are`() async throws {
        let test = try await TestForge()
        let user = try await test.user("ana")
        for count in 0...Limits.codeTries.tries {
            let code = await refusal {
                _ = try await test.forge.finishSignIn(
                    ticket: "x", code: "123456", address: "192.0.2.1")
            }
            #expect(code == (count < Limits.codeTries.tries ? .unauthenticated : .rateLimited))
        }
        for count in 0...Limits.invitationTries.tries {
            let code = await refusal {
                _ = try await test.forge.invitation(ofLink: "x", address: "192.0.2.1")
            }
            #expect(code == (count < Limits.invitationTries.tries ? .notFound : .rateLimited))
        }
        let tickets = SignInTickets()
        let first = tickets.make(for: user, now: 0)
        for _ in 1..<Limits.signInTicketsMax { _ = tickets.make(for: user, now: 0) }
        #expect(tickets.spend(first.text, now: 1) == user)
        let last = tickets.make(for: user, now: 1)
        #expect(tickets.spend(first.text, now: 1) == nil)
        #expect(tickets.spend(last.text, now: 1) == user)
    }

    @Test func `organisations of one owner, and members of one, are bounded`() async throws {
        let test = try await TestForge()
        let user = try await test.user("ana")
        let accounts = try test.forge.accounts
        for number in 0...Limits.organisationsOwnedMax {
            let code = await refusal {
                _ = try await accounts.createOrganisation(
                    Handle("club\(number)"), displayName: "", by: user, now: 1)
            }
            #expect(code == (number < Limits.organisationsOwnedMax ? nil : .unprocessable))
        }
        let club = try #require(try await accounts.user(Handle("club0")))
        let handles = try await AccountLimitsTests.make(
            Limits.organisationMembersMax, in: accounts)
        try await accounts.pool.write { database in
            try database.execute(
                sql: """
                    INSERT INTO organisation_members (organisation_id, user_id, role)
                    SELECT ?, id, 'member' FROM users WHERE handle LIKE 'p%' ORDER BY id LIMIT ?
                    """,
                arguments: [club.id, Limits.organisationMembersMax - 1])
        }
        func set(_ handle: String) async -> ForgeError.Code? {
            await refusal {
                _ = try await accounts.setOrganisationMember(
                    Handle(handle), of: club, role: .member, now: 1)
            }
        }
        #expect(await set(handles[Limits.organisationMembersMax - 1]) == .unprocessable)
        #expect(await set(handles[0]) == nil)
    }

    @Test func `members of a project, and names that lead to it, are bounded`() async throws {
        let test = try await TestForge()
        try await test.user("ana")
        let accounts = try test.forge.accounts
        let principal = try await test.principal("ana")
        let record = try await test.forge.createProject(
            ProjectPath("ana/n0"), description: "", isPublic: false, as: principal
        ).project
        let handles = try await AccountLimitsTests.make(
            Limits.projectMembersMax + 1, in: accounts)
        for handle in handles.dropLast() {
            try await accounts.setMember(Handle(handle), of: record, role: .read)
        }
        let last = try #require(handles.last)
        #expect(
            await refusal { try await accounts.setMember(Handle(last), of: record, role: .read) }
                == .unprocessable)
        #expect(
            await refusal {
                try await accounts.setMember(Handle(handles[0]), of: record, role: .write)
            } == nil)

        for number in 0...Limits.formerNamesMax {
            let grant = try await test.forge.access.check(
                principal, Managing.self, on: ProjectPath("ana/n\(number)"))
            _ = try await test.forge.rename(grant, to: ProjectName("n\(number + 1)"))
        }
        func leads(_ name: String) async -> Bool {
            await refusal {
                _ = try await test.forge.access.check(
                    principal, Reading.self, on: ProjectPath("ana/\(name)"))
            } == nil
        }
        #expect(await !leads("n0"))
        #expect(await leads("n1"))
        #expect(await leads("n\(Limits.formerNamesMax + 1)"))
    }

    @Test func `texts of profiles and topics are bounded`() async throws {
        let test = try await TestForge()
        try await test.user("ana")
        let grant = try test.forge.access.checkAccount(try await test.principal("ana"))
        func set(name: Int = 0, bio: Int = 0, link: Int = 0) async -> ForgeError.Code? {
            await refusal {
                let text = { String(repeating: "x", count: $0) }
                let links = link == 0 ? [] : ["https://" + text(link - 8)]
                try await test.forge.changeProfile(
                    grant, name: text(name), email: nil, bio: text(bio), links: links)
            }
        }
        #expect(await set(name: Limits.displayNameLengthMax) == nil)
        #expect(await set(name: Limits.displayNameLengthMax + 1) == .invalidArgument)
        #expect(await set(bio: Limits.bioLengthMax) == nil)
        #expect(await set(bio: Limits.bioLengthMax + 1) == .invalidArgument)
        #expect(await set(link: Limits.profileLinkBytesMax) == nil)
        #expect(await set(link: Limits.profileLinkBytesMax + 1) == .invalidArgument)
        for count in [Limits.profileLinksMax, Limits.profileLinksMax + 1] {
            let code = await refusal {
                try await test.forge.changeProfile(
                    grant, name: nil, email: nil, bio: nil,
                    links: (0..<count).map { "https://example.org/\($0)" })
            }
            #expect(code == (count > Limits.profileLinksMax ? .invalidArgument : nil))
        }
        #expect((try? Topic(String(repeating: "x", count: Limits.topicBytesMax))) != nil)
        #expect((try? Topic(String(repeating: "x", count: Limits.topicBytesMax + 1))) == nil)
    }
}
