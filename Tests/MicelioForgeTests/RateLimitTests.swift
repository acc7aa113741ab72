import Foundation
import GRPCCore
import GRPCProtobuf
import HTTPTypes
import HifAPI
import Support
import Testing

@testable import MicelioForge

/// What callers may ask for, and what they are told when it is used up.
@Suite struct RateLimitTests {
    private static func buckets(
        _ text: String, countMax: Int = 1_000
    ) throws -> RateBuckets<String> {
        RateBuckets(try Allowance(text), countMax: countMax)
    }

    @Test func `a bucket gives what it has, and comes back evenly`() throws {
        let buckets = try RateLimitTests.buckets("10/5")
        for left in (0..<10).reversed() {
            let verdict = buckets.take(1, of: "a", now: 1_000)
            #expect(verdict.isAllowed && verdict.left == left)
        }
        let empty = buckets.take(1, of: "a", now: 1_000)
        #expect(!empty.isAllowed && empty.left == 0)
        #expect(empty.retryInSeconds == 1 && empty.fullInSeconds == 5)
        // Two units a second. What was refused took nothing.
        #expect(!buckets.take(1, of: "a", now: 1_499).isAllowed)
        #expect(buckets.take(1, of: "a", now: 1_500).isAllowed)
        let dear = buckets.take(4, of: "a", now: 1_500)
        #expect(!dear.isAllowed && dear.retryInSeconds == 2)
        #expect(buckets.take(4, of: "a", now: 3_500).isAllowed)
        // Others have their own.
        #expect(buckets.take(10, of: "b", now: 1_000).isAllowed)
        // Not more than a full one, however long nobody came.
        #expect(buckets.take(10, of: "a", now: 9_000_000).left == 0)
    }

    @Test func `what costs more than there can be waits for a full bucket`() throws {
        let buckets = try RateLimitTests.buckets("10/10")
        #expect(buckets.take(50, of: "a", now: 0).isAllowed)
        #expect(buckets.take(50, of: "a", now: 9_000).retryInSeconds == 1)
        #expect(buckets.take(50, of: "a", now: 10_000).isAllowed)
    }

    @Test func `a clock that is set back keeps nobody out, and gives nothing away`() throws {
        let buckets = try RateLimitTests.buckets("2/10")
        #expect(buckets.take(2, of: "a", now: 1_000_000).isAllowed)
        let back = buckets.take(1, of: "a", now: 5_000)
        #expect(!back.isAllowed && back.retryInSeconds == 5)
        #expect(buckets.take(1, of: "a", now: 10_000).isAllowed)
    }

    @Test func `so many callers are remembered, and those that go on asking among them`() throws {
        let buckets = try RateLimitTests.buckets("2/1000", countMax: 100)
        #expect(buckets.take(2, of: "steady", now: 0).isAllowed)
        for number in 0..<10_000 {
            _ = buckets.take(1, of: "n\(number)", now: 0)
            #expect(!buckets.take(1, of: "steady", now: 0).isAllowed)
            #expect(buckets.count <= 100)
        }
        // Heard of longest ago, and forgotten.
        #expect(buckets.take(2, of: "n0", now: 0).isAllowed)
    }

    @Test func `over any time nobody gets more than the allowance and what came back`() throws {
        for seed in UInt64(0)..<50 {
            var generator = SeededGenerator(seed: seed)
            let units = Int.random(in: 1...200, using: &generator)
            let seconds = Int.random(in: 1...100, using: &generator)
            let buckets = try RateLimitTests.buckets("\(units)/\(seconds)")
            var now: Int64 = 1_700_000_000_000
            let start = now
            var taken = 0
            for _ in 0..<500 {
                now += Int64.random(in: 0...300, using: &generator)
                let cost = Int.random(in: 0...min(20, units), using: &generator)
                let verdict = buckets.take(cost, of: "a", now: now)
                if verdict.isAllowed { taken += cost }
                #expect((0...units).contains(verdict.left) && verdict.fullInSeconds <= seconds)
                let back = Double(now - start) / 1_000 * Double(units) / Double(seconds)
                #expect(Double(taken) <= Double(units) + back + 0.001, "seed \(seed)")
            }
        }
    }

