import GRPCCore

/// Answers for every call who is asking and what they have left, and turns every error into a status.
///
/// The principal travels as a task-local value. A streaming answer is produced after the handler
/// returned, in a closure, so the value is set around that closure too.
struct AuthInterceptor: ServerInterceptor {
    let forge: Forge

    func intercept<Input: Sendable, Output: Sendable>(
        request: StreamingServerRequest<Input>,
        context: ServerContext,
        next:
            @concurrent @Sendable (StreamingServerRequest<Input>, ServerContext) async throws
            -> StreamingServerResponse<Output>
    ) async throws -> StreamingServerResponse<Output> {
        let method = context.descriptor
        do {
            let caller = try await caller(
                of: method, request.metadata, peer: context.peerAddress)
            var response = try await caller.perform { try await next(request, context) }
            if case .success(var contents) = response.accepted {
                let produce = contents.producer
                contents.producer = { writer in
                    do {
                        return try await caller.perform { try await produce(writer) }
                    } catch {
                        throw RPCErrors.status(for: error, method: method)
                    }
                }
                response.accepted = .success(contents)
            }
            return response
        } catch {
            await forge.rateLimits.holdBack(error)
            throw RPCErrors.status(for: error, method: method)
        }
    }

    /// Who asks, once the call is paid.
    ///
    /// - Throws: what is wrong with the credentials; `RateLimited` to whoever has nothing left.
    private func caller(
        of method: MethodDescriptor, _ metadata: Metadata, peer: String
    ) async throws -> Caller {
        guard let row = RPCTable.rows[method.fullyQualifiedMethod] else {
            throw ForgeError(.unimplemented, "this forge does not know the call \(method)")
        }
        let address = forge.proxies.client(
            peer: peer, forwarded: Array(metadata[stringValues: "x-forwarded-for"]))
        func pay(_ cost: Int, _ principal: Principal) throws {
            let verdict = forge.rateLimits.take(
                cost, by: principal, at: address, now: forge.now())
            if let verdict, !verdict.isAllowed { throw RateLimited(verdict: verdict) }
        }
        if row.need == .node {
            return Caller(principal: .anonymous, credential: nil, address: address)
        }
        do {
            let (principal, credential) = try await forge.authenticator.identify(
                authorization: Array(metadata[stringValues: "authorization"]))
            try pay(row.cost, principal)
            return Caller(principal: principal, credential: credential, address: address)
        } catch let error as RateLimited {
            throw error
        } catch {
            // Wrong credentials are paid by the network that they came from.
            try pay(1, .anonymous)
            throw error
        }
    }
}

/// Who makes a call.
private struct Caller: Sendable {
    let principal: Principal
    let credential: Credential?
    let address: String

    func perform<Value>(_ work: () async throws -> Value) async throws -> Value {
        try await Principal.$current.withValue(principal) {
            try await Credential.$current.withValue(credential) {
                try await Actor.$current.withValue(Actor(principal, address: address)) {
                    try await work()
                }
            }
        }
    }
}
