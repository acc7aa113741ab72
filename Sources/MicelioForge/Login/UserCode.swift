/// The short code that a person reads off one screen and types into another (RFC 8628, section 6.1):
/// eight of twenty consonants, about 34 bits, so that no word arises and nothing looks alike. Weak
/// by design; rate limits, expiry and single use make up for it.
package struct UserCode: Hashable, Sendable, CustomStringConvertible {
    private static let letters = Array("BCDFGHJKLMNPQRSTVWXZ".utf8)
    private static let count = 8

    /// Eight capital letters.
    package let letters: String

    init(using generator: inout some RandomNumberGenerator) {
        let bytes = (0..<UserCode.count).map { _ in
            UserCode.letters.randomElement(using: &generator)!
        }
        letters = String(decoding: bytes, as: UTF8.self)
    }

    /// What a person typed: case, dashes and blanks do not matter.
    package init?(typed text: String) {
        let bytes = Array(text.uppercased().utf8).filter {
            $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: " ")
        }
        guard bytes.count == UserCode.count, bytes.allSatisfy(UserCode.letters.contains) else {
            return nil
        }
        letters = String(decoding: bytes, as: UTF8.self)
    }

    /// As it is shown: `ABCD-EFGH`.
    package var description: String { "\(letters.prefix(4))-\(letters.suffix(4))" }
}
