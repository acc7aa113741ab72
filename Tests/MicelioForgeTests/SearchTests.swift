import Foundation
import HTTPTypes
import HifCore
import HifRepository
import HifStore
import Support
import Synchronization
import Testing

@testable import MicelioForge

extension TestServer {
    typealias Answer = (status: Int, headers: HTTPFields, body: String)

    /// A search in `ana/app`, or at another address, as programs ask for it.
    func search(
        _ query: String, in place: String = "files", token: String? = nil,
        at address: String = "/api/v1/projects/ana/app/search", more: String = ""
    ) async throws -> Answer {
        let words = PercentCoding.encode(query.utf8)
        return try await call(
            .get, "\(address)?q=\(words)&in=\(place)\(more)", token: token)
    }

    /// The paths of files, or goals of sessions, that a search finds.
    func found(
        _ query: String, in place: String = "files", token: String? = nil
    ) async throws -> [String] {
        let answer = try await search(query, in: place, token: token)
        try #require(answer.status == 200, "\(query): \(answer.status) \(answer.body)")
        let hits = try object(answer.body)[place] as? [[String: Any]] ?? []
        return hits.compactMap { ($0["path"] ?? $0["goal"]) as? String }
    }

    /// Where the index of a project lies.
    func searchIndex(of project: ProjectRecord) -> String {
        "\(directory.path)/data/search/\(project.storeProjectID).sqlite"
    }
}

/// Search as people and programs meet it.
@Suite struct SearchTests {
    /// A forge whose clock stands still, so that a search always has the time to read everything.
    private static func with(
        isPublic: Bool = true, now: @escaping @Sendable () -> Int64 = { 1_800_000_000_000 },
        store: (any ObjectStore)? = nil, bounds: SearchBounds = SearchBounds(),
        _ body: @escaping @Sendable (TestServer, String, ProjectRecord) async throws -> Void
    ) async throws {
        try await TestServer.with(store: store, now: now) {
            $0.search = bounds
        } _: { server in
            let token = try await server.token("ana")
            let project = try await server.makeProject("ana/app", isPublic: isPublic)
            try await body(server, token, project)
        }
    }

