/// An address to listen on or to dial: `127.0.0.1:4000`, `[::1]:4000`, `forge.example:443`.
package struct HostPort: Hashable, Sendable, CustomStringConvertible {
    package let host: String
    package let port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    package init(_ text: String) throws(ForgeError) {
        guard let colon = text.lastIndex(of: ":"),
            let port = Int(text[text.index(after: colon)...]),
            (0...65_535).contains(port)
        else { throw .invalid("'\(text)' is no address: it is like 127.0.0.1:4000") }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw .invalid("'\(text)' is no address: IPv6 needs brackets, as in [::1]:4000")
        }
        guard !host.isEmpty else { throw .invalid("'\(text)' is no address: the host is missing") }
        self.host = String(host)
        self.port = port
    }

    package var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Whether only this machine can reach it.
    package var isLoopback: Bool {
        host == "localhost" || host == "::1" || isAddress && host.hasPrefix("127.")
    }

    /// Whether the host is an IP address rather than a name.
    package var isAddress: Bool {
        host.contains(":")
            || (host.split(separator: ".", omittingEmptySubsequences: false).count == 4
                && host.split(separator: ".").allSatisfy { UInt8($0) != nil })
    }

    /// Whether it means every address of the machine, and so is none to dial.
    package var isWildcard: Bool { host == "0.0.0.0" || host == "::" }
}
