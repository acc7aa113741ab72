package import GRPCCore
package import GRPCNIOTransportHTTP2Posix
import GRPCProtobuf
import HifWorkspace

/// Where tokens come from and go to. The command line keeps them in a file under a lock; tests hand
/// one over.
package protocol ForgeCredentials: Sendable {
    /// The access token to use; nil to ask as nobody in particular.
    func accessToken() async throws -> String?

    /// Called once after the forge said that `token` has expired: another token, or nil when there
    /// is none to be had and the caller has to sign in again.
    func accessToken(replacing token: String) async throws -> String?
}

/// One token that never changes: a personal access token.
package struct FixedToken: ForgeCredentials {
    private let token: String?

    package init(_ token: String?) {
        self.token = token
    }

    package func accessToken() async throws -> String? { token }
    package func accessToken(replacing token: String) async throws -> String? { nil }
}

/// How long and how often a client tries.
package struct RetryLimits: Sendable {
    /// Tries altogether.
    package var attempts = 5
    /// The first pause; each next one is twice as long, with up to half of it left to chance.
    package var pauseMillis: UInt64 = 200
    package var pauseMillisMax: UInt64 = 5_000
    /// A call that has an answer of one message.
    package var callSeconds = 30
    /// A call that moves content or lands it.
    package var streamSeconds = 600

    package init() {}
}

/// A gRPC connection to one forge, with sign-in, retries and errors in the client's own terms.
///
/// Every call of the contract may be repeated after any error, so retrying is decided here, once.
package struct ForgeConnection: Sendable {
    package typealias Client = GRPCClient<HTTP2ClientTransport.Posix>

    package let client: Client
    private let credentials: any ForgeCredentials
    private let key: PinnedKey?
    private let renewal: Renewal?
    package let policy: RetryLimits
    /// Runs the connection where nobody waits for its end.
    private let running: Task<Void, any Error>?

    /// Asked when the forge answered with the key `refused`: whether that is its key now.
    package typealias Renewal = @Sendable (_ refused: String) async throws -> Bool

    /// Connects, runs `body` and takes the connection down again.
    package static func with<Result: Sendable>(
        _ discovery: ForgeDiscovery, credentials: any ForgeCredentials,
        renewal: Renewal? = nil, policy: RetryLimits = RetryLimits(),
        _ body: @Sendable (ForgeConnection) async throws -> Result
    ) async throws -> Result {
        let key = discovery.pin.map { PinnedKey($0) }
        return try await withGRPCClient(transport: transport(discovery, key)) { client in
            try await body(
                ForgeConnection(
                    client: client, credentials: credentials, key: key, renewal: renewal,
                    policy: policy, running: nil))
        }
    }

    /// Connects until `close()`, or until the process ends: for a program that runs one command.
    package static func start(
        _ discovery: ForgeDiscovery, credentials: any ForgeCredentials,
        renewal: Renewal? = nil, policy: RetryLimits = RetryLimits()
    ) throws -> ForgeConnection {
        let key = discovery.pin.map { PinnedKey($0) }
        let client = try Client(transport: transport(discovery, key))
        return ForgeConnection(
            client: client, credentials: credentials, key: key, renewal: renewal, policy: policy,
            running: Task { try await client.runConnections() })
    }

    /// Takes down a connection that `start` made, after the calls under way.
    package func close() async {
        client.beginGracefulShutdown()
        _ = await running?.result
    }

    private static func transport(
        _ discovery: ForgeDiscovery, _ key: PinnedKey?
    ) throws -> HTTP2ClientTransport.Posix {
        try HTTP2ClientTransport.Posix(
            target: target(discovery.host, discovery.port),
            transportSecurity: key?.security ?? .plaintext,
            config: .defaults { config in
                // A forge that hangs, or a network that drops everything, is noticed by its silence.
                config.connection.keepalive = .init(
                    time: .seconds(20), timeout: .seconds(10), allowWithoutCalls: false)
            })
    }

    /// An address is dialled as it stands: taken for a name it would be sent as one in the TLS
    /// handshake, which allows no addresses there.
    private static func target(_ host: String, _ port: Int) -> any ResolvableTarget {
        if host.contains(":") { return .ipv6(address: host, port: port) }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        let isAddress = parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
        return isAddress
            ? .ipv4(address: host, port: port) : .dns(host: host, port: port)
    }

    /// Runs `call` with metadata and options to pass on, again where that can help.
    ///
    /// - Parameter isStream: whether the call moves content and gets the longer deadline.
    package func call<Result: Sendable>(
        isStream: Bool = false,
        _ call: (Metadata, CallOptions) async throws -> Result
    ) async throws -> Result {
        var options = CallOptions.defaults
        options.timeout = .seconds(isStream ? policy.streamSeconds : policy.callSeconds)
        var token = try await credentials.accessToken()
        var hasRefreshed = false
        var hasRenewed = false
        var attempt = 1
        while true {
            do {
                return try await call(ForgeConnection.metadata(token), options)
            } catch let error as RPCError {
                let failure = ForgeFailure(error, refusedPin: key?.refusedPin)
                if failure.reason == "token_expired", !hasRefreshed, let old = token {
                    hasRefreshed = true
                    token = try await credentials.accessToken(replacing: old)
                    if token != nil { continue }
                }
                if let refused = failure.refusedPin, !hasRenewed, let key, let renewal {
                    hasRenewed = true
                    if try await renewal(refused) {
                        key.replace(with: refused)
                        continue
                    }
                }
                guard failure.isWorthRetrying, attempt < policy.attempts else {
                    throw failure.error
                }
            }
            try await pause(after: attempt)
            attempt += 1
        }
    }

    private func pause(after attempt: Int) async throws {
        let full = min(policy.pauseMillisMax, policy.pauseMillis << UInt64(min(attempt - 1, 16)))
        let millis = full / 2 + UInt64.random(in: 0...max(1, full / 2))
        try await Task.sleep(for: .milliseconds(Int64(millis)))
    }

    private static func metadata(_ token: String?) -> Metadata {
        token.map { ["authorization": "Bearer \($0)"] } ?? [:]
    }
}
