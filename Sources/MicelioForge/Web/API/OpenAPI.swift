import HTTPTypes

/// The description of the API, made from the table that answers it: what is not described is not
/// there, and the other way round.
enum OpenAPI {
    static func document(_ table: RouteTable, publicURL: String) -> JSONText.Node {
        let routes = table.routes.filter { $0.surface == .api }
        var paths: [String: JSONText.Node] = [:]
        var named: [String: JSONShape] = [:]
        for route in routes {
            let path = "\(route.pattern)"
            var methods: [String: JSONText.Node] = [:]
            if case .object(let known)? = paths[path] { methods = known }
            methods[route.method.rawValue.lowercased()] = operation(route, among: routes)
            paths[path] = .object(methods)
            route.success?.shape?.collectNames(into: &named)
        }
        problem.collectNames(into: &named)
        return .object([
            "openapi": .string("3.1.0"),
            "info": .object([
                "title": .string("micelio"), "version": .string("1"),
                "description": .string(
                    """
                    Everything that the pages show, and working on a session without a checkout. /SKILL.md \
                    teaches the way of working. A request that is not what this says is refused with 400; one \
                    that is, and is not possible as things stand, with 404, 409 or 422. Answers may get \
                    more fields.
                    """),
            ]),
            "servers": .list([.object(["url": .string(publicURL)])]),
            "paths": .object(paths),
            "components": .object([
                "securitySchemes": .object([
                    "token": .object(["type": .string("http"), "scheme": .string("bearer")]),
                    "basic": .object(["type": .string("http"), "scheme": .string("basic")]),
                ]),
                "schemas": .object(named.mapValues { $0.schema(isStrict: false) }),
            ]),
        ])
    }

    private static func operation(_ route: Route, among routes: [Route]) -> JSONText.Node {
        var responses = refusals(route)
        for (status, answer) in answers(route, among: routes) { responses[status] = answer }
        var fields: [String: JSONText.Node] = [
            "operationId": .string(route.id), "summary": .string(route.summary),
            "responses": .object(responses), "security": .list(security(route)),
        ]
        let parameters =
            route.pattern.names.map { parameter($0, in: "path", shape(of: $0, in: route)) }
            + route.query.map { parameter($0.name, in: "query", $0.shape, $0.summary) }
            + route.headers.map { parameter($0.name, in: "header", $0.shape, $0.summary) }
        if !parameters.isEmpty { fields["parameters"] = .list(parameters) }
        if let body = route.body {
            fields["requestBody"] = .object([
                "required": .bool(true),
                "content": json(body.schema(isStrict: true)),
            ])
        }
        if !route.media.isEmpty {
            let bytes = JSONText.Node.object([
                "schema": .object(["type": .string("string"), "format": .string("binary")])
            ])
            fields["requestBody"] = .object([
                "required": .bool(true),
                "content": .object(
                    Dictionary(uniqueKeysWithValues: route.media.map { ($0, bytes) })),
            ])
        }
        return .object(fields)
    }

    // MARK: What is sent

    private static func parameter(
        _ name: String, in place: String, _ shape: JSONShape, _ summary: String = ""
    ) -> JSONText.Node {
        var schema = shape.schema(isStrict: true)
        // A field that is there says something.
        if case .object(var fields) = schema, fields["type"] == .string("string") {
            fields["minLength"] = .integer(1)
            schema = .object(fields)
        }
        var fields: [String: JSONText.Node] = [
            "name": .string(name), "in": .string(place), "required": .bool(place == "path"),
            "schema": schema,
        ]
        if !summary.isEmpty { fields["description"] = .string(summary) }
        return .object(fields)
    }

    /// What stands in an address for a name of its pattern.
    private static func shape(of name: String, in route: Route) -> JSONShape {
        switch name {
        case "owner", "organisation", "member", "account": .handle
        case "project": .projectName
        case "number": .number
        case "session": .session
        case "pack": .contentHash
        case "path": .path
        case "at", "from", "to": .positionWord
        default: .string
        }
    }

    /// Reading is open to whoever may see the thing, and public things may be seen by all.
    private static func security(_ route: Route) -> [JSONText.Node] {
        let schemes = ["token", "basic"].map { JSONText.Node.object([$0: .list([])]) }
        switch route.need {
        case .nothing, .project(.read, _):
            let isOpen = !route.refusals.contains(.unauthenticated)
            return (isOpen ? [.object([:])] : []) + schemes
        case .project, .account, .organisation, .admin: return schemes
        }
    }

