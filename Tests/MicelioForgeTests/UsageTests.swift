import HifCore
import HifRemote
import HifRepository
import Testing

@testable import MicelioForge

/// What a node counts for whom.
@Suite struct UsageTests {
    @Test func `requests, landings and bytes are counted for each account and project`()
        async throws
    {
        try await TestServer.with { server in
            let ana = try await server.token("ana")
            let ben = try await server.token("ben")
            let app = try await server.makeProject("ana/app", isPublic: true)
            _ = try await server.makeProject("ana/idle")
            let text = Array("what is landed".utf8)
            try await server.connected(ana) { connection in
                let remote = try server.remote("ana/app", connection)
                let outcome = try await remote.land(
                    LandRequest.writing([("a.txt", String(decoding: text, as: UTF8.self))], seed: 1)
                )
                guard case .landed(let landed) = outcome else {
                    Issue.record("\(outcome)")
                    return
                }
                #expect(landed.position == 1)
            }
            let landed = server.forge.usage.take()
            #expect(landed.map(\.key) == [Usage.Key(account: "ana", projectID: app.storeProjectID)])
            let counts = try #require(landed.first).counts
            #expect(counts.landings == 1 && counts.requests > 0 && counts.received > text.count)
            #expect(counts.sent == 0)

            try await server.connected(ben) { connection in
                let remote = try server.remote("ana/app", connection)
                try await remote.contents([Blake3.hash(text)], at: 1) { _ in }
            }
            let read = server.forge.usage.take()
            #expect(read.map(\.key.account) == ["ben"])
            #expect(read.first?.counts.sent == text.count && read.first?.counts.landings == 0)
            // What was taken is not told again.
            #expect(server.forge.usage.take().isEmpty)
        }
    }

    @Test func `those for whom there is no room are counted together`() {
        let usage = Usage(keysMax: 2)
        for (number, name) in ["ana", "ben", "cleo", "dora", "ana"].enumerated() {
            usage.add(
                Usage.Counts(requests: 1, sent: number), to: .init(account: name, projectID: "p"))
        }
        let told = usage.take()
        #expect(told.map(\.key.account) == ["", "ana", "ben"])
        #expect(told.map(\.counts.requests) == [2, 2, 1])
        #expect(told.map(\.counts.sent) == [5, 4, 1])
    }
}
