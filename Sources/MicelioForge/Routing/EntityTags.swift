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

    /// Whether the field was not sent.
    var isEmpty: Bool { names.isEmpty }

    /// For `If-None-Match`: whether the client has this version, or one that a proxy has compressed.
    func name(_ tag: String) -> Bool {
        names.contains { $0 == "*" || $0 == tag || $0 == "W/\(tag)" }
    }

    /// For `If-Match`: whether it is exactly this version that is meant.
    func nameExactly(_ tag: String) -> Bool {
        names.contains { $0 == "*" || $0 == tag }
    }
}
