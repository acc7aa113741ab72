/// A mail that the forge sends to somebody, in plain text.
package struct Letter: Hashable, Sendable {
    /// For the log.
    let kind: String
    package let to: MailAddress
    let subject: HeaderText
    /// Lines that end with a line feed.
    let text: String
}

/// What one letter is to say in its head besides.
struct LetterHead: Hashable, Sendable {
    let from: MailAddress
    /// By whose name it goes, the forge's host.
    let name: HeaderText
    /// Milliseconds since 1970.
    let sentMillis: Int64
    /// What no other letter has.
    let id: String
}

extension Letter {
    /// The whole letter as SMTP carries it: headers, an empty line, and the text as quoted-printable, because
    /// a link may be longer than the lines that mail servers let through.
    func bytes(_ head: LetterHead) -> [UInt8] {
        let lines = [
            "Date: \(Moment(head.sentMillis).mailDate)",
            "From: \(head.name.phrase) <\(head.from)>",
            "To: <\(to)>",
            "Subject: \(subject.encoded)",
            "Message-ID: <\(head.id)@\(head.from.host)>",
            // So that nobody's holiday notice answers it (RFC 3834).
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: quoted-printable",
            "",
        ]
        return Array((lines.joined(separator: "\r\n") + "\r\n").utf8)
            + QuotedPrintable.encode(text)
    }
}

extension HeaderText {
    /// Before an address: quoted where it is plain, for a host has dots.
    fileprivate var phrase: String {
        encoded == text
            ? "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\"" : encoded
    }
}

/// Text for lines of at most 76 characters of ASCII (RFC 2045, 6.7).
enum QuotedPrintable {
    static let columnsMax = 76

    static func encode(_ text: String) -> [UInt8] {
        var result: [UInt8] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast(
            text.hasSuffix("\n") ? 1 : 0)
        {
            encode(Array(line.utf8), into: &result)
            result += Array("\r\n".utf8)
        }
        return result
    }

    private static func encode(_ line: [UInt8], into result: inout [UInt8]) {
        var column = 0
        for (index, byte) in line.enumerated() {
            let isLast = index == line.count - 1
            let isBlank = byte == 0x20 || byte == 0x09
            // A blank at the end would be cut off by some server on the way.
            let isPlain =
                isBlank ? !isLast : (0x21..<0x7F).contains(byte) && byte != UInt8(ascii: "=")
            let token = isPlain ? [byte] : Array(escaped(byte).utf8)
            if column + token.count > columnsMax - (isLast ? 0 : 1) {
                result += Array("=\r\n".utf8)
                column = 0
            }
            result += token
            column += token.count
        }
    }

    private static func escaped(_ byte: UInt8) -> String {
        let digits = Array("0123456789ABCDEF")
        return "=\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
    }
}
