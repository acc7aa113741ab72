/// Blanks out what a Swift compiler would not take for code: comments, the text of string literals,
/// and the words inside backticks. Lines and columns stay; code inside `\( )` stays.
///
/// A scanner, not a parser: regex literals with slashes are taken for code, which is harmless as long
/// as they hold no quote.
enum CodeMask {
    private enum Context {
        /// Parentheses open in this stretch of code: an interpolation ends with one too many.
        case code(open: Int)
        case string(hashes: Int, isLong: Bool)
    }

    static func code(of text: [UInt8]) -> [UInt8] {
        var mask = Mask(text)
        while mask.index < text.count { mask.step() }
        return mask.out
    }

    private static let newline = UInt8(ascii: "\n")
    private static let quote = UInt8(ascii: "\"")
    private static let hash = UInt8(ascii: "#")
    private static let slash = UInt8(ascii: "/")
    private static let star = UInt8(ascii: "*")

    private struct Mask {
        let text: [UInt8]
        var out: [UInt8]
        var index = 0
        var stack: [Context] = [.code(open: 0)]

        init(_ text: [UInt8]) {
            self.text = text
            out = text
        }

        func byte(_ ahead: Int = 0) -> UInt8 {
            index + ahead < text.count ? text[index + ahead] : newline
        }

        func isTriple(at ahead: Int) -> Bool {
            byte(ahead) == quote && byte(ahead + 1) == quote && byte(ahead + 2) == quote
        }

        func hashCount(at ahead: Int) -> Int {
            var count = 0
            while byte(ahead + count) == hash { count += 1 }
            return count
        }

        mutating func blank(_ count: Int = 1) {
            for _ in 0..<count where index < text.count {
                if text[index] != newline { out[index] = UInt8(ascii: " ") }
                index += 1
            }
        }

        mutating func step() {
            switch stack[stack.count - 1] {
            case .code(let open): stepCode(open: open)
            case .string(let hashes, let isLong): stepString(hashes: hashes, isLong: isLong)
            }
        }

        mutating func stepCode(open: Int) {
            switch byte() {
            case slash where byte(1) == slash:
                while index < text.count, text[index] != newline { blank() }
            case slash where byte(1) == star:
                blankComment()
            case quote, hash:
                let hashes = hashCount(at: 0)
                guard byte(hashes) == quote else {
                    index += max(1, hashes)
                    return
                }
                let isLong = isTriple(at: hashes)
                index += hashes + (isLong ? 3 : 1)
                stack.append(.string(hashes: hashes, isLong: isLong))
            case UInt8(ascii: "`"):
                index += 1
                while index < text.count, byte() != UInt8(ascii: "`"), byte() != newline { blank() }
                index += 1
            case UInt8(ascii: "("):
                stack[stack.count - 1] = .code(open: open + 1)
                index += 1
            case UInt8(ascii: ")"):
                if open == 0, stack.count > 1 {
                    stack.removeLast()
                    blank()
                } else {
                    stack[stack.count - 1] = .code(open: open - 1)
                    index += 1
                }
            default:
                index += 1
            }
        }

        mutating func blankComment() {
            var depth = 0
            repeat {
                if byte() == slash, byte(1) == star {
                    depth += 1
                    blank(2)
                } else if byte() == star, byte(1) == slash {
                    depth -= 1
                    blank(2)
                } else {
                    blank()
                }
            } while depth > 0 && index < text.count
        }

        mutating func stepString(hashes: Int, isLong: Bool) {
            switch byte() {
            case UInt8(ascii: "\\") where hashCount(at: 1) >= hashes:
                let isInterpolation = byte(1 + hashes) == UInt8(ascii: "(")
                blank(2 + hashes)
                if isInterpolation { stack.append(.code(open: 0)) }
            case quote where !isLong || isTriple(at: 0):
                let quotes = isLong ? 3 : 1
                guard hashCount(at: quotes) >= hashes else { return blank() }
                index += quotes + hashes
                stack.removeLast()
            case newline where !isLong:
                // Not valid Swift; the scanner must have misread something. Start over.
                stack = [.code(open: 0)]
            default:
                blank()
            }
        }
    }
}
