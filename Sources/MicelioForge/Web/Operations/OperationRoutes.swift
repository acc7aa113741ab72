import HTTPTypes
import HifCore
import Hummingbird
import Logging

/// Signs of life, and what a client needs before it can speak gRPC.
enum OperationRoutes {
    static let all: [Route] = [
        .free(.get, "/livez", .plain, "live", "Whether the process runs") { _ in
            .response(.text("ok\n"))
        },
        .free(.get, "/readyz", .plain, "ready", "Whether it can serve") { call in
            do {
                try await call.forge.ping()
                return .response(.text("ok\n"))
            } catch {
                call.context.logger.error("not ready", metadata: ["error": "\(error)"])
                throw ForgeError(.unavailable, "the accounts database does not answer")
            }
        },
        // Over plain HTTP only on one machine, as the key to pin is in it.
        .free(
            .get, "/.well-known/micelio", .plain, "well_known", "Where and how to dial gRPC"
        ) { call in
            .json(
                WellKnown(
                    storeId: call.forge.storeID, grpc: call.forge.addresses.rpcAddress,
                    grpcTls: call.forge.addresses.keyPin != nil,
                    keyPin: call.forge.addresses.keyPin))
        },
    ]

    private struct WellKnown: Encodable {
        let version = 1
        let storeId: String
        let grpc: String
        let grpcTls: Bool
        let keyPin: String?
    }
}
