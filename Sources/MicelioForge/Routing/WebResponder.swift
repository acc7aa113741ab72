import HTTPTypes
import Hummingbird
import Logging

/// Answers every HTTP request: finds the route, finds out who asks, and turns what is thrown into
/// an answer in the form that was asked for.
struct WebResponder: HTTPResponder {
    typealias Context = WebContext

    let forge: Forge
    private let table: RouteTable

    init(forge: Forge) {
        self.forge = forge
        table = forge.keepsAccounts ? .forge : .besideKeeper
    }

    func respond(to request: Request, context: WebContext) async throws -> Response {
        var response = try await answer(request, context)
        SecurityHeaders.add(to: &response, isEncrypted: forge.addresses.isEncrypted)
        guard request.method == .head else { return response }
        let length = response.body.contentLength
        response = response.createHeadResponse()
        if let length { response.headers[.contentLength] = String(length) }
        return response
    }

    private func answer(_ request: Request, _ context: WebContext) async throws -> Response {
        // Forms that another site's page submits are refused before anything is looked up.
        let match: RouteTable.Match
        switch table.find(request.method, request.uri.path) {
        case .found(let found): match = found
        case .otherMethods(let methods):
            return try refused(
                ForgeError(.methodNotAllowed, "this address does not take \(request.method)"),
                request, context, allowed: methods)
        case .none: return try refused(Call.nothing, request, context)
        }
        var principal = Principal.anonymous
        do {
            try SameOrigin(addresses: forge.addresses).check(request, for: match.route.surface)
            principal = try await self.principal(of: request, for: match.route.surface)
            let call = Call(
                forge: forge, request: request, context: context, principal: principal,
                match: match, format: format(of: request, match),
                query: try FormFields((request.uri.query ?? "").utf8),
                address: request.uri.description)
            let actor = Actor(principal, address: context.remoteAddress)
            return try await Actor.$current.withValue(actor) {
                try await match.route.run(call).response(to: call)
            }
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return try refused(error, request, context, match: match, principal: principal)
        }
    }

    /// The one who asks, from the credentials that this kind of address takes.
    private func principal(
        of request: Request, for surface: Route.Surface
    ) async throws -> Principal {
        switch surface {
        case .plain, .oauth: .anonymous
        case .api:
            try await forge.authenticator.authenticate(
                authorization: request.headers[values: .authorization])
        case .page:
            try await forge.authenticator.authenticate(
                authorization: request.headers[values: .authorization],
                cookie: request.cookies[forge.addresses.cookieName]?.value)
        }
    }

    /// The suffix of the address decides; without one, what the client says it takes.
    private func format(of request: Request, _ match: RouteTable.Match?) -> Format {
        guard let match else { return accepted(request) }
        if match.route.surface == .api { return .json }
        if match.format != .html || match.route.pattern.twin == nil { return match.format }
        return accepted(request)
    }

    private func accepted(_ request: Request) -> Format {
        let accept = request.headers[values: .accept].joined(separator: ",")
        if accept.contains("text/html") { return .html }
        if accept.contains("application/json") { return .json }
        return accept.contains("text/markdown") ? .markdown : .html
    }

    private func refused(
        _ error: any Error, _ request: Request, _ context: WebContext,
        match: RouteTable.Match? = nil, principal: Principal = .anonymous,
        allowed: [HTTPRequest.Method] = []
    ) throws -> Response {
        let refusal = Refusal(error, logger: context.logger)
        let isAPI =
            match.map { $0.route.surface == .api } ?? request.uri.path.hasPrefix("/api/")
        var response =
            switch isAPI ? .json : format(of: request, match) {
            case .json: try refusal.problem(for: match)
            case .markdown: refusal.text
            case .html:
                refusal.page(
                    Frame(
                        forge: forge, user: principal.user, request: request,
                        address: request.uri.description))
            }
        if !allowed.isEmpty {
            let names = allowed.map(\.rawValue) + (allowed.contains(.get) ? ["HEAD"] : [])
            response.headers[.allow] = names.sorted().joined(separator: ", ")
        }
        return response
    }
}
