import GRPCCore

/// Answers for every call who is asking, and turns every error into a status.
///
/// The principal travels as a task-local value. A streaming answer is produced after the handler
/// returned, in a closure, so the value is set around that closure too.
struct AuthInterceptor: ServerInterceptor {
    let authenticator: Authenticator

    func intercept<Input: Sendable, Output: Sendable>(
        request: StreamingServerRequest<Input>,
        context: ServerContext,
        next:
            @concurrent @Sendable (StreamingServerRequest<Input>, ServerContext) async throws
            -> StreamingServerResponse<Output>
    ) async throws -> StreamingServerResponse<Output> {
        let method = context.descriptor
        do {
            let (principal, credential) = try await authenticator.identify(
                authorization: Array(request.metadata[stringValues: "authorization"]))
            let actor = Actor(principal, address: context.peerAddress)
            var response = try await Principal.$current.withValue(principal) {
                try await Credential.$current.withValue(credential) {
                    try await Actor.$current.withValue(actor) { try await next(request, context) }
                }
            }
            if case .success(var contents) = response.accepted {
                let produce = contents.producer
                contents.producer = { writer in
                    do {
                        return try await Principal.$current.withValue(principal) {
                            try await Credential.$current.withValue(credential) {
                                try await produce(writer)
                            }
                        }
                    } catch {
                        throw RPCErrors.status(for: error, method: method)
                    }
                }
                response.accepted = .success(contents)
            }
            return response
        } catch {
            throw RPCErrors.status(for: error, method: method)
        }
    }
}
