import HTTPTypes
import HifCore
import Testing

@testable import MicelioForge

/// Asking for a new password, and inviting, by mail.
@Suite struct ForgottenTests {
    /// An account with that address.
    @discardableResult
    private static func user(
        _ handle: String, _ email: String, in accounts: Accounts
    ) async throws -> User {
        try await accounts.createUser(Handle(handle), email: email, now: 1)
    }

    private static func link(_ letter: FakeCarrier.Taken, _ start: String) throws -> String {
        try #require(letter.text.between(start, "\r\n"))
    }

    @Test func `a link goes to the address that the account has, works once, and not for long`()
        async throws
    {
        let carrier = FakeCarrier()
        let test = try await TestForge(mail: carrier)
        let accounts = try test.forge.accounts
        try await ForgottenTests.user("ana", "Ana@example.org", in: accounts)
        try test.forge.askForPassword(email: "ana@EXAMPLE.org", address: "192.0.2.1")
        try test.forge.askForPassword(email: "eve@example.org", address: "192.0.2.1")
        await test.forge.sendAllMail()
        #expect(carrier.letters.map { "\($0.to)" } == ["Ana@example.org"])
        let letter = try #require(carrier.letters.first)
        #expect(letter.mail.contains("\r\nTo: <Ana@example.org>\r\n"))
        let link = try ForgottenTests.link(letter, "http://forge.test/password/")
        #expect(try await accounts.audit(limit: 1).map(\.about) == ["ana"])
        func set() async -> ForgeError.Code? {
            await refusal {
                _ = try await test.forge.useLink(
                    link, handle: "", password: "long enough", repeated: "long enough", address: "")
            }
        }
        for _ in 0..<2 { _ = try await test.forge.purpose(ofLink: link) }
        #expect(await set() == nil)
        #expect(await set() == .notFound)
        test.clock.advance(millis: Limits.passwordResetMillis)
        #expect(await refusal { _ = try await test.forge.purpose(ofLink: link) } == .notFound)
    }

    @Test func `a link that came by mail ends with its time`() async throws {
        let carrier = FakeCarrier()
        let test = try await TestForge(mail: carrier)
        try await ForgottenTests.user("ana", "ana@example.org", in: test.forge.accounts)
        try test.forge.askForPassword(email: "ana@example.org", address: "")
        await test.forge.sendAllMail()
        let link = try ForgottenTests.link(
            try #require(carrier.letters.first), "http://forge.test/password/")
        test.clock.advance(millis: Limits.passwordResetMillis - 1)
        _ = try await test.forge.purpose(ofLink: link)
        test.clock.advance(millis: 1)
        #expect(await refusal { _ = try await test.forge.purpose(ofLink: link) } == .notFound)
    }

    @Test func `every account with the address gets a link, and nobody who cannot sign in`()
        async throws
    {
        let carrier = FakeCarrier()
        let test = try await TestForge(mail: carrier)
        let accounts = try test.forge.accounts
        for (handle, email) in [
            ("ana", "ana@example.org"), ("ana2", "ana@example.org"), ("ana3", "ANA@example.org"),
            ("gone", "ana@example.org"), ("other", "ana@example.org.test"),
        ] { try await ForgottenTests.user(handle, email, in: accounts) }
        try await accounts.setDisabled(Handle("gone"), true, now: 1)
        try test.forge.askForPassword(email: "ana@example.org", address: "")
        await test.forge.sendAllMail()
        // Addresses that differ in case may be two people's.
        let letters = carrier.letters.sorted { "\($0.to)" < "\($1.to)" }
        #expect(letters.map { "\($0.to)" } == ["ANA@example.org", "ana@example.org"])
        func named(_ letter: FakeCarrier.Taken) -> [String] {
            letter.text.split(separator: "account ").dropFirst().map {
                String($0.prefix { $0 != ":" })
            }
        }
        #expect(letters.map(named) == [["ana3"], ["ana", "ana2"]])
    }

    @Test func `of many accounts with one address the oldest get links, so many`() async throws {
        let carrier = FakeCarrier()
        let test = try await TestForge(mail: carrier)
        for number in 0...Limits.mailAccountsMax {
            try await ForgottenTests.user("p\(number)", "p@b", in: test.forge.accounts)
        }
        try test.forge.askForPassword(email: "p@b", address: "")
        await test.forge.sendAllMail()
        let text = try #require(carrier.letters.first).text
        #expect(
            text.contains("account p0:") && text.contains("account p\(Limits.mailAccountsMax - 1):")
        )
        #expect(!text.contains("account p\(Limits.mailAccountsMax):"))
    }

    @Test func `an address gets one letter in a while, and a network asks so often`() async throws {
        let carrier = FakeCarrier()
        let test = try await TestForge(mail: carrier)
        try await ForgottenTests.user("ana", "ana@example.org", in: test.forge.accounts)
        func ask(_ address: String) async -> ForgeError.Code? {
            await refusal {
                try test.forge.askForPassword(email: "ana@example.org", address: address)
            }
        }
        for count in 0...Limits.forgottenTries.tries {
            let code = await ask("192.0.2.\(count)")
            #expect(code == (count < Limits.forgottenTries.tries ? nil : .rateLimited))
        }
        #expect(await ask("198.51.100.1") == nil)
        await test.forge.sendAllMail()
        #expect(carrier.letters.count == 1)
    }

