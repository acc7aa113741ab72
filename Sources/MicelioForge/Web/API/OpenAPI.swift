import HTTPTypes

/// The description of the API, made from the table that answers it: what is not described is not
/// there, and the other way round.
enum OpenAPI {
    static func document(_ table: RouteTable, publicURL: String) -> JSONText.Node {
        var paths: [String: JSONText.Node] = [:]
        for route in table.routes where route.surface == .api {
            let path = "\(route.pattern)"
            var methods: [String: JSONText.Node] = [:]
            if case .object(let known)? = paths[path] { methods = known }
            methods[route.method.rawValue.lowercased()] = operation(route)
            paths[path] = .object(methods)
        }
        return .object([
            "openapi": .string("3.1.0"),
            "info": .object([
                "title": .string("micelio"), "version": .string("1"),
                "description": .string(
                    "Everything that the pages show, and working on a session without a checkout. /SKILL.md teaches the way of working."
                ),
            ]),
            "servers": .list([.object(["url": .string(publicURL)])]),
            "paths": .object(paths),
            "components": .object([
                "securitySchemes": .object([
                    "token": .object(["type": .string("http"), "scheme": .string("bearer")]),
                    "basic": .object(["type": .string("http"), "scheme": .string("basic")]),
                ]),
                "schemas": .object(["Problem": problem]),
            ]),
        ])
    }

    private static func operation(_ route: Route) -> JSONText.Node {
        var fields: [String: JSONText.Node] = [
            "operationId": .string(route.id), "summary": .string(route.summary),
            "responses": .object([
                success(route): .object([
                    "description": .string("As it was asked"),
                    "content": content(route, .object(["type": .string("object")])),
                ]),
                "default": .object([
                    "description": .string("What went wrong, and what to call next"),
                    "content": .object([
                        "application/problem+json": .object([
                            "schema": .object(["$ref": .string("#/components/schemas/Problem")])
                        ])
                    ]),
                ]),
            ]),
        ]
        let inPath = route.pattern.names.map { name -> JSONText.Node in
            .object([
                "name": .string(name), "in": .string("path"), "required": .bool(true),
                "schema": .object(["type": .string("string")]),
            ])
        }
        let inQuery = route.query.map { field -> JSONText.Node in
            .object([
                "name": .string(field.name), "in": .string("query"), "required": .bool(false),
                "description": .string(field.summary), "schema": schema(field.shape),
            ])
        }
        if !inPath.isEmpty || !inQuery.isEmpty { fields["parameters"] = .list(inPath + inQuery) }
        if let body = route.body {
            fields["requestBody"] = .object([
                "required": .bool(true),
                "content": .object(["application/json": .object(["schema": schema(body)])]),
            ])
        }
        fields["security"] = .list(security(route))
        return .object(fields)
    }

    /// Reading is open to whoever may see the thing, and public things may be seen by all.
    private static func security(_ route: Route) -> [JSONText.Node] {
        let schemes = ["token", "basic"].map { JSONText.Node.object([$0: .list([])]) }
        switch route.need {
        case .project(.read, _): return [.object([:])] + schemes
        case .nothing where route.method == .get && route.id != "account.me":
            return [.object([:])] + schemes
        case .nothing, .project, .account, .organisation, .admin: return schemes
        }
    }

    private static func success(_ route: Route) -> String {
        [
            "projects.create", "sessions.start", "sessions.note", "sessions.decide",
            "sessions.comment", "sessions.judge", "invitations.create", "tokens.create",
            "organisations.create",
        ].contains(route.id) ? "201" : "200"
    }

    private static func content(_ route: Route, _ schema: JSONText.Node) -> JSONText.Node {
        switch route.id {
        case "file.raw", "packs.read": .object(["*/*": .object([:])])
        case "sessions.events":
            .object([
                "application/json": .object(["schema": schema]),
                "text/event-stream": .object(["schema": .object(["type": .string("string")])]),
            ])
        default: .object(["application/json": .object(["schema": schema])])
        }
    }

    private static func schema(_ shape: JSONShape) -> JSONText.Node {
        switch shape {
        case .string: return .object(["type": .string("string")])
        case .integer: return .object(["type": .string("integer"), "minimum": .integer(0)])
        case .boolean: return .object(["type": .string("boolean")])
        case .anyObject: return .object(["type": .string("object")])
        case .optional(let shape):
            guard case .object(var fields) = schema(shape), let type = fields["type"] else {
                return schema(shape)
            }
            fields["type"] = .list([type, .string("null")])
            return .object(fields)
        case .list(let shape):
            return .object(["type": .string("array"), "items": schema(shape)])
        case .object(let fields, let required):
            var properties: [String: JSONText.Node] = [:]
            for field in fields {
                guard case .object(var node) = schema(field.shape) else { continue }
                if !field.summary.isEmpty { node["description"] = .string(field.summary) }
                properties[field.name] = .object(node)
            }
            return .object([
                "type": .string("object"), "properties": .object(properties),
                "required": .list(required.map { .string($0) }),
                "additionalProperties": .bool(false),
            ])
        }
    }

    private static let problem: JSONText.Node = .object([
        "type": .string("object"),
        "properties": .object([
            "type": .object(["type": .string("string")]),
            "title": .object(["type": .string("string")]),
            "status": .object(["type": .string("integer")]),
            "code": .object([
                "type": .string("string"),
                "enum": .list(ForgeError.Code.allCases.map { .string($0.rawValue) }),
            ]),
            "detail": .object(["type": .string("string")]),
            "conflicts": .object(["type": .string("array")]),
            "next": .object(["type": .string("object")]),
        ]),
        "required": .list(["type", "title", "status", "code"].map { .string($0) }),
    ])
}

extension JSONText {
    /// JSON made by hand, where no type says its shape.
    enum Node: Encodable, Hashable, Sendable {
        case string(String)
        case integer(Int)
        case bool(Bool)
        case list([Node])
        case object([String: Node])

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .string(let value): try container.encode(value)
            case .integer(let value): try container.encode(value)
            case .bool(let value): try container.encode(value)
            case .list(let values): try container.encode(values)
            case .object(let fields): try container.encode(fields)
            }
        }
    }
}
