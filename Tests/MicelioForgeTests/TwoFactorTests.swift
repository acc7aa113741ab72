import HTTPTypes
import HifCore
import Testing

@testable import MicelioForge

/// Codes of authenticator apps: the algorithm, and signing in with them.
@Suite struct TwoFactorTests {
    @Test func `codes are those of RFC 6238`() {
        let secret = Array("12345678901234567890".utf8)
        for (seconds, code) in [
            (59, "94287082"), (1_111_111_109, "07081804"), (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"), (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] as [(Int64, String)] {
            let step = TimeCode.step(at: seconds * 1000)
            #expect(TimeCode.code(of: secret, step: step, digits: 8) == code)
            #expect(TimeCode.code(of: secret, step: step) == String(code.suffix(6)))
        }
    }

    @Test func `secrets are shown as RFC 4648 says`() {
        for (text, encoded) in [
            ("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"), ("foobar", "MZXW6YTBOI"),
        ] {
            #expect(Base32.encode(Array(text.utf8)) == encoded)
            #expect(Base32.decode(encoded) == Array(text.utf8))
        }
        for damaged in ["mz", "M=", "M0", "M1", "é"] { #expect(Base32.decode(damaged) == nil) }
    }

    @Test func `a code fits its half minute and the two beside it, once`() {
        let secret = TimeCode.newSecret()
        let now: Int64 = 1_700_000_000_000
        let here = TimeCode.step(at: now)
        for distance in Int64(-2)...2 {
            let code = TimeCode.code(of: secret, step: here + distance)
            let step = TimeCode.match(code, of: secret, now: now, after: 0)
            #expect(step == ((-1...1).contains(distance) ? here + distance : nil))
        }
        let code = TimeCode.code(of: secret, step: here)
        #expect(
            TimeCode.match("\(code.prefix(3)) \(code.suffix(3))", of: secret, now: now, after: 0)
                == here)
        #expect(TimeCode.match(code, of: secret, now: now, after: here) == nil)
        for wrong in ["", "x", "12345", code + "0", String(code.dropFirst())] {
            #expect(TimeCode.match(wrong, of: secret, now: now, after: 0) == nil)
        }
    }

    /// Turns it on as a person does; answers the secret and the recovery codes.
    private static func turnOn(
        _ browser: TestBrowser, _ clock: TestClock
    ) async throws -> (secret: [UInt8], codes: [String]) {
        let page = try await browser.get("/settings/two-factor").body
        let text = try #require(page.between("name=\"secret\" value=\"", "\""))
        let secret = try #require(Base32.decode(text))
        let wrong = try await browser.submit(
            "/settings/two-factor", [("secret", text), ("code", "000000x")])
        // The app was given the secret: the page that comes again has the same one.
        #expect(wrong.status == 401 && wrong.body.contains("value=\"\(text)\""))
        let code = TimeCode.code(of: secret, step: TimeCode.step(at: clock.now))
        let on = try await browser.submit(
            "/settings/two-factor", [("secret", text), ("code", code)])
        let codes = try #require(on.body.between("aria-label=\"Recovery codes\">", "</pre>"))
            .split(separator: "\n").map(String.init)
        #expect(on.status == 200 && Set(codes).count == RecoveryCode.count)
        return (secret, codes)
    }

    private static func begin(_ browser: TestBrowser) async throws -> String {
        let page = try await browser.submit(
            "/signin",
            [("handle", "ana"), ("password", TestServer.password), ("to", "/settings")])
        #expect(page.status == 200 && page.headers[.setCookie] == nil)
        return try #require(page.body.between("name=\"ticket\" value=\"", "\""))
    }

    private static func finish(
        _ browser: TestBrowser, _ ticket: String, _ code: String
    ) async throws -> Int {
        let page = try await browser.submit(
            "/signin/code", [("ticket", ticket), ("code", code), ("to", "/settings")])
        #expect((page.status == 303) == (page.headers[.setCookie] != nil))
        return page.status
    }

    @Test func `signing in needs a code that was not used, and a recovery code stands in for it`()
        async throws
    {
        let clock = TestClock()
        try await TestServer.with(now: { clock.now }) { server in
            try await server.account("ana")
            let (secret, codes) = try await TwoFactorTests.turnOn(server.browser("ana"), clock)
            func code() -> String {
                TimeCode.code(of: secret, step: TimeCode.step(at: clock.now))
            }
            let browser = TestBrowser(server)
            let first = try await TwoFactorTests.begin(browser)
            // The code that turned it on was used with that.
            #expect(try await TwoFactorTests.finish(browser, first, code()) == 401)
            #expect(try await TwoFactorTests.finish(browser, first, "000000x") == 401)
            clock.advance(millis: 30_000)
            let used = code()
            #expect(try await TwoFactorTests.finish(browser, first, used) == 303)
            #expect(try await browser.get("/settings").status == 200)
            // A ticket is good for one sign-in, as its code is.
            #expect(try await TwoFactorTests.finish(browser, first, used) == 401)

            let other = TestBrowser(server)
            let second = try await TwoFactorTests.begin(other)
            #expect(try await TwoFactorTests.finish(other, second, used) == 401)
            #expect(
                try await TwoFactorTests.finish(other, second, codes[3].uppercased()) == 303)
            let third = try await TwoFactorTests.begin(other)
            #expect(try await TwoFactorTests.finish(other, third, codes[3]) == 401)
            #expect(try await other.get("/settings/two-factor").body.contains("9 left"))
            let acts = try await server.forge.accounts.audit(limit: 10).map(\.act)
            #expect(acts.contains("used a recovery code of"))
        }
    }

