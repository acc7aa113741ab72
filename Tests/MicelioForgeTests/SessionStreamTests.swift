import Foundation
import HTTPTypes
import HifCore
import HifRepository
import HifStore
import HummingbirdTesting
import NIOCore
import Testing

@testable import MicelioForge

/// A session's events as a stream.
@Suite struct SessionStreamTests {
    private static let base = "/api/v1/projects/ana/app/sessions"

    private struct Watched: Sendable {
        let server: TestServer
        let token: String
        let session: String

        var events: String { "\(base)/\(session)/events" }

        @discardableResult
        func post(_ word: String, _ value: [String: Any]) async throws -> Int {
            let answer = try await server.call(
                .post, "\(base)/\(session)/\(word)", token: token, json: server.text(value))
            return answer.status
        }

        /// The whole stream, once it has ended.
        func stream(
            _ path: String, headers: [(String, String)] = [], token: String? = nil
        ) async throws -> (status: Int, type: String?, told: [Told]) {
            // A machine that is busy is given time: what is slow here is everything else.
            let client = TestClient(
                host: "127.0.0.1", port: server.httpPort,
                configuration: .init(timeout: .seconds(300)))
            client.connect()
            var fields: HTTPFields = [.accept: "text/event-stream"]
            if let token { fields[.authorization] = "Bearer \(token)" }
            for (name, value) in headers { fields[HTTPField.Name(name)!] = value }
            let answer = try await client.execute(
                TestClient.Request(path, method: .get, headers: fields, body: nil))
            try await client.shutdown()
            return (
                answer.status.code, answer.headers[.contentType],
                Told.all(answer.body.map { String(buffer: $0) } ?? "")
            )
        }

        /// Returns when so many watch.
        func whenWatched(by count: Int) async throws {
            while server.forge.repositories.feed.count != count {
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    private struct Told {
        var id: String?
        var event: String?
        var data = ""

        /// As section 9.2.6 of WHATWG HTML reads a stream.
        static func all(_ body: String) -> [Told] {
            body.components(separatedBy: "\n\n").compactMap { block in
                var told = Told()
                for line in block.split(separator: "\n") {
                    let parts = line.split(separator: ":", maxSplits: 1)
                    let value = parts.count == 2 ? String(parts[1].dropFirst()) : ""
                    switch parts.first {
                    case "id": told.id = value
                    case "event": told.event = value
                    case "data": told.data += value
                    default: break
                    }
                }
                return told.data.isEmpty ? nil : told
            }
        }
    }

    private static func with(
        _ body: @escaping @Sendable (Watched) async throws -> Void
    ) async throws {
        try await TestServer.with { server in
            let token = try await server.token("ana")
            _ = try await server.makeProject("ana/app", isPublic: true)
            let start = try await server.call(
                .post, base, token: token, json: "{\"goal\": \"Work\"}")
            let session = try #require(try server.object(start.body)["session"] as? String)
            try await body(Watched(server: server, token: token, session: session))
        }
    }

    @Test func `a stream tells what there is, what comes, and the end`() async throws {
        try await SessionStreamTests.with { watched in
            try await watched.post("notes", ["text": "before"])
            async let stream = watched.stream(watched.events)
            async let page = watched.stream("/ana/app/sessions/\(watched.session)/events?from=2")
            try await watched.whenWatched(by: 2)
            try await watched.post("decisions", ["decision": "<b>D</b>", "why": "w"])
            try await watched.post("comments", ["text": "c", "on": "m1"])
            try await watched.post("verdicts", ["on": "d1", "verdict": "approve"])
            try await watched.post("files", ["files": [["path": "a", "content": "x\n"]]])
            try await watched.post("comments", ["text": "c", "path": "a", "line": 1])
            #expect(try await watched.post("land", [:]) == 200)
            let (status, type, told) = try await stream
            #expect(status == 200 && type == "text/event-stream")
            #expect(told.map(\.id) == ["0", "1", "2", "3", "4", "5", "6", nil])
            let kinds = try told.dropLast().map {
                try watched.server.object($0.data)["kind"] as? String
            }
            #expect(
                kinds == [
                    "started", "message", "decision", "comment", "verdict", "draft", "comment",
                ])
            #expect(told.last?.event == "closed")
            let end = try watched.server.object(told.last?.data ?? "")
            #expect(end["status"] as? String == "landed" && end["position"] as? Int == 1)

            let parts = try (try await page).told.dropLast().map {
                try watched.server.object($0.data)
            }
            let ids = parts.map { ($0["parts"] as? [[String: Any]])?.map { $0["id"] as? String } }
            #expect(
                ids == [
                    ["d1"], ["m1-said"], ["d1-standing", "d1-said"], [], ["t/f/a:L1"],
                ])
            let html = (parts[0]["parts"] as? [[String: Any]])?.first?["html"] as? String ?? ""
            #expect(html.contains("&lt;b&gt;D&lt;/b&gt;") && html.contains("id=\"d1\""))
            #expect(parts[3]["notice"] as? String != nil)
        }
    }

    @Test func `a stream goes on behind the event that was seen last`() async throws {
        try await SessionStreamTests.with { watched in
            for _ in 0..<3 { try await watched.post("notes", ["text": "n"]) }
            try await watched.post("abandon", ["reason": "r"])
            let all = try await watched.stream(watched.events)
            #expect(all.told.map(\.id) == ["0", "1", "2", "3", nil])
            let rest = try await watched.stream(
                watched.events + "?from=0", headers: [("Last-Event-ID", "2")])
            #expect(rest.told.map(\.id) == ["3", nil])
            let none = try await watched.stream(watched.events + "?from=99")
            #expect(none.told.map(\.event) == ["closed"])
            for wrong in ["x", "-1", "9223372036854775807"] {
                let answer = try await watched.stream(
                    watched.events, headers: [("Last-Event-ID", wrong)])
                #expect(answer.status == 400, "\(wrong)")
            }
        }
    }

