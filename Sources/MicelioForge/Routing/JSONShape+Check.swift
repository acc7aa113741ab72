/// Whether a value is what a shape says. Requests are checked before their handler runs, and in tests
/// each answer is.
extension JSONShape {
    /// Throws, naming the place, when `value` is not of this shape.
    ///
    /// - Parameters:
    ///   - pointer: where the value is (RFC 6901); empty for the whole.
    ///   - kindsOnly: look at fields and kinds, and not at lengths, counts and words.
    func check(
        _ value: JSONValue, at pointer: String, kindsOnly: Bool = false
    ) throws(ForgeError) {
        let place = pointer.isEmpty ? "the body" : pointer
        switch (self, value) {
        case (.boolean, .bool), (.anyObject, .object), (.isTrue, .bool(true)): return
        case (.text(let text), .string(let string)):
            if !kindsOnly { try text.check(string, at: place) }
        case (.whole(let bounds), .integer(let number)):
            guard kindsOnly || bounds.contains(number) else {
                throw .invalid("\(place) is not \(words)")
            }
        case (.optional(let shape), _):
            if value != .null { try shape.check(value, at: pointer, kindsOnly: kindsOnly) }
        case (.named(_, let shape), _):
            try shape.check(value, at: pointer, kindsOnly: kindsOnly)
        case (.list(let shape, let count), .list(let values)):
            guard kindsOnly || count.contains(values.count) else {
                throw .invalid("\(place) has \(values.count) items: it is \(words)")
            }
            for (index, value) in values.enumerated() {
                try shape.check(value, at: "\(pointer)/\(index)", kindsOnly: kindsOnly)
            }
        case (.object(let known, let required), .object(let fields)):
            try JSONShape.check(fields, known, required, at: pointer, place, kindsOnly)
        case (.oneOf(let shapes, let words), .object(let fields)):
            try JSONShape.check(fields, oneOf: shapes, words, at: pointer, place, kindsOnly)
        default: throw .invalid("\(place) is not \(words)")
        }
    }

    private static func check(
        _ fields: [String: JSONValue], _ known: [Field], _ required: [String],
        at pointer: String, _ place: String, _ kindsOnly: Bool
    ) throws(ForgeError) {
        for name in fields.keys.sorted() {
            guard let field = known.first(where: { $0.name == name }) else {
                throw .invalid("\(place) has no field '\(name.prefix(60))'")
            }
            try field.shape.check(
                fields[name] ?? .null, at: "\(pointer)/\(name)", kindsOnly: kindsOnly)
        }
        if let missing = required.first(where: { fields[$0] == nil }) {
            throw .invalid("\(place) lacks the field '\(missing)'")
        }
    }

    /// Of several objects the first counts that has all the names, so that an error speaks of the one
    /// that was meant.
    private static func check(
        _ fields: [String: JSONValue], oneOf shapes: [JSONShape], _ words: String,
        at pointer: String, _ place: String, _ kindsOnly: Bool
    ) throws(ForgeError) {
        let shapes = try speaking(fields, shapes, at: pointer)
        var first: ForgeError?
        for shape in shapes {
            do {
                return try shape.check(.object(fields), at: pointer, kindsOnly: kindsOnly)
            } catch {
                let (known, required) = shape.fields
                let isMeant =
                    fields.keys.allSatisfy { name in known.contains { $0.name == name } }
                    && required.allSatisfy { fields[$0] != nil }
                if isMeant, first == nil { first = error }
            }
        }
        let all = shapes.flatMap(\.fields.known)
        if let odd = fields.keys.sorted().first(where: { name in
            !all.contains { $0.name == name }
        }) {
            throw .invalid("\(place) has no field '\(odd.prefix(60))'")
        }
        throw first ?? .invalid("\(place) is not whole: \(words)")
    }