    @Test(arguments: [
        "", "5", "5/", "/5", "0/1", "1/0", "-1/1", "x/1", "1/86401", "10000001/60", "2000000/1",
        "1/1/1", "OFF",
    ])
    func `what is no allowance is refused`(_ text: String) {
        #expect(throws: ForgeError.self) { try Allowance(text) }
    }

    // MARK: Whose word counts

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false),
        ("10.0.0.0/8", "::ffff:10.1.1.1", true), ("127.0.0.1", "127.0.0.1", true),
        ("127.0.0.1", "127.0.0.2", false), ("fd00::/8", "fdff::1", true),
        ("fd00::/8", "fe00::1", false), ("::1", "::1", true), ("0.0.0.0/0", "192.0.2.1", true),
        ("0.0.0.0/0", "2001:db8::1", false), ("::/0", "192.0.2.1", true),
        ("192.0.2.128/25", "192.0.2.127", false), ("192.0.2.128/25", "192.0.2.200", true),
        ("10.0.0.0/8", "unknown", false),
    ])
    func `a block has its addresses`(_ block: String, _ address: String, _ isIn: Bool) throws {
        #expect(try AddressBlock(block).contains(address) == isIn)
    }

    @Test(arguments: [
        "", "localhost", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0",
        "1.2.3.4/",
        "10.0.0.0/08", " 10.0.0.1",
    ])
    func `what is no block is refused`(_ text: String) {
        #expect(throws: ForgeError.self) { try AddressBlock(text) }
    }

    @Test(arguments: [
        // Nobody's word but a proxy's.
        ("192.0.2.9", ["1.1.1.1"], "192.0.2.9"), ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["1.1.1.1"], "1.1.1.1"),
        // What the caller wrote stands before what the proxy wrote.
        ("10.0.0.1", ["6.6.6.6, 1.1.1.1"], "1.1.1.1"),
        ("10.0.0.1", ["6.6.6.6", "1.1.1.1"], "1.1.1.1"),
        ("10.0.0.1", ["1.1.1.1, 10.0.0.2"], "1.1.1.1"),
        ("10.0.0.1", ["6.6.6.6, evil, 10.0.0.2"], "10.0.0.2"), ("10.0.0.1", ["evil"], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"), ("10.0.0.1", ["2001:db8::7"], "2001:db8::7"),
        ("10.0.0.1", ["1.1.1.1:80"], "10.0.0.1"),
    ])
    func `the way back to the caller ends where nobody vouches for it`(
        _ peer: String, _ forwarded: [String], _ client: String
    ) throws {
        let proxies = TrustedProxies(blocks: [try AddressBlock("10.0.0.0/8")])
        #expect(proxies.client(peer: peer, forwarded: forwarded) == client)
        #expect(TrustedProxies(blocks: []).client(peer: peer, forwarded: forwarded) == peer)
    }

    // MARK: Over the wire

    @Test func `who has nothing left is told when to come again, and may`() async throws {
        let clock = TestClock()
        try await TestServer.with(
            now: { clock.now },
            {
                $0.allowances = Allowances(
                    anonymous: try? Allowance("12/6"), signedIn: try? Allowance("30/10"),
                    refusalMillis: 0)
            }
        ) { server in
            let token = try await server.token("ana")
            _ = try await server.makeProject("ana/app", isPublic: true)
            func list(_ token: String?) async throws -> (Int, HTTPFields, [String: Any]) {
                let answer = try await server.call(.get, "/api/v1/projects", token: token)
                return (answer.status, answer.headers, try server.object(answer.body))
            }
            let (status, headers, _) = try await list(nil)
            #expect(status == 200)
            #expect(headers[HTTPField.Name("RateLimit-Policy")!] == "\"default\";q=12;w=6")
            #expect(headers[HTTPField.Name("RateLimit")!] == "\"default\";r=7;t=3")
            #expect(try await list(nil).0 == 200)
            let (refused, told, problem) = try await list(nil)
            #expect(refused == 429 && told[.retryAfter] == "2")
            #expect(told[.contentType] == "application/problem+json")
            #expect(told[HTTPField.Name("RateLimit")!] == "\"default\";r=2;t=5")
            #expect(problem["code"] as? String == "rate_limited")
            #expect(problem["retry_after"] as? Int == 2)
            let next = problem["next"] as? [String: Any]
            #expect(
                next?["href"] as? String == "/api/v1/projects"
                    && next?["method"] as? String == "GET")
            // Pages are of the same bucket, files and signs of life of none.
            let page = try await server.call(.get, "/ana/app", headers: [("Accept", "text/html")])
            #expect(page.status == 429 && page.headers[.retryAfter] != nil)
            for path in ["/livez", Stylesheet.address, "/SKILL.md"] {
                let plain = try await server.call(.get, path)
                #expect(plain.status == 200 && plain.headers[HTTPField.Name("RateLimit")!] == nil)
            }
            // Wrong credentials are paid by the network, which has 2 left.
            #expect(try await list("mic_pat_nothing").0 == 401)
            #expect(try await list("mic_pat_nothing").0 == 401)
            #expect(try await list("mic_pat_nothing").0 == 429)
            // A token has its own.
            #expect(try await list(token).1[HTTPField.Name("RateLimit")!] == "\"default\";r=25;t=2")
            clock.advance(millis: 2_500)
            #expect(try await list(nil).0 == 200)
        }
    }

    @Test func `gRPC is of the same bucket, and says when to come again`() async throws {
        let clock = TestClock()
        try await TestServer.with(
            now: { clock.now },
            { $0.allowances = Allowances(signedIn: try? Allowance("20/20"), refusalMillis: 0) }
        ) { server in
            let token = try await server.token("ana")
            for _ in 0..<3 {
                _ = try await server.call(.get, "/api/v1/projects", token: token)
            }
            try await server.rpc { client in
                let auth = Micelio_V1_Auth.Client(wrapping: client)
                let metadata: Metadata = ["authorization": "Bearer \(token)"]
                for _ in 0..<5 { _ = try await auth.whoAmI(.init(), metadata: metadata) }
                do {
                    _ = try await auth.whoAmI(.init(), metadata: metadata)
                    Issue.record("not refused")
                } catch let error as RPCError {
                    #expect(error.code == .resourceExhausted)
                    let details = try error.unpackGoogleRPCStatus()?.details ?? []
                    #expect(details.compactMap(\.errorInfo).first?.reason == "rate_limited")
                    #expect(details.compactMap(\.retryInfo).first?.delay == .seconds(1))
                }
                clock.advance(millis: 1_000)
                _ = try await auth.whoAmI(.init(), metadata: metadata)
            }
        }
    }

    @Test func `a header that anybody can write moves nobody to another bucket`() async throws {
        for proxies in [[], [try AddressBlock("127.0.0.1")]] {
            try await TestServer.with({
                $0.allowances = Allowances(
                    anonymous: try? Allowance("5/600"), refusalMillis: 0)
                $0.trustedProxies = proxies
            }) { server in
                var statuses: [Int] = []
                for number in 1...3 {
                    let answer = try await server.call(
                        .get, "/api/v1/projects",
                        headers: [("X-Forwarded-For", "6.6.6.6, 192.0.\(number).1")])
                    statuses.append(answer.status)
                }
                #expect(statuses == (proxies.isEmpty ? [200, 429, 429] : [200, 200, 200]))
            }
        }
    }

    @Test func `off is off`() async throws {
        try await TestServer.with({ $0.allowances = .none }) { server in
            let answer = try await server.call(.get, "/api/v1/projects")
            #expect(answer.status == 200 && answer.headers[HTTPField.Name("RateLimit")!] == nil)
        }
    }
}