    @Test func `a ticket ends with its time and its tries`() async throws {
        let clock = TestClock()
        try await TestServer.with(now: { clock.now }) { server in
            try await server.account("ana")
            let (secret, _) = try await TwoFactorTests.turnOn(server.browser("ana"), clock)
            clock.advance(millis: 60_000)
            func code() -> String {
                TimeCode.code(of: secret, step: TimeCode.step(at: clock.now))
            }
            let browser = TestBrowser(server)
            let tried = try await TwoFactorTests.begin(browser)
            for _ in 0..<Limits.signInTicketTries {
                #expect(try await TwoFactorTests.finish(browser, tried, "wrong") == 401)
            }
            #expect(try await TwoFactorTests.finish(browser, tried, code()) == 401)
            let old = try await TwoFactorTests.begin(browser)
            clock.advance(millis: Limits.signInTicketMillis)
            #expect(try await TwoFactorTests.finish(browser, old, code()) == 401)
            for text in ["", "x", TokenText(.ticket).text, TokenText(.browser).text] {
                #expect(try await TwoFactorTests.finish(browser, text, code()) == 401)
            }
            let good = try await TwoFactorTests.begin(browser)
            #expect(try await TwoFactorTests.finish(browser, good, code()) == 303)
        }
    }

    @Test func `approving a device needs the code, too`() async throws {
        let clock = TestClock()
        try await TestServer.with(now: { clock.now }) { server in
            try await server.account("ana")
            let (secret, _) = try await TwoFactorTests.turnOn(server.browser("ana"), clock)
            clock.advance(millis: 30_000)
            let start = try await server.forge.startDevice(
                clientName: "hif", deviceName: "laptop", address: "192.0.2.1")
            let user = start.request.userCode.description
            let browser = TestBrowser(server)
            let page = try await browser.submit(
                "/device/decision",
                [
                    ("user_code", user), ("handle", "ana"), ("password", TestServer.password),
                    ("decision", "approve"),
                ])
            let ticket = try #require(page.body.between("name=\"ticket\" value=\"", "\""))
            #expect(page.body.contains(user))
            guard case .pending = try await server.forge.pollDevice(start.deviceCode.text) else {
                Issue.record("the device was approved with the password alone")
                return
            }
            func decide(_ code: String) async throws -> Int {
                try await browser.submit(
                    "/device/decision",
                    [("user_code", user), ("ticket", ticket), ("code", code), ("decision", "code")]
                ).status
            }
            #expect(try await decide("123") == 401)
            let code = TimeCode.code(of: secret, step: TimeCode.step(at: clock.now))
            #expect(try await decide(code) == 200)
            clock.advance(millis: 10_000)
            guard case .approved = try await server.forge.pollDevice(start.deviceCode.text) else {
                Issue.record("the device was not approved")
                return
            }
        }
    }

    @Test func `turning it off and making codes need the password, after a while`() async throws {
        let clock = TestClock()
        try await TestServer.with(now: { clock.now }) { server in
            try await server.account("ana")
            let ana = try await server.browser("ana")
            let (_, codes) = try await TwoFactorTests.turnOn(ana, clock)
            let again = try await ana.submit("/settings/two-factor/codes")
            let fresh = try #require(again.body.between("aria-label=\"Recovery codes\">", "</pre>"))
            #expect(codes.allSatisfy { !fresh.contains($0) })
            clock.advance(millis: Limits.confirmedMillis)
            for action in ["codes", "off"] {
                let path = "/settings/two-factor/\(action)"
                #expect(try await ana.submit(path).status == 403)
                #expect(try await ana.submit(path, [("password", "wrong horse")]).status == 401)
            }
            let user = try #require(try await server.forge.accounts.user(Handle("ana")))
            #expect(try await server.forge.accounts.hasSecondFactor(user))
            // Old recovery codes ended when new ones were made.
            let browser = TestBrowser(server)
            let ticket = try await TwoFactorTests.begin(browser)
            #expect(try await TwoFactorTests.finish(browser, ticket, codes[0]) == 401)
            let off = try await ana.submit(
                "/settings/two-factor/off", [("password", TestServer.password)])
            #expect(off.status == 200 && off.body.contains("is off"))
            #expect(try await server.browser("ana").get("/settings").status == 200)
        }
    }

    @Test func `whoever runs the forge turns it off for somebody locked out`() async throws {
        let test = try await TestForge()
        let user = try await test.user("ana")
        let accounts = try test.forge.accounts
        #expect(
            await refusal { try await accounts.removeSecondFactor(of: user.handle, now: 1) }
                == .notFound)
        try await accounts.setSecondFactor(
            of: user, secret: TimeCode.newSecret(), step: 1, recoveryHashes: [], now: 1)
        try await accounts.removeSecondFactor(of: user.handle, now: 1)
        #expect(try await !accounts.hasSecondFactor(user))
        #expect(try await accounts.audit(limit: 1).first?.actor.means == "command line")
    }
}
