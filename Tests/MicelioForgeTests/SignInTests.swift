import HTTPTypes
import HifCore
import Testing

@testable import MicelioForge

/// Browsers signing in and out.
@Suite struct SignInTests {
    private static func cookie(in headers: HTTPFields) -> String? {
        let value = headers[.setCookie]
        return value.map { String($0.prefix { $0 != ";" }) }
    }

    private static func account(_ server: TestServer, _ handle: String) async throws {
        let forge = server.forge
        _ = try await forge.accounts.createUser(Handle(handle), now: forge.now())
        let link = try await forge.accounts.makePasswordLink(for: Handle(handle), now: forge.now())
        _ = try await forge.accounts.setPassword(
            with: link, passwordHash: PasswordHash.make("correct horse"), now: forge.now())
    }

    private static func signIn(
        _ server: TestServer, password: String = "correct horse", cookie: String = ""
    ) async throws -> (status: Int, headers: HTTPFields, body: String) {
        try await server.http(
            .post, "/signin",
            form: [("handle", "ana"), ("password", password), ("to", "/settings")],
            headers: [("Sec-Fetch-Site", "same-origin")]
                + (cookie.isEmpty ? [] : [("Cookie", cookie)]))
    }

    @Test func `a browser signs in with a cookie that scripts and other sites do not get`()
        async throws
    {
        try await TestServer.with { server in
            try await SignInTests.account(server, "ana")
            let wrong = try await SignInTests.signIn(server, password: "nope nope nope")
            #expect(wrong.status == 401 && wrong.headers[.setCookie] == nil)
            #expect(wrong.body.contains("do not fit"))
            let answer = try await SignInTests.signIn(server)
            #expect(answer.status == 303 && answer.headers[.location] == "/settings")
            let set = try #require(answer.headers[.setCookie])
            #expect(
                set.contains("HttpOnly") && set.contains("SameSite=Lax") && set.contains("Path=/"))
            #expect(!set.contains("Secure"))
            let cookie = try #require(SignInTests.cookie(in: answer.headers))
            let page = try await server.http(
                .get, "/settings/devices", headers: [("Cookie", cookie)])
            #expect(page.status == 200 && page.body.contains("Sign out everywhere"))
            #expect(try await server.http(.get, "/settings").status == 401)
        }
    }

    @Test func `over TLS the cookie is bound to the host`() async throws {
        try await TestServer.with({ $0.publicURL = "https://forge.example.org" }) { server in
            try await SignInTests.account(server, "ana")
            let set = try #require(try await SignInTests.signIn(server).headers[.setCookie])
            #expect(set.hasPrefix("__Host-micelio=") && set.contains("Secure"))
            #expect(
                try await server.http(.get, "/signin").headers[.strictTransportSecurity] != nil)
        }
    }

    @Test func `each sign-in makes a new cookie and ends the one presented`() async throws {
        try await TestServer.with { server in
            try await SignInTests.account(server, "ana")
            let first = try #require(
                SignInTests.cookie(in: try await SignInTests.signIn(server).headers))
            let second = try #require(
                SignInTests.cookie(
                    in: try await SignInTests.signIn(server, cookie: first).headers))
            #expect(first != second)
            #expect(
                try await server.http(.get, "/settings", headers: [("Cookie", first)]).status == 401
            )
            #expect(
                try await server.http(.get, "/settings", headers: [("Cookie", second)]).status
                    == 200)
        }
    }

    @Test func `signing out ends this browser, and everywhere ends all`() async throws {
        try await TestServer.with { server in
            try await SignInTests.account(server, "ana")
            var cookies: [String] = []
            for _ in 0..<3 {
                cookies.append(
                    try #require(
                        SignInTests.cookie(in: try await SignInTests.signIn(server).headers)))
            }
            func status(_ cookie: String) async throws -> Int {
                try await server.http(.get, "/settings", headers: [("Cookie", cookie)]).status
            }
            func post(_ path: String, _ cookie: String) async throws -> Int {
                try await server.http(
                    .post, path, form: [],
                    headers: [("Cookie", cookie), ("Sec-Fetch-Site", "same-origin")]
                ).status
            }
            // Of another site, the cookie does nothing.
            let foreign = try await server.http(
                .post, "/signout", form: [],
                headers: [("Cookie", cookies[0]), ("Sec-Fetch-Site", "cross-site")])
            #expect(foreign.status == 403)
            #expect(try await status(cookies[0]) == 200)
            #expect(try await post("/signout", cookies[0]) == 303)
            #expect(try await status(cookies[0]) == 401)
            #expect(try await status(cookies[1]) == 200)
            #expect(try await post("/signout/everywhere", cookies[1]) == 303)
            #expect(try await status(cookies[1]) == 401)
            #expect(try await status(cookies[2]) == 401)
        }
    }

    @Test func `a cookie ends when it is not used, and after its time in any case`() async throws {
        let test = try await TestForge()
        let user = try await test.user("ana")
        let day: Int64 = 86_400_000
        let idle = try await test.forge.accounts.beginBrowser(
            user, replacing: nil, browser: "a", address: "", now: test.clock.now)
        let used = try await test.forge.accounts.beginBrowser(
            user, replacing: nil, browser: "b", address: "", now: test.clock.now)
        func opens(_ token: TokenText) async throws -> Bool {
            try await test.forge.authenticator.authenticate(
                authorization: [], cookie: token.text
            ).user != nil
        }
        for _ in 0..<8 {
            test.clock.advance(millis: 10 * day)
            #expect(try await opens(used))
        }
        #expect(try await !opens(idle))
        test.clock.advance(millis: 10 * day)
        #expect(try await !opens(used))
    }

    @Test func `a cookie opens pages only, and no other secret opens them as one`() async throws {
        let test = try await TestForge()
        let user = try await test.user("ana")
        let token = try await test.forge.accounts.beginBrowser(
            user, replacing: nil, browser: "", address: "", now: test.clock.now)
        let authenticator = test.forge.authenticator
        #expect(
            await refusal {
                _ = try await authenticator.authenticate(authorization: ["Bearer \(token.text)"])
            } == .tokenMalformed)
        let personal = try await test.token(of: "ana")
        for text in [personal.text, "x", "", TokenText(.browser).text] {
            let principal = try await authenticator.authenticate(authorization: [], cookie: text)
            #expect(principal.user == nil)
        }
        try await test.forge.accounts.setDisabled(Handle("ana"), true, now: test.clock.now)
        #expect(
            try await authenticator.authenticate(authorization: [], cookie: token.text).user == nil)
    }

    @Test func `one account has so many browsers, and the one unused longest goes`() async throws {
        let test = try await TestForge()
        let user = try await test.user("ana")
        for number in 0...Limits.browsersMax {
            test.clock.advance(millis: 1)
            _ = try await test.forge.accounts.beginBrowser(
                user, replacing: nil, browser: "\(number)", address: "", now: test.clock.now)
        }
        let browsers = try await test.forge.accounts.browsers(of: user)
        #expect(browsers.count == Limits.browsersMax)
        #expect(browsers.last?.browser == "1")
    }
}