    /// Of several objects that differ in the words of a field, those that have the word which is there; so an
    /// error speaks of what that one lacks, or of all words that there are.
    private static func speaking(
        _ fields: [String: JSONValue], _ shapes: [JSONShape], at pointer: String
    ) throws(ForgeError) -> [JSONShape] {
        for name in fields.keys.sorted() {
            guard case .string(let word)? = fields[name] else { continue }
            let words = shapes.map { shape -> [String] in
                guard let field = shape.fields.known.first(where: { $0.name == name }),
                    case .text(let text) = field.shape
                else { return [] }
                return text.values
            }
            guard words.allSatisfy({ !$0.isEmpty }) else { continue }
            let meant = zip(shapes, words).filter { $0.1.contains(word) }.map(\.0)
            guard !meant.isEmpty else {
                let all = words.joined().joined(separator: ", ")
                throw .invalid("\(pointer)/\(name) is one of \(all)")
            }
            return meant
        }
        return shapes
    }

    /// The fields that an object may have, and those it must have; of several objects, those that any
    /// may have and all must.
    var fields: (known: [Field], required: [String]) {
        switch self {
        case .object(let known, let required): return (known, required)
        case .named(_, let shape): return shape.fields
        case .oneOf(let shapes, _):
            var known: [Field] = []
            for field in shapes.flatMap(\.fields.known)
            where !known.contains(where: { $0.name == field.name }) {
                known.append(field)
            }
            let required = shapes.map { Set($0.fields.required) }
            return (
                known,
                shapes.first?.fields.required.filter { name in
                    required.allSatisfy { $0.contains(name) }
                } ?? []
            )
        default: return ([], [])
        }
    }

    var isListOfTexts: Bool {
        if case .list(.text, _) = self { true } else { false }
    }

    private var words: String {
        switch self {
        case .text: "a text"
        case .whole(let bounds):
            bounds.upperBound == .max
                ? "a whole number from \(bounds.lowerBound) on"
                : "a whole number from \(bounds.lowerBound) to \(bounds.upperBound)"
        case .boolean: "true or false"
        case .isTrue: "true"
        case .list(_, let count):
            count == 0...Int.max
                ? "a list" : "a list of \(count.lowerBound) to \(count.upperBound)"
        case .object, .anyObject, .oneOf: "an object"
        case .optional(let shape): "\(shape.words) or null"
        case .named(_, let shape): shape.words
        }
    }
}

extension JSONShape.Text {
    fileprivate func check(_ text: String, at place: String) throws(ForgeError) {
        guard values.isEmpty || values.contains(text) else {
            throw .invalid("\(place) is one of \(values.joined(separator: ", "))")
        }
        if let lengthMax, text.utf8.count > lengthMax, text.unicodeScalars.count > lengthMax {
            throw .invalid("\(place) has at most \(lengthMax) characters")
        }
        if hasWords, JSONShape.isBlank(text) { throw .invalid("\(place) has no words") }
    }
}

extension JSONShape {
    /// Whether a text says nothing: it has only what is white in Unicode, or separates records.
    static func isBlank(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy {
            $0.properties.isWhitespace || (0x1C...0x1F).contains($0.value)
        }
    }
}

extension Route.QueryField {
    /// Throws when what a query has under this name is not of its shape. A field that is there and says
    /// nothing is a mistake; one that is to say nothing is left out.
    func check(_ text: String) throws(ForgeError) {
        guard !text.isEmpty else {
            throw .invalid("'\(name)' is empty: leave it out")
        }
        guard case .whole = shape else { return try shape.check(.string(text), at: "'\(name)'") }
        guard let number = DecimalDigits.number(text) else {
            throw .invalid("'\(name)' is a whole number")
        }
        try shape.check(.integer(number), at: "'\(name)'")
    }
}

/// Numbers as addresses have them.
enum DecimalDigits {
    /// Nil for what has a sign, a blank, a zero before other digits, or more than 18 digits.
    static func number(_ text: some StringProtocol) -> Int64? {
        guard (1...18).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            text.utf8.count == 1 || text.utf8.first != 0x30
        else { return nil }
        return Int64(text)
    }
}
