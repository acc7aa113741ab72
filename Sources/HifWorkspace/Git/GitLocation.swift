import Foundation
import HifCore

/// Where a git repository is, as a user wrote it.
package enum GitLocation: Hashable, Sendable {
    /// A directory of this machine: a work tree, a bare repository, a linked work tree.
    case path(String)
    /// Something to clone, in git's own spelling.
    case url(String)

    private static let schemes: Set<String> = ["http", "https", "ssh", "git", "file"]

    /// Tells a path from a URL as git does, and refuses what git would take for an option or for
    /// the name of a program (`ext::…`, any `helper::…`).
    package init(_ text: String) throws(GitError) {
        func refuse(_ reason: String) -> GitError {
            GitError(
                .refused, "'\(SafeText.escape(String(text.prefix(200))))' \(reason).",
                hint: "Give a path, or a URL with https, http, ssh, git or file.")
        }
        guard !text.isEmpty else { throw refuse("is no place to import from") }
        guard !text.hasPrefix("-") else { throw refuse("begins with '-'") }
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw refuse("holds control characters")
        }
        let colon = text.firstIndex(of: ":")
        let slash = text.firstIndex(of: "/")
        guard let colon, slash.map({ colon < $0 }) ?? true else {
            self = .path(text)
            return
        }
        let head = text[..<colon]
        let tail = text[text.index(after: colon)...]
        if tail.hasPrefix(":") { throw refuse("names a remote helper, which could run anything") }
        if tail.hasPrefix("//") {
            guard GitLocation.schemes.contains(head.lowercased()) else {
                throw refuse("has a scheme that is not allowed")
            }
            guard !tail.dropFirst(2).hasPrefix("-") else {
                throw refuse("has a host like an option")
            }
            self = .url(text)
        } else if FileManager.default.fileExists(atPath: text) {
            self = .path(text)
        } else {
            // user@host:path, git's short form of ssh.
            guard !head.isEmpty, !tail.isEmpty, !tail.hasPrefix("-") else {
                throw refuse("is neither a path nor a URL")
            }
            self = .url(text)
        }
    }
}
