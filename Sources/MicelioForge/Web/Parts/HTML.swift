import HifCore

/// Markup whose interpolations are escaped unless they are markup themselves:
/// `"<p>\(name)</p>" as HTML` is safe whatever `name` holds.
struct HTML: ExpressibleByStringInterpolation, Sendable, Hashable {
    private(set) var text: String

    init(stringLiteral text: String) {
        self.text = text
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

        mutating func appendInterpolation(_ value: HTML) {
            text += value.text
        }
    }
}
