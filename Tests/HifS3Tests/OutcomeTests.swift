import HifStore
import Testing

@testable import HifS3

/// What every kind of answer, and none, means to the caller; over real connections.
@Suite struct OutcomeTests {
    private static func store(
        _ port: Int, dialect: S3Dialect = .aws, _ configure: (inout S3Settings) -> Void = { _ in }
    ) throws -> S3Store {
        var settings = S3Settings(
            bucket: "bucket", endpoint: "http://127.0.0.1:\(port)", dialect: dialect)
        settings.silenceSeconds = 10
        configure(&settings)
        return try S3Store(
            settings, credentials: S3Credentials(accessKey: "A", secretKey: "S"),
            isContentNamed: { $0.string.hasPrefix("pack/") })
    }

    private static func code(_ work: () async throws -> Void) async -> StoreError.Code? {
        do {
            try await work()
            return nil
        } catch {
            return (error as? StoreError)?.code
        }
    }

    private static func document(_ code: String) -> String {
        "<?xml version=\"1.0\"?>\n<Error><Code>\(code)</Code><Message>Words.</Message></Error>"
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let action: MisbehavingServer.Action
        let write: StoreError.Code
        let ifMatch: StoreError.Code
        let read: StoreError.Code
        let delete: StoreError.Code?

        var isSilent: Bool {
            switch action {
            case .silence, .raw: true
            default: false
            }
        }

        var testDescription: String { "\(action)" }

        init(
            _ action: MisbehavingServer.Action, write: StoreError.Code,
            ifMatch: StoreError.Code? = nil, read: StoreError.Code, delete: StoreError.Code?
        ) {
            self.action = action
            self.write = write
            self.ifMatch = ifMatch ?? write
            self.read = read
            self.delete = delete
        }
    }

    static let cases: [Case] = [
        Case(.answer(412), write: .preconditionFailed, read: .unknown, delete: .preconditionFailed),
        Case(.answer(409), write: .conflict, read: .unknown, delete: .conflict),
        Case(.answer(404), write: .refused, ifMatch: .notFound, read: .notFound, delete: nil),
        Case(
            .answer(404, body: document("NoSuchKey")), write: .refused, ifMatch: .notFound,
            read: .notFound, delete: nil),
        Case(
            .answer(404, body: document("NoSuchBucket")), write: .refused, read: .refused,
            delete: .refused),
        Case(.answer(403), write: .refused, read: .refused, delete: .refused),
        Case(.answer(400), write: .refused, read: .refused, delete: .refused),
        Case(.answer(501), write: .refused, read: .refused, delete: .refused),
        Case(
            .answer(400, body: document("RequestTimeout")), write: .unknown, read: .refused,
            delete: .unknown),
        Case(.answer(416), write: .unknown, read: .rangeNotSatisfiable, delete: .unknown),
        Case(.answer(429), write: .throttled, read: .throttled, delete: .throttled),
        Case(.answer(503), write: .throttled, read: .throttled, delete: .throttled),
        Case(.answer(500), write: .unknown, read: .unknown, delete: .unknown),
        Case(.answer(502), write: .unknown, read: .unknown, delete: .unknown),
        Case(.answer(504), write: .unknown, read: .unknown, delete: .unknown),
        // What the table does not know leaves the outcome of a write open.
        Case(.answer(418), write: .unknown, read: .unknown, delete: .unknown),
        Case(.answer(401), write: .unknown, read: .unknown, delete: .unknown),
        Case(.answer(408), write: .unknown, read: .unknown, delete: .unknown),
        Case(
            .answer(307, headers: [("location", "http://127.0.0.1:1/")]), write: .unknown,
            read: .refused, delete: .unknown),
        Case(.close, write: .unknown, read: .unknown, delete: .unknown),
        Case(.reset, write: .unknown, read: .unknown, delete: .unknown),
        Case(.silence, write: .unknown, read: .unknown, delete: .unknown),
        Case(.raw("HTTP/1.1 2"), write: .unknown, read: .unknown, delete: .unknown),
        Case(.raw("SSH-2.0-OpenSSH\r\n"), write: .unknown, read: .unknown, delete: .unknown),
        Case(
            .raw("HTTP/1.1 200 OK\r\ncontent-length: 10\r\netag: \"x\"\r\n\r\nabc"),
            write: .unknown, read: .unknown, delete: .unknown),
    ]