    @Test func `events are to be had without a stream, a page at a time`() async throws {
        try await SessionStreamTests.with { watched in
            for _ in 0..<3 { try await watched.post("notes", ["text": "n"]) }
            let first = try watched.server.object(
                try await watched.server.call(.get, watched.events + "?limit=3").body)
            #expect((first["events"] as? [Any])?.count == 3 && first["next"] as? Int == 3)
            #expect(first["status"] as? String == "open" && first["count"] as? Int == 4)
            let rest = try watched.server.object(
                try await watched.server.call(.get, watched.events + "?from=3").body)
            #expect((rest["events"] as? [Any])?.count == 1 && rest["next"] is NSNull == false)
            let unknown = try await watched.server.call(
                .get, "\(SessionStreamTests.base)/\(SessionID(.zero).full)/events")
            #expect(unknown.status == 404)
        }
    }

    @Test func `one caller has so many streams, and gives each back when it ends`() async throws {
        try await SessionStreamTests.with { watched in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<Limits.streamsOfOneMax {
                    group.addTask { try await watched.stream(watched.events).status }
                }
                try await watched.whenWatched(by: Limits.streamsOfOneMax)
                #expect(try await watched.stream(watched.events).status == 429)
                // Somebody else's are others.
                group.addTask {
                    try await watched.stream(watched.events, token: watched.token).status
                }
                try await watched.whenWatched(by: Limits.streamsOfOneMax + 1)
                try await watched.post("abandon", ["reason": "r"])
                for try await status in group { #expect(status == 200) }
            }
            try await watched.whenWatched(by: 0)
        }
    }

    @Test func `who goes away makes room`() async throws {
        try await SessionStreamTests.with { watched in
            let client = TestClient(host: "127.0.0.1", port: watched.server.httpPort)
            client.connect()
            try await client.executeAndDontWaitForResponse(
                TestClient.Request(
                    watched.events, method: .get, headers: [.accept: "text/event-stream"],
                    body: nil))
            try await watched.whenWatched(by: 1)
            try await client.close(mode: .all)
            try await watched.whenWatched(by: 0)
        }
    }

    @Test func `a server that stops ends its streams`() async throws {
        let (bodies, ended) = AsyncStream.makeStream(of: String.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            try await TestServer.with { server in
                let token = try await server.token("ana")
                _ = try await server.makeProject("ana/app", isPublic: true)
                let start = try await server.call(
                    .post, SessionStreamTests.base, token: token, json: "{\"goal\": \"Work\"}")
                let session = try #require(try server.object(start.body)["session"] as? String)
                let watched = Watched(server: server, token: token, session: session)
                Task { [watched] in
                    let answer = try? await watched.stream(watched.events)
                    ended.yield("\(answer?.told.count ?? -1)")
                }
                try await watched.whenWatched(by: 1)
            }
            group.cancelAll()
        }
        #expect(await bodies.first { _ in true } == "1")
    }

    @Test func `who watches is woken by what others wrote to the store`() async throws {
        let store = MemoryStore()
        let executor = BlockingExecutor(threads: TestForge.threads)
        let repositories = try await ProjectRepositories(
            store, world: .system, executor: executor)
        let project = try await repositories.create(ProjectPath("ana/app"))
        let elsewhere = try await ProjectRepositories(store, world: .system, executor: executor)
            .repository(project)
        let session = SessionID(Blake3.hash([1]))
        func event(_ number: UInt64, _ body: SessionEvent.Body) -> SessionEvent {
            SessionEvent(
                id: EventID(high: 1, low: number), author: Author(account: "ana", name: "Ana"),
                atMillis: 1, body: body)
        }
        _ = try await elsewhere.append(
            event(0, .started(goal: "g", createdPosition: 0, key: "")), to: session)
        let key = SessionFeed.Key(project: project, session: session)
        let seat = try repositories.feed.watch(key, by: "ana", from: 1, createdAt: 0)
        #expect(seat.takeNews() && !seat.takeNews())
        let watching = Task { await repositories.watch(everyMillis: 5) }
        _ = try await elsewhere.append(event(1, .note(role: "human", text: "t")), to: session)
        for await _ in seat.wakes where seat.takeNews() { break }
        repositories.feed.hasRead(key, upTo: 2)
        _ = try await elsewhere.submit(
            .abandon(
                Abandon(
                    session: session, author: Author(account: "ana", name: "Ana"), reason: "r",
                    atMillis: 2), createdPosition: 0))
        for await _ in seat.wakes where seat.takeNews() { break }
        watching.cancel()
        await watching.value
    }

    @Test func `while nobody watches, nothing is read`() async throws {
        let counting = CountingStore(MemoryStore())
        let repositories = try await ProjectRepositories(
            counting, world: .system, executor: BlockingExecutor(threads: TestForge.threads))
        let before = counting.totals.requests
        let watching = Task { await repositories.watch(everyMillis: 1) }
        try await Task.sleep(for: .milliseconds(50))
        #expect(counting.totals.requests == before)
        watching.cancel()
        await watching.value
    }
}
