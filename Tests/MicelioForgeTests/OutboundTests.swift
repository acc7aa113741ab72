import Synchronization
import Testing

@testable import MicelioForge

/// Where the forge goes when it fetches something, and where it does not.
@Suite struct OutboundTests {
    /// Names that resolve as a test says, in turn; the last answer stays.
    private final class Names: NameResolver {
        private let table: Mutex<[String: [[String]]]>
        private let count = Mutex(0)

        init(_ table: [String: [[String]]]) {
            self.table = Mutex(table)
        }

        var asked: Int { count.withLock { $0 } }

        func addresses(of name: String) async -> [String] {
            count.withLock { $0 += 1 }
            return table.withLock { table in
                guard let answers = table[name], let first = answers.first else { return [] }
                if answers.count > 1 { table[name]?.removeFirst() }
                return first
            }
        }
    }

    /// http and every port, and one address of this machine.
    private static var policy: OutboundPolicy {
        var policy = OutboundPolicy.development
        policy.opened = OutboundPolicy.blocks(["127.0.0.1"])
        return policy
    }

    private static func client(
        _ policy: OutboundPolicy = policy, names: [String: [[String]]] = [:],
        own: String = "http://forge.test"
    ) -> OutboundHTTP {
        OutboundHTTP(policy, resolver: Names(names)) { own }
    }

    private func code(_ work: () async throws -> Void) async -> OutboundError.Code? {
        do {
            try await work()
            return nil
        } catch {
            return (error as? OutboundError)?.code
        }
    }

    // MARK: Addresses

    @Test(arguments: [
        "http://127.0.0.1", "http://127.0.0.1:8080/x", "http://127.8.9.1", "http://0",
        "http://0.0.0.0", "http://2130706433", "http://0x7f000001", "http://0x7f.0.0.1",
        "http://127.1", "http://0177.0.0.1", "http://127.0.0.01", "http://[::1]", "http://[::]",
        "http://[::ffff:127.0.0.1]", "http://[::ffff:8.8.8.8]", "http://[::127.0.0.1]",
        "http://[64:ff9b::7f00:1]", "http://[64:ff9b:1::a00:1]", "http://[2002:7f00:1::]",
        "http://[2001::1]", "http://[2001:db8::1]", "http://[3fff::1]", "http://[100::1]",
        "http://[fe80::1]", "http://[fe80::1%25eth0]", "http://[fc00::1]", "http://[fd12::1]",
        "http://[ff02::1]", "http://10.0.0.1", "http://172.16.0.1", "http://172.31.255.255",
        "http://192.168.1.1", "http://100.64.0.1", "http://169.254.169.254/latest/meta-data",
        "http://192.0.0.8", "http://192.0.2.1", "http://198.18.0.1", "http://198.51.100.1",
        "http://203.0.113.1", "http://192.88.99.1", "http://224.0.0.1", "http://240.0.0.1",
        "http://255.255.255.255", "http://localhost", "http://inner.test", "http://meta.test",
        "http://mixed.test", "http://six.test", "http://mapped.test",
    ])
    func `no address of this machine or its network is fetched from`(_ address: String) async {
        var policy = OutboundPolicy()
        policy.schemes = ["http", "https"]
        policy.ports = nil
        let client = Self.client(
            policy,
            names: [
                "localhost": [["127.0.0.1"]], "inner.test": [["10.1.2.3"]],
                "meta.test": [["169.254.169.254"]], "mixed.test": [["198.35.26.96", "127.0.0.1"]],
                "six.test": [["fd00::1"]], "mapped.test": [["::ffff:10.0.0.1"]],
            ])
        #expect(await code { _ = try await client.get(address, accept: "*/*") } == .refused)
    }

    @Test func `addresses in the open are let through`() throws {
        let policy = OutboundPolicy()
        for address in [
            "1.1.1.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.63.0.1", "192.0.1.1",
            "223.255.255.255", "2606:4700::1111", "2a00:1450:4001::1", "2003::1",
        ] {
            #expect(throws: Never.self, "\(address)") { try policy.check(address) }
        }
        #expect(throws: OutboundError.self) { try policy.check("nothing") }
        // No row of the tables is misspelled.
        for text in [OutboundPolicy.innerIPv4Text, OutboundPolicy.innerIPv6Text] {
            #expect(OutboundPolicy.blocks(text).count == text.count)
        }
    }

