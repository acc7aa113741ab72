import ArgumentParser
import Foundation
import HifStore
import Logging
import MicelioForge

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve the forge until it is told to stop.",
        discussion: """
            Prints one line for scripts when it listens and, as long as there is no administrator, a
            link with which to make one. Logs go to standard error.
            """)

    @OptionGroup var data: DataOption
    @OptionGroup var store: StoreOptions

    @Option(help: "The address for HTTP. Port 0 takes a free one.")
    var http = "127.0.0.1:4000"

    @Option(help: "The address for gRPC. Port 0 takes a free one.")
    var grpc = "127.0.0.1:4001"

    @Option(help: "What links and pages name, when it is not the HTTP address itself.")
    var publicURL: String?

    @Option(help: "Host and port of gRPC for clients, when a proxy stands before it.")
    var publicGrpc: String?

    @Option(help: "A certificate chain for gRPC, PEM. Without it the forge makes its own.")
    var tlsCert: String?

    @Option(help: "The key of --tls-cert, PEM.")
    var tlsKey: String?

    @Flag(help: "Speak gRPC without TLS. On loopback only.")
    var grpcPlaintext = false

    @Option(
        help: ArgumentHelp(
            "gRPC of the node that keeps the accounts: this one keeps none.",
            valueName: "host:port"))
    var accounts: String?

    @Option(
        help: ArgumentHelp(
            "Where other nodes on the same store reach gRPC of this one.", valueName: "host:port"))
    var node: String?

    @Option(
        help: ArgumentHelp(
            "Who may make an account: open (everybody), invite (with a link) or closed.",
            valueName: "open|invite|closed"))
    var signUp = SignUpPolicy.invite.rawValue

    @OptionGroup var cache: CacheOptions
    @OptionGroup var rates: RateOptions
    @OptionGroup var mail: MailOptions

    @Option(
        help: ArgumentHelp(
            "A cache before the HTTP address, https://cdn.example.org: clients fetch packs there.",
            valueName: "url"))
    var cdn: String?

    @Option(
        help: ArgumentHelp(
            "Where pictures of accounts are asked for by the hash of their mail address, or off.",
            valueName: "off|url"))
    var gravatar = GravatarAddress.usual.base

    @Flag(help: "Fetch over http and from this machine, too. For development only.")
    var outboundDevelopment = false

    @Option(help: "trace, debug, info, notice, warning or error.")
    var logLevel = "info"

    func run() async throws {
        try await reportingErrors {
            let logger = try makeLogger()
            let configuration = try configuration()
            try store.buckets.checkNeeded([try store.place(data)])
            try await store.checkFitness(data)
            let server = try await ForgeServer(
                configuration, store: try openStore(), logger: logger
            ) { forge, file in
                printLine(file.line)
                await announceSetup(of: forge)
            }
            try await server.run()
        }
    }

    /// The bucket that is to be served; nil for the directory below the data directory, which the
    /// server makes with it.
    private func openStore() throws -> (any ObjectStore)? {
        try store.isElsewhere ? store.open(data) : nil
    }

    /// On a forge without an administrator: the link that makes one. A new one at each start, so
    /// that it works with the address of this start.
    private func announceSetup(of forge: Forge) async {
        do {
            guard accounts == nil,
                let link = try await forge.accounts.makeSetupLink(now: forge.now())
            else {
                return
            }
            printLine("Make the administrator: \(forge.addresses.publicURL)/setup/\(link.text)")
        } catch {
            printNote("micelio: the set-up link could not be made: \(error)")
        }
    }

    private func makeLogger() throws -> Logger {
        guard let level = Logger.Level(rawValue: logLevel) else {
            throw ForgeError.invalid("'\(logLevel)' is no log level")
        }
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        return Logger(label: "micelio")
    }

    private func configuration() throws -> ForgeConfiguration {
        var configuration = ForgeConfiguration()
        configuration.dataDirectory = data.data
        configuration.http = try HostPort(http)
        configuration.rpc = try HostPort(grpc)
        configuration.publicURL = publicURL
        configuration.publicRPC = try publicGrpc.map { try HostPort($0) }
        configuration.accountsKeeper = try accounts.map { try HostPort($0) }
        configuration.node = try node.map { try HostPort($0) }
        configuration.cdn = cdn
        guard let policy = SignUpPolicy(rawValue: signUp) else {
            throw ForgeError.invalid("--sign-up is open, invite or closed")
        }
        configuration.signUp = policy
        configuration.mail = try mail.way()
        configuration.allowances = try rates.allowances
        configuration.trustedProxies = try rates.trustedProxy.map { try AddressBlock($0) }
        configuration.gravatar = gravatar == "off" ? nil : try GravatarAddress(gravatar)
        if outboundDevelopment { configuration.outbound = .development }
        configuration.cache = try cache.configuration(data, isBucket: store.isBucket)
        switch (tlsCert, tlsKey, grpcPlaintext) {
        case (nil, nil, false): configuration.encryption = .selfSigned
        case (nil, nil, true): configuration.encryption = .plaintext
        case (let certificate?, let key?, false):
            configuration.encryption = .files(certificate: certificate, key: key)
        default:
            throw ForgeError.invalid(
                "--tls-cert and --tls-key go together, and not with --grpc-plaintext")
        }
        return configuration
    }
}
