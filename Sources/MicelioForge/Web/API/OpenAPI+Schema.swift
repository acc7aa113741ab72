extension JSONShape {
    /// As JSON Schema (draft 2020-12), for OpenAPI 3.1. Shapes with names are references.
    ///
    /// - Parameter isStrict: of what is sent: an object has no other fields. Of what is answered new
    ///   ones may come, and whoever reads it passes them over.
    func schema(isStrict: Bool) -> JSONText.Node {
        switch self {
        case .text(let text): return text.schema
        case .whole(let bounds):
            var fields: [String: JSONText.Node] = [
                "type": .string("integer"), "minimum": .integer(Int(bounds.lowerBound)),
            ]
            if bounds.upperBound < .max { fields["maximum"] = .integer(Int(bounds.upperBound)) }
            return .object(fields)
        case .boolean: return .object(["type": .string("boolean")])
        case .isTrue: return .object(["type": .string("boolean"), "const": .bool(true)])
        case .anyObject: return .object(["type": .string("object")])
        case .named(let name, _):
            return .object(["$ref": .string("#/components/schemas/\(name)")])
        case .optional(let shape):
            return .object([
                "anyOf": .list([
                    shape.schema(isStrict: isStrict), .object(["type": .string("null")]),
                ])
            ])
        case .list(let shape, let count):
            var fields: [String: JSONText.Node] = [
                "type": .string("array"), "items": shape.schema(isStrict: isStrict),
            ]
            if count.lowerBound > 0 { fields["minItems"] = .integer(count.lowerBound) }
            if count.upperBound < .max { fields["maxItems"] = .integer(count.upperBound) }
            return .object(fields)
        case .oneOf(let shapes, let words):
            return .object([
                "oneOf": .list(shapes.map { $0.schema(isStrict: isStrict) }),
                "description": .string(words),
            ])
        case .object(let known, let required):
            var properties: [String: JSONText.Node] = [:]
            for field in known {
                guard case .object(var node) = field.shape.schema(isStrict: isStrict) else {
                    continue
                }
                if !field.summary.isEmpty { node["description"] = .string(field.summary) }
                properties[field.name] = .object(node)
            }
            var fields: [String: JSONText.Node] = [
                "type": .string("object"), "properties": .object(properties),
            ]
            if !required.isEmpty { fields["required"] = .list(required.map { .string($0) }) }
            if isStrict { fields["additionalProperties"] = .bool(false) }
            return .object(fields)
        }
    }

    /// The shapes with names in this one, below each other, too.
    func collectNames(into named: inout [String: JSONShape]) {
        switch self {
        case .text, .whole, .boolean, .isTrue, .anyObject: return
        case .named(let name, let shape):
            if named.updateValue(shape, forKey: name) == nil { shape.collectNames(into: &named) }
        case .optional(let shape), .list(let shape, _): shape.collectNames(into: &named)
        case .oneOf(let shapes, _): for shape in shapes { shape.collectNames(into: &named) }
        case .object(let fields, _):
            for field in fields { field.shape.collectNames(into: &named) }
        }
    }
}

extension JSONShape.Text {
    fileprivate var schema: JSONText.Node {
        var fields: [String: JSONText.Node] = ["type": .string("string")]
        if let lengthMax { fields["maxLength"] = .integer(lengthMax) }
        if hasWords { fields["pattern"] = .string("\\S") }
        if !values.isEmpty { fields["enum"] = .list(values.map { .string($0) }) }
        if let pattern { fields["pattern"] = .string(pattern) }
        if let format { fields["format"] = .string(format) }
        if let example { fields["examples"] = .list([.string(example)]) }
        return .object(fields)
    }
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
