import HTTPTypes

/// What the API's routes say of their answers: in `/openapi.json`, and to the tests that compare what is
/// answered with what is said.
extension Route {
    enum Success: Hashable, Sendable {
        /// 200 with JSON of this shape.
        case json(JSONShape)
        /// 201, for something that was made.
        case made(JSONShape)
        /// JSON, or a stream of events to who asks for one.
        case jsonOrStream(JSONShape)
        /// The bytes of a file.
        case file
        /// The bytes of a pack, or a range of them.
        case pack

        /// The shape of what is JSON; nil for bytes.
        var shape: JSONShape? {
            switch self {
            case .json(let shape), .made(let shape), .jsonOrStream(let shape): shape
            case .file, .pack: nil
            }
        }

        var status: Int {
            if case .made = self { 201 } else { 200 }
        }
    }

    /// By which a client says that a call is the same as one before.
    static let idempotencyKey = QueryField(
        "Idempotency-Key",
        .like(
            "^[!-~]+$", example: "a4e1f0", lengthMax: Limits.idempotencyKeyBytesMax),
        "Makes a repeated call the same call; with another body it is refused")

    /// By which a client says what it has seen of what it changes.
    static let ifMatch = QueryField(
        "If-Match", EntityTags.shape,
        "The `ETag` of what was read at this address: nothing is done when it is another by now")

    /// Every code with which this route of the API may refuse.
    var codes: Set<ForgeError.Code> {
        var codes: Set<ForgeError.Code> = [
            .invalidArgument, .tokenMalformed, .tokenUnknown, .tokenExpired, .tokenRevoked,
            .accountDisabled, .rateLimited, .unavailable, .damaged, .internalError,
        ]
        if !pattern.names.isEmpty { codes.insert(.notFound) }
        if method != .get { codes.insert(.preconditionFailed) }
        switch need {
        case .nothing: break
        case .account: codes.formUnion([.unauthenticated, .forbidden])
        case .organisation: codes.formUnion([.unauthenticated, .forbidden, .unprocessable])
        // Whoever is none learns nothing of what there is for administrators.
        case .admin: codes.formUnion([.unauthenticated, .notFound])
        case .project(let role, let verb):
            codes.insert(.forbidden)
            if role > .read { codes.insert(.unauthenticated) }
            // It may be archived.
            if verb == .write { codes.insert(.unprocessable) }
        }
        if body != nil || !media.isEmpty { codes.formUnion([.tooLarge, .unsupportedMediaType]) }
        return codes.union(refusals)
    }
}

extension Route {
    /// The answer of a call that ends something.
    struct Ended: Encodable {
        private let ended = true

        static let shape = JSONShape.answer("Ended", [.init("ended", .isTrue)])
    }
}

extension [Route] {
    /// The same routes with JSON of this shape as their answer.
    func answering(_ shape: JSONShape) -> [Route] { with { $0.success = .json(shape) } }

    /// The same routes, which make a thing and answer with JSON of this shape.
    func making(_ shape: JSONShape) -> [Route] { with { $0.success = .made(shape) } }

    func answering(_ success: Route.Success) -> [Route] { with { $0.success = success } }

    /// The same routes, which may also refuse with these codes.
    func refusing(_ codes: ForgeError.Code...) -> [Route] { with { $0.refusals += codes } }

    /// The same routes, which read these fields of the request's head.
    func reading(_ fields: Route.QueryField...) -> [Route] { with { $0.headers += fields } }

    /// The same routes, whose body is bytes of one of these types.
    func taking(_ media: [String]) -> [Route] { with { $0.media = media } }

    /// The same routes, each request of which takes so much of its caller's allowance.
    func costing(_ cost: Int) -> [Route] { with { $0.cost = cost } }

    private func with(_ change: (inout Route) -> Void) -> [Route] {
        map { route in
            var route = route
            change(&route)
            return route
        }
    }
}
