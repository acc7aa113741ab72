import HifCore

/// Text for the Markdown twins: what people wrote must not become structure there either.
enum MarkdownText {
    /// One line, with what Markdown reads as marks escaped.
    static func escape(_ text: String) -> String {
        var result = ""
        for scalar in SafeText.escape(text, keepingLines: true).unicodeScalars {
            switch scalar {
            case "\n", "\t": result.unicodeScalars.append(" ")
            case "\\", "`", "*", "_", "[", "]", "<", ">", "#", "|", "&":
                result += "\\"
                result.unicodeScalars.append(scalar)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// Text of several lines, each quoted with `>`: whatever it says, it stays within.
    static func quote(_ text: String) -> String {
        SafeText.escape(text, keepingLines: true)
            .split(separator: "\n", omittingEmptySubsequences: false)
            .map { "> \($0.replacing("<", with: "&lt;"))" }.joined(separator: "\n")
    }

    /// A block of code between fences longer than any in it.
    static func code(_ text: String, language: String = "") -> String {
        var longest = 2
        var run = 0
        for byte in text.utf8 {
            run = byte == UInt8(ascii: "`") ? run + 1 : 0
            longest = max(longest, run)
        }
        let fence = String(repeating: "`", count: longest + 1)
        let body = SafeText.escape(text, keepingLines: true)
        return "\(fence)\(language)\n\(body)\(body.hasSuffix("\n") ? "" : "\n")\(fence)"
    }
}
