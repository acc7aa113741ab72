import Foundation
import HTTPTypes
import Hummingbird

/// The object in a request's body, of the shape that its route declares: whatever it holds besides
/// is refused, so a field that somebody misspelled is not silently ignored.
struct JSONBody: Sendable {
    let fields: [String: JSONValue]

    init(_ bytes: [UInt8], shape: JSONShape) throws(ForgeError) {
        let value = try JSONReader.value(bytes)
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

extension Call {
    /// What was sent, of the shape that the route declares: a JSON object, or on a page the fields of
    /// a form.
    ///
    /// - Precondition: the route declares a shape.
    func body() async throws -> JSONBody {
        if let readBody { return readBody }
        guard let shape = match.route.body else {
            preconditionFailure("\(match.route.pattern) declares no body")
        }
        if isForm {
            return try JSONBody(try await request.formFields(upTo: Limits.textFormBytesMax), shape)
        }
        let type = request.headers[.contentType] ?? ""
        guard type.lowercased().hasPrefix("application/json") else {
            throw ForgeError(
                .unsupportedMediaType, "this address takes application/json",
                hint: "say so in Content-Type")
        }
        let bytes = try await request.collected(upTo: Limits.jsonBytesMax)
        return try JSONBody(bytes, shape: shape)
    }

    /// Whether a page's form was sent, with fields or with a file.
    var isForm: Bool {
        let type = (request.headers[.contentType] ?? "").lowercased()
        return match.route.surface == .page
            && ["application/x-www-form-urlencoded", "multipart/form-data"].contains {
                type.hasPrefix($0)
            }
    }

    /// What makes a repeated call the same call; empty when the client chose nothing.
    func idempotencyKey() throws -> String {
        guard let key = request.headers[HTTPField.Name(Route.idempotencyKey.name)!] else {
            return ""
        }
        guard (1...Limits.idempotencyKeyBytesMax).contains(key.utf8.count),
            key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else {
            throw ForgeError.invalid(
                "an Idempotency-Key has 1 to \(Limits.idempotencyKeyBytesMax) characters of ASCII, and no blanks"
            )
        }
        return key
    }
}

extension JSONBody {
    /// The fields of a form in the place of an object's: texts as they are, numbers and checked boxes
    /// as what they say. An empty field that need not be there is not there. Whether a text is too long
    /// or says nothing is for the action to find, which gives the words back with the form.
    init(_ form: FormFields, _ shape: JSONShape) throws(ForgeError) {
        let (known, required) = shape.fields
        var fields: [String: JSONValue] = [:]
        for name in form.names {
            // Browsers end lines as the old networks did.
            let text = form[name].replacing("\r\n", with: "\n")
            let field = known.first { $0.name == name }
            if text.isEmpty, !required.contains(name), field?.shape.isListOfTexts != true {
                continue
            }
            switch field?.shape {
            // One to a line.
            case .list(.text, _):
                fields[name] = .list(
                    text.split(separator: "\n").map {
                        .string($0.trimmingCharacters(in: .whitespaces))
                    }
                    .filter { $0 != .string("") })
            case .whole: fields[name] = Int64(text).map { .integer($0) } ?? .string(text)
            case .boolean, .isTrue: fields[name] = .bool(text == "true")
            default: fields[name] = .string(text)
            }
        }
        try JSONShape.object(known, required: required)
            .check(.object(fields), at: "", kindsOnly: true)
        self.init(fields)
    }
}