    @Test(arguments: [
        "http://example.org/", "gopher://example.org/", "file:///etc/passwd", "ftp://example.org",
        "javascript:alert(1)", "data:text/plain,x", "//example.org", "example.org", "",
        "https://example.org:25/", "https://example.org:22", "https://example.org:8443",
        "https://example.org:0", "https://example.org:65536", "https://example.org:",
        "https://example.org:443x", "https://ana@example.org", "https://ana:word@example.org",
        "https://forge.test/x", "HTTPS://FORGE.TEST:443", "https://", "https:///x", "https://.",
        "https://a..b", "https://-a.example", "https://a_b.example", "https://example.org.",
        "https://ex\u{E4}mple.org", "https://example.org\\@10.0.0.1", "https://example.org/ x",
        "https://example.org/\r\nHost: x", "https://[::1", "https://::1", "https://[1.2.3.4]",
        "https://1.2.3.4.5", "https://1.2.3", "https://256.1.1.1", "https://example.0x1f",
    ])
    func `other schemes, ports, spellings and the forge itself are refused`(
        _ address: String
    ) async {
        let client = Self.client(
            OutboundPolicy(), names: ["example.org": [["192.0.2.1"]]], own: "https://forge.test")
        #expect(await code { _ = try await client.get(address, accept: "*/*") } == .refused)
    }

    @Test func `an address is read as it is written anew`() throws {
        for (text, written) in [
            ("https://Example.ORG", "https://example.org/"),
            ("HTTPS://example.org:443/a?b=c#d", "https://example.org/a?b=c"),
            ("http://example.org:8080?x", "http://example.org:8080/?x"),
            ("https://[2606:4700::1111]/x", "https://[2606:4700::1111]/x"),
            ("https://1.1.1.1", "https://1.1.1.1/"),
        ] {
            #expect(try OutboundURL(text).text == written)
            #expect(try OutboundURL(written).text == written)
        }
        let long = "https://example.org/"
        let rest = String(repeating: "a", count: Limits.outboundURLBytesMax - long.utf8.count)
        #expect(try OutboundURL(long + rest).target.utf8.count == rest.utf8.count + 1)
        #expect(throws: OutboundError.self) { try OutboundURL(long + rest + "a") }
    }

    // MARK: Fetches

    @Test func `a fetch sends nothing of the forge along, and knows the host by its name`()
        async throws
    {
        try await LocalServer.with({ _ in .answer(200, ["Set-Cookie: a=b"], Array("yes".utf8)) }) {
            server in
            let client = Self.client(names: ["site.test": [["127.0.0.1"]]])
            for _ in 0..<2 {
                let answer = try await client.get(
                    "http://site.test:\(server.port)/a?b=c", accept: "image/png")
                #expect(answer == .init(status: 200, bytes: Array("yes".utf8)))
            }
            for request in server.requests {
                let lines = request.lowercased().split(separator: "\r\n").map(String.init).sorted()
                #expect(request.hasPrefix("GET /a?b=c HTTP/1.1\r\n"))
                #expect(lines.contains("user-agent: micelio"))
                #expect(lines.contains("accept: image/png"))
                #expect(lines.contains("host: site.test:\(server.port)"))
                #expect(!request.lowercased().contains("cookie"))
                #expect(!request.lowercased().contains("authorization"))
                #expect(lines.count <= 5, "\(lines)")
            }
        }
    }

