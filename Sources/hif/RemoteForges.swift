import Glibc
import HifRemote
import HifWorkspace
import Synchronization

/// Forges over gRPC: what `HifRemote` knows, in the words of the command line.
struct RemoteForges: ForgeConnector {
    /// Remotes that were opened, to be closed before the process ends: a cache still holds what was
    /// fetched, and the forge hears a goodbye.
    private static let opened = Mutex<[CachingRemote]>([])

    private var client: ForgeClient {
        ForgeClient(
            file: CredentialsFile(
                path: RemoteForges.directory("XDG_CONFIG_HOME", ".config") + "/credentials"),
            token: Environment["HIF_TOKEN"], deviceName: RemoteForges.hostName,
            cacheDirectory: RemoteForges.directory("XDG_CACHE_HOME", ".cache"))
    }

    func login(
        _ url: String, token: String?, certificateAuthority: String?,
        show: @Sendable (String) -> Void
    ) async throws -> ForgeAccount {
        let account = try await client.login(
            url, token: token, certificateAuthority: certificateAuthority, show: show)
        return ForgeAccount(url: account.url, handle: account.handle, name: account.name)
    }

    func logout(_ url: String?) async throws -> [String] { try await client.logout(url) }

    func status(_ url: String?) async throws -> [ForgeAccount] {
        try await client.status(url).map {
            ForgeAccount(url: $0.url, handle: $0.handle, name: $0.name)
        }
    }

    func createProject(
        _ name: String, description: String, isPrivate: Bool, at url: String?
    ) async throws -> ForgeProject {
        ForgeProject(
            try await client.createProject(
                name, description: description, isPublic: !isPrivate, at: url))
    }

    func projects(at url: String?) async throws -> [ForgeProject] {
        try await client.projects(at: url).map { ForgeProject($0) }
    }

    func find(_ name: String, at url: String?) async throws -> WorkspaceConfig {
        try await client.find(name, at: url)
    }

    func open(_ config: WorkspaceConfig) async throws -> any Remote {
        let remote = try await client.open(config)
        RemoteForges.opened.withLock { $0.append(remote) }
        return remote
    }

    /// hif's own directory below the one of the XDG base directory specification.
    private static func directory(_ variable: String, _ fallback: String) -> String {
        let home = Environment["HOME"] ?? "/"
        return (Environment[variable] ?? "\(home)/\(fallback)") + "/hif"
    }

    private static var hostName: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "" }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Closes what was opened. Call once, when the command is over.
    static func close() async {
        let remotes = opened.withLock { remotes in
            defer { remotes = [] }
            return remotes
        }
        for remote in remotes { await remote.close() }
    }
}

extension ForgeProject {
    fileprivate init(_ project: ForgeClient.Project) {
        self.init(
            name: project.name, id: project.id, description: project.description,
            isPrivate: !project.isPublic)
    }
}
