import Foundation

/// A block of addresses: `10.0.0.0/8`, `fd00::/8`, or one address.
package struct AddressBlock: Hashable, Sendable, CustomStringConvertible {
    /// Of IPv6; an IPv4 address is one of `::ffff:0:0/96`.
    private let bytes: [UInt8]
    private let bits: Int
    package let description: String

    package init(_ text: String) throws(ForgeError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let bytes = AddressBlock.bytes(of: String(parts[0])) else {
            throw .invalid("'\(text)' is no address: it is like 127.0.0.1, ::1 or 10.0.0.0/8")
        }
        let isIPv4 = !parts[0].contains(":")
        let bitsMax = isIPv4 ? 32 : 128
        var bits = bitsMax
        if parts.count == 2 {
            guard let number = DecimalDigits.number(parts[1]), number <= bitsMax else {
                throw .invalid("'\(text)' is no block: behind the slash are 0 to \(bitsMax) bits")
            }
            bits = Int(number)
        }
        self.bytes = bytes
        self.bits = bits + (isIPv4 ? 96 : 0)
        description = text
    }

    func contains(_ address: String) -> Bool {
        guard let other = AddressBlock.bytes(of: address) else { return false }
        for (index, byte) in bytes.enumerated() {
            let here = min(8, bits - index * 8)
            if here <= 0 { return true }
            let mask = UInt8(truncatingIfNeeded: 0xFF << (8 - here))
            guard byte & mask == other[index] & mask else { return false }
        }
        return true
    }

    /// Nil for what is no address.
    static func bytes(of text: String) -> [UInt8]? {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            let bytes = withUnsafeBytes(of: &four) { Array($0) }
            return [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF] + bytes
        }
        var six = in6_addr()
        guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
        return withUnsafeBytes(of: &six) { Array($0) }
    }
}

/// Whose word on a caller's address is taken: the proxies that whoever runs the forge named. Anybody
/// can write `X-Forwarded-For`, so nobody else's is looked at.
struct TrustedProxies: Sendable {
    let blocks: [AddressBlock]

    /// The address that a request came from: of the peer, or, when that is such a proxy, the last one in
    /// `forwarded` that is none. What is no address ends the way back, because nobody vouches for what
    /// stands before it.
    ///
    /// - Parameter forwarded: every `X-Forwarded-For`, in the order in which they came.
    func client(peer: String, forwarded: [String]) -> String {
        guard isTrusted(peer) else { return peer }
        var client = peer
        for value in forwarded.reversed() {
            for part in value.split(separator: ",").reversed() {
                let address = part.filter { $0 != " " && $0 != "\t" }
                guard AddressBlock.bytes(of: address) != nil else { return client }
                client = address
                if !isTrusted(address) { return client }
            }
        }
        return client
    }

    private func isTrusted(_ address: String) -> Bool {
        blocks.contains { $0.contains(address) }
    }
}
