import Foundation
import GRPCCore
import HTTPTypes
import HifAPI
import HifCore
import HifRepository
import HifStore
import HummingbirdTesting
import NIOCore
import SwiftProtobuf
import Synchronization
import Testing

@testable import MicelioForge

extension TestServer {
    /// The packs that lie in the store of a project.
    func packs(of project: ProjectRecord) async throws -> [Hash] {
        let store = forge.repositories.repository(project.storeProjectID).store
        return try await store.listAll(prefix: "pack/").compactMap { PackKey.pack(of: $0.key) }
    }

    fileprivate func bytes(of pack: Hash, in project: ProjectRecord) async throws -> [UInt8] {
        let store = forge.repositories.repository(project.storeProjectID).store
        return try await store.get(PackKey.key(of: pack)).bytes
    }

    /// One request, with the bytes of the answer as they are.
    fileprivate func fetch(
        _ path: String, _ headers: [(String, String)] = [], method: HTTPRequest.Method = .get
    ) async throws -> (status: Int, headers: HTTPFields, body: [UInt8]) {
        let client = TestClient(host: "127.0.0.1", port: httpPort)
        client.connect()
        var fields = HTTPFields()
        for (name, value) in headers { fields[HTTPField.Name(name)!] = value }
        let response = try await client.execute(
            TestClient.Request(path, method: method, headers: fields, body: nil))
        try await client.shutdown()
        return (
            response.status.code, response.headers,
            response.body.map { Array(buffer: $0) } ?? []
        )
    }
}

/// Packs over HTTP, as caches of others' see them.
@Suite struct PackTests {
    /// A forge with a cache before it, so to speak, and `ana/app` with one pack that is read in pieces.
    private static func with(
        isPublic: Bool, clock: TestClock? = nil,
        _ body:
            @escaping @Sendable (
                _ server: TestServer, _ token: String, _ project: ProjectRecord, _ pack: Hash,
                _ bytes: [UInt8]
            ) async throws -> Void
    ) async throws {
        var now = ForgeServer.systemClock
        if let clock { now = { clock.now } }
        try await TestServer.with(now: now) {
            $0.cdn = "https://cdn.test/forge"
        } _: { server in
            let token = try await server.token("ana")
            let project = try await server.makeProject("ana/app", isPublic: isPublic)
            var generator = SystemRandomNumberGenerator()
            let files = (0..<3).map { number in
                let lines = (0..<60_000).map { _ in String(generator.next(), radix: 36) }
                return ("f\(number).txt", lines.joined(separator: "\n"))
            }
            try await server.land("ana/app", token: token, goal: "Begin", files)
            var found: (Hash, [UInt8])?
            for pack in try await server.packs(of: project) {
                let bytes = try await server.bytes(of: pack, in: project)
                if bytes.count > found?.1.count ?? 0 { found = (pack, bytes) }
            }
            let (pack, bytes) = try #require(found)
            try await body(server, token, project, pack, bytes)
        }
    }

