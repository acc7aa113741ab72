import HTTPTypes
import Testing

@testable import MicelioForge

/// Changes on condition that things are as the caller has seen them.
@Suite struct IfMatchTests {
    private static let settings = "/api/v1/projects/ana/app/settings"

    private static func with(
        _ body: @escaping @Sendable (TestServer, _ token: String) async throws -> Void
    ) async throws {
        try await TestServer.with { server in
            let token = try await server.token("ana")
            _ = try await server.makeProject("ana/app")
            try await body(server, token)
        }
    }

    @Test func `what somebody else has changed since is not written over`() async throws {
        try await IfMatchTests.with { server, token in
            func change(
                _ text: String, seen: String?
            ) async throws -> (status: Int, headers: HTTPFields, body: String) {
                try await server.call(
                    .patch, IfMatchTests.settings, token: token,
                    json: "{\"description\": \"\(text)\"}",
                    headers: seen.map { [("If-Match", $0)] } ?? [])
            }
            let read = try await server.call(.get, IfMatchTests.settings, token: token)
            let tag = try #require(read.headers[.eTag])
            #expect(try await change("One", seen: tag).status == 200)
            let late = try await change("Two", seen: tag)
            #expect(late.status == 412)
            let problem = try server.object(late.body)
            #expect(problem["code"] as? String == "precondition_failed")
            let next = try #require(problem["next"] as? [String: Any])
            #expect(next["method"] as? String == "GET")
            #expect(next["href"] as? String == IfMatchTests.settings)
            let after = try await server.call(.get, IfMatchTests.settings, token: token)
            #expect(after.body.contains("One") && !after.body.contains("Two"))
            let now = try #require(after.headers[.eTag])
            // A version that is like it is not it.
            #expect(try await change("Three", seen: "W/\(now)").status == 412)
            #expect(try await change("Three", seen: "\"other\", \(now)").status == 200)
            #expect(try await change("Four", seen: "*").status == 200)
            #expect(try await change("Five", seen: nil).status == 200)
        }
    }

    @Test func `of many who have seen the same, one changes it`() async throws {
        try await IfMatchTests.with { server, token in
            let path = "/api/v1/me/profile"
            let tag = try #require(
                try await server.call(.get, path, token: token).headers[.eTag])
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        try await server.call(
                            .patch, path, token: token, json: "{\"bio\": \"Number \(number)\"}",
                            headers: [("If-Match", tag)]
                        ).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [200] + Array(repeating: 412, count: 7))
        }
    }

    @Test
    func `what is no condition, or no change, is said before anything is compared`() async throws {
        try await IfMatchTests.with { server, token in
            func status(_ seen: String, _ json: String) async throws -> Int {
                try await server.call(
                    .patch, IfMatchTests.settings, token: token, json: json,
                    headers: [("If-Match", seen)]
                ).status
            }
            for seen in ["", ",", "\"ä\"", String(repeating: "a", count: 1_001)] {
                let status = try await status(seen, "{}")
                #expect(status == 400, "\(seen)")
            }
            // None of ours, so nothing is done.
            for seen in ["5f1c", "\"5f1c", "w/\"5f1c\"", String(repeating: "a", count: 1_000)] {
                let status = try await status(seen, "{}")
                #expect(status == 412, "\(seen)")
            }
            #expect(try await status("\"5f1c\"", "{\"nothing\": 1}") == 400)
            #expect(try await status("\"5f1c\"", "{}") == 412)
        }
    }

    @Test
    func `where nothing is read there is nothing to compare, and nothing is done`() async throws {
        try await IfMatchTests.with { server, token in
            let path = "/api/v1/projects/ana/app/settings/archive"
            let refused = try await server.call(
                .post, path, token: token, json: "{}", headers: [("If-Match", "*")])
            #expect(refused.status == 412 && refused.body.contains("without it"))
            let settings = try await server.call(.get, IfMatchTests.settings, token: token)
            #expect(settings.body.contains("\"is_archived\":false"))
        }
    }

    @Test func `who may not change a thing learns nothing of it by conditions`() async throws {
        try await IfMatchTests.with { server, _ in
            let ben = try await server.token("ben")
            for tag in ["*", "\"5f1c\""] {
                let refused = try await server.call(
                    .patch, IfMatchTests.settings, token: ben,
                    json: "{\"description\": \"Mine\"}", headers: [("If-Match", tag)])
                #expect(refused.status == 404)
            }
        }
    }

    @Test func `a proxy that compresses an answer still saves sending it again`() async throws {
        try await IfMatchTests.with { server, token in
            let tag = try #require(
                try await server.call(.get, IfMatchTests.settings, token: token).headers[.eTag])
            for (seen, status) in [("W/\(tag)", 304), ("\"a\", \(tag)", 304), ("\(tag)x", 200)] {
                let again = try await server.call(
                    .get, IfMatchTests.settings, token: token,
                    headers: [("If-None-Match", seen)])
                #expect(again.status == status, "\(seen)")
            }
        }
    }

    @Test func `the description says where conditions are heeded`() {
        let heeding = RouteTable.forge.routes.filter { $0.headers.contains(Route.ifMatch) }
        #expect(heeding.map(\.id).sorted() == ["profile.change", "project.change"])
        let waiting = RouteTable.forge.routes.filter { $0.isConditional && $0.surface == .page }
        #expect(Set(waiting.map(\.id)) == ["profile.change", "project.change"])
    }
}
