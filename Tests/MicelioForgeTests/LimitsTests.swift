import Foundation
import HTTPTypes
import HifCore
import HifRepository
import Testing

@testable import MicelioForge

/// Every bound of `Limits`, gone over by one; and that none is without such a test.
@Suite struct LimitsTests {
    private static let base = "/api/v1/projects/ana/app"

    private static func with(
        _ body: @escaping @Sendable (TestServer, String) async throws -> Void
    ) async throws {
        try await TestServer.with { server in
            let token = try await server.token("ana")
            _ = try await server.makeProject("ana/app", isPublic: true)
            try await body(server, token)
        }
    }

    private static func get(_ server: TestServer, _ path: String) async throws -> [String: Any] {
        try server.object(try await server.call(.get, base + path).body)
    }

    /// Bounds that no request reaches by one, and how they are kept.
    private static let untested = [
        "lastUsedGrainMillis": "how stale a column may be; nothing is refused",
        "browserAbsoluteMillis": "SignInTests moves a clock beyond it in steps of days",
        "browserIdleMillis": "SignInTests moves a clock beyond it in steps of days",
        "devicePollSeconds": "told to clients; DeviceFlowTests polls sooner",
        "deviceSlowDownSeconds": "told to clients; DeviceFlowTests polls sooner",
        "diskThreads": "how many work at once; the next waits",
        "uploadsAtOnce": "how many work at once; the next waits",
        "packAddressSeconds": "PackTests moves a clock beyond twice of it",
        "cacheReportSeconds": "how often something is logged",
        "detailsAtOnce": "how many are read before some are sent; a client sees no difference",
        "accountsCacheEntriesMax": "what is forgotten is asked again",
        "nodeTakesMillis": "after which a node lands by itself; NodesTests have one that is silent",
        "nodeLandingSeconds": "of a call to another node; gRPC keeps it",
        "nodeAnswerSeconds": "of a call to another node; gRPC keeps it",
        "nodeLinksMax": "a connection that was dropped is made again",
        "feedPollMillis": "how often a store is asked; nothing is refused",
        "blameLandingsMax": "FileBlame takes it as a parameter, and its tests a small one",
        "nodeIntentsMax": "what does not go into one call to a node goes into the next",
        "usageKeysMax": "UsageTests go over a smaller one",
        "usageReportSeconds": "how often something is logged",
        "mailsAtOnce": "how many work at once; the next waits",
        "mailConnectSeconds": "libcurl keeps it",
        "mailTrySeconds": "libcurl keeps it; Scripts/check-mail has a server that says nothing",
        "picturesAtOnce": "how many work at once; the next waits",
        "gravatarKeptBytesMax": "GravatarTests go over a smaller one",
        "gravatarsAtOnce": "how many are fetched at once; the next waits",
        "outboundThreads": "how many work at once; the next waits",
        "rateBucketsMax": "RateLimitTests go over a smaller one",
        "changesWaitingMax": "TurnsTests go over a smaller one",
        "guestNiceness": "who goes first on a busy processor; `make bench-web` measures it",
        "guestSliceNanos": "who goes first on a busy processor; `make bench-web` measures it",
        "networkWaitingMax": "TurnsTests go over a smaller one",
        "refusalMillis": "how long a refusal is held back",
        "refusalsHeldMax": "how many are held back; the next is said at once",
        "directoriesBytesMax": "KeptTests go over a smaller one",
        "knownSessionsBytesMax": "KeptTests go over a smaller one",
        "searchSessionBytesMax": "SearchTests go over a smaller one",
        "searchEventsMax": "SearchTests go over a smaller one",
        "searchOpenSessionsMax": "SearchTests go over a smaller one",
        "searchProjectBytesMax": "SearchTests go over a smaller one",
        "searchBytesMax": "SearchTests go over a smaller one",
        "searchOpenMax": "SearchTests go over a smaller one",
        "searchStepChanges": "SearchTests go over a smaller one",
        "searchStepBytesMax": "what does not go into one step goes into the next",
        "searchScanBytesMax": "SearchTests go over a smaller one",
        "searchNamesMax": "of more that match, those that match best are chosen among so many",
    ]

    @Test func `every bound has a test that names it, or a reason why it has none`() throws {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let top = tests.deletingLastPathComponent().deletingLastPathComponent()
        let limits = try String(
            contentsOf: top.appendingPathComponent("Sources/MicelioForge/Limits.swift"),
            encoding: .utf8)
        var texts = ""
        for name in try FileManager.default.contentsOfDirectory(atPath: tests.path)
        where name.hasSuffix(".swift") {
            texts += try String(contentsOf: tests.appendingPathComponent(name), encoding: .utf8)
        }
        let names = limits.matches(of: /static let (\w+)/).map { String($0.1) }
        #expect(names.count > 50)
        for name in names {
            let isNamed = texts.contains("Limits.\(name)")
            let reason = LimitsTests.untested[name]
            #expect(isNamed != (reason != nil), "\(name): go one over it, or say here why not")
        }
        #expect(Set(LimitsTests.untested.keys).isSubset(of: names))
    }

