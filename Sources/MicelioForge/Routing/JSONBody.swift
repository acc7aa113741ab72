import Foundation
import HTTPTypes
import Hummingbird

/// A JSON value as a client sent it.
enum JSONValue: Decodable, Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case list([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([String: JSONValue].self) {
            self = .object(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .list(value)
        } else {
            self = .number(try container.decode(Double.self))
        }
    }
}

/// The object in a request's body, of the shape that its route declares: whatever it holds besides
/// is refused, so a field that somebody misspelled is not silently ignored.
struct JSONBody: Sendable {
    let fields: [String: JSONValue]

    init(_ bytes: [UInt8], shape: JSONShape) throws(ForgeError) {
        let value: JSONValue
        do {
            value = try JSONDecoder().decode(JSONValue.self, from: Data(bytes))
        } catch {
            throw .invalid("the body is not JSON")
        }
        try shape.check(value, at: "")
        guard case .object(let fields) = value else {
            throw .invalid("the body is not a JSON object")
        }
        self.init(fields)
    }

    init(_ fields: [String: JSONValue]) {
        self.fields = fields
    }

    /// The text of a field; nil when it is not there.
    func string(_ name: String) -> String? {
        if case .string(let text)? = fields[name] { text } else { nil }
    }

    func bool(_ name: String) -> Bool? {
        if case .bool(let value)? = fields[name] { value } else { nil }
    }

    func integer(_ name: String) -> Int64? {
        if case .integer(let value)? = fields[name] { value } else { nil }
    }

    /// The texts of a list; nil when it is not there.
    func strings(_ name: String) -> [String]? {
        guard case .list(let values)? = fields[name] else { return nil }
        return values.compactMap { value in
            if case .string(let text) = value { text } else { nil }
        }
    }

    func objects(_ name: String) -> [JSONBody] {
        guard case .list(let values)? = fields[name] else { return [] }
        return values.compactMap { value in
            if case .object(let fields) = value { JSONBody(fields) } else { nil }
        }
    }

    func isNull(_ name: String) -> Bool { fields[name] == .null }
}

extension JSONShape {
    /// Throws, naming the place, when `value` is not of this shape.
    func check(_ value: JSONValue, at pointer: String) throws(ForgeError) {
        let place = pointer.isEmpty ? "the body" : pointer
        switch (self, value) {
        case (.string, .string), (.boolean, .bool), (.integer, .integer), (.anyObject, .object):
            return
        case (.optional(let shape), _):
            if value != .null { try shape.check(value, at: pointer) }
        case (.list(let shape), .list(let values)):
            for (index, value) in values.enumerated() {
                try shape.check(value, at: "\(pointer)/\(index)")
            }
        case (.object(let known, let required), .object(let fields)):
            for name in fields.keys.sorted() {
                guard let field = known.first(where: { $0.name == name }) else {
                    throw .invalid("\(place) has no field '\(name.prefix(60))'")
                }
                try field.shape.check(fields[name] ?? .null, at: "\(pointer)/\(name)")
            }
            if let missing = required.first(where: { fields[$0] == nil }) {
                throw .invalid("\(place) lacks the field '\(missing)'")
            }
        default: throw .invalid("\(place) is not \(words)")
        }
    }

    private var words: String {
        switch self {
        case .string: "a text"
        case .integer: "a whole number"
        case .boolean: "true or false"
        case .list: "a list"
        case .object, .anyObject: "an object"
        case .optional(let shape): "\(shape.words) or null"
        }
    }
}

extension Call {
    /// What was sent, of the shape that the route declares: a JSON object, or on a page the fields of
    /// a form.
    ///
    /// - Precondition: the route declares a shape.
    func body() async throws -> JSONBody {
        guard let shape = match.route.body else {
            preconditionFailure("\(match.route.pattern) declares no body")
        }
        if isForm {
            return try JSONBody(try await request.formFields(upTo: Limits.textFormBytesMax), shape)
        }
        let type = request.headers[.contentType] ?? ""
        guard type.lowercased().hasPrefix("application/json") else {
            throw HTTPError(.unsupportedMediaType)
        }
        let buffer = try await request.body.collect(upTo: Limits.jsonBytesMax)
        return try JSONBody(Array(buffer.readableBytesView), shape: shape)
    }

    /// Whether a page's form was sent.
    var isForm: Bool {
        match.route.surface == .page
            && (request.headers[.contentType] ?? "").lowercased()
                .hasPrefix("application/x-www-form-urlencoded")
    }

    /// What makes a repeated call the same call; empty when the client chose nothing.
    func idempotencyKey() throws -> String {
        let key = request.headers[HTTPField.Name("Idempotency-Key")!] ?? ""
        guard key.utf8.count <= Limits.idempotencyKeyBytesMax else {
            throw ForgeError.invalid(
                "an Idempotency-Key has at most \(Limits.idempotencyKeyBytesMax) bytes")
        }
        return key
    }
}

extension JSONBody {
    /// The fields of a form in the place of an object's: texts as they are, numbers and checked boxes
    /// as what they say. An empty field that need not be there is not there.
    init(_ form: FormFields, _ shape: JSONShape) throws(ForgeError) {
        guard case .object(let known, let required) = shape else {
            throw .invalid("a form has fields")
        }
        var fields: [String: JSONValue] = [:]
        for name in form.names {
            // Browsers end lines as the old networks did.
            let text = form[name].replacing("\r\n", with: "\n")
            let field = known.first { $0.name == name }
            if text.isEmpty, !required.contains(name), field?.shape != .list(.string) { continue }
            switch field?.shape {
            // One to a line.
            case .list(.string):
                fields[name] = .list(
                    text.split(separator: "\n").map {
                        .string($0.trimmingCharacters(in: .whitespaces))
                    }
                    .filter { $0 != .string("") })
            case .integer: fields[name] = Int64(text).map { .integer($0) } ?? .string(text)
            case .boolean: fields[name] = .bool(text == "true")
            default: fields[name] = .string(text)
            }
        }
        try shape.check(.object(fields), at: "")
        self.init(fields)
    }
}