    @Test func `a public pack is answered whole and in ranges, to be kept for ever`() async throws {
        try await PackTests.with(isPublic: true) { server, _, _, pack, bytes in
            let path = "/api/v1/projects/ana/app/packs/\(pack.hex)"
            let tag = "\"\(pack.hex)\""
            let whole = try await server.fetch(path)
            #expect(whole.status == 200 && whole.body == bytes)
            #expect(Blake3.hash(whole.body) == pack)
            #expect(whole.headers[.cacheControl] == "public, max-age=31536000, immutable")
            #expect(whole.headers[.eTag] == tag)
            #expect(whole.headers[.acceptRanges] == "bytes")
            #expect(whole.headers[.vary] == nil)
            #expect(bytes.count > 1 << 20, "it goes out in several pieces")
            let size = bytes.count

            for (header, range) in [
                ("bytes=0-0", 0..<1), ("bytes=10-99", 10..<100),
                ("bytes=5-", 5..<size), ("bytes=-7", size - 7..<size),
                ("bytes=-99999999", 0..<size), ("bytes=17-99999999", 17..<size),
                ("bytes=\(size - 1)-\(size - 1)", size - 1..<size),
            ] {
                let part = try await server.fetch(path, [("Range", header)])
                #expect(part.status == 206, "\(header)")
                #expect(part.body == Array(bytes[range]), "\(header)")
                #expect(
                    part.headers[.contentRange]
                        == "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)", "\(header)")
            }
            for header in ["bytes=\(size)-", "bytes=99999999-", "bytes=-0"] {
                let none = try await server.fetch(path, [("Range", header)])
                #expect(none.status == 416 && none.body.isEmpty, "\(header)")
                #expect(none.headers[.contentRange] == "bytes */\(size)", "\(header)")
            }
            for header in [
                "bytes=0-1,5-9", "bytes=9-5", "bytes=", "bytes=-", "bytes=a-b", "lines=0-1",
                "bytes=+1-2", "bytes=1-99999999999999999999",
            ] {
                let passed = try await server.fetch(path, [("Range", header)])
                #expect(passed.status == 200 && passed.body == bytes, "\(header)")
            }

            let known = try await server.fetch(path, [("If-None-Match", "\"x\", \(tag)")])
            #expect(known.status == 304 && known.body.isEmpty && known.headers[.eTag] == tag)
            let resumed = try await server.fetch(path, [("If-Range", tag), ("Range", "bytes=3-")])
            #expect(resumed.status == 206)
            let other = try await server.fetch(
                path, [("If-Range", "\"x\""), ("Range", "bytes=3-")])
            #expect(other.status == 200 && other.body == bytes)
            let head = try await server.fetch(path, method: .head)
            #expect(head.status == 200 && head.body.isEmpty)
            #expect(head.headers[.contentLength] == "\(size)")
        }
    }

    @Test func `what is no pack of the project is not there, and nobody is to keep that`()
        async throws
    {
        try await PackTests.with(isPublic: true) { server, _, _, pack, _ in
            let base = "/api/v1/projects/ana/app/packs"
            for name in [Hash.zero.hex, pack.hex.uppercased(), "x", String(pack.hex.dropLast())] {
                let answer = try await server.fetch("\(base)/\(name)")
                #expect(answer.status == 404, "\(name)")
                #expect(answer.headers[.cacheControl] == "no-store", "\(name)")
            }
        }
    }

    @Test func `a private pack is kept by the one who asked, or at a signed address for a while`()
        async throws
    {
        let clock = TestClock()
        try await PackTests.with(isPublic: false, clock: clock) {
            server, token, project, pack, bytes in
            let path = "/api/v1/projects/ana/app/packs/\(pack.hex)"
            #expect(try await server.fetch(path).status == 404)
            let own = try await server.fetch(path, [("Authorization", "Bearer \(token)")])
            #expect(own.status == 200 && own.body == bytes)
            #expect(own.headers[.cacheControl] == "private, max-age=31536000, immutable")
            #expect(own.headers[.vary] == "Authorization")

            let signed = server.forge.packs.signedPath(
                of: pack, in: project.storeProjectID, now: clock.now)
            #expect(
                signed
                    == server.forge.packs.signedPath(
                        of: pack, in: project.storeProjectID, now: clock.now + 1_000))
            let answer = try await server.fetch(signed, [("Range", "bytes=1-9")])
            #expect(answer.status == 206 && answer.body == Array(bytes[1..<10]))
            let left = try #require(
                answer.headers[.cacheControl].flatMap {
                    Int($0.split(separator: "=")[1].prefix { $0.isNumber })
                })
            #expect((900...1_800).contains(left))

            let parts = signed.split(separator: "?")
            let (address, query) = (String(parts[0]), String(parts[1]))
            let fields = query.split(separator: "&").map(String.init)
            let expires = try #require(Int64(fields[0].split(separator: "=")[1]))
            let signature = String(fields[1].split(separator: "=")[1])
            let turned = (signature.first == "0" ? "1" : "0") + signature.dropFirst()
            for wrong in [
                address, "\(address)?\(fields[0])", "\(address)?\(fields[1])",
                "\(address)?expires=\(expires + 1)&\(fields[1])",
                "\(address)?\(fields[0])&signature=\(turned)",
                "\(address)?\(fields[0])&signature=", "\(address)?\(fields[0])&signature=zz",
                "\(address)?\(fields[0])&signature=\(signature)00",
                signed.replacing(project.storeProjectID, with: ProjectID(high: 1, low: 1).hex),
                signed.replacing(pack.hex, with: Hash.zero.hex),
            ] {
                #expect(try await server.fetch(wrong).status == 404, "\(wrong)")
            }
            clock.advance(millis: expires * 1_000 - clock.now - 1)
            #expect(try await server.fetch(signed).status == 200)
            clock.advance(millis: 1)
            #expect(try await server.fetch(signed).status == 404)
        }
    }

    @Test func `a cache is named by an address that clients may ask`() throws {
        for (address, isTaken) in [
            ("https://cdn.example.org", true), ("https://cdn.example.org/forge", true),
            ("https://cdn.example.org:8443", true), ("http://127.0.0.1:8080", true),
            ("http://localhost:8080/a", true), ("http://cdn.example.org", false),
            ("https://cdn.example.org/", false), ("https://", false), ("cdn.example.org", false),
            ("https://a@b", false), ("https://cdn.example.org/?a=b", false), ("", false),
        ] {
            var configuration = ForgeConfiguration()
            configuration.cdn = address
            let isGood = (try? configuration.check()) != nil
            #expect(isGood == isTaken, "\(address)")
        }
    }

    @Test func `signatures of one key are good for all that have it, and for no others`() {
        let (one, two) = (PackSigner(secret: [1, 2]), PackSigner(secret: [1, 2]))
        let signed = one.sign(.zero, of: "a", expires: 7)
        #expect(two.isGenuine(signed))
        #expect(!PackSigner(secret: [1, 3]).isGenuine(signed))
        #expect(!PackSigner(secret: nil).isGenuine(signed))
        let drawn = PackSigner(secret: nil)
        #expect(drawn.isGenuine(drawn.sign(.zero, of: "a", expires: 7)))
    }

    @Test(arguments: [true, false])
    func `whoever may read is told where to fetch, and nobody else is`(isPublic: Bool) async throws
    {
        try await PackTests.with(isPublic: isPublic) { server, token, project, pack, _ in
            let repository = server.forge.repositories.repository(project.storeProjectID)
            let newest = try await repository.newest()
            let landing = try await repository.landing(at: 1, newest: newest)
            let tree = landing.operations.compactMap { $0.operation.after?.hash }
            func ask(_ token: String?, takesPlaces: Bool) async throws -> [Micelio_V1_BlobsReply] {
                let answers = Mutex<[Micelio_V1_BlobsReply]>([])
                try await server.rpc { client in
                    let content = Micelio_V1_Content.Client(wrapping: client)
                    let metadata: Metadata =
                        token.map { ["authorization": "Bearer \($0)"] } ?? [:]
                    let found = try await content.blobs(
                        .with {
                            $0.project = .with {
                                $0.owner = "ana"
                                $0.name = "app"
                            }
                            $0.position = 1
                            $0.hashes = tree.map(\.wire)
                            $0.takesPlaces = takesPlaces
                        }, metadata: metadata
                    ) { response in
                        var found: [Micelio_V1_BlobsReply] = []
                        for try await reply in response.messages { found.append(reply) }
                        return found
                    }
                    answers.withLock { $0 = found }
                }
                return answers.withLock { $0 }
            }
            let replies = try await ask(token, takesPlaces: true)
            #expect(replies.flatMap(\.pieces).isEmpty)
            #expect(Set(replies.flatMap(\.places).map(\.hash)) == Set(tree.map(\.wire)))
            let address = try #require(replies.flatMap(\.packs).first)
            #expect(address.hash == pack.wire)
            #expect(address.url.hasPrefix("https://cdn.test/forge/"))
            #expect(address.url.contains("signature=") != isPublic)
            let path = String(address.url.dropFirst("https://cdn.test/forge".count))
            #expect(try await server.fetch(path).status == 200)
            #expect(try await ask(token, takesPlaces: false).flatMap(\.places).isEmpty)
            if isPublic {
                #expect(try await !ask(nil, takesPlaces: true).isEmpty)
            } else {
                let error = await #expect(throws: RPCError.self) {
                    try await ask(nil, takesPlaces: true)
                }
                #expect(error?.code == .notFound)
            }
        }
    }
}
