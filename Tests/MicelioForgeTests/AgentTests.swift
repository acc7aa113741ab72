import HTTPTypes
import HifCore
import Testing

@testable import MicelioForge

/// Agents with tokens of their own, each of somebody.
@Suite struct AgentTests {
    @Test func `what an agent does is signed with its name, whatever it says itself`() async throws
    {
        try await TestServer.with { server in
            try await server.account("ana")
            _ = try await server.makeProject("ana/app")
            let ana = try await server.browser("ana")
            let page = try await ana.submit(
                "/settings/tokens",
                [
                    ("agent", "fern"), ("read", "true"), ("write", "true"),
                    ("projects", "ana/app"), ("days", "7"),
                ])
            let token = "mic_agt_" + (try #require(page.body.between("value=\"mic_agt_", "\"")))
            let base = "/api/v1/projects/ana/app/sessions"
            for agent in ["", "somebody-else"] {
                let started = try await server.call(
                    .post, base, token: token, json: "{\"goal\": \"x\", \"agent\": \"\(agent)\"}")
                let id = try #require(try server.object(started.body)["session"] as? String)
                let shown = try server.object(
                    try await server.call(.get, "\(base)/\(id)", token: token).body)
                let author = try #require(shown["author"] as? [String: Any])
                #expect(author["account"] as? String == "ana")
                #expect(author["agent"] as? String == "fern")
            }
            let list = try await ana.get("/settings/tokens")
            #expect(list.body.contains("fern") && list.body.contains(">agent</span>"))
            // It does nothing to the account, and ends with its owner's word.
            #expect(try await server.call(.get, "/api/v1/me/tokens", token: token).status == 403)
            let items = try server.object(try await ana.get("/settings/tokens.json").body)
            let number = try #require(
                (items["items"] as? [[String: Any]])?.first?["number"] as? Int)
            _ = try await ana.submit("/settings/tokens/\(number)/revoke")
            #expect(try await server.call(.get, base, token: token).status == 401)
        }
    }

    @Test func `an agent has a name like an account's, and no scope for the account`() async throws
    {
        let test = try await TestForge()
        try await test.user("ana")
        let grant = try test.forge.access.checkAccount(try await test.principal("ana"))
        for (agent, scopes) in [
            ("Fern", "read:ana/app"), ("fern fern", "read:ana/app"), ("admin", "read:ana/app"),
            ("fern", "read:ana/app account:*"),
        ] {
            #expect(
                await refusal {
                    _ = try await test.forge.makeToken(
                        grant, name: "", agent: agent, scopes: ScopeSet(parsing: scopes), days: 1,
                        isForAll: true)
                } == .invalidArgument, "\(agent) \(scopes)")
        }
        let token = try await test.forge.makeToken(
            grant, name: "", agent: "fern", scopes: ScopeSet(parsing: "read:ana/app"), days: 1,
            isForAll: false)
        #expect(token.kind == .agent)
        try await test.forge.accounts.setDisabled(Handle("ana"), true, now: test.clock.now)
        #expect(
            await refusal {
                _ = try await test.forge.accounts.resolve(token, now: test.clock.now)
            } == .accountDisabled)
    }
}
