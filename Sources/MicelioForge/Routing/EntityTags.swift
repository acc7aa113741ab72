/// What `If-Match` or `If-None-Match` names: versions of what is at an address, or `*` for any (RFC 9110,
/// 8.8.3 and 13.1).
struct EntityTags {
    private let names: [Substring]

    /// - Parameter values: of each field line. A tag of somebody else's with a comma in it falls apart,
    ///   and fits none of the forge's, which have none.
    init(_ values: [String]) {
        names = values.flatMap { $0.split(separator: ",") }
            .map { value in
                var tag = value.drop(while: \.isWhitespace)
                while tag.last?.isWhitespace == true { tag.removeLast() }
                return tag
            }
            .filter { !$0.isEmpty }
    }

    /// Of `If-Match`, which must not pass for a field that was not sent.
    ///
    /// - Throws: `invalidArgument` for what `shape` excludes.
    init(ifMatch values: [String]) throws(ForgeError) {
        self.init(values)
        let text = values.joined(separator: ",").utf8
        guard !names.isEmpty, text.count <= EntityTags.lengthMax,
            text.allSatisfy({ (0x20...0x7E).contains($0) })
        else {
            throw ForgeError(
                .invalidArgument, "If-Match names no version: it is like \"5f1c\", or *",
                hint: "send the ETag as it was answered, with its quotes")
        }
    }

    private static let lengthMax = 1_000
    /// In the description.
    static let shape = JSONShape.like("^[!-~]+$", example: "\"5f1c\"", lengthMax: lengthMax)

    /// For `If-None-Match`: whether the client has this version, or one that a proxy has compressed.
    func name(_ tag: String) -> Bool {
        names.contains { $0 == "*" || $0 == tag || $0 == "W/\(tag)" }
    }

    /// For `If-Match`: whether it is exactly this version that is meant.
    func nameExactly(_ tag: String) -> Bool {
        names.contains { $0 == "*" || $0 == tag }
    }
}