    // MARK: Texts

    @Test func `texts that are too long are refused, with the bound`() async throws {
        try await LimitsTests.with { server, token in
            func long(_ count: Int) -> String { String(repeating: "\u{E9}", count: count) }
            let start = try await server.call(
                .post, LimitsTests.base + "/sessions", token: token, json: #"{"goal": "Work"}"#)
            let session = try server.object(start.body)["session"] as? String ?? ""
            let path = LimitsTests.base + "/sessions/\(session)"
            let rows: [(String, (Int) -> [String: Any], Int, Int)] = [
                (
                    "/api/v1/projects", { ["name": "ana/d\($0)", "description": long($0)] },
                    Limits.descriptionLengthMax, 201
                ),
                (
                    path + "/notes", { ["text": "n", "agent": long($0)] }, Limits.agentLengthMax,
                    201
                ),
                (
                    path + "/notes", { ["text": String(repeating: "a", count: $0)] },
                    SessionEvent.textBytesMax, 201
                ),
                (
                    path + "/abandon", { ["reason": String(repeating: "a", count: $0)] },
                    SessionEvent.textBytesMax, 200
                ),
            ]
            for (path, value, bound, status) in rows {
                let over = try await server.call(
                    .post, path, token: token, json: server.text(value(bound + 1)))
                #expect(
                    over.status == 400 && over.body.contains("\(bound)"), "\(path) \(over.status)")
                let right = try await server.call(
                    .post, path, token: token, json: server.text(value(bound)))
                #expect(right.status == status, "\(path) \(right.status) \(right.body.prefix(300))")
            }
            for (name, bound) in [
                (
                    String(repeating: "a", count: Limits.handleBytesMax + 1) + "/app",
                    Limits.handleBytesMax
                ),
                (
                    "ana/" + String(repeating: "a", count: Limits.projectNameBytesMax + 1),
                    Limits.projectNameBytesMax
                ),
            ] {
                let over = try await server.call(
                    .post, "/api/v1/projects", token: token, json: server.text(["name": name]))
                #expect(over.status == 400 && over.body.contains("\(bound)"), "\(over.body)")
            }
            let key = String(repeating: "k", count: Limits.idempotencyKeyBytesMax)
            for (key, status) in [(key + "k", 400), (key, 201)] {
                let answer = try await server.call(
                    .post, LimitsTests.base + "/sessions", token: token, json: #"{"goal": "x"}"#,
                    headers: [("Idempotency-Key", key)])
                #expect(answer.status == status)
            }
        }
    }

    @Test func `what is kept of an account has bounds`() async throws {
        let test = try await TestForge()
        let accounts = try test.forge.accounts
        let now = test.clock.now
        func long(_ count: Int) -> String { String(repeating: "a", count: count) }
        for (name, mail, isRight) in [
            (long(Limits.displayNameLengthMax), "", true),
            (long(Limits.displayNameLengthMax + 1), "", false),
            ("", long(Limits.emailLengthMax - 2) + "@b", true),
            ("", long(Limits.emailLengthMax - 1) + "@b", false),
        ] {
            let code = await refusal {
                _ = try await accounts.createUser(
                    Handle("u\(name.count)-\(mail.count)"), displayName: name,
                    email: mail.isEmpty ? nil : mail, now: now)
            }
            #expect((code == nil) == isRight, "\(name.count) \(mail.count): \(code as Any)")
        }
        try await test.user("ana")
        for (count, isRight) in [
            (Limits.tokenLabelLengthMax, true), (Limits.tokenLabelLengthMax + 1, false),
        ] {
            let code = await refusal {
                _ = try await accounts.createPersonalToken(
                    for: Handle("ana"), label: long(count), scopes: .none, expires: nil, now: now)
            }
            #expect((code == nil) == isRight)
        }
        for (count, isRight) in [
            (Limits.passwordLengthMin - 1, false), (Limits.passwordLengthMin, true),
            (Limits.passwordBytesMax, true), (Limits.passwordBytesMax + 1, false),
        ] {
            let link = try await accounts.makePasswordLink(for: Handle("ana"), now: now)
            let code = await refusal {
                _ = try await test.forge.useLink(
                    link.text, handle: "ana", password: long(count), repeated: long(count),
                    address: "")
            }
            #expect((code == nil) == isRight, "\(count): \(code as Any)")
        }
    }

    // MARK: What waits and is remembered

