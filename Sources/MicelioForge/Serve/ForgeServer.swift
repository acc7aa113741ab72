import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import HifAPI
import HifCore
import HifRepository
package import HifStore
import Hummingbird
package import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
package import UnixSignals

/// The whole server: opens what lies in the data directory, listens, and stops in order.
package struct ForgeServer: Sendable {
    package let forge: Forge
    private let configuration: ForgeConfiguration
    private let lock: ServeLock
    private let key: ServerKey?
    private let links: NodeLinks
    private let threads: NIOThreadPool
    private let diskThreads: NIOThreadPool
    private let guestThreads: NIOThreadPool
    private let mailThreads: NIOThreadPool?
    private let pictureThreads: NIOThreadPool
    private let outboundThreads: NIOThreadPool
    private let cache: CachingStore?
    private let logger: Logger
    private let onReady: @Sendable (Forge, RunFile) async -> Void

    /// Prepares everything that can fail before a socket is opened.
    ///
    /// Takes the right to serve the data directory; `run` gives it up at its end.
    ///
    /// - Parameters:
    ///   - store: keeps the projects' content; a directory below the data directory when nil.
    ///   - onReady: called once, when both sockets answer.
    package init(
        _ configuration: ForgeConfiguration,
        store: (any ObjectStore)? = nil,
        now: @escaping @Sendable () -> Int64 = ForgeServer.systemClock,
        logger: Logger,
        onReady: @escaping @Sendable (Forge, RunFile) async -> Void
    ) async throws {
        try configuration.check()
        self.configuration = configuration
        self.logger = logger
        self.onReady = onReady
        let files = configuration.files
        try FileManager.default.createDirectory(
            atPath: files.directory, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        lock = try ServeLock(files)
        key =
            switch configuration.encryption {
            case .selfSigned: try ServerKey.selfSigned(in: files.tls)
            case .files(let certificate, let key):
                try ServerKey(certificatePath: certificate, keyPath: key)
            case .plaintext: nil
            }
        threads = NIOThreadPool(numberOfThreads: System.coreCount)
        threads.start()
        diskThreads = NIOThreadPool(numberOfThreads: Limits.diskThreads)
        diskThreads.start()
        guestThreads = NIOThreadPool(numberOfThreads: Limits.diskThreads)
        guestThreads.start()
        let addresses = Addresses(
            publicURL: configuration.publicURL ?? "http://\(configuration.http)", keyPin: key?.pin)
        mailThreads = configuration.mail.map { _ in
            NIOThreadPool(numberOfThreads: Limits.mailsAtOnce)
        }
        mailThreads?.start()
        let mailer = mailThreads.flatMap { threads in
            configuration.mail.map {
                Mailer($0, addresses: addresses, threads: threads, now: now, logger: logger)
            }
        }
        pictureThreads = NIOThreadPool(numberOfThreads: Limits.picturesAtOnce)
        pictureThreads.start()
        let outboundThreads = NIOThreadPool(numberOfThreads: Limits.outboundThreads)
        outboundThreads.start()
        self.outboundThreads = outboundThreads
        let links = NodeLinks(pin: key?.pin)
        self.links = links
        let accounts: Accounts?
        let source: any AccountsSource
        if let keeper = configuration.accountsKeeper {
            (accounts, source) = (nil, RemoteAccounts(links, keeper: keeper, now: now))
        } else {
            let own = try Accounts(path: files.accounts)
            (accounts, source) = (own, own)
        }
        let secret = try key?.secret()
        let proof = secret.map(NodeProof.init)
        var peers: (@Sendable (String, String) -> any PeerTransport)?
        if configuration.node != nil, let proof {
            peers = { NodePeers(links: links, proof: proof, projectID: $0, storeID: $1) }
        }
        let bottom = try store ?? DirectoryStore(path: files.store)
        cache = try await ForgeServer.cache(of: bottom, configuration.cache)
        let pictures = PictureMaker(threads: pictureThreads)
        // A node without accounts knows no mail addresses.
        let gravatars =
            accounts == nil
            ? nil
            : configuration.gravatar.map { address in
                Gravatars(
                    address,
                    outbound: OutboundHTTP(
                        configuration.outbound, resolver: SystemResolver(threads: outboundThreads)
                    ) { addresses.publicURL },
                    maker: pictures, now: now, report: { logger.notice("\($0)") })
            }
        let repositories = try await ProjectRepositories(
            cache ?? bottom, world: .system,
            executor: BlockingExecutor(threads: diskThreads),
            guestExecutor: BlockingExecutor(threads: guestThreads, isGuests: true),
            writer: configuration.node.map { "\($0)" } ?? "",
            peers: peers,
            report: { logger.error("background work failed", metadata: ["what": "\($0)"]) })
        forge = Forge(
            accounts: accounts, source: source,
            passwords: try PasswordHasher(threads: threads), pictures: pictures,
            gravatars: gravatars, addresses: addresses, repositories: repositories,
            search: SearchIndexes(
                directory: files.search, storeID: repositories.storeID.hex,
                bounds: configuration.search),
            packs: PackAddresses(
                base: configuration.cdn, secret: secret),
            nodeProof: proof, signUp: configuration.signUp, allowances: configuration.allowances,
            proxies: configuration.trustedProxies, mailer: mailer, now: now)
    }

    /// The way to the node that keeps the accounts; nil when this is it.
    private var relay: Relay? {
        configuration.accountsKeeper.map { Relay(links: links, keeper: $0) }
    }

    /// Milliseconds since 1970, by the machine's clock.
    package static let systemClock: @Sendable () -> Int64 = {
        Int64(Date().timeIntervalSince1970 * 1000)
    }

    /// Serves until told to stop: by a signal among `signals`, or by cancellation. Then nobody new is
    /// let in, what is under way finishes, and is cut off after the configured time.
    package func run(stoppingOn signals: [UnixSignal] = [.sigterm, .sigint]) async throws {
        let doors = Doors()
        let (httpListeners, boundHTTP) = AsyncStream.makeStream(of: (any Channel).self)
        let (rpcListeners, boundRPC) = AsyncStream.makeStream(of: (any Channel).self)
        let transport = HTTP2ServerTransport.Posix(
            address: configuration.rpc.grpcAddress,
            transportSecurity: security,
            config: .defaults { config in
                config.rpc.maxRequestPayloadSize = WireLimits.messageBytesMax
                config.channelDebuggingCallbacks.onBindTCPListener = { channel in
                    boundRPC.yield(channel)
                    return channel.eventLoop.makeSucceededVoidFuture()
                }
            })
        let rpc = RPCService(
            server: GRPCServer(
                transport: transport, services: RPCServices.all(forge, relay: relay),
                interceptors: [AuthInterceptor(forge: forge)]))
        let web = Application(
            responder: WebResponder(forge: forge),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.http.host, port: configuration.http.port),
                serverName: nil),
            onServerRunning: { boundHTTP.yield($0) },
            logger: logger)
        let ready = ReadyService(doors: doors) {
            guard let http = await httpListeners.first(where: { _ in true }) else { return }
            let address = try await transport.listeningAddress
            guard let rpc = await rpcListeners.first(where: { _ in true }) else { return }
            for listener in [http, rpc] { try await doors.add(listener) }
            try await announce(
                httpPort: http.localAddress?.port ?? 0,
                rpcPort: address.ipv4?.port ?? address.ipv6?.port ?? 0)
        }
        var members: [any Service] = [
            links, rpc, web, ready, UpkeepService(repositories: forge.repositories),
            FeedService(repositories: forge.repositories),
        ]
        if let gravatars = forge.gravatars { members.append(GravatarService(gravatars: gravatars)) }
        // Before all others, so that they are told to stop when those have.
        members.insert(UsageReport(usage: forge.usage, logger: logger), at: 0)
        if let mailer = forge.mailer { members.append(MailService(mailer: mailer)) }
        if let cache { members.insert(CacheReport(cache: cache, logger: logger), at: 0) }
        var group = ServiceGroupConfiguration(
            services: members, gracefulShutdownSignals: signals, logger: logger)
        group.maximumGracefulShutdownDuration = .seconds(configuration.stoppingSecondsMax)
        let services = ServiceGroup(configuration: group)
        // Cancellation must not reach the servers: they would drop what they have just accepted, which
        // ends the process (see `Doors`). So they run in a task of their own, which ends with this call.
        let serving = Task { try await services.run() }
        do {
            try await withTaskCancellationHandler {
                try await serving.value
            } onCancel: {
                Task { await services.triggerGracefulShutdown() }
            }
        } catch {
            await cleanUp()
            throw explained(error)
        }
        await cleanUp()
    }

    /// A socket that cannot be opened is said in one sentence; it is the commonest failure of a start.
    private func explained(_ error: any Error) -> any Error {
        let isRPC = error is RuntimeError
        let cause = (error as? RuntimeError)?.cause ?? error
        guard let cause = cause as? IOError else { return error }
        let what = isRPC ? "gRPC on \(configuration.rpc)" : "HTTP on \(configuration.http)"
        let reason = String(cString: strerror(cause.errnoCode))
        return ForgeError(
            .unavailable, "cannot listen for \(what): \(reason)",
            hint: cause.errnoCode == EADDRINUSE
                ? "is another forge running? --http and --grpc take other addresses" : nil)
    }

    private func announce(httpPort: Int, rpcPort: Int) async throws {
        let http = HostPort(host: configuration.http.host, port: httpPort)
        if configuration.publicURL == nil { forge.addresses.publicURL = "http://\(http)" }
        let rpc = HostPort(host: configuration.rpc.host, port: rpcPort)
        // Listening everywhere, the host to dial is the one by which the client found us.
        forge.addresses.rpcAddress =
            configuration.publicRPC.map { "\($0)" } ?? (rpc.isWildcard ? ":\(rpcPort)" : "\(rpc)")
        let file = RunFile(
            pid: ProcessInfo.processInfo.processIdentifier, http: "http://\(http)",
            publicURL: forge.addresses.publicURL, grpc: forge.addresses.rpcAddress,
            pin: key?.pin)
        try file.write(to: configuration.files.run)
        logger.info("listening", metadata: ["http": "\(file.http)", "grpc": "\(file.grpc)"])
        await onReady(forge, file)
    }

    private func cleanUp() async {
        try? FileManager.default.removeItem(atPath: configuration.files.run)
        try? await threads.shutdownGracefully()
        try? await diskThreads.shutdownGracefully()
        try? await guestThreads.shutdownGracefully()
        try? await mailThreads?.shutdownGracefully()
        try? await pictureThreads.shutdownGracefully()
        // Not waited for: one that asks for a name comes back when the resolver gives up.
        outboundThreads.shutdownGracefully { _ in }
        lock.release()
        logger.info("stopped")
    }

    private var security: HTTP2ServerTransport.Posix.TransportSecurity {
        guard let key else { return .plaintext }
        return .tls(
            .defaults(
                certificateChain: [.file(path: key.certificatePath, format: .pem)],
                privateKey: .file(path: key.keyPath, format: .pem)))
    }
}

