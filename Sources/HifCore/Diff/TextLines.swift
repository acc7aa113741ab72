/// A text cut into lines, each with its line feed; only the last line may lack one.
///
/// A carriage return belongs to the line before its line feed, so lines that differ only in their
/// ending are different lines. An empty text has no line. Cutting costs one pass.
package struct TextLines: Sendable {
    package let bytes: [UInt8]
    /// Offset of every line's first byte, then `bytes.count`.
    private let starts: [Int]

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var starts = [0]
        let span = bytes.span
        for index in span.indices where span[index] == TextLines.lineFeed {
            starts.append(index + 1)
        }
        if starts[starts.count - 1] != bytes.count { starts.append(bytes.count) }
        self.starts = starts
    }

    package static let lineFeed = UInt8(ascii: "\n")

    /// How many lines there are.
    package var count: Int { starts.count - 1 }

    /// Where the bytes of these lines lie in `bytes`.
    ///
    /// - Precondition: the lines exist.
    package func byteRange(_ lines: Range<Int>) -> Range<Int> {
        starts[lines.lowerBound]..<starts[lines.upperBound]
    }

    /// The bytes of these lines with their line feeds.
    ///
    /// - Precondition: the lines exist.
    package subscript(lines: Range<Int>) -> ArraySlice<UInt8> { bytes[byteRange(lines)] }

    /// The bytes of one line with its line feed.
    ///
    /// - Precondition: the line exists.
    package subscript(line: Int) -> ArraySlice<UInt8> { self[line..<line + 1] }

    /// Whether the text is empty or ends in a line feed.
    package var endsWithLineFeed: Bool { bytes.isEmpty || bytes.last == TextLines.lineFeed }

    /// Whether content is worth comparing by lines: no NUL among its first 8,000 bytes, the rule of
    /// git, so both call the same files binary.
    package static func isText(_ bytes: [UInt8]) -> Bool {
        !bytes.prefix(8000).contains(0)
    }
}
