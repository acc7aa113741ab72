/// Where the forge goes when it fetches something, and where never: no address of this machine, of the
/// network that it stands in, or of anything that leads back there by another spelling.
package struct OutboundPolicy: Sendable {
    var schemes: Set<String> = ["https"]
    /// Nil for every port.
    var ports: Set<Int>? = [443, 80]
    /// Inner addresses that are let through all the same.
    var opened: [AddressBlock] = []
    var bytesMax = Limits.outboundBytesMax
    /// In milliseconds: for everything, and between two signs of life.
    var millisMax = Limits.outboundMillisMax
    var silenceMillis = Limits.outboundSilenceMillis

    package init() {}

    /// For development and tests: http, any port, and this machine.
    package static var development: OutboundPolicy {
        var policy = OutboundPolicy()
        policy.schemes = ["http", "https"]
        policy.ports = nil
        policy.opened = blocks(["127.0.0.0/8", "::1"])
        return policy
    }

    /// Refuses an address by what is written in it.
    ///
    /// - Parameter own: the forge's own address, of which fetches could go round in a circle.
    func check(_ url: OutboundURL, own: String) throws(OutboundError) {
        guard schemes.contains(url.scheme) else {
            throw .refused("'\(url.scheme)' is not fetched, only https is")
        }
        if let ports, !ports.contains(url.port) {
            throw .refused("port \(url.port) is not fetched from")
        }
        if let own = try? OutboundURL(own), own.host == url.host, own.port == url.port {
            throw .refused("the forge does not fetch from itself")
        }
        if case .address(let address) = url.host { try check(address) }
    }

    /// Refuses what a name resolved to, or a host is.
    func check(_ address: String) throws(OutboundError) {
        guard let bytes = AddressBlock.bytes(of: address), isOutside(address, bytes) else {
            throw .refused("the address leads to a place that the forge does not fetch from")
        }
    }

    private func isOutside(_ address: String, _ bytes: [UInt8]) -> Bool {
        if opened.contains(where: { $0.contains(address) }) { return true }
        if !address.contains(":") {
            return !OutboundPolicy.innerIPv4.contains { $0.contains(address) }
        }
        // Of IPv6 only what is given out to networks in the open; so neither ::, ::1, mapped and translated
        // addresses of IPv4, local ones nor multicast.
        return bytes[0] & 0xE0 == 0x20
            && !OutboundPolicy.innerIPv6.contains { $0.contains(address) }
    }

    /// IANA's registry of special addresses.
    static let innerIPv4Text = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    ]

    /// Protocols (with Teredo), documentation, 6to4, and documentation again.
    static let innerIPv6Text = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"]

    private static let innerIPv4 = blocks(innerIPv4Text)
    private static let innerIPv6 = blocks(innerIPv6Text)

    static func blocks(_ texts: [String]) -> [AddressBlock] {
        texts.compactMap { try? AddressBlock($0) }
    }
}
