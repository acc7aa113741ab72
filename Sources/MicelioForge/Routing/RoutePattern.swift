/// The address of a route: `/{owner}/{project}/file~/@{at}/{path...}`.
///
/// `{name}` takes one segment, `@{name}` one that begins with `@`, `{name...}` all that is left. A `~`
/// stands where the suffix of a twin goes: the same address with `.json` or `.md` there answers the
/// same thing in that form; behind `~~` a `.diff` answers it as a patch, too. What is a file's path
/// never carries one, as files have such names.
struct RoutePattern: Hashable, Sendable, CustomStringConvertible {
    enum Part: Hashable, Sendable {
        case literal(String)
        case capture(String, prefix: String)
        case rest(String)

        /// How much it narrows: what is narrower is tried first.
        var rank: Int {
            switch self {
            case .literal: 0
            case .capture(_, let prefix): prefix.isEmpty ? 2 : 1
            case .rest: 3
            }
        }
    }

    let parts: [Part]
    /// The part that carries a twin's suffix.
    let twin: Int?
    /// Whether one of its twins is a patch.
    let hasPatch: Bool

    /// - Precondition: written as above; patterns are constants of the program.
    init(_ text: String) {
        var parts: [Part] = []
        var twin: Int?
        for var word in text.split(separator: "/") {
            if word.hasSuffix("~") {
                word = word.prefix { $0 != "~" }
                twin = parts.count
            }
            guard word.hasSuffix("}"), let open = word.firstIndex(of: "{") else {
                parts.append(.literal(String(word)))
                continue
            }
            let name = word[word.index(after: open)...].dropLast()
            parts.append(
                name.hasSuffix("...")
                    ? .rest(String(name.dropLast(3)))
                    : .capture(String(name), prefix: String(word[..<open])))
        }
        self.parts = parts
        self.twin = twin
        hasPatch = text.contains("~~")
    }

    /// What the address holds for the pattern's names, decoded, and the form asked for; nil when it
    /// is another address.
    ///
    /// - Parameter segments: the parts of the path between its slashes, percent-encoded.
    func match(_ segments: [Substring]) -> (values: [String: [UInt8]], format: Format)? {
        var values: [String: [UInt8]] = [:]
        var format = Format.html
        for (index, part) in parts.enumerated() {
            if case .rest(let name) = part {
                let left = segments.dropFirst(index)
                guard !left.contains(""),
                    let bytes = PercentCoding.decode(left.joined(separator: "/"))
                else { return nil }
                values[name] = bytes
                return (values, format)
            }
            guard segments.indices.contains(index) else { return nil }
            var segment = segments[index]
            if index == twin { format = Format.split(&segment, of: formats) }
            switch part {
            case .literal(let word):
                guard segment == word else { return nil }
            case .capture(let name, let prefix):
                guard segment.hasPrefix(prefix), segment.count > prefix.count,
                    let bytes = PercentCoding.decode(segment.dropFirst(prefix.count)),
                    !bytes.contains(UInt8(ascii: "/"))
                else { return nil }
                values[name] = bytes
            case .rest: return nil
            }
        }
        return segments.count == parts.count ? (values, format) : nil
    }

    /// The forms of its twins.
    var formats: [Format] {
        twin == nil ? [] : hasPatch ? [.json, .markdown, .patch] : [.json, .markdown]
    }

    /// Names in order, for documents.
    var names: [String] {
        parts.compactMap { part in
            switch part {
            case .literal: nil
            case .capture(let name, _), .rest(let name): name
            }
        }
    }

    /// As OpenAPI writes it.
    var description: String {
        "/"
            + parts.map { part in
                switch part {
                case .literal(let word): word
                case .capture(let name, let prefix): "\(prefix){\(name)}"
                case .rest(let name): "{\(name)}"
                }
            }.joined(separator: "/")
    }

    /// Whether this pattern is to be tried before `other`.
    func isNarrower(than other: RoutePattern) -> Bool {
        for (part, against) in zip(parts, other.parts) where part.rank != against.rank {
            return part.rank < against.rank
        }
        return parts.count < other.parts.count
    }
}

/// The form of an answer.
enum Format: String, Hashable, Sendable, CaseIterable {
    case html
    case json
    case markdown = "md"
    case patch = "diff"

    /// As people call it.
    var name: String {
        switch self {
        case .html: "Page"
        case .json: "JSON"
        case .markdown: "Markdown"
        case .patch: "Patch"
        }
    }

    /// The type of its bytes, without parameters.
    var type: String {
        switch self {
        case .html: "text/html"
        case .json: "application/json"
        case .markdown: "text/markdown"
        case .patch: "text/plain"
        }
    }

    /// Takes a twin's suffix off an address's segment.
    static func split(_ segment: inout Substring, of formats: [Format]) -> Format {
        for format in formats {
            let suffix = ".\(format.rawValue)"
            guard segment.hasSuffix(suffix), segment.count > suffix.count else { continue }
            segment = segment.dropLast(suffix.count)
            return format
        }
        return .html
    }
}

/// Percent-encoding of addresses (RFC 3986, section 2.1), on bytes: a file's name need not be text.
enum PercentCoding {
    /// Nil for a percent sign that two hexadecimal digits do not follow, and for a NUL.
    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(text.utf8.count)
        var iterator = text.utf8.makeIterator()
        while let byte = iterator.next() {
            guard byte == UInt8(ascii: "%") else {
                result.append(byte)
                continue
            }
            guard let high = iterator.next().flatMap(nibble),
                let low = iterator.next().flatMap(nibble)
            else { return nil }
            result.append(high << 4 | low)
        }
        return result.contains(0) ? nil : result
    }

    /// Everything but unreserved characters, and slashes where they are kept, becomes `%XX`. The
    /// names `.` and `..` cannot occur in what is encoded here, so browsers resolve nothing away.
    static func encode(_ bytes: some Sequence<UInt8>, keepingSlashes: Bool = false) -> String {
        var result = ""
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "@"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: "/") where keepingSlashes: result += "/"
            default:
                let digits = Array("0123456789ABCDEF")
                result += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
        return result
    }

    static func nibble(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
