import GRPCCore
import GRPCNIOTransportHTTP2Posix
import HifAPI

/// Signing in and out on a node without accounts: handed on to the node that has them.
struct AuthRelay: Micelio_V1_Auth.SimpleServiceProtocol {
    let relay: Relay

    private func keeper() throws -> Micelio_V1_Auth.Client<Relay.Transport> {
        .init(wrapping: try relay.client())
    }

    func startDevice(
        request: Micelio_V1_StartDeviceRequest, context: ServerContext
    ) async throws -> Micelio_V1_StartDeviceReply {
        try await relay.handOn {
            try await keeper().startDevice(request, metadata: $0, options: $1)
        }
    }

    func pollDevice(
        request: Micelio_V1_PollDeviceRequest, context: ServerContext
    ) async throws -> Micelio_V1_PollDeviceReply {
        try await relay.handOn { try await keeper().pollDevice(request, metadata: $0, options: $1) }
    }

    func refresh(
        request: Micelio_V1_RefreshRequest, context: ServerContext
    ) async throws -> Micelio_V1_TokenPair {
        try await relay.handOn { try await keeper().refresh(request, metadata: $0, options: $1) }
    }

    func revoke(
        request: Micelio_V1_RevokeRequest, context: ServerContext
    ) async throws -> Micelio_V1_RevokeReply {
        try await relay.handOn { try await keeper().revoke(request, metadata: $0, options: $1) }
    }

    func whoAmI(
        request: Micelio_V1_WhoAmIRequest, context: ServerContext
    ) async throws -> Micelio_V1_WhoAmIReply {
        try await relay.handOn { try await keeper().whoAmI(request, metadata: $0, options: $1) }
    }
}

/// Making and finding projects on a node without accounts.
struct ProjectsRelay: Micelio_V1_Projects.SimpleServiceProtocol {
    let relay: Relay

    private func keeper() throws -> Micelio_V1_Projects.Client<Relay.Transport> {
        .init(wrapping: try relay.client())
    }

    func create(
        request: Micelio_V1_CreateProjectRequest, context: ServerContext
    ) async throws -> Micelio_V1_Project {
        try await relay.handOn { try await keeper().create(request, metadata: $0, options: $1) }
    }

    func list(
        request: Micelio_V1_ListProjectsRequest, context: ServerContext
    ) async throws -> Micelio_V1_ListProjectsReply {
        try await relay.handOn { try await keeper().list(request, metadata: $0, options: $1) }
    }

    func get(
        request: Micelio_V1_GetProjectRequest, context: ServerContext
    ) async throws -> Micelio_V1_Project {
        try await relay.handOn { try await keeper().get(request, metadata: $0, options: $1) }
    }
}

/// The way to the node that keeps the accounts, for calls that are its to answer. They go on with the
/// client's credentials, and its answers and refusals come back as they are.
struct Relay: Sendable {
    typealias Transport = HTTP2ClientTransport.Posix

    let links: NodeLinks
    let keeper: HostPort

    func client() throws -> NodeLinks.Client { try links.client(for: keeper) }

    func handOn<Value>(
        _ call: (Metadata, CallOptions) async throws -> Value
    ) async throws -> Value {
        var options = CallOptions.defaults
        options.timeout = .seconds(Limits.nodeAnswerSeconds)
        do {
            return try await call(Credential.metadata, options)
        } catch let error as RPCError {
            throw ForgeError.told(error)
        }
    }
}
