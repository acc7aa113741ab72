/// Which session: 32 random bytes, or bytes derived from another id (an import, a follow-up).
///
/// People see `ses_` and the first twelve digits; every command takes any unique prefix.
package struct SessionID: Hashable, Comparable, Sendable {
    package static let prefix = "ses_"
    package static let shownDigits = 12

    package let hash: Hash

    package init(_ hash: Hash) {
        self.hash = hash
    }

    package init(from generator: inout some RandomNumberGenerator) {
        hash = Hash(
            word0: generator.next(), word1: generator.next(), word2: generator.next(),
            word3: generator.next())
    }

    /// The id written in full, with or without `ses_`; nil for anything else.
    package init?(_ text: String) {
        let digits = text.hasPrefix(SessionID.prefix) ? String(text.dropFirst(4)) : text
        guard let hash = Hash(hex: digits) else { return nil }
        self.hash = hash
    }

    /// `ses_` and all 64 digits.
    package var full: String { SessionID.prefix + hash.hex }

    package static func < (left: SessionID, right: SessionID) -> Bool { left.hash < right.hash }
}

extension SessionID: CustomStringConvertible {
    /// `ses_` and twelve digits.
    package var description: String {
        SessionID.prefix + hash.hex.prefix(SessionID.shownDigits)
    }
}
