/// One mail address that the forge sends to or from: words of ASCII with dots between, `@`, and the name of
/// a host. A subset of RFC 5321 that neither a header nor a command of SMTP can be broken with: no
/// quotes, blanks, brackets, commas, ends of lines or further addresses.
package struct MailAddress: Hashable, Sendable, CustomStringConvertible {
    package let local: String
    package let host: String

    package var description: String { "\(local)@\(host)" }

    package init(_ text: String) throws(ForgeError) {
        let parts = text.utf8.split(
            separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard text.utf8.count <= Limits.emailLengthMax, parts.count == 2,
            MailAddress.words(parts[0]).allSatisfy({ word in
                !word.isEmpty && word.allSatisfy(MailAddress.isOfWord)
            }),
            MailAddress.isHost(parts[1])
        else {
            throw .invalid("this is no mail address to send to: one is like ana@example.org")
        }
        local = String(decoding: parts[0], as: UTF8.self)
        host = String(decoding: parts[1], as: UTF8.self)
    }

    private static func words(_ text: Substring.UTF8View) -> [Substring.UTF8View] {
        text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    }

    /// `atext` of RFC 5322.
    private static func isOfWord(_ byte: UInt8) -> Bool {
        isLetterOrDigit(byte) || "!#$%&'*+/=?^_`{|}~-".utf8.contains(byte)
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    /// Whether it is the name of a host, or an address of IPv4, which looks like one.
    static func isHost(_ text: Substring.UTF8View) -> Bool {
        words(text).allSatisfy { label in
            guard let first = label.first, let last = label.last else { return false }
            return isLetterOrDigit(first) && isLetterOrDigit(last)
                && label.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
        }
    }
}

extension JSONShape {
    private static let mailWord = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
    private static let hostLabel = "[A-Za-z0-9]+(-+[A-Za-z0-9]+)*"
    /// A mail address that the forge sends to.
    static let mail = like(
        "^\(mailWord)(\\.\(mailWord))*@\(hostLabel)(\\.\(hostLabel))*$", example: "ana@example.org",
        lengthMax: Limits.emailLengthMax)
}
