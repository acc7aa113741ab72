import HifCore

/// Lines of code as markup.
enum CodeHTML {
    /// A longer line is cut in the page; the raw file has all of it.
    static let lineBytesMax = 4_000

    /// A line without its end. `mark` is the part that differs from the other side of a change, shown
    /// as `tag`: `ins` or `del`.
    static func line(
        _ line: ArraySlice<UInt8>, _ tokens: [Token], mark: Range<Int>? = nil, tag: String = "ins"
    ) -> HTML {
        var end = line.endIndex
        while end > line.startIndex, line[end - 1] == 0x0A || line[end - 1] == 0x0D { end -= 1 }
        let isCut = end - line.startIndex > lineBytesMax
        if isCut { end = line.startIndex + lineBytesMax }
        // An end within a character would show as damage.
        while isCut, end > line.startIndex, line[end] & 0xC0 == 0x80 { end -= 1 }
        let length = end - line.startIndex
        var text = ""
        var cuts = Set([0, length])
        for token in tokens { cuts.formUnion([token.range.lowerBound, token.range.upperBound]) }
        if let mark { cuts.formUnion([mark.lowerBound, mark.upperBound]) }
        var token = 0
        var isMarked = false
        let places = cuts.filter { $0 <= length }.sorted()
        for (from, to) in zip(places, places.dropFirst()) {
            while token < tokens.count, tokens[token].range.upperBound <= from { token += 1 }
            let kind =
                token < tokens.count && tokens[token].range.contains(from)
                ? tokens[token].kind : nil
            let wantsMark = mark?.contains(from) == true
            if wantsMark != isMarked {
                text += wantsMark ? "<\(tag)>" : "</\(tag)>"
                isMarked = wantsMark
            }
            let piece = HTML(escaping: line[line.startIndex + from..<line.startIndex + to]).text
            text += kind.map { "<span class=\"\($0.rawValue)\">\(piece)</span>" } ?? piece
        }
        if isMarked { text += "</\(tag)>" }
        if isCut {
            text +=
                " <span class=\"soft\">… \((line.count - lineBytesMax).grouped) more bytes</span>"
        }
        return HTML(trusted: text)
    }

    /// The parts in which two lines differ: what remains when equal words at both ends are taken
    /// away. Nil for both when that is nearly all of them, as marks would then say nothing.
    static func marks(
        _ old: ArraySlice<UInt8>, _ new: ArraySlice<UInt8>
    ) -> (old: Range<Int>, new: Range<Int>)? {
        let left = words(old)
        let right = words(new)
        let shorter = min(left.count, right.count)
        var head = 0
        while head < shorter, left[head].elementsEqual(right[head]) { head += 1 }
        var tail = 0
        while tail < shorter - head,
            left[left.count - 1 - tail].elementsEqual(right[right.count - 1 - tail])
        { tail += 1 }
        let same = left.prefix(head).joined().count + left.suffix(tail).joined().count
        guard same * 3 >= max(old.count, new.count), same > 0 else { return nil }
        func range(_ line: ArraySlice<UInt8>, _ words: [ArraySlice<UInt8>]) -> Range<Int> {
            let start = words.prefix(head).joined().count
            return start..<max(start, line.count - words.suffix(tail).joined().count)
        }
        return (range(old, left), range(new, right))
    }

    /// Runs of letters, runs of blanks, and every other byte for itself. Long lines are not looked
    /// at: they are data, and marks in them help nobody.
    private static func words(_ line: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        guard line.count <= lineBytesMax else { return [line] }
        var words: [ArraySlice<UInt8>] = []
        var start = line.startIndex
        func sort(_ byte: UInt8) -> Int {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x80...: 0
            case 0x20, 0x09: 1
            default: 2
            }
        }
        while start < line.endIndex {
            let kind = sort(line[start])
            var end = start + 1
            while kind < 2, end < line.endIndex, sort(line[end]) == kind { end += 1 }
            words.append(line[start..<end])
            start = end
        }
        return words
    }
}
