import GRDB
import Testing

@testable import MicelioForge

@Suite struct RefreshTests {
    private func login(_ test: TestForge) async throws -> TokenPair {
        let user = try await test.user("ana")
        return try await test.forge.accounts.pool.write { database in
            try Accounts.beginLogin(
                user, clientName: "hif", deviceName: "laptop", address: "", now: test.clock.now,
                in: database)
        }
    }

    @Test func `each use gives a new pair`() async throws {
        let test = try await TestForge()
        let accounts = try test.forge.accounts
        var pair = try await login(test)
        for _ in 0..<4 {
            test.clock.advance(millis: 60_000)
            let next = try await accounts.refresh(pair.refresh, now: test.clock.now)
            #expect(next.refresh != pair.refresh && next.access != pair.access)
            #expect(next.accessExpiresMillis == test.clock.now + Limits.accessTokenMillis)
            _ = try await accounts.resolve(next.access, now: test.clock.now)
            pair = next
        }
    }

    @Test func `a lost answer can be asked for again`() async throws {
        let test = try await TestForge()
        let accounts = try test.forge.accounts
        let pair = try await login(test)
        let lost = try await accounts.refresh(pair.refresh, now: test.clock.now)
        test.clock.advance(millis: 3_600_000)
        let again = try await accounts.refresh(pair.refresh, now: test.clock.now)
        #expect(again.refresh == lost.refresh)
        #expect(again.refreshExpiresMillis == lost.refreshExpiresMillis)
        _ = try await accounts.resolve(again.access, now: test.clock.now)
        // And the login goes on from there.
        _ = try await accounts.refresh(again.refresh, now: test.clock.now)
    }

    @Test func `a reuse after the successor was used ends the login`() async throws {
        let test = try await TestForge()
        let accounts = try test.forge.accounts
        let first = try await login(test)
        let second = try await accounts.refresh(first.refresh, now: test.clock.now)
        let third = try await accounts.refresh(second.refresh, now: test.clock.now)
        let reuse = await refusal {
            _ = try await accounts.refresh(first.refresh, now: test.clock.now)
        }
        #expect(reuse == .tokenReused)
        for token in [first.refresh, second.refresh, third.refresh] {
            let code = await refusal { _ = try await accounts.refresh(token, now: test.clock.now) }
            #expect(code == .tokenRevoked)
        }
        for token in [first.access, second.access, third.access] {
            let code = await refusal { _ = try await accounts.resolve(token, now: test.clock.now) }
            #expect(code == .tokenRevoked)
        }
    }

    @Test func `an idle login expires, an active one does not`() async throws {
        let test = try await TestForge()
        let accounts = try test.forge.accounts
        var pair = try await login(test)
        for _ in 0..<3 {
            test.clock.advance(millis: Limits.refreshTokenIdleMillis - 1)
            pair = try await accounts.refresh(pair.refresh, now: test.clock.now)
        }
        test.clock.advance(millis: Limits.refreshTokenIdleMillis)
        let code = await refusal {
            _ = try await accounts.refresh(pair.refresh, now: test.clock.now)
        }
        #expect(code == .tokenExpired)
    }

    @Test func `two at once get the same successor`() async throws {
        let test = try await TestForge()
        let accounts = try test.forge.accounts
        let pair = try await login(test)
        let now = test.clock.now
        async let left = accounts.refresh(pair.refresh, now: now)
        async let right = accounts.refresh(pair.refresh, now: now)
        #expect(try await left.refresh == right.refresh)
    }

    @Test func `other tokens do not refresh, and unknown ones neither`() async throws {
        let test = try await TestForge()
        let accounts = try test.forge.accounts
        let pair = try await login(test)
        let personal = try await test.token(of: "ana")
        for (token, wanted): (TokenText, ForgeError.Code) in [
            (pair.access, .tokenMalformed), (personal, .tokenMalformed),
            (TokenText(.refresh), .tokenUnknown),
        ] {
            let code = await refusal { _ = try await accounts.refresh(token, now: 0) }
            #expect(code == wanted)
        }
    }

    @Test func `revoking one token of a login ends it all, and leaves others alone`() async throws {
        let test = try await TestForge()
        let accounts = try test.forge.accounts
        let pair = try await login(test)
        let personal = try await test.token(of: "ana")
        try await test.forge.revoke(pair.access.text)
        #expect(
            await refusal { _ = try await accounts.refresh(pair.refresh, now: test.clock.now) }
                == .tokenRevoked)
        _ = try await accounts.resolve(personal, now: test.clock.now)
        // Revoking what is unknown or no token at all is no error.
        try await test.forge.revoke(TokenText(.access).text)
        try await test.forge.revoke("rubbish")
    }

    @Test func `the table does not grow with the age of a login`() async throws {
        let test = try await TestForge()
        var pair = try await login(test)
        for _ in 0..<40 {
            test.clock.advance(millis: 3 * 86_400_000)
            pair = try await test.forge.accounts.refresh(pair.refresh, now: test.clock.now)
        }
        #expect(try await test.forge.accounts.tokens(of: nil).count < 16)
    }
}
