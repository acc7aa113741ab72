/// The fields of an answer that somebody asked for with `--fields`, so that an agent reads no more than
/// it needs.
///
/// A name means that field of `data`, and of the elements of its lists: `position,goal` of `hif log` leaves
/// both in every landing. What says that there is more (`truncated`, `next_cursor`) always stays.
struct FieldChoice: Sendable {
    private static let alwaysKept: Set<String> = ["truncated", "next_cursor"]

    private let names: Set<String>

    /// - Parameters:
    ///   - text: names with commas between them.
    ///   - shape: that of the command's `data`, whose fields can be named.
    init(_ text: String, of shape: Shape) throws {
        let names = text.split(separator: ",").map { String($0.drop { $0 == " " }) }
        let known = FieldChoice.names(in: shape)
        guard !names.isEmpty else {
            throw Failure.usage("--fields needs names", hint: known.sorted().joined(separator: ","))
        }
        if let unknown = names.first(where: { !known.contains($0) }) {
            throw Failure.usage(
                "there is no field '\(unknown)' in this answer",
                hint: "--fields takes of: " + known.sorted().joined(separator: ","))
        }
        self.names = Set(names)
    }

    func chosen(_ data: [String: JSON]) -> [String: JSON] {
        var result: [String: JSON] = [:]
        for (key, value) in data {
            if isNamed(key) || FieldChoice.alwaysKept.contains(key) {
                result[key] = value
            } else if case .array(let elements) = value {
                let inner = elements.compactMap { element -> JSON? in
                    guard case .object(let fields) = element else { return nil }
                    let kept = fields.filter { isNamed($0.key) }
                    return kept.isEmpty ? nil : .object(kept)
                }
                if !inner.isEmpty { result[key] = .array(inner) }
            }
        }
        return result
    }

    /// A path that is no text comes with its bytes beside it.
    private func isNamed(_ key: String) -> Bool {
        names.contains(key) || (key.hasSuffix("_b64") && names.contains(String(key.dropLast(4))))
    }

    private static func names(in shape: Shape) -> Set<String> {
        guard let fields = shape.fields else { return [] }
        var names = Set(fields.keys)
        for case .list(let element) in fields.values {
            names.formUnion((element.fields ?? [:]).keys)
        }
        return names
    }
}

extension Shape {
    /// The fields of an object, also of one that may be null.
    fileprivate var fields: [String: Shape]? {
        switch self {
        case .object(let fields): fields
        case .open(let fields, let optional): fields.merging(optional) { $1 }
        case .maybe(let shape): shape.fields
        default: nil
        }
    }
}