    @Test func `so many logins wait for approval, and the next is refused`() async throws {
        let test = try await TestForge()
        let accounts = try test.forge.accounts
        func begin() async throws {
            _ = try await accounts.insertDeviceRequest(
                TokenText(.device), clientName: "c", deviceName: "d", address: "a",
                now: test.clock.now)
        }
        for _ in 0..<Limits.devicePendingMax { try await begin() }
        #expect(await refusal { try await begin() } != nil)
        test.clock.advance(millis: Limits.deviceCodeMillis + 1)
        try await begin()
    }

    @Test func `a limiter remembers so many networks`() throws {
        let limiter = RateLimiter(
            RateLimit(tries: 1, globalTries: .max, windowMillis: 60_000), of: "tries")
        try limiter.count("first", now: 0)
        #expect(throws: ForgeError.self) { try limiter.count("first", now: 0) }
        for number in 1..<Limits.rateLimitKeysMax { try limiter.count("n\(number)", now: 0) }
        #expect(throws: ForgeError.self) { try limiter.count("first", now: 0) }
        try limiter.count("one more", now: 0)
        try limiter.count("first", now: 0)
    }

    @Test func `so many streams are open at once, and the next is refused`() async throws {
        try await LimitsTests.with { server, token in
            let feed = server.forge.repositories.feed
            let key = SessionFeed.Key(project: "p", session: SessionID(.zero))
            var seats: [SessionFeed.Seat] = []
            for number in 0..<Limits.streamsMax {
                seats.append(
                    try feed.watch(key, by: "c\(number)", from: 0, createdAt: 0))
            }
            #expect(throws: ForgeError.self) {
                try feed.watch(key, by: "another", from: 0, createdAt: 0)
            }
            seats.removeFirst().giveUp()
            _ = try feed.watch(key, by: "another", from: 0, createdAt: 0)
        }
    }

    @Test func `of so many sessions is known how far they were read`() async throws {
        let test = try await TestForge()
        let accounts = try test.forge.accounts
        let user = try await test.user("ana")
        let view = try await test.forge.createProject(
            ProjectPath("ana/app"), description: "", isPublic: false,
            as: try await test.principal("ana"))
        func session(_ number: Int) -> SessionID {
            SessionID(Blake3.hash(Array("\(number)".utf8)))
        }
        for number in 0...Limits.sessionViewsMax {
            try await accounts.keepSeen(
                3, of: session(number), in: view.project, by: user,
                now: test.clock.now + Int64(number))
        }
        func seen(_ number: Int) async throws -> SessionSeen? {
            try await accounts.look(
                at: session(number), events: 4, in: view.project, by: user,
                now: test.clock.now + 10_000)
        }
        #expect(try await seen(1) != nil)
        #expect(try await seen(0) == nil)
    }

    // MARK: Requests

    @Test func `bodies that are too long are refused with 413, which names the bound`() async throws
    {
        try await LimitsTests.with { server, token in
            let start = try await server.call(
                .post, LimitsTests.base + "/sessions", token: token, json: #"{"goal": "Work"}"#)
            let session = try server.object(start.body)["session"] as? String ?? ""
            let files = LimitsTests.base + "/sessions/\(session)/files"
            func edit(_ count: Int) async throws -> (Int, String) {
                let answer = try await server.call(
                    .post, files, token: token,
                    json: server.text(
                        [
                            "files": [
                                ["path": "f", "content": String(repeating: "a", count: count)]
                            ]
                        ]))
                return (answer.status, answer.body)
            }
            for (count, bound) in [
                (Limits.jsonBytesMax, Limits.jsonBytesMax),
                (Limits.editedFileBytesMax + 1, Limits.editedFileBytesMax),
            ] {
                let (status, body) = try await edit(count)
                #expect(status == 413 && body.contains("\(bound)"), "\(status) \(body.prefix(300))")
                #expect(try server.object(body)["code"] as? String == "too_large")
            }
            #expect(try await edit(Limits.editedFileBytesMax).0 == 200)
            func list(_ count: Int) async throws -> (Int, String) {
                let answer = try await server.call(
                    .post, files, token: token,
                    json: server.text(
                        ["files": (0..<count).map { ["path": "d/f\($0)", "content": ""] }]))
                return (answer.status, answer.body)
            }
            let over = try await list(Limits.filesPerEditMax + 1)
            #expect(over.0 == 400 && over.1.contains("\(Limits.filesPerEditMax)"))
            #expect(try await list(Limits.filesPerEditMax).0 == 200)

            let text = String(repeating: "a", count: Limits.textFormBytesMax)
            let note = try await server.http(
                .post, "/ana/app/sessions/\(session)/notes", form: [("text", text)],
                headers: [
                    ("Authorization", "Bearer \(token)"), ("Sec-Fetch-Site", "same-origin"),
                ])
            #expect(note.status == 413 && note.body.contains("\(Limits.textFormBytesMax)"))
            let form = try await server.submit(
                "/signin", [("handle", String(repeating: "a", count: Limits.formBytesMax))])
            #expect(form.status == 413 && form.body.contains("\(Limits.formBytesMax)"))
            for (limit, status) in [(Limits.pageItemsMax + 1, 400), (Limits.pageItemsMax, 200)] {
                let page = try await server.call(.get, LimitsTests.base + "/log?limit=\(limit)")
                #expect(page.status == status)
            }
        }
    }

    // MARK: Pages

    @Test func `a directory shows so many entries, and of so many who changed them`() async throws {
        try await LimitsTests.with { server, token in
            let count = Limits.directoryEntriesMax + 1
            try await server.plant(
                "ana/app", token: token,
                (0..<count).map { ("f\($0)", Array("\($0)".utf8), .file) })
            let tree = try await LimitsTests.get(server, "/tree/@latest")
            let entries = tree["entries"] as? [[String: Any]] ?? []
            #expect(entries.count == Limits.directoryEntriesMax)
            #expect(tree["entry_count"] as? Int == count)
            #expect(entries.count { $0["landing"] != nil } == Limits.directoryLandingsMax)
        }
    }

    @Test func `files that are too large are shown less of, or refused with the bound`()
        async throws
    {
        try await LimitsTests.with { server, token in
            func text(_ count: Int) -> [UInt8] { [UInt8](repeating: 0x61, count: count) }
            try await server.plant(
                "ana/app", token: token,
                [
                    ("shown", text(Limits.fileShownBytesMax), .file),
                    ("shown-not", text(Limits.fileShownBytesMax + 1), .file),
                    ("raw-not", text(Limits.rawBytesMax + 1), .file),
                    ("diff", text(Limits.diffFileBytesMax), .file),
                    ("diff-not", text(Limits.diffFileBytesMax + 1), .file),
                ])
            #expect(try await LimitsTests.get(server, "/file/@1/shown")["content"] != nil)
            #expect(try await LimitsTests.get(server, "/file/@1/shown-not")["content"] == nil)
            func status(_ path: String) async throws -> (Int, String) {
                let answer = try await server.call(.get, path)
                return (answer.status, answer.body)
            }
            #expect(try await status(LimitsTests.base + "/blame/@1/shown").0 == 200)
            let blame = try await status(LimitsTests.base + "/blame/@1/shown-not")
            #expect(blame.0 == 413 && blame.1.contains(Limits.fileShownBytesMax.byteSize))
            #expect(try await status(LimitsTests.base + "/raw/@1/shown-not").0 == 200)
            let raw = try await status(LimitsTests.base + "/raw/@1/raw-not")
            #expect(raw.0 == 413 && raw.1.contains(Limits.rawBytesMax.byteSize))
            let patch = try await status("/ana/app/diff/@0/@1.diff")
            #expect(patch.0 == 413 && patch.1.contains(Limits.patchBytesMax.byteSize))
            #expect(try await status("/ana/app/diff/@0/@1.diff?path=shown-not").0 == 200)
            let page = try await LimitsTests.get(server, "/diff/@0/@1")
            let diff = page["diff"] as? [String: Any]
            let files = diff?["files"] as? [[String: Any]] ?? []
            func omitted(_ path: String) -> String? {
                files.first { $0["path"] as? String == path }?["omitted"] as? String
            }
            #expect(omitted("diff") == nil && omitted("diff-not") == "too_large")
        }
    }

    @Test func `a comparison shows so many files, and so much of them`() async throws {
        try await LimitsTests.with { server, token in
            let size = Limits.diffFileBytesMax / 2
            let full = Limits.diffBytesMax / size
            let count = Limits.diffFilesMax + 1
            try await server.plant(
                "ana/app", token: token,
                (0..<count).map { number in
                    let text = "\(number)\n" + String(repeating: "a", count: size)
                    let bytes = number <= full ? Array(text.utf8.prefix(size)) : [0x61]
                    return ("f\(1_000 + number)", bytes, .file)
                })
            let page = try await LimitsTests.get(server, "/diff/@0/@1")
            let diff = page["diff"] as? [String: Any]
            let files = diff?["files"] as? [[String: Any]] ?? []
            #expect(files.count == Limits.diffFilesMax && diff?["count"] as? Int == count)
            #expect(files[full - 1]["omitted"] == nil)
            #expect(files[full]["omitted"] as? String == "not_read")
        }
    }

    @Test func `a list has so many open sessions`() async throws {
        try await LimitsTests.with { server, token in
            for number in 0...Limits.sessionsShownMax {
                let start = try await server.call(
                    .post, LimitsTests.base + "/sessions", token: token,
                    json: server.text(["goal": "Work \(number)"]))
                #expect(start.status == 201)
            }
            let list = try await LimitsTests.get(server, "/sessions")
            #expect((list["sessions"] as? [Any])?.count == Limits.sessionsShownMax)
        }
    }
}
