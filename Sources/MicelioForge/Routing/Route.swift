import HTTPTypes

/// One address of the forge: what it is called, what it asks of the caller, and what answers it.
///
/// The table of these drives the router, the check of credentials and access, the description in
/// `/openapi.json` and the test that tries every kind of caller on every route. A route that needs a
/// project is made by `reading` or `writing`, which open the project for exactly that: the table
/// cannot say one thing and the handler do another.
struct Route: Sendable {
    /// Who speaks to it, and so what credentials count and how errors look.
    enum Surface: Hashable, Sendable {
        /// People's browsers, and the twins of their pages: cookie or Authorization.
        case page
        /// Programs: Authorization only, JSON only. A cookie is not looked at, so that no page of
        /// another site can use one.
        case api
        /// Programs that have no credentials yet; what they send is the credential itself.
        case oauth
        /// Files and signs of life; nobody is asked for.
        case plain
    }

    /// What a caller needs.
    enum Need: Hashable, Sendable {
        case nothing
        /// A role in the project the address names, and a token that may be used for it.
        case project(Role, ScopeSet.Verb)
        /// To be signed in, with a token that may act on the account.
        case account
        /// To be an administrator, with a token that may act on the account and manage everything.
        case admin
        /// A role in the organisation that the address names, and a token that may manage it.
        case organisation(OrganisationRole)
    }

    let method: HTTPRequest.Method
    let pattern: RoutePattern
    let surface: Surface
    /// Names the operation; a page and its address in the API share one.
    let id: String
    let summary: String
    let need: Need
    /// Fields of the query that it reads.
    let query: [QueryField]
    /// What a request's body holds; nil for none.
    let body: JSONShape?
    let run: @Sendable (Call) async throws -> Reply
    /// What it answers when all goes well; said of every route of the API.
    var success: Success?
    /// What may go wrong besides what every such route refuses.
    var refusals: [ForgeError.Code] = []
    /// Fields of the request's head that it reads, besides those that every route does.
    var headers: [QueryField] = []
    /// The media types of a body that is bytes and no JSON; empty where there is none.
    var media: [String] = []
    /// Whether it changes what programs read at the address of the API that it has, too, so that `If-Match`
    /// has something to compare. `RouteTable` finds out.
    var isConditional = false
    /// What a request takes of its caller's allowance: 1 for reading a thing, more where it takes long.
    var cost = 1

    /// A field of the query, or of a request's head.
    struct QueryField: Hashable, Sendable {
        let name: String
        let shape: JSONShape
        let summary: String

        init(_ name: String, _ shape: JSONShape, _ summary: String) {
            self.name = name
            self.shape = shape
            self.summary = summary
        }
    }
}

extension Route {
    /// A route that asks for nothing: forms, files, and what checks its caller itself.
    static func free(
        _ method: HTTPRequest.Method, _ pattern: String, _ surface: Surface, _ id: String,
        _ summary: String, query: [QueryField] = [], body: JSONShape? = nil,
        _ run: @escaping @Sendable (Call) async throws -> Reply
    ) -> Route {
        Route(
            method: method, pattern: RoutePattern(pattern), surface: surface, id: id,
            summary: summary, need: .nothing, query: query, body: body, run: run)
    }

    /// A route for somebody who is signed in.
    static func account(
        _ method: HTTPRequest.Method, _ pattern: String, _ surface: Surface, _ id: String,
        _ summary: String, query: [QueryField] = [], body: JSONShape? = nil,
        _ run: @escaping @Sendable (Call, AccountGrant) async throws -> Reply
    ) -> Route {
        Route(
            method: method, pattern: RoutePattern(pattern), surface: surface, id: id,
            summary: summary, need: .account, query: query, body: body
        ) { call in
            try await run(call, call.forge.access.checkAccount(call.principal))
        }
    }

    /// Where something is found: as a page, by programs, or both.
    struct Places: Sendable {
        let page: String?
        let api: String?

        init(page: String? = nil, api: String? = nil) {
            self.page = page
            self.api = api
        }

        /// The usual pair: below the project's page, and below the project in the API.
        static func project(_ page: String, api: String? = nil) -> Places {
            Places(
                page: "/{owner}/{project}\(page)",
                api: "/api/v1/projects/{owner}/{project}"
                    + (api ?? page.replacing("~", with: "")))
        }

        static func projectAPI(_ api: String) -> Places {
            Places(api: "/api/v1/projects/{owner}/{project}\(api)")
        }

        var all: [(String, Surface)] {
            [page.map { ($0, .page) }, api.map { ($0, .api) }].compactMap(\.self)
        }
    }

    /// Routes without a project that answer on pages and in the API alike.
    static func open(
        _ method: HTTPRequest.Method, _ places: Places, _ id: String, _ summary: String,
        query: [QueryField] = [], _ run: @escaping @Sendable (Call) async throws -> Reply
    ) -> [Route] {
        places.all.map { pattern, surface in
            free(method, pattern, surface, id, summary, query: query, run)
        }
    }

    /// Routes that read a project.
    static func reading(
        _ places: Places, _ id: String, _ summary: String, query: [QueryField] = [],
        _ run: @escaping @Sendable (Call, OpenProject<Reading>) async throws -> Reply
    ) -> [Route] {
        opening(.get, places, id, summary, query: query, body: nil, run)
    }

    /// Routes that take something from whoever may read a project, and change nothing in it.
    static func telling(
        _ places: Places, _ id: String, _ summary: String, body: JSONShape,
        _ run: @escaping @Sendable (Call, OpenProject<Reading>) async throws -> Reply
    ) -> [Route] {
        opening(.post, places, id, summary, query: [], body: body, run)
    }

    /// Routes that write to a project.
    static func writing(
        _ method: HTTPRequest.Method, _ places: Places, _ id: String, _ summary: String,
        body: JSONShape?,
        _ run: @escaping @Sendable (Call, OpenProject<Writing>) async throws -> Reply
    ) -> [Route] {
        opening(method, places, id, summary, query: [], body: body, run)
    }

    /// Routes of a project's owners, which change what is known of it and nothing in it.
    static func managing(
        _ method: HTTPRequest.Method, _ places: Places, _ id: String, _ summary: String,
        body: JSONShape? = nil,
        _ run: @escaping @Sendable (Call, ProjectGrant<Managing>) async throws -> Reply
    ) -> [Route] {
        opening(method, places, id, summary, query: [], body: body) {
            (call: Call, project: OpenProject<Managing>) in try await run(call, project.grant)
        }
    }

    private static func opening<Verb: ProjectVerb>(
        _ method: HTTPRequest.Method, _ places: Places, _ id: String, _ summary: String,
        query: [QueryField], body: JSONShape?,
        _ run: @escaping @Sendable (Call, OpenProject<Verb>) async throws -> Reply
    ) -> [Route] {
        places.all.map { pattern, surface in
            Route(
                method: method, pattern: RoutePattern(pattern), surface: surface, id: id,
                summary: summary, need: .project(Verb.role, Verb.scope), query: query, body: body
            ) { call in
                let project = try await call.forge.open(
                    call.project(), for: Verb.self, as: call.principal)
                if let moved = try call.moved(to: project.grant.project.path) { return moved }
                return try await run(call, project)
            }
        }
    }
}