    @Test(arguments: cases)
    func `an answer means what the table says, and nothing is sent twice`(
        _ item: Case
    ) async throws {
        try await MisbehavingServer.with({ _, _ in item.action }) { server in
            // Whoever falls silent is waited for; elsewhere a busy machine must not look like that.
            let store = try Self.store(server.port) { $0.silenceSeconds = item.isSilent ? 1 : 30 }
            let key = ObjectKey("log/1")
            #expect(await Self.code { _ = try await store.put(key, [1], .ifAbsent) } == item.write)
            #expect(await Self.code { _ = try await store.put(key, [1], .none) } == item.write)
            #expect(
                await Self.code { _ = try await store.put(key, [1], .ifMatch(ETag("\"x\""))) }
                    == item.ifMatch)
            #expect(
                await Self.code { _ = try await store.get(key, .range(offset: 0, count: 1)) }
                    == item.read)
            #expect(await Self.code { try await store.delete(key) } == item.delete)
            // Five calls, five requests: a second attempt would make a wrong answer out of a lost one.
            #expect(server.requests.count == 5)
        }
    }

    @Test func `a store that cannot be reached leaves the outcome open`() async throws {
        // Bound and closed again, so that nobody listens.
        let free = Box()
        try await MisbehavingServer.with({ _, _ in .close }) { free.port = $0.port }
        let store = try Self.store(free.port)
        do throws(StoreError) {
            _ = try await store.put(ObjectKey("a"), [1], .ifAbsent)
            Issue.record("it was written")
        } catch {
            #expect(error.code == .unknown)
            #expect(error.description.contains("127.0.0.1:\(free.port)"))
        }
    }

    private final class Box: @unchecked Sendable {
        // Written before it is read, by one task.
        var port = 0
    }

    @Test func `a success that names no version is not believed`() async throws {
        try await MisbehavingServer.with({ _, _ in .answer(200) }) { server in
            let store = try Self.store(server.port)
            #expect(
                await Self.code { _ = try await store.put(ObjectKey("a"), [1], .ifAbsent) }
                    == .unknown)
        }
    }

    @Test(arguments: [
        "bytes 0-3/10", "bytes 1-4/10", "bytes 0-4", "bytes 0-4/*", "bytes 4-0/10", "0-4/10", "",
        "bytes 0-9/5",
    ]) func `a part that is not the one asked for is corrupt`(range: String) async throws {
        let action = MisbehavingServer.Action.answer(
            206, headers: [("content-range", range), ("etag", "\"x\"")], body: "hello")
        try await MisbehavingServer.with({ _, _ in action }) { server in
            let store = try Self.store(server.port)
            #expect(
                await Self.code {
                    _ = try await store.get(ObjectKey("a"), .range(offset: 0, count: 5))
                } == .corrupt)
        }
    }

    @Test func `a store that ignores a range is understood`() async throws {
        let action = MisbehavingServer.Action.answer(
            200, headers: [("etag", "\"x\"")], body: "0123456789")
        try await MisbehavingServer.with({ _, _ in action }) { server in
            let store = try Self.store(server.port)
            let object = try await store.get(ObjectKey("a"), .range(offset: 3, count: 4))
            #expect(object.bytes == Array("3456".utf8))
            #expect(object.size == 10)
            #expect(
                await Self.code {
                    _ = try await store.get(ObjectKey("a"), .range(offset: 10, count: 1))
                } == .rangeNotSatisfiable)
        }
    }

    @Test func `an answer that is longer than can be right is not read to its end`() async throws {
        let action = MisbehavingServer.Action.raw(
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\netag: \"x\"\r\n\r\n")
        try await MisbehavingServer.with({ _, _ in action }) { server in
            let store = try Self.store(server.port)
            #expect(await Self.code { _ = try await store.get(ObjectKey("a"), .all) } == .corrupt)
            #expect(
                await Self.code { _ = try await store.list(prefix: "", after: nil, limit: 1) }
                    == .corrupt)
        }
    }

    @Test func `a cancelled request says so`() async throws {
        try await MisbehavingServer.with({ _, _ in .silence }) { server in
            let store = try Self.store(server.port) { $0.silenceSeconds = 600 }
            let task = Task { await Self.code { _ = try await store.get(ObjectKey("a"), .all) } }
            task.cancel()
            #expect(await task.value == .cancelled)
        }
    }

    // MARK: What is sent

    @Test func `conditions are spelled as the dialect wants them`() async throws {
        let expected: [(S3Dialect, absent: (String, String), match: (String, String))] = [
            (.aws, ("if-none-match", "*"), ("if-match", "\"x\"")),
            (.ceph, ("if-none-match", "*"), ("if-match", "x")),
            (
                .gcs, ("x-goog-if-generation-match", "0"),
                ("x-goog-if-generation-match", "\"x\"")
            ),
        ]
        for (dialect, absent, match) in expected {
            let action = MisbehavingServer.Action.answer(
                200, headers: [("etag", "\"y\""), ("x-goog-generation", "17")])
            try await MisbehavingServer.with({ _, _ in action }) { server in
                let store = try Self.store(server.port, dialect: dialect)
                let key = ObjectKey("a/b")
                let tag = try await store.put(key, [1, 2], .ifAbsent)
                #expect(tag == ETag(dialect == .gcs ? "17" : "\"y\""))
                _ = try await store.put(key, [1, 2], .ifMatch(ETag("\"x\"")))
                _ = try await store.put(key, [1, 2], .none)
                let requests = server.requests
                #expect(requests.allSatisfy { $0.method == "PUT" && $0.target == "/bucket/a/b" })
                #expect(requests.allSatisfy { $0.body == [1, 2] })
                #expect(requests[0].headers[absent.0] == absent.1)
                #expect(requests[1].headers[match.0] == match.1)
                let conditions = ["if-none-match", "if-match", "x-goog-if-generation-match"]
                #expect(conditions.allSatisfy { requests[2].headers[$0] == nil })
                // And it is part of what is signed.
                #expect(requests[0].headers["authorization"]?.contains(absent.0) == true)
            }
        }
    }

    // MARK: Listings

    private static func listing(_ keys: [String], more: Bool = false) -> String {
        "<ListBucketResult><IsTruncated>\(more)</IsTruncated>"
            + keys.map { "<Contents><Key>\($0)</Key><Size>1</Size></Contents>" }.joined()
            + "</ListBucketResult>"
    }

    @Test(arguments: [
        listing(["b", "a"]), listing(["a", "a"]), listing([], more: true),
        "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key><Size>-1</Size></Contents></ListBucketResult>",
        "<ListBucketResult>", "<html></html>", "",
    ]) func `a listing that cannot be right is refused`(body: String) async throws {
        try await MisbehavingServer.with({ _, _ in .answer(200, body: body) }) { server in
            let store = try Self.store(server.port)
            let code = await Self.code {
                let page = try await store.list(prefix: "", after: ObjectKey("a0"), limit: 9)
                Issue.record("listed \(page.objects)")
            }
            #expect(code == .corrupt || code == .refused)
        }
    }

    @Test func `foreign objects are passed over, also where a page holds nothing else`()
        async throws
    {
        let pages = [
            Self.listing(["FOREIGN/1", "FOREIGN/2"], more: true),
            Self.listing(["a", "b c"], more: true), Self.listing(["c"]),
        ]
        try await MisbehavingServer.with({ _, number in .answer(200, body: pages[number - 1]) }) {
            server in
            let store = try Self.store(server.port)
            let first = try await store.list(prefix: "", after: nil, limit: 5)
            #expect(first.objects.map(\.key.string) == ["a"])
            let rest = try await store.list(prefix: "", after: first.next, limit: 5)
            #expect(rest.objects.map(\.key.string) == ["c"])
            #expect(rest.next == nil)
            #expect(server.requests[1].target.contains("start-after=FOREIGN%2F2"))
            #expect(server.requests[2].target.hasSuffix("start-after=a"))
        }
    }

    // MARK: In parts

    /// A store that takes objects in parts as S3 does; `complete` answers the last step.
    private static func parts(
        _ complete: MisbehavingServer.Action
    ) -> @Sendable (MisbehavingServer.Request, Int) -> MisbehavingServer.Action {
        { request, _ in
            switch (request.method, request.target.contains("partNumber")) {
            case ("HEAD", _): .answer(404)
            case ("POST", _) where request.target.hasSuffix("?uploads="):
                .answer(
                    200,
                    body:
                        "<InitiateMultipartUploadResult><UploadId>u/1</UploadId>"
                        + "</InitiateMultipartUploadResult>"
                )
            case ("PUT", true): .answer(200, headers: [("etag", "\"t\(request.body.count)\"")])
            case ("DELETE", _): .answer(204)
            default: complete
            }
        }
    }

    private static let completed = MisbehavingServer.Action.answer(
        200,
        body:
            "<CompleteMultipartUploadResult><ETag>&quot;whole&quot;</ETag>"
            + "</CompleteMultipartUploadResult>"
    )

    @Test func `a long pack goes up in parts, and the last step has the condition`() async throws {
        try await MisbehavingServer.with(Self.parts(Self.completed)) { server in
            let store = try Self.store(server.port) {
                $0.partsAboveBytes = 100
                $0.partBytes = 40
            }
            let bytes = (0..<101).map { UInt8($0) }
            let tag = try await store.put(ObjectKey("pack/a"), bytes, .ifAbsent)
            #expect(tag == ETag("\"whole\""))
            let parts = server.requests.filter { $0.method == "PUT" }
                .sorted { $0.target < $1.target }
            #expect(
                parts.map(\.target)
                    == (1...3).map { "/bucket/pack/a?partNumber=\($0)&uploadId=u%2F1" })
            #expect(parts.flatMap(\.body) == bytes)
            let last = try #require(server.requests.last)
            #expect(last.headers["if-none-match"] == "*")
            #expect(String(decoding: last.body, as: UTF8.self).contains("&quot;t21&quot;"))
        }
    }

    @Test func `a store that does not name what it made of the parts is asked`() async throws {
        let take = Self.parts(
            .answer(
                200, body: "<CompleteMultipartUploadResult><ETag/></CompleteMultipartUploadResult>")
        )
        try await MisbehavingServer.with { request, number in
            if request.method == "HEAD", number > 1 {
                return .answer(200, headers: [("etag", "\"x-2\"")])
            }
            return take(request, number)
        } _: { server in
            let store = try Self.store(server.port) { $0.partsAboveBytes = 100 }
            let bytes = [UInt8](repeating: 1, count: 101)
            #expect(try await store.put(ObjectKey("pack/a"), bytes, .ifAbsent) == ETag("\"x-2\""))
        }
    }

    @Test func `what is not named by its content goes up in one request, however long`()
        async throws
    {
        try await MisbehavingServer.with({ _, _ in .answer(200, headers: [("etag", "\"x\"")]) }) {
            server in
            let store = try Self.store(server.port) { $0.partsAboveBytes = 100 }
            _ = try await store.put(
                ObjectKey("log/1"), [UInt8](repeating: 1, count: 101), .ifAbsent)
            #expect(server.requests.map(\.method) == ["PUT"])
        }
    }

    @Test(arguments: [
        (MisbehavingServer.Action.answer(412), StoreError.Code.preconditionFailed, true),
        (.answer(409), .conflict, false), (.answer(500), .unknown, false),
        (.close, .unknown, false),
        // The status comes before the work is done.
        (.answer(200, body: document("InternalError")), .unknown, false),
        (.answer(200, body: ""), .unknown, false),
    ]) func `the last step of an upload in parts fails like a write`(
        action: MisbehavingServer.Action, expected: StoreError.Code, isTakenBack: Bool
    ) async throws {
        try await MisbehavingServer.with(Self.parts(action)) { server in
            let store = try Self.store(server.port) {
                $0.partsAboveBytes = 100
                $0.partBytes = 60
            }
            #expect(
                await Self.code {
                    _ = try await store.put(
                        ObjectKey("pack/a"), [UInt8](repeating: 1, count: 110), .ifAbsent)
                } == expected)
            // Never when the parts may have become the object.
            #expect(server.requests.contains { $0.method == "DELETE" } == isTakenBack)
        }
    }

    @Test func `a long pack that is there already is not sent`() async throws {
        try await MisbehavingServer.with(
            { _, _ in .answer(200, headers: [("etag", "\"x\"")]) }
        ) { server in
            let store = try Self.store(server.port) { $0.partsAboveBytes = 100 }
            #expect(
                await Self.code {
                    _ = try await store.put(
                        ObjectKey("pack/a"), [UInt8](repeating: 1, count: 101), .ifAbsent)
                } == .preconditionFailed)
            #expect(server.requests.map(\.method) == ["HEAD"])
        }
    }

    @Test func `a clock that is wrong is named`() async throws {
        try await MisbehavingServer.with(
            { _, _ in .answer(403, body: Self.document("RequestTimeTooSkewed")) }
        ) { server in
            let store = try Self.store(server.port)
            do throws(StoreError) {
                _ = try await store.get(ObjectKey("a"), .all)
                Issue.record("it was read")
            } catch {
                #expect(error.message.contains("clock"))
                #expect(error.cause == "status 403 RequestTimeTooSkewed: Words.")
            }
        }
    }
}