    @Test func `a name is resolved once for a request, and again for each redirect`() async throws {
        try await LocalServer.with({ head in
            head.hasPrefix("GET /end ")
                ? .answer(200) : .answer(302, ["Location: http://site.test:1/end"])
        }) { server in
            // It would be another place the second time, but is not asked.
            let names = Names(["site.test": [["127.0.0.1"], ["10.0.0.1"]]])
            let client = OutboundHTTP(Self.policy, resolver: names) { "http://forge.test" }
            let answer = try await client.get(
                "http://site.test:\(server.port)/end", accept: "*/*")
            #expect(answer.status == 200 && names.asked == 1)
            #expect(
                await code {
                    _ = try await client.get("http://site.test:\(server.port)/", accept: "*/*")
                } == .refused)
        }
        try await LocalServer.with({ _ in .answer(302, ["Location: /again"]) }) { server in
            let names = Names(["site.test": [["127.0.0.1"], ["10.0.0.1"]]])
            let client = OutboundHTTP(Self.policy, resolver: names) { "http://forge.test" }
            #expect(
                await code {
                    _ = try await client.get("http://site.test:\(server.port)/", accept: "*/*")
                } == .refused)
            #expect(names.asked == 2 && server.requests.count == 1)
        }
    }

    @Test(arguments: [
        "http://127.0.0.2:PORT/", "http://10.0.0.1/", "http://[::1]:PORT/", "http://0:PORT/",
        "http://[::ffff:127.0.0.2]:PORT/", "http://169.254.169.254/", "gopher://127.0.0.1:PORT/",
        "file:///etc/passwd", "//127.0.0.2:PORT/", "http://ana@127.0.0.1:PORT/", "other", "",
        "http://forge.test/", "https://inner.test/",
    ])
    func `a redirect goes nowhere that a fetch may not`(_ location: String) async throws {
        try await LocalServer.with({ head in
            let port =
                head.between("host: 127.0.0.1:", "\r\n") ?? head.between("Host: 127.0.0.1:", "\r\n")
            return .answer(302, ["Location: \(location.replacing("PORT", with: port ?? ""))"])
        }) { server in
            let client = Self.client(names: ["inner.test": [["192.168.0.1"]]])
            let code = await code { _ = try await client.get(server.address, accept: "*/*") }
            #expect(code == .refused)
            #expect(server.requests.count == 1)
        }
    }

    @Test func `so many redirects are followed, and one more is not`() async throws {
        try await LocalServer.with({ head in
            let left = Int(head.between("GET /", " ") ?? "") ?? 0
            return left == 0 ? .answer(200) : .answer(307, ["Location: /\(left - 1)"])
        }) { server in
            let client = Self.client()
            let most = Limits.outboundRedirectsMax
            let answer = try await client.get("\(server.address)/\(most)", accept: "")
            #expect(answer.status == 200)
            let code = await code {
                _ = try await client.get("\(server.address)/\(most + 1)", accept: "")
            }
            #expect(code == .refused)
            #expect(server.requests.count == 2 * (most + 1))
        }
    }

    @Test func `so many bytes are taken, and one more is not, whether they are announced or not`()
        async throws
    {
        let body = [UInt8](repeating: 0x61, count: Limits.outboundBytesMax)
        let head = Array("HTTP/1.1 200 OK\r\n\r\n".utf8)
        let lying = Array("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n".utf8)
        try await LocalServer.with({ request in
            switch request.between("GET /", " ") {
            case "whole": .answer(200, [], body)
            case "more": .answer(200, [], body + [0x61])
            case "unsaid": .raw(head + body)
            case "unsaid-more": .raw(head + body + [0x61])
            default: .begin(lying)
            }
        }) { server in
            let client = Self.client()
            for path in ["whole", "unsaid"] {
                let answer = try await client.get("\(server.address)/\(path)", accept: "")
                #expect(answer.bytes.count == Limits.outboundBytesMax)
            }
            for path in ["more", "unsaid-more", "lying"] {
                let code = await code {
                    _ = try await client.get("\(server.address)/\(path)", accept: "")
                }
                #expect(code == .tooLarge, "\(path)")
            }
        }
    }

    @Test func `a server that says nothing is not waited for`() async throws {
        let begun = Array("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc".utf8)
        try await LocalServer.with({ $0.hasPrefix("GET /begun ") ? .begin(begun) : .silence }) {
            server in
            var impatient = Self.policy
            #expect(impatient.silenceMillis == Limits.outboundSilenceMillis)
            #expect(impatient.millisMax == Limits.outboundMillisMax)
            impatient.silenceMillis = 50
            var brief = Self.policy
            brief.millisMax = 50
            for policy in [impatient, brief] {
                for path in ["begun", "silent"] {
                    let client = Self.client(policy)
                    let code = await code {
                        _ = try await client.get("\(server.address)/\(path)", accept: "")
                    }
                    #expect(code == .late, "\(path)")
                }
            }
        }
    }

    @Test func `what does not answer in HTTP is said to be unreachable`() async throws {
        let port = try await LocalServer.with({ _ in .raw(Array("220 mail.test ESMTP\r\n".utf8)) })
        {
            server in
            let client = Self.client()
            #expect(
                await code { _ = try await client.get(server.address, accept: "") } == .unreachable)
            return server.port
        }
        let client = Self.client()
        // Nobody listens there any more, and nobody has that name.
        for address in ["http://127.0.0.1:\(port)", "http://nobody.test"] {
            let code = await code { _ = try await client.get(address, accept: "") }
            #expect(code == .unreachable)
        }
    }

    @Test func `a certificate that nobody vouches for is refused`() async throws {
        // gRPC of a forge has one that it made itself.
        try await TestServer.with { server in
            let client = Self.client(names: ["site.test": [["127.0.0.1"]]])
            for host in ["127.0.0.1", "site.test"] {
                let address = "https://\(host):\(server.rpcPort)/"
                let code = await code { _ = try await client.get(address, accept: "") }
                #expect(code == .unreachable)
            }
        }
    }

    @Test func `so many fetches are under way, and the next is refused`() async throws {
        try await LocalServer.with({ _ in .silence }) { server in
            let client = Self.client()
            await withTaskGroup(of: OutboundError.Code?.self) { group in
                for _ in 0...Limits.outboundAtOnce {
                    group.addTask {
                        await self.code { _ = try await client.get(server.address, accept: "") }
                    }
                }
                #expect(await group.next() == .busy)
                group.cancelAll()
            }
        }
    }

    @Test func `the machine's resolver knows this machine, and whoever is cancelled does not wait`()
        async throws
    {
        let resolver = SystemResolver(threads: TestForge.threads)
        let found = await resolver.addresses(of: "localhost")
        #expect(found.contains("127.0.0.1") || found.contains("::1"))
        #expect(await resolver.addresses(of: "no such name").isEmpty)
        let task = Task { await resolver.addresses(of: "localhost") }
        task.cancel()
        _ = await task.value
    }
}
