import HifAPI
import HifCore
package import HifWorkspace
import SwiftProtobuf

/// The forges a person is signed in at: what the command line does there besides moving content.
package struct ForgeClient: Sendable {
    package struct Account: Hashable, Sendable {
        package let url: String
        package let handle: String
        package let name: String
    }

    package struct Project: Hashable, Sendable {
        package let name: String
        package let id: String
        package let storeID: String
        package let description: String
        package let isPublic: Bool
    }

    private let file: CredentialsFile
    /// A token that is used instead of what the file holds (`HIF_TOKEN`).
    private let token: String?
    private let deviceName: String
    /// Below which each project's cache lies; nil for none.
    private let cacheDirectory: String?
    private let limits: RetryLimits

    package init(
        file: CredentialsFile, token: String?, deviceName: String, cacheDirectory: String? = nil,
        limits: RetryLimits = RetryLimits()
    ) {
        self.file = file
        self.token = token
        self.deviceName = deviceName
        self.cacheDirectory = cacheDirectory
        self.limits = limits
    }

    // MARK: Signing in and out

    /// Signs in at a forge and keeps what is needed to act there later.
    ///
    /// - Parameters:
    ///   - token: a personal token; nil for the device flow, which waits for somebody to approve it.
    ///   - show: told, as lines for the person, where to approve the login and with which code.
    package func login(
        _ url: String, token: String?, certificateAuthority: String?,
        show: @Sendable (String) -> Void
    ) async throws -> Account {
        let address = try ForgeAddress(url)
        let discovery = try await ForgeDiscovery.ask(
            address, certificateAuthority: certificateAuthority)
        var forge = StoredForge(
            url: address.url, discovery: discovery, handle: "", name: "",
            certificateAuthority: certificateAuthority)
        if let token {
            forge.token = token
        } else {
            forge.login = try await deviceLogin(discovery, at: address.url, show: show)
        }
        let who = try await whoAmI(
            discovery, at: address.url,
            credentials: FixedToken(forge.token ?? forge.login?.access))
        forge.handle = who.handle
        forge.name = who.displayName
        try await file.keep(forge)
        return Account(url: address.url, handle: who.handle, name: who.displayName)
    }

    private func deviceLogin(
        _ discovery: ForgeDiscovery, at url: String, show: @Sendable (String) -> Void
    ) async throws -> StoredForge.Login {
        let deviceName = deviceName
        return try await ForgeConnection.with(
            discovery, at: url, credentials: FixedToken(nil), limits: limits
        ) {
            connection in
            let auth = Micelio_V1_Auth.Client(wrapping: connection.client)
            let start = try await connection.call { metadata, options in
                try await auth.startDevice(
                    .with {
                        $0.clientName = "hif"
                        $0.deviceName = deviceName
                    }, metadata: metadata, options: options)
            }
            show("Open \(SafeText.escape(start.verificationUriComplete))")
            show("and check that it shows the code \(SafeText.escape(start.userCode))")
            var flow = DeviceFlow<Micelio_V1_TokenPair>(
                intervalSeconds: Int(start.intervalSeconds),
                expiresInSeconds: Int(start.expiresInSeconds))
            let outcome = try await flow.run {
                try await Task.sleep(for: .seconds($0))
            } poll: {
                try ForgeClient.answer(
                    try await connection.call { metadata, options in
                        try await auth.pollDevice(
                            .with { $0.deviceCode = start.deviceCode }, metadata: metadata,
                            options: options)
                    })
            }
            switch outcome {
            case .approved(let tokens):
                return StoredForge.Login(
                    access: tokens.accessToken,
                    accessExpiresMillis: tokens.accessExpiresMillis,
                    refresh: tokens.refreshToken)
            case .denied:
                throw WorkspaceError(
                    .forbidden, "the login was refused on the page",
                    hint: "if that was a mistake, begin again: hif auth login \(url)")
            case .expired:
                throw WorkspaceError(
                    .unauthenticated, "nobody approved the login in time",
                    hint: "begin again: hif auth login \(url)")
            }
        }
    }

    private static func answer(
        _ reply: Micelio_V1_PollDeviceReply
    ) throws -> DeviceFlow<Micelio_V1_TokenPair>.Answer {
        switch reply.state {
        case .pending: .pending
        case .slowDown: .slowDown
        case .denied: .denied
        case .expired: .expired
        case .approved where reply.hasTokens: .approved(reply.tokens)
        case .approved, .unspecified, .UNRECOGNIZED:
            throw WorkspaceError(
                .newerVersion, "the forge's answer is not understood",
                hint: "install a newer hif")
        }
    }

    private func whoAmI(
        _ discovery: ForgeDiscovery, at url: String, credentials: any ForgeCredentials
    ) async throws -> Micelio_V1_WhoAmIReply {
        try await ForgeConnection.with(
            discovery, at: url, credentials: credentials, limits: limits
        ) { connection in
            try await connection.call { metadata, options in
                try await Micelio_V1_Auth.Client(wrapping: connection.client).whoAmI(
                    Micelio_V1_WhoAmIRequest(), metadata: metadata, options: options)
            }
        }
    }

    /// Forgets what is kept of that forge, or of all, and revokes the logins there; returns the
    /// addresses. A forge that cannot be reached is forgotten all the same.
    package func logout(_ url: String?) async throws -> [String] {
        let forgotten = try await file.forget(url.map { try ForgeAddress($0).url })
        for forge in forgotten {
            // A personal token was made elsewhere and may be in use elsewhere.
            guard let login = forge.login else { continue }
            var limits = RetryLimits()
            limits.attempts = 1
            limits.callSeconds = 5
            try? await ForgeConnection.with(
                forge.discovery, credentials: FixedToken(nil), limits: limits
            ) { connection in
                _ = try await connection.call { metadata, options in
                    try await Micelio_V1_Auth.Client(wrapping: connection.client).revoke(
                        .with { $0.token = login.refresh }, metadata: metadata, options: options)
                }
            }
        }
        return forgotten.map(\.url)
    }

    /// Who one is at that forge, or at each one that is kept, as the forges themselves say.
    package func status(_ url: String?) async throws -> [Account] {
        var accounts: [Account] = []
        for forge in try chosen(url) {
            let who = try await whoAmI(
                forge.discovery, at: forge.url, credentials: credentials(for: forge.url))
            accounts.append(Account(url: forge.url, handle: who.handle, name: who.displayName))
        }
        return accounts
    }

    private func chosen(_ url: String?) throws -> [StoredForge] {
        guard let url else { return try file.forges() }
        return try file.forge(ForgeAddress(url).url).map { [$0] } ?? []
    }

    private func credentials(for url: String) -> any ForgeCredentials {
        if let token { return FixedToken(token) }
        return StoredCredentials(file: file, url: url, limits: limits)
    }

    // MARK: Projects

    package func createProject(
        _ name: String, description: String, isPublic: Bool, at url: String?
    ) async throws -> Project {
        let wire = try ForgeClient.wire(name)
        return try await connected(url) { connection, _ in
            let project = try await connection.call { metadata, options in
                try await Micelio_V1_Projects.Client(wrapping: connection.client).create(
                    .with {
                        $0.name = wire
                        $0.description_p = description
                        $0.visibility = isPublic ? .public : .private
                    }, metadata: metadata, options: options)
            }
            return Project(project)
        }
    }

    /// Every project that one may see.
    package func projects(at url: String?) async throws -> [Project] {
        try await connected(url) { connection, _ in
            var projects: [Project] = []
            var cursor = ""
            repeat {
                let page = try await connection.call { [cursor] metadata, options in
                    try await Micelio_V1_Projects.Client(wrapping: connection.client).list(
                        .with { $0.cursor = cursor }, metadata: metadata, options: options)
                }
                projects += page.projects.map { Project($0) }
                cursor = page.nextCursor
            } while !cursor.isEmpty
            return projects
        }
    }

    /// What a workspace has to know to be bound to the project of that name.
    package func find(_ name: String, at url: String?) async throws -> WorkspaceConfig {
        let wire = try ForgeClient.wire(name)
        return try await connected(url) { connection, forge in
            let project = try await connection.call { metadata, options in
                try await Micelio_V1_Projects.Client(wrapping: connection.client).get(
                    .with { $0.name = wire }, metadata: metadata, options: options)
            }
            guard let id = ProjectID(hex: project.projectID),
                let store = StoreID(hex: project.storeID)
            else { throw WireError("a project without an id") }
            return WorkspaceConfig(
                place: .forge(url: forge.url),
                project: "\(project.name.owner)/\(project.name.name)", projectID: id,
                storeID: store)
        }
    }

    /// The project that a workspace is bound to, over a connection that is dialled when it is
    /// needed and lasts until `close()`, with the cache of this machine before it.
    ///
    /// Asks the forge for its addresses when no login has kept them. When that fails, what comes back
    /// still answers from the cache.
    package func open(_ config: WorkspaceConfig) async throws -> CachingRemote {
        guard case .forge(let url) = config.place, let store = StoreID(hex: config.storeID),
            let project = ProjectID(hex: config.projectID)
        else { throw WorkspaceError(.damaged, "the workspace is not bound to a forge") }
        let name = try ForgeClient.wire(config.project)
        // A cache that cannot be made is done without.
        let cache = cacheDirectory.flatMap { directory in
            try? ContentCache(
                directory: "\(directory)/\(store.hex)/\(project.hex)",
                random: { UInt64.random(in: 0...(.max)) })
        }
        let forge: StoredForge
        do {
            forge = try await known(url)
        } catch let error as WorkspaceError where error.code == .network {
            return CachingRemote(UnreachableRemote(error: error), cache: cache)
        }
        let connection = try ForgeConnection(
            forge.discovery, at: forge.url, credentials: credentials(for: forge.url),
            renewal: renewal(of: forge), limits: limits)
        return CachingRemote(
            ForgeRemote(
                connection, owner: name.owner, name: name.name, storeID: store,
                certificateAuthority: forge.certificateAuthority),
            cache: cache, close: { await connection.close() })
    }

    // MARK: Connecting

    private func connected<Result: Sendable>(
        _ url: String?,
        _ body: @Sendable (ForgeConnection, StoredForge) async throws -> Result
    ) async throws -> Result {
        let forge = try await known(url)
        return try await ForgeConnection.with(
            forge.discovery, at: forge.url, credentials: credentials(for: forge.url),
            renewal: renewal(of: forge), limits: limits
        ) { connection in
            try await body(connection, forge)
        }
    }

    /// What is kept of the forge; asked of the forge itself where nothing is, which is enough to
    /// read public projects and, with a token at hand, for everything.
    private func known(_ url: String?) async throws -> StoredForge {
        let address = try url.map { try ForgeAddress($0) }
        if let forge = try file.forge(address?.url) { return forge }
        guard let address else {
            throw WorkspaceError(
                .unauthenticated, "you are signed in at no forge",
                hint: "hif auth login URL, with the address of yours, or name a store: --store DIR")
        }
        return StoredForge(
            url: address.url, discovery: try await ForgeDiscovery.ask(address), handle: "",
            name: "")
    }

    /// Under https the forge's certificate, not our memory, says who it is: a key that the verified
    /// web address names is taken over. Under http a changed key stays refused until the next login.
    private func renewal(
        of forge: StoredForge
    ) -> (@Sendable (_ refused: String) async throws -> Bool)? {
        guard let address = try? ForgeAddress(forge.url), address.isSecure else { return nil }
        let file = file
        return { refused in
            let found = try await ForgeDiscovery.ask(
                address, certificateAuthority: forge.certificateAuthority)
            guard found.pin == refused else { return false }
            try await file.change(forge.url) { $0.discovery.pin = found.pin }
            return true
        }
    }

    private static func wire(_ name: String) throws -> Micelio_V1_ProjectName {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
            throw WorkspaceError(
                .usage, "'\(SafeText.escape(name))' is not a project's name",
                hint: "names are owner/project, as in ana/app")
        }
        return .with {
            $0.owner = String(parts[0])
            $0.name = String(parts[1])
        }
    }
}

extension ForgeClient.Project {
    fileprivate init(_ wire: Micelio_V1_Project) {
        self.init(
            name: "\(wire.name.owner)/\(wire.name.name)", id: wire.projectID,
            storeID: wire.storeID, description: SafeText.escape(wire.description_p),
            isPublic: wire.visibility == .public)
    }
}
