/// The shape of a value in a command's answer: what `hif schema` publishes as JSON Schema.
///
/// Only ever extended: a field that was published stays, with its meaning.
indirect enum Shape: Sendable {
    case string
    case int
    case bool
    /// RFC 3339, UTC.
    case time
    case list(Shape)
    /// Or null.
    case maybe(Shape)
    case oneOf([String])
    /// Every field is there.
    case object([String: Shape])
    /// The fields of the first are there, those of the second may be.
    case open([String: Shape], [String: Shape])

    /// A path: `path`, and `path_b64` when it is not UTF-8.
    static func withPath(_ fields: [String: Shape], optional: [String: Shape] = [:]) -> Shape {
        .open(
            fields.merging(["path": .string]) { $1 }, optional.merging(["path_b64": .string]) { $1 }
        )
    }

    /// JSON Schema, draft 2020-12.
    var schema: JSON {
        switch self {
        case .string: .object(["type": .string("string")])
        case .int: .object(["type": .string("integer")])
        case .bool: .object(["type": .string("boolean")])
        case .time: .object(["type": .string("string"), "format": .string("date-time")])
        case .list(let element):
            .object(["type": .string("array"), "items": element.schema])
        case .maybe(let shape):
            .object(["anyOf": .array([shape.schema, .object(["type": .string("null")])])])
        case .oneOf(let words):
            .object(["type": .string("string"), "enum": .array(words.map { .string($0) })])
        case .object(let fields): Shape.open(fields, [:]).schema
        case .open(let fields, let optional):
            .object([
                "type": .string("object"),
                "properties": .object(fields.merging(optional) { $1 }.mapValues(\.schema)),
                "required": .array(fields.keys.sorted().map { .string($0) }),
            ])
        }
    }

    /// The whole envelope around this data.
    func envelope(command: String) -> JSON {
        let success = Shape.object([
            "ok": .bool, "v": .int, "command": .oneOf([command]), "data": self,
            "warnings": .list(.string), "next": .list(.string),
        ])
        let failure = Shape.open(
            [
                "ok": .bool, "v": .int,
                "error": .open(
                    [
                        "code": .string, "message": .string, "hint": .maybe(.string),
                        "retryable": .bool,
                    ], ["details": .open([:], ["conflicts": .list(Shape.conflict)])]),
            ], ["command": .string])
        return .object([
            "$schema": .string("https://json-schema.org/draft/2020-12/schema"),
            "title": .string("hif " + command),
            "oneOf": .array([success.schema, failure.schema]),
        ])
    }

    private static let lineRange = Shape.object(["start": .int, "count": .int])

    /// One path in conflict; lines count from 1.
    static let conflict = Shape.withPath(
        [
            "position": .maybe(.int),
            "hunks": .list(
                .object(["base": lineRange, "ours": lineRange, "theirs": lineRange])),
        ],
        optional: [
            "reason": .string, "change": .string, "theirs": .oneOf(["changed", "deleted"]),
        ])

    static let change = Shape.withPath([
        "change": .oneOf(["added", "modified", "deleted", "kind_changed"])
    ])
    static let paths = Shape.list(.withPath([:]))
}