extension HostPort {
    fileprivate var grpcAddress: GRPCNIOTransportCore.SocketAddress {
        if host.contains(":") { return .ipv6(host: host, port: port) }
        // The transport takes addresses only; `ForgeConfiguration.check` let no other name in.
        return .ipv4(host: host == "localhost" ? "127.0.0.1" : host, port: port)
    }
}

/// A gRPC server that stops taking calls on shutdown and lets those under way finish.
private struct RPCService<Transport: ServerTransport>: Service {
    let server: GRPCServer<Transport>

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await server.serve()
        } onGracefulShutdown: {
            server.beginGracefulShutdown()
        }
    }
}

/// Builds behind the landings what is derived from them, for as long as the server serves. What it
/// leaves undone the next writer makes up for.
private struct UpkeepService: Service {
    let repositories: ProjectRepositories

    func run() async throws {
        await cancelWhenGracefulShutdown { await repositories.keepUp() }
    }
}

private struct FeedService: Service {
    let repositories: ProjectRepositories

    func run() async throws {
        await cancelWhenGracefulShutdown { await repositories.watch() }
    }
}

private struct GravatarService: Service {
    let gravatars: Gravatars

    func run() async throws {
        await cancelWhenGracefulShutdown { await gravatars.run() }
    }
}

/// Does its work once both servers listen. The group stops its services from the last to the first:
/// so the doors are closed before the servers hear of it.
private struct ReadyService: Service {
    let doors: Doors
    let announce: @Sendable () async throws -> Void

    func run() async throws {
        try await cancelWhenGracefulShutdown(announce)
        // A service that returned earlier would end the group.
        try await gracefulShutdown()
        await doors.close()
    }
}
