import Crypto

/// Where pictures for mail addresses are asked for: a service that speaks Gravatar's protocol. It learns
/// the SHA-256 of an address, and from the forge alone.
package struct GravatarAddress: Hashable, Sendable {
    /// What stands before the hash.
    package let base: String

    package static let usual = GravatarAddress(known: "https://gravatar.com/avatar")

    private init(known base: String) {
        self.base = base
    }

    /// `https://seccdn.libravatar.org/avatar`: what stands before the hash.
    package init(_ text: String) throws(ForgeError) {
        let text = text.hasSuffix("/") ? String(text.dropLast()) : text
        guard let url = try? OutboundURL(text), !text.contains("?"), !text.contains("#") else {
            throw .invalid(
                "'\(text)' is no address of pictures: it is like \(Self.usual.base), or off")
        }
        base = url.text.hasSuffix("/") ? String(url.text.dropLast()) : url.text
    }

    /// Of an address's picture at the size that the forge keeps; 404 when there is none.
    func picture(of hash: String) -> String {
        "\(base)/\(hash)?d=404&s=\(AvatarPicture.Size.large.rawValue)"
    }

    /// By which the service knows a mail address.
    static func hash(of email: String) -> String {
        let text = email.drop { $0.isWhitespace }.lowercased()
        let trimmed = text.prefix(text.count - text.reversed().prefix { $0.isWhitespace }.count)
        let digits = Array("0123456789abcdef")
        return String(
            SHA256.hash(data: Array(trimmed.utf8)).flatMap {
                [digits[Int($0 >> 4)], digits[Int($0 & 15)]]
            })
    }
}
