import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import HTTPTypes
import HifCore
import HifRemote
import HifStore
import HummingbirdTesting
import Logging
import NIOCore
import Testing

@testable import MicelioForge

/// A whole server on free ports of this machine.
struct TestServer: Sendable {
    let forge: Forge
    let run: RunFile
    let directory: TemporaryDirectory

    /// Servers at once. More would wait for the processor, all of them, until their callers give up.
    private static let places = Slots(4)
    /// Whether this test has a place already: two servers of one test must not wait for each other.
    @TaskLocal private static var hasPlace = false

    /// Starts one, runs `body`, and stops it as a signal would.
    ///
    /// - Parameter store: a directory of its own when nil.
    static func with(
        store: (any ObjectStore)? = nil,
        now: @escaping @Sendable () -> Int64 = ForgeServer.systemClock,
        _ configure: (inout ForgeConfiguration) -> Void = { _ in },
        _ body: @escaping @Sendable (TestServer) async throws -> Void
    ) async throws {
        guard hasPlace else {
            await places.enter()
            defer { places.leave() }
            return try await $hasPlace.withValue(true) {
                try await with(store: store, now: now, configure, body)
            }
        }
        let directory = try TemporaryDirectory()
        var configuration = ForgeConfiguration()
        configuration.dataDirectory = directory.path + "/data"
        configuration.http = HostPort(host: "127.0.0.1", port: 0)
        configuration.rpc = HostPort(host: "127.0.0.1", port: 0)
        // Long: a stop that runs out of time while the machine is busy ends the process (see `Doors`).
        configuration.stoppingSecondsMax = 20
        // No test asks anybody outside of this machine.
        configuration.gravatar = nil
        configure(&configuration)
        let (stream, ready) = AsyncStream.makeStream(of: (Forge, RunFile).self)
        let server = try await ForgeServer(
            configuration, store: store, now: now,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { forge, run in
            ready.yield((forge, run))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run(stoppingOn: []) }
            group.addTask {
                guard let (forge, run) = await stream.first(where: { _ in true }) else { return }
                try await body(TestServer(forge: forge, run: run, directory: directory))
            }
            // Whichever ends first: a server that stopped by itself has thrown.
            try await group.next()
            group.cancelAll()
        }
    }

    var httpPort: Int { Int(run.http.split(separator: ":").last!)! }
    var rpcPort: Int { Int(run.grpc.split(separator: ":").last!)! }

    /// One request over a connection of its own.
    func http(
        _ method: HTTPRequest.Method, _ path: String, form: [(String, String)]? = nil,
        headers: [(String, String)] = []
    ) async throws -> (status: Int, headers: HTTPFields, body: String) {
        let client = TestClient(host: "127.0.0.1", port: httpPort)
        client.connect()
        var fields = HTTPFields()
        for (name, value) in headers { fields[HTTPField.Name(name)!] = value }
        var body: ByteBuffer?
        if let form {
            fields[.contentType] = fields[.contentType] ?? "application/x-www-form-urlencoded"
            let text = form.map { "\(TestServer.encode($0))=\(TestServer.encode($1))" }
            body = ByteBuffer(string: text.joined(separator: "&"))
        }
        let response = try await client.execute(
            TestClient.Request(path, method: method, headers: fields, body: body))
        try await client.shutdown()
        let text = response.body.map { String(buffer: $0) } ?? ""
        AnswerCheck.check(method, path, response.status.code, response.headers, text)
        return (response.status.code, response.headers, text)
    }

    /// A form as this site's own page sends it.
    func submit(_ path: String, _ form: [(String, String)]) async throws -> (
        status: Int, body: String
    ) {
        let answer = try await http(
            .post, path, form: form, headers: [("Sec-Fetch-Site", "same-origin")])
        return (answer.status, answer.body)
    }

    private static func encode(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }

    /// A gRPC client that pins `pin`, by default the right one.
    func rpc(
        pin: String? = nil,
        _ body: @Sendable (GRPCClient<HTTP2ClientTransport.Posix>) async throws -> Void
    ) async throws {
        let transport = try HTTP2ClientTransport.Posix(
            target: .ipv4(address: "127.0.0.1", port: rpcPort),
            transportSecurity: run.pin.map { PinnedKey(pin ?? $0).security } ?? .plaintext)
        try await withGRPCClient(transport: transport, handleClient: body)
    }
}

extension TestServer {
    /// An account with a token for everything.
    func token(_ handle: String) async throws -> String {
        let user = try await forge.accounts.createUser(Handle(handle), now: forge.now())
        return try await forge.accounts.createPersonalToken(
            for: user.handle, label: "", scopes: .everything, expires: nil, now: forge.now()
        ).text
    }

    /// A connection as hif makes it, signed in with `token`.
    func connected(
        _ token: String?, pin: String? = nil, limits: RetryLimits = RetryLimits(),
        _ body: @Sendable (ForgeConnection) async throws -> Void
    ) async throws {
        try await ForgeConnection.with(
            discovery(pin: pin), credentials: FixedToken(token), limits: limits, body)
    }

    private func discovery(pin: String?) -> ForgeDiscovery {
        ForgeDiscovery(
            host: "127.0.0.1", port: rpcPort, pin: run.pin.map { pin ?? $0 },
            storeID: forge.repositories.storeID.hex)
    }

    /// The project of that name, over `connection`.
    func remote(_ path: String, _ connection: ForgeConnection) throws -> ForgeRemote {
        let path = try ProjectPath(path)
        return ForgeRemote(
            connection, owner: path.owner.text, name: path.name.text,
            storeID: forge.repositories.storeID)
    }

    func makeProject(_ path: String, isPublic: Bool = false) async throws -> ProjectRecord {
        let path = try ProjectPath(path)
        let user = try #require(try await forge.accounts.user(path.owner))
        return try await forge.createProject(
            path, description: "", isPublic: isPublic,
            as: Principal(user: user, token: nil, scopes: .everything)
        ).project
    }
}
