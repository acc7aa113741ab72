import HTTPTypes
import HifCore
import Hummingbird
import Logging

/// Every address that the forge answers over HTTP.
struct WebRoutes {
    let forge: Forge

    func router() -> Router<WebContext> {
        let router = Router(context: WebContext.self)
        router.middlewares.add(SecurityHeaders())
        router.middlewares.add(ErrorPages())
        router.middlewares.add(SameOriginForms(addresses: forge.addresses))

        router.get("/") { _, _ in
            Response.page(Pages.home(publicURL: forge.addresses.publicURL))
        }
        router.get("/static/forge.css") { _, _ in
            var response = Response.text(Pages.stylesheet, type: "text/css; charset=utf-8")
            response.headers[.cacheControl] = "public, max-age=3600"
            return response
        }
        addOperations(to: router)
        // Signing in is the affair of the node that keeps the accounts.
        guard forge.keepsAccounts else { return router }
        DeviceRoutes(forge: forge).add(to: router)
        LinkRoutes(forge: forge).add(to: router)
        OAuthRoutes(forge: forge).add(to: router)
        return router
    }

    private struct WellKnown: Encodable {
        let version = 1
        let store_id: String
        let grpc: String
        let grpc_tls: Bool
        let key_pin: String?
    }

    private func addOperations(to router: Router<WebContext>) {
        router.get("/livez") { _, _ in Response.text("ok\n") }
        router.get("/readyz") { _, context in
            do {
                try await forge.accountsSource.ping()
                return Response.text("ok\n")
            } catch {
                context.logger.error("not ready", metadata: ["error": "\(error)"])
                throw ForgeError(.unavailable, "the accounts do not answer")
            }
        }
        // What a client needs before it can speak gRPC. Over plain HTTP only on one machine, as
        // the key to pin is in it.
        router.get("/.well-known/micelio") { _, _ in
            try Response.json(
                WellKnown(
                    store_id: forge.repositories.storeID.hex, grpc: forge.addresses.rpcAddress,
                    grpc_tls: forge.addresses.keyPin != nil, key_pin: forge.addresses.keyPin))
        }
    }
}

extension Request {
    /// The fields of a submitted form; refuses other types and anything over the limit.
    func formFields() async throws -> FormFields {
        let type = headers[.contentType] ?? ""
        guard type.lowercased().hasPrefix("application/x-www-form-urlencoded") else {
            throw HTTPError(.unsupportedMediaType)
        }
        let body = try await body.collect(upTo: Limits.formBytesMax)
        return try FormFields(body.readableBytesView)
    }
}
