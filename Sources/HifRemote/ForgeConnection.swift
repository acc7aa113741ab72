package import GRPCCore
package import GRPCNIOTransportHTTP2Posix
import HifAPI
import HifCore
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
    /// Silence in a stream: from its beginning to the first message, and from one to the next.
    package var idleSeconds = 30
    /// The answer to what was sent whole: a landing of many files takes its time. That the forge
    /// lives meanwhile is known from pings.
    package var answerSeconds = 600
    /// How long a connection may be silent before it is pinged, and how long an answer to that takes.
    package var pingSeconds = 10

    package init() {}
}

/// A gRPC connection to one forge, with sign-in, retries and errors in the client's own terms.
///
/// Every call of the contract may be repeated after any error, so retrying is decided here, once.
/// No call waits for ever: each has a limit, and a forge that says nothing for so long is a
/// `WorkspaceError.network`.
package final class ForgeConnection: Sendable {
    package typealias Client = GRPCClient<HTTP2ClientTransport.Posix>

    /// Asked when the forge answered with the key `refused`: whether that is its key now.
    package typealias Renewal = @Sendable (_ refused: String) async throws -> Bool

    package let client: Client
    package let limits: RetryLimits
    /// Whom it leads to, as people are told.
    private let place: String
    private let credentials: any ForgeCredentials
    /// How people know the forge: its web address.
    private let name: String
    private let key: PinnedKey?
    private let renewal: Renewal?
    private let running: Task<Void, any Error>

    /// Makes a connection that is dialled by its first call, and lasts until `close()` or until
    /// nobody holds it.
    ///
    /// - Parameter url: the forge's web address, for messages; nil when there is none.
    package init(
        _ discovery: ForgeDiscovery, at url: String? = nil, credentials: any ForgeCredentials,
        renewal: Renewal? = nil, limits: RetryLimits = RetryLimits()
    ) throws {
        guard discovery.pin != nil || ForgeAddress.isLoopback(discovery.host) else {
            throw WorkspaceError(
                .refused,
                "a token is not sent to '\(SafeText.escape(discovery.host))' without encryption")
        }
        let host = SafeText.escape(discovery.host)
        place = "\(host.contains(":") ? "[\(host)]" : host):\(discovery.port)"
        let key = discovery.pin.map { PinnedKey($0) }
        let transport = try HTTP2ClientTransport.Posix(
            target: ForgeConnection.target(discovery.host, discovery.port),
            transportSecurity: key?.security ?? .plaintext,
            config: .defaults { config in
                config.connection.keepalive = .init(
                    time: .seconds(limits.pingSeconds), timeout: .seconds(limits.pingSeconds),
                    allowWithoutCalls: false)
                // What a forge may send ahead of a slow reader. What waits costs many times its size
                // in memory: with the usual 8 MiB a checkout of a 100 MB file took 437 MB, with this
                // 136 MB, and no longer. Ten megabytes a second over a tenth of a second's round trip.
                config.http2.targetWindowSize = 1 << 20
                // Whether to dial again is for `retrying` to say; this is only never to hammer.
                config.backoff.initial = .milliseconds(100)
                config.backoff.max = .seconds(2)
            })
        let client = GRPCClient(transport: transport)
        self.client = client
        name = url ?? "\(discovery.host):\(discovery.port)"
        self.credentials = credentials
        self.key = key
        self.renewal = renewal
        self.limits = limits
        // The one task that no caller waits for: a connection outlives the calls made over it, and
        // the workspace that holds it has no scope of its own. `close()` and `deinit` end it.
        running = Task { try await client.runConnections() }
    }

    deinit {
        client.beginGracefulShutdown()
        running.cancel()
    }

    /// Connects, runs `body` and takes the connection down again.
    package static func with<Result: Sendable>(
        _ discovery: ForgeDiscovery, at url: String? = nil, credentials: any ForgeCredentials,
        renewal: Renewal? = nil, limits: RetryLimits = RetryLimits(),
        _ body: @Sendable (ForgeConnection) async throws -> Result
    ) async throws -> Result {
        let connection = try ForgeConnection(
            discovery, at: url, credentials: credentials, renewal: renewal, limits: limits)
        do {
            let result = try await body(connection)
            await connection.close()
            return result
        } catch {
            await connection.close()
            throw error
        }
    }

    /// Takes the connection down. Calls under way fail.
    package func close() async {
        client.beginGracefulShutdown()
        running.cancel()
        _ = await running.result
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

    // MARK: Calls

    /// A call with one message each way, made again where that can help.
    package func call<Result: Sendable>(
        _ call: (Metadata, CallOptions) async throws -> Result
    ) async throws -> Result {
        var options = CallOptions.defaults
        options.timeout = .seconds(limits.callSeconds)
        return try await retrying { metadata in try await call(metadata, options) }
    }

    /// A call that is answered by a stream. `take` gets the messages in order; it may be as slow as
    /// it likes, the forge then waits.
    ///
    /// - Parameters:
    ///   - request: called before each try, as what was taken in the one before comes again unless
    ///     less is asked for.
    ///   - isResumed: whether `request` asks for less after a try that brought something, so that
    ///     only tries which brought nothing count.
    ///   - open: makes the call and hands each message on.
    func receive<Message: Sendable, Request: Sendable>(
        isResumed: Bool = false, _ request: () throws -> Request,
        open:
            @escaping @Sendable (
                Request, Metadata, _ message: @escaping @Sendable (Message) async throws -> Void
            ) async throws -> Void,
        take: (Message) async throws -> Void
    ) async throws {
        let idle = Duration.seconds(limits.idleSeconds)
        var hasTaken = false
        try await retrying {
            defer { hasTaken = false }
            return isResumed && hasTaken
        } _: { metadata in
            let request = try request()
            let pipe = Pipe<Message>(capacity: 4)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    do {
                        try await withTimeLimit(idle) { limit in
                            try await open(request, metadata) { message in
                                limit.lift()
                                try await pipe.send(message)
                                limit.set(idle)
                            }
                        }
                        pipe.finish()
                    } catch {
                        pipe.finish(error)
                    }
                }
                // Also when `take` has thrown: nobody waits for messages any more.
                defer { group.cancelAll() }
                while let message = try await pipe.next() {
                    try await take(message)
                    hasTaken = true
                }
            }
        }
    }

    /// A call that sends a stream and gets one message. Send through the limit's `writer`.
    func send<Result: Sendable>(
        _ call: @escaping @Sendable (Metadata, SendLimit) async throws -> Result
    ) async throws -> Result {
        let idle = Duration.seconds(limits.idleSeconds)
        let answer = Duration.seconds(limits.answerSeconds)
        return try await retrying { metadata in
            try await withTimeLimit(idle) { limit in
                try await call(metadata, SendLimit(limit: limit, idle: idle, answer: answer))
            }
        }
    }

    /// - Parameter hasProgressed: whether a try that failed brought something all the same.
    private func retrying<Result: Sendable>(
        hasProgressed: () -> Bool = { false },
        _ body: (Metadata) async throws -> Result
    ) async throws -> Result {
        var token = try await credentials.accessToken()
        var hasRefreshed = false
        var hasRenewed = false
        var attempt = 1
        while true {
            let failure: ForgeFailure
            do {
                return try await body(ForgeConnection.metadata(token))
            } catch let error as WireError {
                throw ForgeConnection.senseless(error)
            } catch let error as FormatError {
                throw ForgeConnection.senseless(error)
            } catch {
                try Task.checkCancellation()
                guard
                    let known = ForgeFailure(error, place: place, refusedPin: key?.refusedPin)
                else { throw error }
                failure = known
            }
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
            if hasProgressed() { attempt = 1 }
            guard failure.isWorthRetrying, attempt < limits.attempts else {
                throw failure.error(at: name)
            }
            try await pause(after: attempt)
            attempt += 1
        }
    }

    /// Waits a while before the next try, twice as long each time, up to half of it left to chance
    /// so that clients that failed together do not come back together.
    func pause(after attempt: Int) async throws {
        let full = min(limits.pauseMillisMax, limits.pauseMillis << UInt64(min(attempt - 1, 16)))
        let millis = full / 2 + UInt64.random(in: 0...max(1, full / 2))
        try await Task.sleep(for: .milliseconds(Int64(millis)))
    }

    static func senseless(_ error: any Error) -> WorkspaceError {
        WorkspaceError(.damaged, "the forge's answer makes no sense: \(error)")
    }

    private static func metadata(_ token: String?) -> Metadata {
        token.map { ["authorization": "Bearer \($0)"] } ?? [:]
    }
}
