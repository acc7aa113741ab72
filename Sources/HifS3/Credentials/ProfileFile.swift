/// The file in which AWS programs keep keys: sections in brackets, each with lines `name = value`.
///
/// Reads what such files hold and overlooks the rest: comments with `#` or `;`, the nested values of
/// other programs' settings (indented lines), sections it does not know.
struct ProfileFile {
    private var profiles: [String: [String: String]] = [:]

    init(_ text: String) {
        var current: String?
        for line in text.split(whereSeparator: \.isNewline) {
            if line.first == " " || line.first == "\t" { continue }
            let line = ProfileFile.trimmed(line)
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("["), line.hasSuffix("]") {
                var name = ProfileFile.trimmed(line.dropFirst().dropLast())
                // The other file of the two says `[profile name]`; people mix them up.
                if name.hasPrefix("profile ") { name = ProfileFile.trimmed(name.dropFirst(8)) }
                current = name
                profiles[name] = profiles[name] ?? [:]
            } else if let current, let equals = line.firstIndex(of: "=") {
                let name = ProfileFile.trimmed(line[..<equals]).lowercased()
                profiles[current]?[name] = ProfileFile.trimmed(line[line.index(after: equals)...])
            }
        }
    }

    /// The values of a profile; nil when the file does not have it.
    func profile(_ name: String) -> [String: String]? { profiles[name] }

    private static func trimmed(_ text: some StringProtocol) -> String {
        let blank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        var rest = Substring(text).drop(while: blank)
        while let last = rest.last, blank(last) { rest.removeLast() }
        return String(rest)
    }
}
