import HifCore

/// Markup whose interpolations are escaped unless they are markup themselves:
/// `"<p>\(name)</p>" as HTML` is safe whatever `name` holds.
struct HTML: ExpressibleByStringInterpolation, Sendable, Hashable {
    private(set) var text: String

    init() {
        text = ""
    }

    init(stringLiteral text: String) {
        self.text = text
    }

    /// Markup that code of ours wrote byte by byte. Nothing that came from outside may be in it
    /// unescaped: this is the one way around the escaping, and few files use it.
    init(trusted text: String) {
        self.text = text
    }

    /// Bytes of a file as text; what is not UTF-8 is shown as `\xNN`.
    init(escaping bytes: ArraySlice<UInt8>) {
        if bytes.allSatisfy(HTML.isPlain) {
            text = String(decoding: bytes, as: UTF8.self)
        } else {
            text = ""
            HTML.append(SafeText.escape(Array(bytes), keepingLines: true), to: &text)
        }
    }

    init(stringInterpolation: Interpolation) {
        text = stringInterpolation.text
    }

    struct Interpolation: StringInterpolationProtocol {
        var text = ""

        init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity * 2)
        }

        mutating func appendLiteral(_ literal: String) {
            text += literal
        }

        /// Text for an element or a quoted attribute. Control characters and direction overrides
        /// are shown, not obeyed.
        mutating func appendInterpolation(_ value: String) {
            HTML.append(value, to: &text)
        }

        mutating func appendInterpolation(_ value: some BinaryInteger) {
            text += String(value)
        }

        /// Nothing for nil.
        mutating func appendInterpolation(_ value: HTML?) {
            if let value { text += value.text }
        }

        mutating func appendInterpolation(_ values: [HTML]) {
            for value in values { text += value.text }
        }

        mutating func appendInterpolation(_ value: HTML) {
            text += value.text
        }
    }

    static func += (html: inout HTML, more: HTML) {
        html.text += more.text
    }

    /// Whether a byte stands for itself in every text: most bytes do, and a text of nothing else is
    /// copied whole.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x22, 0x26, 0x27, 0x3C, 0x3E: false
        case 0x20...0x7E, 0x09, 0x0A: true
        default: false
        }
    }

    private static func append(_ value: String, to text: inout String) {
        if value.utf8.allSatisfy(isPlain) {
            text += value
            return
        }
        for scalar in SafeText.escape(value, keepingLines: true).unicodeScalars {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "'": text += "&#39;"
            default: text.unicodeScalars.append(scalar)
            }
        }
    }
}
