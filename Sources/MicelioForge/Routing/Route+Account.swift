import HTTPTypes
import HifCore

/// Routes for what an account does with its own things: on its settings pages with forms, in the API with
/// JSON, by the same functions.
extension Route {
    static func own(
        _ places: Places, _ id: String, _ summary: String,
        _ run: @escaping @Sendable (Call, AccountGrant) async throws -> Reply
    ) -> [Route] {
        places.all.map { pattern, surface in
            account(.get, pattern, surface, id, summary, run)
        }
    }

    /// Changes something: POST to a page, or a call of the API.
    ///
    /// - Parameters:
    ///   - fields: of the API's body, and of the form where `form` is nil.
    ///   - form: the form's fields, where they differ. The password typed again is added.
    static func changing(
        page: String, form: JSONShape? = nil, api: (method: HTTPRequest.Method, path: String),
        _ id: String, _ summary: String, _ body: JSONShape,
        _ run: @escaping @Sendable (Call, AccountGrant) async throws -> Reply
    ) -> [Route] {
        [
            account(.post, page, .page, id, summary, body: form ?? body, run),
            account(api.method, api.path, .api, id, summary, body: body, run),
        ]
    }

    /// A route of administrators that reads.
    static func administering(
        _ places: Places, _ id: String, _ summary: String, query: [QueryField] = [],
        _ run: @escaping @Sendable (Call, AdminGrant) async throws -> Reply
    ) -> [Route] {
        administering(.get, places, id, summary, query: query, body: nil, run)
    }

    /// A route of administrators.
    static func administering(
        _ method: HTTPRequest.Method, _ places: Places, _ id: String, _ summary: String,
        query: [QueryField] = [], body: JSONShape?,
        _ run: @escaping @Sendable (Call, AdminGrant) async throws -> Reply
    ) -> [Route] {
        places.all.map { pattern, surface in
            Route(
                method: method, pattern: RoutePattern(pattern), surface: surface, id: id,
                summary: summary, need: .admin, query: query, body: body
            ) { call in
                try await run(call, call.forge.access.checkAdmin(call.principal))
            }
        }
    }

    /// Ends something: a button of a page, which leads back, and DELETE in the API.
    static func ending(
        page: String, api: String, _ id: String, _ summary: String, back: String,
        _ run: @escaping @Sendable (Call, AccountGrant) async throws -> Void
    ) -> [Route] {
        [
            account(.post, page, .page, id, summary) { call, grant in
                try await run(call, grant)
                return .redirect(back)
            },
            account(.delete, api, .api, id, summary) { call, grant in
                try await run(call, grant)
                return .json(Ended())
            },
        ].answering(Ended.shape)
    }

    /// The field of a form for the password typed again.
    static let passwordField = JSONShape.Field(
        "password", .upTo(Limits.passwordBytesMax),
        "For browsers: the caller's password, when it was last typed a while ago")
}

extension Call {
    /// The number that an address holds.
    func number(_ name: String = "number") throws -> Int64 {
        let text = try text(name)
        guard let number = DecimalDigits.number(text) else { throw Call.nothing }
        return number
    }

    /// Does what a form or a call of the API asks for. A form that asks for what cannot be comes again
    /// with the reason; a program gets the error.
    func answeringForm(
        again: (ForgeError) async throws -> Reply, _ work: () async throws -> Reply
    ) async throws -> Reply {
        do {
            return try await work()
        } catch let error as ForgeError where isForm && error.isOfForm {
            return try await again(error)
        }
    }
}

extension ForgeError {
    /// Whether whoever filled a form in can mend it there.
    fileprivate var isOfForm: Bool {
        switch code {
        case .invalidArgument, .alreadyExists, .loginFailed, .passwordNeeded, .unprocessable,
            .tooLarge, .notFound, .forbidden:
            true
        default: false
        }
    }
}