    // MARK: What is answered

    private static func answers(_ route: Route, among routes: [Route]) -> [String: JSONText.Node] {
        func answer(_ what: String, _ content: JSONText.Node? = nil) -> [String: JSONText.Node] {
            var fields: [String: JSONText.Node] = ["description": .string(what)]
            if let content { fields["content"] = content }
            return fields
        }
        let bytes = ["*/*": JSONText.Node.object([:])]
        switch route.success {
        case .json(let shape):
            var fields = answer("As it was asked", json(shape.schema(isStrict: false)))
            guard route.method == .get else { return ["200": .object(fields)] }
            fields["headers"] = tag
            return [
                "200": .object(fields),
                "304": .object(answer("What `If-None-Match` names still holds")),
            ]
        case .made(let shape):
            var fields = answer("It was made", json(shape.schema(isStrict: false)))
            let links = links(route, routes)
            if !links.isEmpty { fields["links"] = .object(links) }
            return ["201": .object(fields)]
        case .jsonOrStream(let shape):
            return [
                "200": .object(
                    answer(
                        "The events there are; or a stream of those that come",
                        .object([
                            "application/json": .object([
                                "schema": shape.schema(isStrict: false)
                            ]),
                            "text/event-stream": .object([
                                "schema": .object(["type": .string("string")])
                            ]),
                        ])))
            ]
        case .file: return ["200": .object(answer("The bytes", .object(bytes)))]
        case .pack:
            return [
                "200": .object(answer("The bytes", .object(bytes))),
                "206": .object(answer("The range asked for", .object(bytes))),
                "304": .object(answer("What `If-None-Match` names still holds")),
                "416": .object(answer("The pack ends before the range")),
            ]
        case nil: return ["200": .object(answer("As it was asked"))]
        }
    }

    private static let tag: JSONText.Node = .object([
        "ETag": .object([
            "description": .string("Names what was answered, for `If-None-Match`"),
            "schema": .object(["type": .string("string")]),
        ])
    ])

    /// Where somebody goes on who started a session: whatever takes one.
    private static func links(_ route: Route, _ routes: [Route]) -> [String: JSONText.Node] {
        guard case .named(_, .object(let fields, _))? = route.success?.shape,
            fields.contains(where: { $0.name == "session" }),
            !route.pattern.names.contains("session")
        else { return [:] }
        var links: [String: JSONText.Node] = [:]
        for next in routes where next.pattern.names == ["owner", "project", "session"] {
            links[next.id] = .object([
                "operationId": .string(next.id),
                "parameters": .object([
                    "owner": .string("$request.path.owner"),
                    "project": .string("$request.path.project"),
                    "session": .string("$response.body#/session"),
                ]),
            ])
        }
        return links
    }

    /// By status, with the codes that tell finer.
    private static func refusals(_ route: Route) -> [String: JSONText.Node] {
        Dictionary(grouping: route.codes, by: \.httpStatus.code).reduce(into: [:]) { found, group in
            let codes = group.value.map { "`\($0.rawValue)`" }.sorted().joined(separator: ", ")
            found["\(group.key)"] = .object([
                "description": .string(codes),
                "content": .object([
                    "application/problem+json": .object(["schema": problem.schema(isStrict: false)])
                ]),
            ])
        }
    }

    private static func json(_ schema: JSONText.Node) -> JSONText.Node {
        .object(["application/json": .object(["schema": schema])])
    }

    /// Of every answer that is no success.
    static let problem = JSONShape.answer(
        "Problem",
        [
            .init("type", .string, "An address that names the code"),
            .init("title", .string, "What happened"),
            .init("status", .whole(400...599)),
            .init(
                "code", .text(.init(values: ForgeError.Code.allCases.map(\.rawValue))),
                "Stable, for programs"),
            .maybe("detail", .string, "What helps"),
            .maybe("conflicts", .list(ConflictView.shape), "The paths that could not land"),
            .maybe("next", Refusal.Next.shape, "The call that most likely leads on"),
            .maybe("retry_after", .integer, "Seconds after which the same call may be sent again"),
        ])
}

extension Refusal.Next {
    static let shape = JSONShape.answer(
        "Next",
        [.init("method", .word("GET", "POST", "PUT", "PATCH", "DELETE")), .init("href", .string)])
}
