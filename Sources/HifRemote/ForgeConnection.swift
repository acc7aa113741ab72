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
    package let policy: RetryLimits

    /// Connects, runs `body` and takes the connection down again.
    ///
    /// - Parameters:
    ///   - host: an IP address or a name.
    ///   - key: the key to insist on; nil speaks without TLS, for a forge on this machine that was
    ///     started so.
    package static func with<Result: Sendable>(
        host: String, port: Int, key: PinnedKey?, credentials: any ForgeCredentials,
        policy: RetryLimits = RetryLimits(),
        _ body: @Sendable (ForgeConnection) async throws -> Result
    ) async throws -> Result {
        let transport = try HTTP2ClientTransport.Posix(
            target: .dns(host: host, port: port),
            transportSecurity: key?.security ?? .plaintext,
            config: .defaults { config in
                // A forge that hangs, or a network that drops everything, is noticed by its silence.
                config.connection.keepalive = .init(
                    time: .seconds(20), timeout: .seconds(10), allowWithoutCalls: false)
            })
        return try await withGRPCClient(transport: transport) { client in
            try await body(
                ForgeConnection(
                    client: client, credentials: credentials, key: key, policy: policy))
        }
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