    @Test func `a word is found in files, names, goals, decisions, messages and comments`()
        async throws
    {
        try await SearchTests.with { server, token, _ in
            try await server.land(
                "ana/app", token: token, goal: "Measure the tide\n\nWith a gauge of brass.",
                [("docs/tide.md", "one\nHigh Water comes late\nthree\n"), ("b.txt", "nothing\n")],
                decision: "Harmonics", note: "The moon pulls")
            let base = "/api/v1/projects/ana/app/sessions"
            let start = try await server.call(
                .post, base, token: token, json: #"{"goal": "Predict the ebb"}"#)
            let session = try #require(try server.object(start.body)["session"] as? String)
            for (act, json) in [
                ("decisions", #"{"decision": "By table", "why": "nobody computes at sea"}"#),
                ("comments", #"{"on": "d1", "text": "an almanac"}"#),
                ("notes", #"{"text": "sailors read it"}"#),
            ] {
                let told = try await server.call(
                    .post, "\(base)/\(session)/\(act)", token: token, json: json)
                #expect(told.status == 201, "\(told.body)")
            }
            for (query, paths) in [
                ("water", ["docs/tide.md"]), ("HIGH late", ["docs/tide.md"]),
                ("\"high water\"", ["docs/tide.md"]), ("\"water high\"", []),
                ("ate", ["docs/tide.md"]), ("w", ["docs/tide.md"]), ("tide", ["docs/tide.md"]),
                ("water path:docs/", ["docs/tide.md"]), ("water path:b.", []),
                ("path:.", ["b.txt", "docs/tide.md"]), ("moon", []), ("no", ["b.txt"]),
            ] as [(String, [String])] {
                #expect(try await server.found(query) == paths, "\(query)")
            }
            let landed = "Measure the tide"
            let open = "Predict the ebb"
            for (query, goals) in [
                ("tide", [landed]), ("brass gauge", [landed]), ("harmonics", [landed]),
                ("because of", [landed]), ("moon", [landed]), ("ebb", [open]),
                ("computes at sea", [open]), ("almanac", [open]), ("sailors", [open]),
                ("e", [open, landed]), ("water", []), ("path:docs/", []),
            ] as [(String, [String])] {
                #expect(try await server.found(query, in: "sessions") == goals, "\(query)")
            }

            let page = try await server.call(.get, "/ana/app/search?q=water")
            #expect(page.body.contains("href=\"/ana/app/file/@1/docs/tide.md#L2\""))
            #expect(page.body.contains("High <mark>Water</mark> comes late"))
            let sessions = try await server.call(.get, "/ana/app/search?q=harmonics&in=sessions")
            #expect(sessions.body.contains("href=\"/ana/app/@1#d1\""))
            let opened = try await server.call(.get, "/ana/app/search?q=almanac&in=sessions")
            #expect(opened.body.contains("/ana/app/sessions/\(session)#c1\""))
            let text = try await server.call(.get, "/ana/app/search.md?q=water")
            #expect(text.body.contains("  - 2: High Water comes late"))
            let json = try await server.call(.get, "/ana/app/search.json?q=water")
            #expect(json.body.contains("\"marks\":[[5,10]]"))
        }
    }

    @Test func `a later landing replaces what was found, and a removed file is found no more`()
        async throws
    {
        try await SearchTests.with { server, token, _ in
            func land(_ files: [[String: Any]]) async throws {
                let base = "/api/v1/projects/ana/app/sessions"
                let start = try await server.call(
                    .post, base, token: token, json: #"{"goal": "Change"}"#)
                let session = try #require(try server.object(start.body)["session"] as? String)
                _ = try await server.call(
                    .post, "\(base)/\(session)/files", token: token,
                    json: server.text(["files": files]))
                let landed = try await server.call(
                    .post, "\(base)/\(session)/land", token: token, json: "{}")
                #expect(landed.status == 200, "\(landed.body)")
            }
            try await land([
                ["path": "a", "content": "apples"], ["path": "b", "content": "pears"],
            ])
            #expect(try await server.found("apples") == ["a"])
            try await land([["path": "a", "content": "plums"], ["path": "b", "delete": true]])
            // Twice between two searches.
            try await land([["path": "c", "content": "cherries"]])
            try await land([["path": "c", "content": "quinces"]])
            for (query, paths) in [
                ("apples", []), ("plums", ["a"]), ("pears", []), ("cherries", []),
                ("quinces", ["c"]), ("path:b", []),
            ] as [(String, [String])] {
                #expect(try await server.found(query) == paths, "\(query)")
            }
            // What was changed last comes first, but for what is named so.
            try await land([["path": "plums", "content": "x"]])
            try await land([["path": "d", "content": "plums"]])
            #expect(try await server.found("plums") == ["plums", "d", "a"])
        }
    }

    @Test
    func `an open session is found with what was said last, as landed, and not once abandoned`()
        async throws
    {
        try await SearchTests.with { server, token, _ in
            let base = "/api/v1/projects/ana/app/sessions"
            func start(_ goal: String) async throws -> String {
                let start = try await server.call(
                    .post, base, token: token, json: server.text(["goal": goal]))
                return base + "/" + (try server.object(start.body)["session"] as? String ?? "")
            }
            func status(_ query: String) async throws -> [String] {
                let answer = try await server.search(query, in: "sessions")
                let hits = try server.object(answer.body)["sessions"] as? [[String: Any]] ?? []
                return hits.compactMap { $0["status"] as? String }
            }
            let kept = try await start("Keep this")
            let given = try await start("Give this up")
            #expect(try await status("this") == ["open", "open"])
            _ = try await server.call(
                .post, kept + "/notes", token: token, json: #"{"text": "a walnut"}"#)
            #expect(try await status("walnut") == ["open"])
            _ = try await server.call(
                .post, given + "/abandon", token: token, json: #"{"reason": "no time"}"#)
            _ = try await server.call(
                .post, kept + "/files", token: token,
                json: #"{"files": [{"path": "f", "content": "x"}]}"#)
            _ = try await server.call(.post, kept + "/land", token: token, json: "{}")
            #expect(try await status("walnut") == ["landed"])
            #expect(try await status("this") == ["landed"])
        }
    }

    // MARK: Who finds what

    @Test func `what somebody may not read is not found, and looks like what does not exist`()
        async throws
    {
        try await SearchTests.with(isPublic: false) { server, token, project in
            let stranger = try await server.token("stranger")
            try await server.land("ana/app", token: token, goal: "Hide", [("a", "treasure")])
            #expect(try await server.found("treasure", token: token) == ["a"])
            for caller in [stranger, nil] {
                for address in ["/api/v1/projects/ana/app/search", "/ana/app/search"] {
                    let hidden = try await server.search("treasure", token: caller, at: address)
                    let missing = try await server.search(
                        "treasure", token: caller,
                        at: address.replacing("/app/", with: "/axx/"))
                    #expect(hidden.status == 404 && missing.status == 404)
                    #expect(
                        hidden.body.replacing("app", with: "axx")
                            == missing.body.replacing("app", with: "axx"))
                }
                for query in ["app", "ana/app", "a"] {
                    let names = try await server.call(
                        .get, "/api/v1/search?q=\(query)", token: caller)
                    #expect(names.status == 200 && names.body.contains("\"projects\":[]"))
                }
            }
            try await server.forge.accounts.setMember(
                Handle("stranger"), of: project, role: .read)
            #expect(try await server.found("treasure", token: stranger) == ["a"])
            let names = try await server.call(.get, "/api/v1/search?q=app", token: stranger)
            #expect(names.body.contains("ana/app"))
        }
    }

    @Test func `names are found by their words, what is named so first`() async throws {
        try await SearchTests.with { server, token, project in
            let accounts = try server.forge.accounts
            try await accounts.changeProject(
                project, description: "Predicts the tides", topics: [Topic("harbour")],
                isPublic: nil, now: 1)
            _ = try await server.makeProject("ana/tides", isPublic: true)
            let tides = try await accounts.createUser(
                Handle("tides"), displayName: "Tide Club", now: 1)
            let found = try await server.call(.get, "/api/v1/search?q=TIDE")
            let answer = try server.object(found.body)
            let projects = answer["projects"] as? [[String: Any]] ?? []
            #expect(projects.map { $0["name"] as? String } == ["ana/tides", "ana/app"])
            #expect(
                (answer["accounts"] as? [[String: Any]])?.map { $0["handle"] as? String }
                    == ["tides"])
            for (query, count) in [
                ("harbour", 1), ("ana predicts", 1), ("harbour%20tides", 1), ("ana/", 2),
                ("ana/tides", 1), ("club", 0), ("%22the%20tides%22", 1), ("%C3%A9", 0),
            ] {
                let query = query.replacing(" ", with: "+")
                let found = try await server.call(.get, "/api/v1/search?q=\(query)")
                let projects = try server.object(found.body)["projects"] as? [Any]
                #expect(projects?.count == count, "\(query)")
            }
            let one = try await server.call(.get, "/api/v1/search?q=ana&limit=1")
            #expect(one.body.contains("\"is_cut\":true"))
            let page = try await server.call(.get, "/search?q=tide")
            #expect(page.body.contains("href=\"/tides\"") && page.body.contains("Predicts"))
            let nothing = try await server.call(.get, "/search?q=nothingofthekind")
            #expect(nothing.status == 200 && nothing.body.contains("No project that you may see"))
            _ = try await accounts.setDisabled(tides.handle, true, now: 2)
            let gone = try await server.call(.get, "/api/v1/search?q=club")
            #expect(gone.body.contains("\"accounts\":[]"))
        }
    }

    @Test func `a project that has another name is found as before, without reading it again`()
        async throws
    {
        try await SearchTests.with { server, token, project in
            try await server.land("ana/app", token: token, goal: "Begin", [("a", "walnuts")])
            #expect(try await server.found("walnuts") == ["a"])
            let renamed = try await server.call(
                .post, "/api/v1/projects/ana/app/settings/rename", token: token,
                json: #"{"name": "nut"}"#)
            #expect(renamed.status == 200, "\(renamed.body)")
            for name in ["nut", "app"] {
                let answer = try await server.search(
                    "walnuts", at: "/api/v1/projects/ana/\(name)/search")
                #expect(answer.body.contains("\"path\":\"a\""))
            }
            let files = try FileManager.default.contentsOfDirectory(
                atPath: server.directory.path + "/data/search")
            #expect(files.filter { $0.hasSuffix(".sqlite") }.count == 1)
            #expect(FileManager.default.fileExists(atPath: server.searchIndex(of: project)))
        }
    }

    @Test func `a purged project leaves nothing in the index, a deleted one is found by nobody`()
        async throws
    {
        try await SearchTests.with { server, token, project in
            try await server.land("ana/app", token: token, goal: "Begin", [("a", "walnuts")])
            #expect(try await server.found("walnuts") == ["a"])
            try await server.forge.accounts.deleteProject(project, now: 1)
            #expect(try await server.search("walnuts", token: token).status == 404)
            let index = server.searchIndex(of: project)
            #expect(FileManager.default.fileExists(atPath: index))
            let upkeep = try ForgeUpkeep(directory: server.directory.path + "/data")
            try await upkeep.purge(now: Limits.deletedProjectMillis + 2) { _, _ in }
            for suffix in ["", "-wal", "-shm"] {
                #expect(!FileManager.default.fileExists(atPath: index + suffix))
            }
        }
    }

    // MARK: What people type

    private static let hostile = [
        "(a+)+$", String(repeating: ".*", count: 50), "\"", "\"\"", "\"\"\"", "a\"b", "\"unclosed",
        "AND", "a AND b", "NOT", "NEAR(a b)", "a*", "^a", "name:a", "text : a", "{a b}:c", "-a",
        "+", "'", "';DROP TABLE documents;--", "%", "_", "\\", "[", "]", "?", "path:", "path:\"",
        "path:path:", "path:*", "日本語", "日", "ß", "İstanbul", "ΟΔΟΣ", "\u{202E}abc", "\u{0301}",
        "👩‍👩‍👧‍👦", "\u{FFFF}\u{FFFE}", "\u{1}\u{7F}", "\n", "\t \r\n", "a\nb",
        String(repeating: "a ", count: 100), String(repeating: "é", count: 200),
        String(repeating: "\"", count: 200), "<script>alert(1)</script>", "\u{FEFF}",
    ]

    @Test func `whatever is typed is looked for, and is no error`() async throws {
        try await SearchTests.with { server, token, project in
            _ = try await server.found("first", token: token)
            func file() throws -> Int? {
                let facts = try FileManager.default.attributesOfItem(
                    atPath: server.searchIndex(of: project))
                return facts[.systemFileNumber] as? Int
            }
            let index = try file()
            for query in SearchTests.hostile {
                try await server.land(
                    "ana/app", token: token, goal: "Say \(query)", [("a", "of \(query) it\n")])
                for place in ["files", "sessions"] {
                    let answer = try await server.search(query, in: place, token: token)
                    #expect(answer.status == 200, "\(query.debugDescription): \(answer.body)")
                    for address in ["/ana/app/search", "/ana/app/search.md"] {
                        let page = try await server.search(
                            query, in: place, token: token, at: address)
                        #expect(page.status == 200 && !page.body.contains("<script>alert"))
                    }
                }
                let names = try await server.call(
                    .get, "/api/v1/search?q=\(PercentCoding.encode(query.utf8))", token: token)
                #expect(names.status == 200, "\(query.debugDescription)")
                // What stands in the file is found there as it was typed.
                guard !query.contains("\""), !JSONShape.isBlank(query),
                    query.unicodeScalars.count < Limits.searchQueryLengthMax - 1
                else { continue }
                let found = try await server.found("\"\(query)\"", token: token)
                #expect(found == ["a"], "\(query.debugDescription)")
            }
            #expect(try file() == index, "the index was made anew")
        }
    }

    @Test func `nothing, too much and a flood are answered in words`() async throws {
        try await SearchTests.with { server, token, _ in
            try await server.land("ana/app", token: token, goal: "Begin", [("a", "x")])
            for query in ["", "?q=", "?q=+", "?q=%22%22"] {
                let page = try await server.call(.get, "/ana/app/search\(query)")
                #expect(page.status == 200 && !page.body.contains("What was found"))
            }
            let empty = try await server.call(.get, "/api/v1/projects/ana/app/search")
            #expect(empty.status == 200 && !empty.body.contains("indexed"))
            let nothing = try await server.call(.get, "/ana/app/search?q=walnuts")
            #expect(nothing.body.contains("No file at @1 of ana/app has all of that"))
            #expect(nothing.body.contains("Look in sessions"))

            let right = String(repeating: "é", count: Limits.searchQueryLengthMax)
            for address in ["/ana/app/search", "/search"] {
                let word = PercentCoding.encode(right.utf8)
                let most = try await server.call(.get, "\(address)?q=\(word)")
                let over = try await server.call(.get, "\(address)?q=\(word)%C3%A9")
                #expect(most.status == 200 && over.status == 400)
                #expect(over.body.contains("at most \(Limits.searchQueryLengthMax) characters"))
                #expect(over.body.contains("<h1>Search</h1>"))
            }
            for address in ["/api/v1/projects/ana/app/search", "/ana/app/search.json"] {
                #expect(try await server.search(right + "é", at: address).status == 400)
            }
            for more in [
                "&limit=0", "&limit=101", "&cursor=x", "&cursor=-1", "&in=x",
                "&cursor=9999999999999999999", "&path=x", "&q=x",
            ] {
                let path = "/api/v1/projects/ana/app/search?q=x\(more)"
                #expect(try await server.call(.get, path).status == 400, "\(more)")
            }
            let beyond = try await server.search("x", more: "&cursor=999999999999999999")
            #expect(beyond.status == 200)
            // No address is that long.
            let flood = try? await server.search(String(repeating: "a", count: 10 << 20))
            #expect(flood == nil || [400, 414, 431].contains(flood?.status))
            #expect(try await server.found("x") == ["a"])
            for id in ["search.project", "search.names"] {
                let routes = RouteTable.forge.routes.filter { $0.id == id }
                #expect(routes.count == 2 && routes.allSatisfy { $0.cost == 20 })
            }
        }
    }

    // MARK: Bounds

    @Test func `a long file is found by its name, and so is what is no text`() async throws {
        try await SearchTests.with { server, token, _ in
            func bytes(_ count: Int) -> [UInt8] {
                Array("walnut ".utf8) + [UInt8](repeating: 0x61, count: count - 7)
            }
            try await server.plant(
                "ana/app", token: token,
                [
                    ("fits", bytes(Limits.searchFileBytesMax), .file),
                    ("fits-not", bytes(Limits.searchFileBytesMax + 1), .file),
                    ("binary", Array("walnut\u{0}".utf8), .file),
                    ("latin", Array("walnut ".utf8) + [0xE9], .file),
                    ("link", Array("walnut".utf8), .symlink),
                ])
            #expect(Set(try await server.found("walnut")) == ["fits", "latin"])
            for name in ["fits-not", "binary", "link"] {
                #expect(try await server.found(name) == [name])
            }
        }
    }

    @Test func `a full index takes in names only`() async throws {
        var bounds = SearchBounds()
        bounds.projectBytesMax = 100
        try await SearchTests.with(bounds: bounds) { server, token, _ in
            let text = "walnut " + String(repeating: "b", count: 40)
            try await server.land(
                "ana/app", token: token, goal: "Begin", [("a", text), ("b", text), ("c", text)])
            #expect(try await server.found("walnut") == ["b", "c"])
            #expect(try await server.found("path:a") == ["a"])
            // What goes makes room.
            try await server.land("ana/app", token: token, goal: "Go on", [("b", "short")])
            try await server.land("ana/app", token: token, goal: "Go on", [("a", "walnut")])
            #expect(try await server.found("walnut") == ["a", "c"])
        }
    }

    @Test(arguments: [
        (3, 100, 1_000, ["one", "two"]), (100, 100, 12, ["one"]), (100, 1, 1_000, []),
    ])
    func `of sessions the beginning is taken in, and of many open ones some`(
        _ events: Int, _ sessions: Int, _ bytes: Int, _ found: [String]
    ) async throws {
        var bounds = SearchBounds()
        bounds.eventsMax = events
        bounds.openSessionsMax = sessions
        bounds.sessionBytesMax = bytes
        try await SearchTests.with(bounds: bounds) { server, token, _ in
            let base = "/api/v1/projects/ana/app/sessions"
            for _ in 0..<2 {
                let start = try await server.call(
                    .post, base, token: token, json: #"{"goal": "First"}"#)
                let session = try server.object(start.body)["session"] as? String ?? ""
                for note in ["one", "two", "three"] {
                    _ = try await server.call(
                        .post, "\(base)/\(session)/notes", token: token,
                        json: server.text(["text": note]))
                }
            }
            for note in ["one", "two", "three"] {
                let count = try await server.found(note, in: "sessions").count
                #expect(count == (sessions == 1 ? 1 : found.contains(note) ? 2 : 0), "\(note)")
            }
        }
    }

    @Test
    func `what takes long is read by the searches that come, each of which says how far it is`()
        async throws
    {
        // Each look at the clock is later by more than a search may read.
        let time = Mutex<Int64>(1_800_000_000_000)
        let now: @Sendable () -> Int64 = {
            time.withLock { time in
                time += Limits.searchReadingMillis
                return time
            }
        }
        var bounds = SearchBounds()
        bounds.stepChanges = 2
        try await SearchTests.with(now: now, bounds: bounds) { server, token, _ in
            try await server.land(
                "ana/app", token: token, goal: "First", [("a", "nut 1"), ("b", "nut 2")])
            try await server.land(
                "ana/app", token: token, goal: "Second",
                [("c", "nut 3"), ("d", "nut 4"), ("e", "nut 5")])
            var told: [[Int]] = []
            for _ in 0..<5 {
                let answer = try await server.search("nut")
                let object = try server.object(answer.body)
                told.append([
                    object["indexed"] as? Int ?? -1, object["behind"] as? Int ?? -1,
                    (object["files"] as? [Any])?.count ?? -1,
                ])
                let hits = object["files"] as? [[String: Any]] ?? []
                for hit in hits {
                    let file = try await server.call(
                        .get,
                        "/ana/app/raw/@\(hit["position"] ?? 0)/\(hit["path"] ?? "")")
                    #expect(file.body.hasPrefix("nut"))
                }
            }
            #expect(
                told == [[0, 2, 2], [1, 1, 3], [1, 1, 5], [2, 0, 5], [2, 0, 5]], "\(told)")
            try await server.land("ana/app", token: token, goal: "Third", [("f", "nut 6")])
            try await server.land("ana/app", token: token, goal: "Fourth", [("g", "nut 7")])
            let page = try await server.call(.get, "/ana/app/search?q=nut")
            #expect(page.body.contains("Indexed up to @3, 1 behind"))
        }
    }

    @Test func `much to look through is looked through in parts`() async throws {
        var bounds = SearchBounds()
        bounds.scanBytesMax = 200
        try await SearchTests.with(bounds: bounds) { server, token, _ in
            let long = String(repeating: "b", count: 90)
            try await server.land(
                "ana/app", token: token, goal: "Begin",
                (0..<10).map { ("f\($0)", $0 == 5 ? "x \(long)" : long) })
            var cursor: String?
            var paths: [String] = []
            var pages = 0
            repeat {
                let answer = try await server.search(
                    "x", more: cursor.map { "&cursor=\($0)" } ?? "")
                let object = try server.object(answer.body)
                let hits = object["files"] as? [[String: Any]] ?? []
                paths += hits.compactMap { $0["path"] as? String }
                cursor = object["next"] as? String
                pages += 1
            } while cursor != nil && pages < 50
            #expect(paths == ["f5"] && (4...20).contains(pages), "\(paths) in \(pages)")
        }
    }

    @Test func `of many indexes those not used for longest are deleted`() async throws {
        var bounds = SearchBounds()
        bounds.bytesMax = 1
        bounds.openMax = 1
        try await SearchTests.with(bounds: bounds) { server, token, project in
            let other = try await server.makeProject("ana/other", isPublic: true)
            for (number, name) in ["app", "other", "app"].enumerated() {
                try await server.land(
                    "ana/\(name)", token: token, goal: "Begin", [(name, "nut \(number)")])
                let answer = try await server.search(
                    "nut", at: "/api/v1/projects/ana/\(name)/search")
                #expect(answer.body.contains("\"path\":\"\(name)\""))
                let kept = name == "app" ? project : other
                let gone = name == "app" ? other : project
                #expect(FileManager.default.fileExists(atPath: server.searchIndex(of: kept)))
                #expect(!FileManager.default.fileExists(atPath: server.searchIndex(of: gone)))
            }
        }
    }
}
