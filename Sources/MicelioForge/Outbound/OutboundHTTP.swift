import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// The forge's one way out: GET of an address that somebody else wrote or chose, to a place that the policy
/// allows, within bounds of bytes and time.
///
/// A name is resolved here, once, what it resolved to is vetted, and the connection is made to that very
/// address; TLS goes on to ask for the name. So a resolver that answers otherwise the second time is not
/// asked a second time. Each redirect goes through the same. Nothing is sent along: no cookies, no
/// credentials, no proxy of the environment.
final class OutboundHTTP: Sendable {
    struct Answer: Hashable, Sendable {
        let status: Int
        let bytes: [UInt8]
    }

    private let policy: OutboundPolicy
    private let resolver: any NameResolver
    /// The forge's own address.
    private let own: @Sendable () -> String
    private let underWay = Mutex(0)

    init(
        _ policy: OutboundPolicy, resolver: any NameResolver, own: @escaping @Sendable () -> String
    ) {
        self.policy = policy
        self.resolver = resolver
        self.own = own
    }

    /// - Parameter accept: the media types that are of use.
    /// - Throws: `OutboundError`, also when it takes longer than the policy allows.
    func get(_ address: String, accept: String) async throws -> Answer {
        let isAdmitted = underWay.withLock { count in
            guard count < Limits.outboundAtOnce else { return false }
            count += 1
            return true
        }
        guard isAdmitted else { throw OutboundError(.busy, "too many fetches are under way") }
        defer { underWay.withLock { $0 -= 1 } }
        return try await withThrowingTaskGroup(of: Answer?.self) { group in
            group.addTask { try await self.follow(address, accept: accept) }
            group.addTask { [policy] in
                try await Task.sleep(for: .milliseconds(policy.millisMax))
                return nil
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() ?? nil else {
                throw OutboundError(.late, "it takes longer than \(policy.millisMax) ms")
            }
            return answer
        }
    }

    private func follow(_ address: String, accept: String) async throws -> Answer {
        var url = try OutboundURL(address)
        for _ in 0...Limits.outboundRedirectsMax {
            try policy.check(url, own: own())
            switch try await once(url, accept: accept) {
            case .answer(let answer): return answer
            case .elsewhere(let location): url = try url.following(location)
            }
        }
        throw OutboundError.refused(
            "it leads on more than \(Limits.outboundRedirectsMax) times")
    }

    private enum Step {
        case answer(Answer)
        case elsewhere(String)
    }

    /// One request to one vetted address.
    private func once(_ url: OutboundURL, accept: String) async throws -> Step {
        let address = try await vetted(url)
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton, configuration: configuration(url, address))
        do {
            let step = try await request(url, accept: accept, client)
            try await client.shutdown()
            return step
        } catch {
            try? await client.shutdown()
            throw OutboundHTTP.explained(error)
        }
    }

    /// Where to connect for that host.
    private func vetted(_ url: OutboundURL) async throws -> String {
        switch url.host {
        case .address(let address): return address
        case .name(let name):
            let found = await resolver.addresses(of: name)
            try Task.checkCancellation()
            guard !found.isEmpty else {
                throw OutboundError(.unreachable, "there is no host '\(name)'")
            }
            // One of this network among those of another is not somebody's mistake.
            for address in found { try policy.check(address) }
            return found[0]
        }
    }

    private func configuration(
        _ url: OutboundURL, _ address: String
    ) -> HTTPClient.Configuration {
        let silence = TimeAmount.milliseconds(Int64(policy.silenceMillis))
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: silence, read: silence, write: silence))
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        if case .name(let name) = url.host { configuration.dnsOverride = [name: address] }
        // Said again by the socket itself, before anything of the request is sent.
        let wanted = AddressBlock.bytes(of: address)
        configuration.http1_1ConnectionDebugInitializer = { channel in
            let peer = channel.remoteAddress?.ipAddress.flatMap(AddressBlock.bytes(of:))
            guard peer == wanted else {
                channel.close(promise: nil)
                return channel.eventLoop.makeFailedFuture(
                    OutboundError.refused("the connection went to another address"))
            }
            return channel.eventLoop.makeSucceededVoidFuture()
        }
        return configuration
    }

    private func request(
        _ url: OutboundURL, accept: String, _ client: HTTPClient
    ) async throws -> Step {
        var request = HTTPClientRequest(url: url.text)
        request.headers = ["User-Agent": "micelio", "Accept": accept]
        let response = try await client.execute(
            request, timeout: .milliseconds(Int64(policy.millisMax)))
        if [301, 302, 303, 307, 308].contains(response.status.code),
            let location = response.headers.first(name: "location")
        {
            return .elsewhere(location)
        }
        let tooLarge = OutboundError(.tooLarge, "it is longer than \(policy.bytesMax) bytes")
        if let length = response.headers.first(name: "content-length").flatMap({ Int($0) }),
            length > policy.bytesMax
        {
            throw tooLarge
        }
        var bytes: [UInt8] = []
        for try await part in response.body {
            guard bytes.count + part.readableBytes <= policy.bytesMax else { throw tooLarge }
            bytes += part.readableBytesView
        }
        return .answer(Answer(status: Int(response.status.code), bytes: bytes))
    }

    private static func explained(_ error: any Error) -> any Error {
        switch error {
        case is OutboundError, is CancellationError: return error
        case let error as HTTPClientError
        where [.readTimeout, .writeTimeout, .connectTimeout, .deadlineExceeded].contains(error):
            return OutboundError(.late, "nothing came for too long")
        default: return OutboundError(.unreachable, "it does not answer: \(error)")
        }
    }
}
