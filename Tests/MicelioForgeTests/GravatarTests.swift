import HTTPTypes
import HifCore
import Synchronization
import Testing

@testable import MicelioForge

/// Pictures that the forge asks a service for by mail address.
@Suite struct GravatarTests {
    /// The service as a test wants it, and what the forge said of it.
    private final class World: Sendable {
        let clock = TestClock()
        let reports = Mutex<[String]>([])

        func gravatars(
            _ server: LocalServer, bytesMax: Int = 1 << 20,
            silenceMillis: Int = Limits.outboundSilenceMillis
        ) throws -> Gravatars {
            let clock = clock
            var policy = OutboundPolicy.development
            policy.silenceMillis = silenceMillis
            return Gravatars(
                try GravatarAddress("\(server.address)/avatar/"),
                outbound: OutboundHTTP(
                    policy, resolver: SystemResolver(threads: TestForge.threads)
                ) { "http://forge.test" },
                maker: PictureMaker(threads: TestForge.threads), bytesMax: bytesMax,
                now: { clock.now },
                report: { [self] text in reports.withLock { $0.append(text) } })
        }
    }

    private static func picture(
        _ color: SamplePictures.Color = SamplePictures.red
    ) throws -> [UInt8] {
        try SamplePictures.jpeg(SamplePictures.pixels(80, 80) { _, _ in color })
    }

    @Test func `an address is asked for by the hash of its plain form, and its picture kept`()
        async throws
    {
        let bytes = try Self.picture()
        try await LocalServer.with({ _ in .answer(200, [], bytes) }) { server in
            let world = World()
            let gravatars = try world.gravatars(server)
            #expect(gravatars.picture(of: "MyEmailAddress@example.com") == .notYet)
            await gravatars.work()
            let wanted = try AvatarPicture(bytes)
            for spelling in ["myemailaddress@example.com", " MyEmailAddress@Example.com\n"] {
                #expect(gravatars.picture(of: spelling) == .picture(wanted))
            }
            await gravatars.work()
            // The vector of Gravatar's documentation.
            let hash = "84059b07d4be67b806386c0aad8070a23f18836bbaae342275dc0a83414c32ee"
            #expect(server.requests.count == 1)
            #expect(server.requests[0].hasPrefix("GET /avatar/\(hash)?d=404&s=256 HTTP/1.1\r\n"))
            #expect(world.reports.withLock { $0.isEmpty })
        }
    }

    @Test func `it is asked again when a day is over, and the old one shown until it answers`()
        async throws
    {
        let isBlue = Mutex(false)
        let (red, blue) = (
            try Self.picture(), try Self.picture(SamplePictures.blue)
        )
        try await LocalServer.with({ head in
            #expect(head.contains("?d=404"))
            return .answer(200, [], isBlue.withLock { $0 } ? blue : red)
        }) { server in
            let world = World()
            let gravatars = try world.gravatars(server)
            _ = gravatars.picture(of: "a@b.test")
            await gravatars.work()
            isBlue.withLock { $0 = true }
            world.clock.advance(millis: Limits.gravatarKeptMillis - 1)
            #expect(gravatars.picture(of: "a@b.test") == .picture(try AvatarPicture(red)))
            await gravatars.work()
            #expect(server.requests.count == 1)
            world.clock.advance(millis: 1)
            #expect(gravatars.picture(of: "a@b.test") == .picture(try AvatarPicture(red)))
            await gravatars.work()
            #expect(gravatars.picture(of: "a@b.test") == .picture(try AvatarPicture(blue)))
        }
    }

    @Test func `who has none there has none for a day, and so has who has no picture`() async throws
    {
        try await LocalServer.with({ _ in .answer(404) }) { server in
            let gravatars = try World().gravatars(server)
            _ = gravatars.picture(of: "a@b.test")
            await gravatars.work()
            #expect(gravatars.picture(of: "a@b.test") == .nothing)
            await gravatars.work()
            #expect(server.requests.count == 1)
        }
        let svg = Array("<svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>".utf8)
        try await LocalServer.with({ _ in .answer(200, ["Content-Type: image/png"], svg) }) {
            server in
            let gravatars = try World().gravatars(server)
            _ = gravatars.picture(of: "a@b.test")
            await gravatars.work()
            #expect(gravatars.picture(of: "a@b.test") == .nothing)
        }
    }

