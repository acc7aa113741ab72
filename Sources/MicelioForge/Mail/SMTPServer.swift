import Foundation

/// A mail server that takes the forge's letters, and how it is spoken to.
package struct SMTPServer: Hashable, Sendable {
    /// Whether TLS comes before the first word, rather than by STARTTLS.
    package let isTLSFirst: Bool
    package let host: String
    package let port: Int
    /// Empty for a server that asks nobody who they are.
    package let user: String
    package var password = ""
    /// Authorities to trust in place of the system's, as a file of PEM; nil for the system's.
    package var authorities: String?
    /// Whether letters may go to another machine without TLS. On this machine they do, for a server there
    /// seldom has a certificate that anybody vouches for, unless it has `authorities`.
    package var isPlaintextAllowed = false

    /// Reads an address: `smtp://mail.example.org`, `smtp://forge@mail.example.org:2525`, or with
    /// `smtps`. Without a port 587, and 465 with `smtps`.
    package init(_ text: String) throws(ForgeError) {
        let wrong = ForgeError(
            .invalidArgument, "this is no address of a mail server",
            hint: "one is like smtp://USER@mail.example.org:587, or smtps://USER@mail.example.org")
        let scheme = text.prefix { $0 != ":" }.lowercased()
        guard ["smtp", "smtps"].contains(scheme),
            text.dropFirst(scheme.count).hasPrefix("://")
        else { throw wrong }
        isTLSFirst = scheme == "smtps"
        var rest = text.dropFirst(scheme.count + 3)
        if rest.hasSuffix("/") { rest.removeLast() }
        var user = ""
        if let at = rest.lastIndex(of: "@") {
            guard !rest[..<at].contains(":") else {
                throw ForgeError(
                    .invalidArgument, "a mail server's password has no place in its address",
                    hint: "put it into a file for --mail-password-file, or into the variable "
                        + "MICELIO_MAIL_PASSWORD")
            }
            guard let bytes = PercentCoding.decode(rest[..<at]),
                let decoded = String(validating: bytes, as: UTF8.self), !decoded.isEmpty,
                decoded.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
            else { throw wrong }
            user = decoded
            rest = rest[rest.index(after: at)...]
        }
        self.user = user
        let isNamed = rest.hasSuffix("]") || !rest.contains(":")
        let address =
            isNamed
            ? HostPort(
                host: String(rest).trimmingCharacters(in: ["[", "]"]),
                port: isTLSFirst ? 465 : 587) : try? HostPort(String(rest))
        guard let address, address.port > 0, SMTPServer.isHost(address.host)
        else { throw wrong }
        host = address.host
        port = address.port
    }

    private static func isHost(_ host: String) -> Bool {
        guard host.contains(":") else { return MailAddress.isHost(host[...].utf8) }
        return host.utf8.allSatisfy { ":.0123456789abcdefABCDEF".utf8.contains($0) }
    }

    /// Whether a letter goes only over TLS with a certificate that is vouched for.
    package var needsTLS: Bool {
        if isTLSFirst || authorities != nil { return true }
        return !isPlaintextAllowed && !HostPort(host: host, port: port).isLoopback
    }
}
