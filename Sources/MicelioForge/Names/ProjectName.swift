import HifCore

/// The name of a project under its owner. Letters, digits, `.`, `_` and `-`; case is kept, but two
/// names that differ only in case are the same project.
package struct ProjectName: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    package init(_ text: String) throws(ForgeError) {
        let bytes = Array(text.utf8)
        let shown = SafeText.escape(String(text.prefix(120)))
        guard !bytes.isEmpty, bytes.count <= Limits.projectNameBytesMax else {
            throw .invalid("a project name has 1 to \(Limits.projectNameBytesMax) characters")
        }
        guard bytes.allSatisfy(ProjectName.isAllowed) else {
            throw .invalid(
                "'\(shown)' cannot be a project name: it has letters a to z, digits, '.', '_' and"
                    + " '-'")
        }
        guard bytes.first != UInt8(ascii: "."), bytes.first != UInt8(ascii: "-"),
            bytes.last != UInt8(ascii: ".")
        else {
            throw .invalid(
                "'\(shown)' cannot be a project name: it begins with a dot or a dash, or ends with"
                    + " a dot")
        }
        let lower = text.lowercased()
        guard !lower.contains(".."), ReservedNames.suffixes.allSatisfy({ !lower.hasSuffix($0) }),
            !ReservedNames.projects.contains(lower)
        else {
            throw .invalid("'\(shown)' is reserved")
        }
        self.text = text
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "-"):
            true
        default: false
        }
    }

    package var description: String { text }
}

/// `owner/name`: the only way in which the forge is asked for a project.
package struct ProjectPath: Hashable, Sendable, CustomStringConvertible {
    package let owner: Handle
    package let name: ProjectName

    package init(owner: Handle, name: ProjectName) {
        self.owner = owner
        self.name = name
    }

    /// Exactly one slash, with a handle before it and a project name after it.
    package init(_ text: String) throws(ForgeError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw .invalid("a project is named owner/name")
        }
        owner = try Handle(String(parts[0]))
        name = try ProjectName(String(parts[1]))
    }

    /// Whether both name one project: case does not tell projects apart.
    func isSame(as other: ProjectPath) -> Bool {
        owner == other.owner && name.text.lowercased() == other.name.text.lowercased()
    }

    package var description: String { "\(owner)/\(name)" }
}
