import HifCore
import HifWorkspace

/// A forge's web address, in the one spelling under which it is kept: scheme, host and port, lower
/// case, without a slash at the end.
package struct ForgeAddress: Hashable, Sendable, CustomStringConvertible {
    package let url: String
    package let host: String
    package let isSecure: Bool

    /// Reads what a person typed.
    ///
    /// - Throws: for anything but http and https, and for http to another machine: what a login sends
    ///   and trusts must not cross a network in the clear.
    package init(_ text: String) throws {
        let hint = "it is like https://forge.example.org or http://127.0.0.1:4000"
        let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw WorkspaceError(
                .usage, "'\(SafeText.escape(text))' is no address of a forge", hint: hint)
        }
        let scheme = parts[0].lowercased()
        let rest = parts[1].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let authority = rest[0].lowercased()
        let isPlain = authority.utf8.allSatisfy {
            $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "@") && $0 != UInt8(ascii: "?")
                && $0 != UInt8(ascii: "#") && $0 != UInt8(ascii: "\\")
        }
        guard scheme == "http" || scheme == "https", !authority.isEmpty, isPlain,
            rest.count == 1 || rest[1].isEmpty
        else {
            throw WorkspaceError(
                .usage, "'\(SafeText.escape(text))' is no address of a forge", hint: hint)
        }
        host = ForgeAddress.host(of: authority)
        isSecure = scheme == "https"
        url = "\(scheme)://\(authority)"
        guard isSecure || ForgeAddress.isLoopback(host) else {
            throw WorkspaceError(
                .usage, "\(url) is on another machine, and http would send the login in the clear",
                hint: "use https://; --ca FILE names the authority of a certificate of your own")
        }
    }

    /// `127.0.0.1:4000` without its port, `[::1]:4000` without port and brackets.
    static func host(of authority: String) -> String {
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            return String(authority[authority.index(after: authority.startIndex)..<end])
        }
        return String(authority.prefix { $0 != ":" })
    }

    /// Whether only this machine can answer there.
    package static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1"
            || (host.hasPrefix("127.")
                && host.split(separator: ".", omittingEmptySubsequences: false).count == 4
                && host.split(separator: ".").allSatisfy { UInt8($0) != nil })
    }

    package var description: String { url }
}
