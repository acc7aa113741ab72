import HifCore

/// The shape of a JSON value: what a request's body has to be, what an answer is, and what
/// `/openapi.json` says of both. A small part of JSON Schema.
indirect enum JSONShape: Hashable, Sendable {
    case text(Text)
    /// A whole number within these bounds.
    case whole(ClosedRange<Int64>)
    case boolean
    /// `true` and nothing else: a word that is said or left out.
    case isTrue
    /// Of this shape, or null.
    case optional(JSONShape)
    case list(JSONShape, count: ClosedRange<Int> = 0...Int.max)
    /// Fields in order; those in `required` must be there, and no other may.
    case object([Field], required: [String])
    /// One of several objects; the words say which there are, for whoever sent none of them.
    case oneOf([JSONShape], words: String)
    /// Any object: its fields are documented in prose.
    case anyObject
    /// A shape that documents refer to by name.
    case named(String, JSONShape)

    /// Any text.
    static let string = JSONShape.text(Text())
    /// A number that is not negative.
    static let integer = JSONShape.whole(0...Int64.max)

    /// What a text may be.
    struct Text: Hashable, Sendable {
        /// In Unicode scalars, as JSON Schema counts.
        var lengthMax: Int?
        /// Whether something in it has to be no blank.
        var hasWords = false
        /// The only texts there are; empty for any.
        var values: [String] = []
        /// A regular expression (ECMA-262) for documents and clients. Here no expression is run: what the
        /// text becomes (a path, a position) is read by a parser of its own, which refuses what it must.
        var pattern: String?
        /// A format of JSON Schema, for documents.
        var format: String?
        var example: String?
    }

    struct Field: Hashable, Sendable {
        let name: String
        let shape: JSONShape
        let summary: String
        /// Of an answer: it is left out where it says nothing.
        let mayBeMissing: Bool

        init(
            _ name: String, _ shape: JSONShape, _ summary: String = "", mayBeMissing: Bool = false
        ) {
            self.name = name
            self.shape = shape
            self.summary = summary
            self.mayBeMissing = mayBeMissing
        }

        /// A field that an answer leaves out where it says nothing.
        static func maybe(_ name: String, _ shape: JSONShape, _ summary: String = "") -> Field {
            Field(name, shape, summary, mayBeMissing: true)
        }
    }

    /// An object that the forge answers, under the name that documents have for it.
    static func answer(_ name: String, _ fields: [Field]) -> JSONShape {
        .named(name, .object(fields, required: fields.filter { !$0.mayBeMissing }.map(\.name)))
    }

    /// One of these words.
    static func word(_ values: String...) -> JSONShape { .text(Text(values: values)) }

    /// A text that says something, of at most so many Unicode scalars.
    static func words(_ lengthMax: Int, example: String? = nil) -> JSONShape {
        .text(Text(lengthMax: lengthMax, hasWords: true, example: example))
    }

    /// A text of at most so many Unicode scalars, which may be empty.
    static func upTo(_ lengthMax: Int, example: String? = nil) -> JSONShape {
        .text(Text(lengthMax: lengthMax, example: example))
    }

    static func like(_ pattern: String, example: String, lengthMax: Int? = nil) -> JSONShape {
        .text(Text(lengthMax: lengthMax, pattern: pattern, example: example))
    }
}

/// The words of the API: what its texts look like.
extension JSONShape {
    static let handlePattern = "[a-z0-9]+(-[a-z0-9]+)*"
    static let projectNamePattern = "[A-Za-z0-9_](\\.?[A-Za-z0-9_-])*"
    static let handle = like(
        "^\(handlePattern)$", example: "ana", lengthMax: Limits.handleBytesMax)
    static let projectName = like(
        "^\(projectNamePattern)$", example: "app", lengthMax: Limits.projectNameBytesMax)
    static let projectPath = like(
        "^(?=[^/]{1,39}/.{1,100}$)\(handlePattern)/\(projectNamePattern)$",
        example: "ana/app")
    /// Digits without zeros before them: few enough for every reader of JSON.
    private static let digits = "(0|[1-9][0-9]{0,17})"
    /// Of a thing that is told by its number, in an address.
    static let number = like("^\(digits)$", example: "42")
    /// In an address, after its `@`.
    static let positionWord = like("^(latest|\(digits))$", example: "latest")
    /// In a query, where the `@` may be left out.
    static let positionText = like("^@?(latest|\(digits))$", example: "@1")
    static let position = JSONShape.whole(0...999_999_999_999_999_999)
    static let session = like(
        "^ses_[0-9a-f]{64}$", example: "ses_" + String(repeating: "5e", count: 32))
    static let contentHash = like("^[0-9a-f]{64}$", example: String(repeating: "0f", count: 32))
    static let cursor = like("^[0-9]{1,18}$", example: "42")
    private static let goodNames = """
        (?!(.*/)?(\\.|\\.\\.|\\.[gG][iI][tT]|\\.[hH][iI][fF])(/|$))[^/\\u0000]{1,255}(/[^/\\u0000]{1,255})*
        """
    /// Relative, with slashes; no name is `.`, `..`, `.git` or `.hif`.
    static let path = like(
        "^\(goodNames)$", example: "docs/a.md", lengthMax: RepoPath.pathBytesMax)
    /// A path with or without a slash at its end.
    static let pathOrDirectory = like(
        "^\(goodNames)/?$", example: "docs/", lengthMax: RepoPath.pathBytesMax)
    /// An address of the web.
    static let link = like(
        "^[hH][tT][tT][pP][sS]?://[!#-&(-.0-;=?A-\\[\\]^_a-~]+(/[!#-&(-;=?-\\[\\]^_a-~]*)?$",
        example: "https://example.org",
        lengthMax: Limits.profileLinkBytesMax)
    /// Empty, or a mail address.
    static let mailOrNone = like(
        "^([^\\u0000-\\u0020\\u007F,@]+@[^\\u0000-\\u0020\\u007F,@]+)?$",
        example: "ana@example.org",
        lengthMax: Limits.emailLengthMax)
    static let topic = like(
        "^[a-z0-9]+(-[a-z0-9]+)*$", example: "parsers", lengthMax: Limits.topicBytesMax)
    static let role = word("read", "write", "owner")
    static let organisationRole = word("member", "owner")
    static let moment = JSONShape.text(
        Text(format: "date-time", example: "2026-11-30T00:06:00Z"))
    static let base64 = like(
        "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$", example: "aGVsbG8K")
}
