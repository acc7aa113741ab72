import Crypto
import HifCore

/// A secret that the forge hands out: `mic_`, its kind, `_`, 32 random characters and 6 of checksum.
///
/// All characters are letters, digits and underscores, so a double click selects the whole of it.
/// The random part has 190 bits, which is why the database keeps a plain SHA-256 and no slow hash.
package struct TokenText: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        /// A personal access token: made by hand, for scripts.
        case personal = "pat"
        /// As a personal one, for an agent: what is done with it is done by the agent that its label names,
        /// for its account.
        case agent = "agt"
        /// An access token of a login: short-lived.
        case access = "oat"
        /// A refresh token of a login: changed at each use.
        case refresh = "ort"
        /// The device code of a login that waits for approval.
        case device = "dev"
        /// A link that somebody follows once: set-up, or setting a password.
        case link = "lnk"
        /// The cookie of a browser that is signed in.
        case browser = "web"
        /// A link with which somebody makes an account.
        case invitation = "inv"
        /// A sign-in whose password was right and whose code is still asked for.
        case ticket = "tkt"

        package var prefix: String { "mic_\(rawValue)_" }
    }

    static let randomCount = 32
    static let checksumCount = 6
    private static let digits = Array(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    package let kind: Kind
    package let text: String

    /// A new one. `generator` must be cryptographically secure outside of tests.
    package init(_ kind: Kind, using generator: inout some RandomNumberGenerator) {
        let random = (0..<TokenText.randomCount).map { _ in
            TokenText.digits.randomElement(using: &generator)!
        }
        let head = Array(kind.prefix.utf8) + random
        self.kind = kind
        text = String(decoding: head + TokenText.checksum(of: head), as: UTF8.self)
    }

    package init(_ kind: Kind) {
        var generator = SystemRandomNumberGenerator()
        self.init(kind, using: &generator)
    }

    /// Refuses whatever cannot be a token, before any database is asked.
    package init(parsing text: String) throws(ForgeError) {
        let malformed = ForgeError(
            .tokenMalformed, "this is not a token of a forge",
            hint: "a token begins with mic_ and must be copied whole")
        let bytes = Array(text.utf8)
        guard let kind = Kind.allCases.first(where: { text.hasPrefix($0.prefix) }),
            bytes.count
                == kind.prefix.utf8.count + TokenText.randomCount + TokenText.checksumCount
        else { throw malformed }
        let head = bytes.dropLast(TokenText.checksumCount)
        guard head.dropFirst(kind.prefix.utf8.count).allSatisfy(TokenText.digits.contains),
            TokenText.checksum(of: Array(head)).elementsEqual(
                bytes.suffix(TokenText.checksumCount))
        else { throw malformed }
        self.kind = kind
        self.text = text
    }

    private static func checksum(of head: [UInt8]) -> [UInt8] {
        var rest = CRC32.checksum(head)
        var result: [UInt8] = []
        for _ in 0..<checksumCount {
            result.append(digits[Int(rest % 62)])
            rest /= 62
        }
        return result.reversed()
    }

    /// What the database keeps: SHA-256 in hexadecimal.
    package var hash: String {
        Array(SHA256.hash(data: Array(text.utf8))).hex
    }

    /// Enough to recognise one's own token in a list.
    package var lastFour: String { String(text.suffix(4)) }
}

extension TokenText: CustomStringConvertible {
    /// Never the secret: descriptions end up in logs.
    package var description: String { "\(kind.prefix)…\(lastFour)" }
}

/// Compares secrets in time that depends on their length only.
package func isEqualInConstantTime(_ left: String, _ right: String) -> Bool {
    let left = Array(left.utf8)
    let right = Array(right.utf8)
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
}
