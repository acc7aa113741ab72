/// The path of a file, link or directory inside a repository: bytes, relative, `/` between names.
///
/// A value of this type has passed every rule of the format, so code below the edge never checks a
/// path again. Names are bytes, not text; `description` escapes what a terminal must not see.
/// Case-insensitive collisions are a project's policy, not a rule of the format.
package struct RepoPath: Hashable, Sendable {
    package static let nameBytesMax = 255
    package static let pathBytesMax = 4096

    package let bytes: [UInt8]

    /// Checks every name of `bytes`: not empty, `.`, `..`, `.hif` or `.git` (in any case), no NUL,
    /// at most 255 bytes, and 4,096 for the whole path.
    package init(_ bytes: [UInt8]) throws(PathError) {
        guard !bytes.isEmpty else { throw PathError(bytes, .empty) }
        guard bytes.count <= RepoPath.pathBytesMax else { throw PathError(bytes, .pathTooLong) }
        var start = 0
        for index in 0...bytes.count where index == bytes.count || bytes[index] == RepoPath.slash {
            if let rule = RepoPath.ruleBroken(by: bytes[start..<index]) {
                throw PathError(bytes, rule)
            }
            start = index + 1
        }
        self.bytes = bytes
    }

    package init(_ string: String) throws(PathError) {
        try self.init(Array(string.utf8))
    }

    /// For paths composed of parts that are known to be good.
    private init(unchecked bytes: [UInt8]) {
        self.bytes = bytes
    }

    package static let slash = UInt8(ascii: "/")

    private static func ruleBroken(by name: ArraySlice<UInt8>) -> PathError.Rule? {
        if name.isEmpty { return .emptyName }
        if name.count > nameBytesMax { return .nameTooLong }
        if name.contains(0) { return .nul }
        if name.count <= 2, name.allSatisfy({ $0 == UInt8(ascii: ".") }) { return .dots }
        if name.count == 4, name.first == UInt8(ascii: ".") {
            let lower = name.dropFirst().map { $0 | 0x20 }
            if lower == Array("hif".utf8) || lower == Array("git".utf8) { return .reserved }
        }
        return nil
    }

    /// The names between the slashes; at least one.
    package var components: [ArraySlice<UInt8>] {
        bytes.split(separator: RepoPath.slash, omittingEmptySubsequences: false)
    }

    /// The last name.
    package var name: ArraySlice<UInt8> {
        let start = bytes.lastIndex(of: RepoPath.slash).map { $0 + 1 } ?? 0
        return bytes[start...]
    }

    /// The directory that holds it; nil at the root.
    package var parent: RepoPath? {
        bytes.lastIndex(of: RepoPath.slash).map { RepoPath(unchecked: Array(bytes[..<$0])) }
    }

    /// Every directory above, nearest first.
    package var ancestors: [RepoPath] {
        Array(sequence(first: self, next: \.parent).dropFirst())
    }

    /// The path of `name` inside this directory.
    package func appending(_ name: some Collection<UInt8>) throws(PathError) -> RepoPath {
        try RepoPath(bytes + [RepoPath.slash] + name)
    }

    /// Whether this path lies below `directory`, at any depth.
    package func isBelow(_ directory: RepoPath) -> Bool {
        bytes.count > directory.bytes.count + 1
            && bytes[directory.bytes.count] == RepoPath.slash
            && bytes.starts(with: directory.bytes)
    }

    /// The path as text when it is UTF-8.
    package var string: String? { String(validating: bytes, as: UTF8.self) }
}

extension RepoPath {
    /// All bytes at once: hashing an array goes byte by byte.
    package func hash(into hasher: inout Hasher) {
        unsafe bytes.withUnsafeBytes { buffer in unsafe hasher.combine(bytes: buffer) }
    }
}

extension RepoPath: Comparable {
    /// Byte order of the whole path, as git sorts an index.
    package static func < (left: RepoPath, right: RepoPath) -> Bool {
        KeyOrder.compare(left.bytes[...], right.bytes[...]) < 0
    }
}

extension RepoPath: CustomStringConvertible {
    /// For people: control characters, invalid UTF-8 and direction overrides are escaped.
    package var description: String { SafeText.escape(bytes) }
}

/// A name or path that a repository cannot hold.
package struct PathError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Rule: String, Hashable, Sendable {
        case empty = "the path is empty"
        case emptyName = "a name in it is empty"
        case dots = "'.' and '..' are not names"
        case reserved = "'.hif' and '.git' are reserved, in any case"
        case nul = "a name holds a NUL byte"
        case nameTooLong = "a name is longer than 255 bytes"
        case pathTooLong = "the path is longer than 4,096 bytes"
    }

    package let bytes: [UInt8]
    package let rule: Rule

    package init(_ bytes: [UInt8], _ rule: Rule) {
        self.bytes = bytes
        self.rule = rule
    }

    package var description: String {
        "'\(SafeText.escape(Array(bytes.prefix(200))))' cannot be a path: \(rule.rawValue)"
    }
}
