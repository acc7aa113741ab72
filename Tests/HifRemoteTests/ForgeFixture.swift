import Foundation
import HifCore
import HifRemote
import HifWorkspace
import Logging
import MicelioForge
import Support

/// A whole forge on free ports of this machine, with two accounts and the project `ana/app`.
struct ForgeFixture: Sendable {
    let forge: Forge
    let run: RunFile
    let directory: TemporaryDirectory
    /// A token of ana's for everything, and one of eve's, who may see nothing of ana's.
    let ana: String
    let eve: String

    /// Starts one, runs `body`, and stops it as a signal would.
    static func with(
        _ configure: (inout ForgeConfiguration) -> Void = { _ in },
        _ body: @escaping @Sendable (ForgeFixture) async throws -> Void
    ) async throws {
        let directory = TemporaryDirectory()
        var configuration = ForgeConfiguration()
        configuration.dataDirectory = directory.path + "/data"
        configuration.http = HostPort(host: "127.0.0.1", port: 0)
        configuration.rpc = HostPort(host: "127.0.0.1", port: 0)
        // Some tests leave connections behind that nobody speaks over any more.
        // Long: a stop that runs out of time while the machine is busy ends the process (see `Doors`).
        configuration.stoppingSecondsMax = 20
        configure(&configuration)
        let (stream, ready) = AsyncStream.makeStream(of: (Forge, RunFile).self)
        let server = try await ForgeServer(
            configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { forge, run in
            ready.yield((forge, run))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run(stoppingOn: []) }
            group.addTask {
                guard let (forge, run) = await stream.first(where: { _ in true }) else { return }
                let ana = try await token("ana", forge)
                let eve = try await token("eve", forge)
                let principal = try await forge.authenticator.authenticate(
                    authorization: ["Bearer \(ana)"])
                _ = try await forge.createProject(
                    ProjectPath("ana/app"), description: "", isPublic: false, as: principal)
                try await body(
                    ForgeFixture(forge: forge, run: run, directory: directory, ana: ana, eve: eve))
            }
            // Whichever ends first: a server that stopped by itself has thrown.
            try await group.next()
            group.cancelAll()
        }
    }

    private static func token(_ handle: String, _ forge: Forge) async throws -> String {
        let user = try await forge.accounts.createUser(Handle(handle), now: forge.now())
        return try await forge.accounts.createPersonalToken(
            for: user.handle, label: "test", scopes: .everything, expires: nil, now: forge.now()
        ).text
    }

    var httpPort: Int { Int(run.http.split(separator: ":").last!)! }
    var rpcPort: Int { Int(run.grpc.split(separator: ":").last!)! }

    /// How a client finds this forge; `port` for one that goes through something in between.
    func discovery(port: Int? = nil, pin: String? = nil) -> ForgeDiscovery {
        ForgeDiscovery(
            host: "127.0.0.1", port: port ?? rpcPort, pin: pin ?? run.pin,
            storeID: forge.repositories.storeID.hex)
    }

    /// The project `ana/app` over a connection of its own, as whoever `token` is.
    func connected(
        _ token: String?, discovery: ForgeDiscovery? = nil, project: String = "app",
        storeID: StoreID? = nil, limits: RetryLimits = ForgeFixture.limits,
        _ body: @escaping @Sendable (ForgeRemote) async throws -> Void
    ) async throws {
        let storeID = storeID ?? forge.repositories.storeID
        try await ForgeConnection.with(
            discovery ?? self.discovery(), credentials: FixedToken(token), limits: limits
        ) { connection in
            try await body(
                ForgeRemote(connection, owner: "ana", name: project, storeID: storeID))
        }
    }

    /// Short pauses, if long enough for a new connection; the usual patience.
    static var limits: RetryLimits {
        var limits = RetryLimits()
        limits.pauseMillis = 80
        return limits
    }
}