    @Test(arguments: [LocalServer.Answer.silence, .answer(503), .answer(429), .raw([0x21])])
    func `a service that does not answer is left alone for a while, with one line in the log`(
        _ answer: LocalServer.Answer
    ) async throws {
        let isWell = Mutex(false)
        try await LocalServer.with({ _ in isWell.withLock { $0 } ? .answer(404) : answer }) {
            server in
            let world = World()
            let gravatars = try world.gravatars(server, silenceMillis: 1_000)
            for round in 1...3 {
                _ = gravatars.picture(of: "a@b.test")
                await gravatars.work()
                #expect(gravatars.picture(of: "a@b.test") == .notYet)
                world.clock.advance(millis: Limits.gravatarPauseMillis - 1)
                #expect(gravatars.picture(of: "c@d.test") == .notYet)
                await gravatars.work()
                #expect(server.requests.count == round)
                world.clock.advance(millis: 1)
            }
            #expect(world.reports.withLock { $0.count } == 1)
            isWell.withLock { $0 = true }
            _ = gravatars.picture(of: "a@b.test")
            await gravatars.work()
            #expect(gravatars.picture(of: "a@b.test") == .nothing)
            #expect(world.reports.withLock { $0.count } == 2)
        }
    }

    @Test func `so many wait to be asked for, each once`() async throws {
        try await LocalServer.with({ _ in .answer(404) }) { server in
            let gravatars = try World().gravatars(server)
            for number in 0...Limits.gravatarQueueMax {
                for _ in 0..<2 {
                    #expect(gravatars.picture(of: "a\(number)@b.test") == .notYet)
                }
            }
            await gravatars.work()
            #expect(server.requests.count == Limits.gravatarQueueMax)
            #expect(gravatars.picture(of: "a0@b.test") == .nothing)
            #expect(gravatars.picture(of: "a\(Limits.gravatarQueueMax)@b.test") == .notYet)
        }
    }

    @Test func `what is kept has a bound, and what was fetched first goes first`() async throws {
        let bytes = try Self.picture()
        let picture = try AvatarPicture(bytes)
        let size = picture.small.count + picture.large.count + 256
        try await LocalServer.with({ _ in .answer(200, [], bytes) }) { server in
            let world = World()
            let gravatars = try world.gravatars(server, bytesMax: 3 * size)
            for number in 0..<4 {
                world.clock.advance(millis: 1)
                _ = gravatars.picture(of: "a\(number)@b.test")
                await gravatars.work()
            }
            for number in 1..<4 {
                #expect(gravatars.picture(of: "a\(number)@b.test") == .picture(picture))
            }
            #expect(gravatars.picture(of: "a0@b.test") == .notYet)
        }
    }

    @Test func `an address of pictures is one that can be fetched from`() throws {
        for text in ["https://x.test/avatar", "https://x.test/avatar/"] {
            let address = try GravatarAddress(text)
            #expect(address.picture(of: "ab") == "https://x.test/avatar/ab?d=404&s=256")
        }
        #expect(try GravatarAddress("https://gravatar.com/avatar") == .usual)
        #expect(
            try GravatarAddress("https://x.test").picture(of: "a").hasPrefix("https://x.test/a?"))
        for text in ["on", "", "x.test", "ftp://x.test", "https://x.test/?a=b", "https://x.test#a"]
        {
            #expect(throws: ForgeError.self, "\(text)") { try GravatarAddress(text) }
        }
    }

    @Test func `the forge shows it to visitors, who ask nobody else, until the account says no`()
        async throws
    {
        let bytes = try Self.picture()
        try await LocalServer.with({ _ in .answer(200, [], bytes) }) { gravatar in
            let address = try GravatarAddress("\(gravatar.address)/avatar")
            try await TestServer.with({
                $0.gravatar = address
                $0.outbound = .development
            }) { server in
                try await server.account("ana")
                let ana = try await server.browser("ana")
                // Without an address there is nothing to ask for.
                let drawn = try await server.send(.get, "/avatars/ana")
                #expect(drawn.headers[.contentType] == "image/svg+xml")
                #expect(gravatar.requests.isEmpty)

                let fields = [("email", "ana@example.test"), ("gravatar", "true")]
                _ = try await ana.submit("/settings", fields)
                var shown = try await server.send(.get, "/avatars/ana")
                #expect(shown.headers[.contentType] == "image/svg+xml")
                #expect(shown.headers[.cacheControl] == "public, no-cache")
                // Fetched behind the answer: it is there for one who asks again.
                for _ in 0..<10_000 where shown.headers[.contentType] != "image/png" {
                    shown = try await server.send(.get, "/avatars/ana")
                }
                let picture = try AvatarPicture(bytes)
                #expect(shown.body == picture.large && gravatar.requests.count == 1)
                #expect(try await server.send(.get, "/avatars/ana/small").body == picture.small)
                let page = try await server.http(.get, "/ana")
                #expect(!page.body.contains("127.0.0.1:\(gravatar.port)"))
                #expect(try await ana.get("/settings").body.contains("value=\"true\" checked"))

                // A box that is not checked is not sent.
                _ = try await ana.submit("/settings", [("email", "ana@example.test")])
                let off = try await server.send(.get, "/avatars/ana")
                #expect(off.body == drawn.body)
                #expect(try await !ana.get("/settings").body.contains("checked"))
                #expect(gravatar.requests.count == 1)
            }
        }
    }
}