    @Test func `a page asks for an address, and answers the same whatever there is`() async throws {
        let carrier = FakeCarrier()
        let way = MailWay(carrier, from: try MailAddress("forge@forge.test"))
        try await TestServer.with({ $0.mail = way }) { server in
            try await ForgottenTests.user("ana", "ana@example.org", in: server.forge.accounts)
            let browser = TestBrowser(server)
            #expect(try await browser.get("/signin").body.contains("href=\"/forgot\""))
            #expect(try await browser.get("/forgot").body.contains("name=\"email\""))
            let known = try await browser.submit("/forgot", [("email", "ana@example.org")])
            let unknown = try await browser.submit("/forgot", [("email", "eve@example.org")])
            #expect(known.status == 200 && unknown.status == 200)
            #expect(known.body.replacing("ana@", with: "eve@") == unknown.body)
            let token = try await server.token("ben")
            for (json, status) in [
                (#"{"email": "ana@example.org"}"#, 200), (#"{"email": "eve@example.org"}"#, 200),
                (#"{"email": ["ana@example.org", "eve@example.org"]}"#, 400),
                (#"{"email": "ana@example.org", "to": "eve@example.org"}"#, 400),
                (#"{"email": "ana@example.org\r\nBcc: eve@example.org"}"#, 400),
                (#"{"email": ""}"#, 400), ("{}", 400),
            ] {
                for token in [nil, token] {
                    let answer = try await server.call(
                        .post, "/api/v1/forgot", token: token, json: json)
                    #expect(answer.status == status, "\(json)")
                }
            }
            for form in [
                [("email[]", "ana@example.org")],
                [("email", "ana@example.org"), ("email", "eve@example.org")],
                [("email", "ana@example.org\r\nBcc: eve@example.org")], [("email", "<i>@x")], [],
            ] {
                let answer = try await browser.submit("/forgot", form)
                #expect(answer.status == 400 && !answer.body.contains("<i>"), "\(form)")
            }
            let invited = try await server.call(
                .post, "/api/v1/me/invitations", token: token,
                json: #"{"email": "cleo@example.org", "note": "from school"}"#)
            #expect(invited.status == 201)
            let url = try #require(try server.object(invited.body)["url"] as? String)
            // The server sends them by itself.
            func hasCome(_ to: String) -> Bool { carrier.letters.contains { "\($0.to)" == to } }
            for _ in 0..<1_000_000 where !hasCome("cleo@example.org") || !hasCome("ana@example.org")
            {
                await Task.yield()
            }
            let letters = carrier.letters
            #expect(letters.count(where: { "\($0.to)" == "ana@example.org" }) == 1)
            let invitation = try #require(letters.first { "\($0.to)" == "cleo@example.org" })
            #expect(invitation.text.contains("\r\n\(url)\r\n"))
            #expect(!invitation.mail.contains("school"))
            #expect(!letters.contains { "\($0.to)" == "eve@example.org" })
        }
    }

    @Test func `a forge that sends no mail says whom to ask`() async throws {
        try await TestServer.with { server in
            let page = try await TestBrowser(server).get("/forgot")
            #expect(page.body.contains("micelio admin user reset-link"))
            #expect(!page.body.contains("name=\"email\""))
            let token = try await server.token("ana")
            for path in ["/api/v1/forgot", "/api/v1/me/invitations"] {
                let answer = try await server.call(
                    .post, path, token: token, json: #"{"email": "ben@example.org"}"#)
                #expect(answer.status == 422 && answer.body.contains("sends no mail"))
            }
            let list = try await server.call(.get, "/api/v1/me/invitations", token: token)
            #expect(try (server.object(list.body)["items"] as? [Any])?.isEmpty == true)
        }
    }

    @Test func `an account has so many invitations mailed, and one address not twice`()
        async throws
    {
        let test = try await TestForge(mail: FakeCarrier())
        let accounts = try test.forge.accounts
        try await test.user("ana")
        let grant = try test.forge.access.checkAccount(try await test.principal("ana"))
        func invite(_ email: String) async throws -> ForgeError.Code? {
            let code = await refusal {
                let made = try await test.forge.invite(grant, note: "", email: email).invitation
                _ = try await accounts.endInvitation(made.id, of: grant.user, now: test.clock.now)
            }
            // One that was not sent is not open.
            #expect(try await accounts.invitations(of: grant.user, now: test.clock.now).isEmpty)
            return code
        }
        #expect(try await invite("nobody") == .invalidArgument)
        #expect(try await invite("p0@b") == nil)
        #expect(try await invite("P0@b") == .unprocessable)
        for number in 2...Limits.invitationMails.tries {
            let code = try await invite("p\(number)@b")
            #expect(code == (number < Limits.invitationMails.tries ? nil : .rateLimited))
        }
        #expect(try await invite("") == nil)
    }
}
