import HifCore

/// A document that was found, with the lines that show why.
struct SearchHit: Sendable {
    /// A line, or of a long one the part around what was found in it.
    struct Line: Hashable, Sendable {
        /// From 1.
        let number: Int
        /// Of a session: the part of it that the line is in.
        let part: String?
        let text: String
        /// What was found, as ranges of the text's Unicode scalars: ascending, and apart from each other.
        let marks: [Range<Int>]
    }

    /// Unicode scalars of a line that are shown, and those of them before what was found.
    private static let scalarsMax = 200
    private static let scalarsBefore = 60

    let document: SearchDocument
    /// None where the name alone says all.
    let lines: [Line]
    /// How many lines have one of the words.
    let lineCount: Int

    init(_ document: SearchDocument, _ query: SearchQuery) {
        self.document = document
        let folded = FoldedText(document.text)
        var found: [Line] = []
        var count = 0
        // Where each word is next: looked for again only once it is passed.
        var next = query.words.map { folded.offset(of: $0, from: 0) }
        var start = 0
        var number = 0
        let texts = document.text.unicodeScalars.split(
            separator: "\n", omittingEmptySubsequences: false)
        while next.contains(where: { $0 != nil }), number < texts.count {
            let end = folded.lineEnd(from: start)
            for (index, offset) in next.enumerated() {
                guard let offset, offset < start else { continue }
                next[index] = folded.offset(of: query.words[index], from: start)
            }
            if next.contains(where: { $0.map { $0 < end } ?? false }) {
                count += 1
                if found.count < Limits.searchLinesMax {
                    found.append(
                        SearchHit.line(
                            number, texts[number], document,
                            SearchHit.marks(query.words, in: folded, start..<end)))
                }
            }
            number += 1
            start = end + 1
        }
        lines = found
        lineCount = count
    }

    /// Every place of every word in a line, joined where they touch, in scalars from the line's start.
    private static func marks(
        _ words: [FoldedText], in text: FoldedText, _ line: Range<Int>
    ) -> [Range<Int>] {
        var places: [Range<Int>] = []
        for word in words {
            var from = line.lowerBound
            while let place = text.offset(of: word, from: from), place < line.upperBound {
                let end = min(place + word.count, line.upperBound)
                places.append(place..<end)
                from = end
            }
        }
        var marks: [Range<Int>] = []
        for place in places.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = marks.last, place.lowerBound <= last.upperBound {
                let end = max(last.upperBound, place.upperBound)
                marks[marks.count - 1] = last.lowerBound..<end
            } else {
                marks.append(place)
            }
        }
        return marks.map { mark in
            let start = text.scalarCount(line.lowerBound..<mark.lowerBound)
            return start..<start + text.scalarCount(mark)
        }
    }

    private static func line(
        _ number: Int, _ scalars: Substring.UnicodeScalarView, _ document: SearchDocument,
        _ marks: [Range<Int>]
    ) -> Line {
        var scalars = Array(scalars)
        if scalars.last == "\r" { scalars.removeLast() }
        let first = marks.first?.lowerBound ?? 0
        let from =
            scalars.count > scalarsMax ? max(0, min(first, scalars.count) - scalarsBefore) : 0
        let shown = from..<min(scalars.count, from + scalarsMax)
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars[shown])
        return Line(
            number: number + 1, part: document.part(ofLine: number), text: text,
            marks: marks.map { $0.clamped(to: shown) }.filter { !$0.isEmpty }
                .map { $0.lowerBound - from..<$0.upperBound - from })
    }
}
