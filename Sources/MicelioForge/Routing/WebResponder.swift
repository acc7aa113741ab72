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
        var context = context
        context.remoteAddress = forge.proxies.client(
            peer: context.remoteAddress,
            forwarded: request.headers[values: HTTPField.Name("X-Forwarded-For")!])
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
        let credential: Credential?
        var verdict: RateVerdict?
        var response: Response
        do {
            try SameOrigin(addresses: forge.addresses).check(request, for: match.route.surface)
            (principal, credential, verdict) = try await admitted(
                request, context, to: match.route)
            let call = Call(
                forge: forge, request: request, context: context, principal: principal,
                match: match, format: format(of: request, match),
                query: try FormFields((request.uri.query ?? "").utf8),
                address: request.uri.description)
            try table.check(call.query, of: match)
            let actor = Actor(principal, address: context.remoteAddress)
            response = try await Credential.$current.withValue(credential) {
                try await Actor.$current.withValue(actor) {
                    try await inTurn(call) {
                        try await heedingIfMatch(call) { call in
                            try await match.route.run(call).response(to: call)
                        }
                    }
                }
            }
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            await forge.rateLimits.holdBack(error)
            response = try refused(error, request, context, match: match, principal: principal)
        }
        if let verdict {
            response.headers[HTTPField.Name("RateLimit-Policy")!] = verdict.policyField
            response.headers[HTTPField.Name("RateLimit")!] = verdict.leftField
        }
        return response
    }

    /// Files, signs of life and the steps of a login are short, and have no turn. Of who is not signed
    /// in, all the rest runs on threads that stand back: neither Swift's own nor the processor is kept from
    /// the others by however many pages a crawler asks for.
    private func inTurn(
        _ call: Call, _ work: () async throws -> Response
    ) async throws -> Response {
        let surface = call.match.route.surface
        guard call.principal.user == nil, surface == .page || surface == .api else {
            return try await work()
        }
        return try await forge.rateLimits.inTurn(call.principal, at: call.context.remoteAddress) {
            try await withTaskExecutorPreference(forge.repositories.guestExecutor) {
                try await work()
            }
        }
    }

    /// Does what changes something only while that is what the caller has read (`If-Match`), and one change
    /// of the same thing after the other, so that nobody's comes between comparing and changing.
    ///
    /// - Throws: `preconditionFailed`, and what `work` throws.
    private func heedingIfMatch(
        _ call: Call, _ work: (Call) async throws -> Response
    ) async throws -> Response {
        let route = call.match.route
        let values = call.request.headers[values: .ifMatch]
        let isCompared = route.surface == .api && route.method != .get && !values.isEmpty
        guard route.isConditional else {
            guard !isCompared else {
                throw ForgeError(
                    .preconditionFailed, "nothing is read at this address that If-Match could name",
                    hint: "send the call without it")
            }
            return try await work(call)
        }
        let seen = isCompared ? try EntityTags(ifMatch: values) : nil
        return try await forge.changes.take(call.changed) {
            guard let seen else { return try await work(call) }
            guard case .found(let reading) = table.find(.get, call.request.uri.path) else {
                throw Call.nothing
            }
            // Who may not read it is refused here, before others wait for their body.
            let reader = call.reading(reading)
            let now = try await reading.route.run(reader).response(to: reader).headers[.eTag]
            // What would be refused anyway is not compared (RFC 9110, 13.2.1).
            let call = route.body == nil ? call : call.given(try await call.body())
            guard let now, seen.nameExactly(now) else {
                throw ForgeError(
                    .preconditionFailed, "what is there is not what If-Match names any more",
                    hint: "read it again, and decide anew")
            }
            return try await work(call)
        }
    }

    /// Who asks, and what is left to them after this request.
    ///
    /// - Throws: what is wrong with the credentials; `rateLimited` to whoever has nothing left. Wrong
    ///   credentials are paid by the network that they came from.
    private func admitted(
        _ request: Request, _ context: WebContext, to route: Route
    ) async throws -> (Principal, Credential?, RateVerdict?) {
        // Files and signs of life cost nothing, and nobody is asked for.
        if route.surface == .plain { return (.anonymous, nil, nil) }
        let address = context.remoteAddress
        let principal: Principal
        let credential: Credential?
        do {
            (principal, credential) = try await identify(request, for: route.surface)
        } catch {
            let verdict = forge.rateLimits.take(1, by: .anonymous, at: address, now: forge.now())
            if let verdict, !verdict.isAllowed { throw RateLimited(verdict: verdict) }
            throw error
        }
        let verdict = forge.rateLimits.take(
            route.cost, by: principal, at: address, now: forge.now())
        if let verdict, !verdict.isAllowed { throw RateLimited(verdict: verdict) }
        return (principal, credential, verdict)
    }

    /// The one who asks, from the credentials that this kind of address takes.
    private func identify(
        _ request: Request, for surface: Route.Surface
    ) async throws -> (Principal, Credential?) {
        let values = request.headers[values: .authorization]
        switch surface {
        case .plain, .oauth: return (.anonymous, nil)
        case .api: return try await forge.authenticator.identify(authorization: values)
        case .page:
            guard values.isEmpty else {
                return try await forge.authenticator.identify(authorization: values)
            }
            let cookie = request.cookies[forge.addresses.cookieName]?.value
            return (
                try await forge.authenticator.authenticate(authorization: [], cookie: cookie), nil
            )
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
        var refusal = Refusal(error, logger: context.logger)
        switch refusal.code {
        case .rateLimited:
            refusal.next = .init(method: request.method.rawValue, href: request.uri.description)
        case .preconditionFailed where match?.route.isConditional == true:
            refusal.next = .init(method: "GET", href: request.uri.description)
        default: break
        }
        let isAPI =
            match.map { $0.route.surface == .api } ?? request.uri.path.hasPrefix("/api/")
        var response =
            switch isAPI ? .json : format(of: request, match) {
            case .json: try refusal.problem(for: match)
            case .markdown, .patch: refusal.text
            case .html:
                refusal.page(
                    Frame(
                        forge: forge, user: principal.user, request: request,
                        address: request.uri.description))
            }
        if let limited = error as? RateLimited {
            response.headers[HTTPField.Name("RateLimit-Policy")!] = limited.verdict.policyField
            response.headers[HTTPField.Name("RateLimit")!] = limited.verdict.leftField
        }
        if let seconds = refusal.retrySeconds { response.headers[.retryAfter] = "\(seconds)" }
        if !allowed.isEmpty {
            let names = allowed.map(\.rawValue) + (allowed.contains(.get) ? ["HEAD"] : [])
            response.headers[.allow] = names.sorted().joined(separator: ", ")
        }
        return response
    }
}
