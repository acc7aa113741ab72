/// An address that is to be fetched, read strictly: scheme, host, port, and what stands behind them.
///
/// What is not plainly one host is refused, because two readers of an odd address may go to two places. The
/// client is given the address as it is written here anew, so that it reads what was vetted.
struct OutboundURL: Hashable, Sendable {
    enum Host: Hashable, Sendable {
        /// In lower case: letters, digits, dashes and dots, the last part no number.
        case name(String)
        /// As `inet_pton` reads it.
        case address(String)
    }

    /// In lower case.
    let scheme: String
    let host: Host
    let port: Int
    /// Path and query, as they were written; the path begins with a slash.
    let target: String

    /// Of http and https, of which the policy may take fewer.
    init(_ text: String) throws(OutboundError) {
        let bytes = Array(text.utf8)
        guard bytes.count <= Limits.outboundURLBytesMax, bytes.allSatisfy(OutboundURL.isPlain)
        else { throw .refused("the address is too long, or not written as one") }
        guard let colon = text.firstRange(of: "://") else {
            throw .refused("the address has no scheme")
        }
        scheme = text[..<colon.lowerBound].lowercased()
        guard let usual = OutboundURL.ports[scheme] else {
            throw .refused("'\(scheme.prefix(20))' is not fetched")
        }
        // A fragment is for browsers.
        let rest = text[colon.upperBound...].prefix { $0 != "#" }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.contains("@") else {
            throw .refused("an address with a name or a password in it is not fetched")
        }
        var (name, digits) = (authority, Substring())
        if let end = authority.lastIndex(of: "]"), authority.hasPrefix("[") {
            name = authority[...end]
            digits = authority[authority.index(after: end)...]
        } else if let end = authority.firstIndex(of: ":") {
            name = authority[..<end]
            digits = authority[end...]
        }
        if digits.isEmpty {
            port = usual
        } else {
            guard digits.first == ":", let number = DecimalDigits.number(digits.dropFirst()),
                (1...65_535).contains(number)
            else { throw .refused("the address has no port that can be") }
            port = Int(number)
        }
        host = try OutboundURL.host(name.lowercased())
        let target = rest.dropFirst(authority.count)
        self.target = target.hasPrefix("/") ? String(target) : "/" + target
    }

    /// Where an answer says to look instead: a whole address, or a path of the same place.
    func following(_ location: String) throws(OutboundError) -> OutboundURL {
        if location.hasPrefix("//") { return try OutboundURL("\(scheme):\(location)") }
        return try OutboundURL(location.hasPrefix("/") ? origin + location : location)
    }

    /// Scheme, host and port.
    var origin: String {
        let name =
            switch host {
            case .name(let name): name
            case .address(let address): address.contains(":") ? "[\(address)]" : address
            }
        return port == OutboundURL.ports[scheme]
            ? "\(scheme)://\(name)" : "\(scheme)://\(name):\(port)"
    }

    var text: String { origin + target }

    private static let ports = ["http": 80, "https": 443]

    /// Printing ASCII without what has no place in an address (RFC 3986, appendix A).
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && !"\"<>\\^`{|}".utf8.contains(byte)
    }

    /// Numbers are addresses in the one form that every reader takes for the same: `127.1`, `0x7f000001` and
    /// `2130706433` are 127.0.0.1 to some.
    private static func host(_ text: String) throws(OutboundError) -> Host {
        if text.hasPrefix("["), text.hasSuffix("]") {
            let inner = String(text.dropFirst().dropLast())
            guard inner.contains(":"), AddressBlock.bytes(of: inner) != nil else {
                throw .refused("the address has no host that can be")
            }
            return .address(inner)
        }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        if labels.count == 4, labels.allSatisfy({ UInt8($0).map(String.init) == String($0) }) {
            return .address(text)
        }
        let areNames = labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
                && label.utf8.allSatisfy {
                    (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
                }
        }
        guard areNames, text.utf8.count <= 253, let last = labels.last,
            !last.allSatisfy(\.isNumber), !last.hasPrefix("0x")
        else { throw .refused("the address has no host that can be") }
        return .name(text)
    }
}
