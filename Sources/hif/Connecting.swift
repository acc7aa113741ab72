import HifCore
import HifRepository
import HifWorkspace

/// The way to forges: everything the command line wants of one. The one place where a network
/// client is plugged in.
protocol ForgeConnector: Sendable {
    /// Logs in at a forge by its web address and keeps what is needed to act there later.
    ///
    /// - Parameters:
    ///   - token: a personal token; nil for the device flow.
    ///   - show: told, as lines for the person, where to approve the login and with which code.
    func login(
        _ url: String, token: String?, certificateAuthority: String?,
        show: @Sendable (String) -> Void
    ) async throws -> ForgeAccount
    /// Forgets what is kept of that forge, or of all; returns the addresses.
    func logout(_ url: String?) async throws -> [String]
    /// Who one is, at that forge or at each one that is known.
    func status(_ url: String?) async throws -> [ForgeAccount]
    func createProject(
        _ name: String, description: String, isPrivate: Bool, at url: String?
    ) async throws -> ForgeProject
    func projects(at url: String?) async throws -> [ForgeProject]
    /// The project of that name, for a workspace to be made of. A nil address means the forge that
    /// one is logged in to.
    func find(_ name: String, at url: String?) async throws -> WorkspaceConfig
    /// Opens the project that a workspace is bound to. Makes no request.
    func open(_ config: WorkspaceConfig) async throws -> any Remote
}

struct ForgeAccount: Sendable {
    var url: String
    var handle: String
    var name: String
}

struct ForgeProject: Sendable {
    var name: String
    var id: String
    var description: String
    var isPrivate: Bool
}

enum Forge {
    /// The connector of this build; nil in one without a network.
    static let registered: (any ForgeConnector)? = RemoteForges()

    static func connector() throws -> any ForgeConnector {
        guard let registered else {
            throw Failure(
                "unsupported", .failed, "this build of hif has no forge support",
                hint: "use a store on this machine: --store DIR, or set HIF_STORE")
        }
        return registered
    }
}
