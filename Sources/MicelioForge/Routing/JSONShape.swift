/// The shape of a JSON value, as far as `/openapi.json` describes it: a small part of JSON Schema.
indirect enum JSONShape: Hashable, Sendable {
    case string
    case integer
    case boolean
    /// Of this shape, or null.
    case optional(JSONShape)
    case list(JSONShape)
    /// Fields in order; those in `required` must be there, and no other may.
    case object([Field], required: [String])
    /// Any object: its fields are documented in prose.
    case anyObject

    struct Field: Hashable, Sendable {
        let name: String
        let shape: JSONShape
        let summary: String

        init(_ name: String, _ shape: JSONShape, _ summary: String = "") {
            self.name = name
            self.shape = shape
            self.summary = summary
        }
    }
}
