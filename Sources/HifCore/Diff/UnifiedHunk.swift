/// A stretch of a diff as people read it: changed lines with some lines of context around them.
/// What a printed patch, a page and a terminal all show.
package struct UnifiedHunk: Hashable, Sendable {
    /// Line numbers count from zero; those of context lines are both given.
    package enum Line: Hashable, Sendable {
        case context(old: Int, new: Int)
        case removed(old: Int)
        case added(new: Int)
    }

    /// The lines of either side that the hunk covers, context included.
    package let old: Range<Int>
    package let new: Range<Int>
    /// The nearest line above the hunk that starts with a letter, `_` or `$`, cut at 80 bytes: in
    /// most languages the function or type the hunk lies in. Empty if there is none.
    package let heading: [UInt8]
    /// In the order of printing; within a change, removed lines come first.
    package let lines: [Line]

    /// The hunks of a diff with up to `context` equal lines on either side of each change.
    ///
    /// `diff` is that of `old` and `new`. O(lines shown), and one pass over `old` for the headings.
    ///
    /// - Precondition: `context` is not negative.
    package static func hunks(
        of diff: LineDiff, old: TextLines, new: TextLines, context: Int = 3
    ) -> [UnifiedHunk] {
        precondition(context >= 0, "context counts lines")
        let context = min(context, old.count)
        var headings = HeadingFinder(text: old)
        return diff.groups(context: context).map { group in
            let first = group[group.startIndex]
            let last = group[group.endIndex - 1]
            let before = min(context, first.old.lowerBound)
            let after = min(context, old.count - last.old.upperBound)
            var lines: [Line] = []
            var place = (
                old: first.old.lowerBound - before, new: first.new.lowerBound - before
            )
            let start = place
            func keep(until end: Int) {
                while place.old < end {
                    lines.append(.context(old: place.old, new: place.new))
                    place.old += 1
                    place.new += 1
                }
            }
            for hunk in group {
                keep(until: hunk.old.lowerBound)
                lines += hunk.old.map { .removed(old: $0) }
                lines += hunk.new.map { .added(new: $0) }
                place = (old: hunk.old.upperBound, new: hunk.new.upperBound)
            }
            keep(until: last.old.upperBound + after)
            return UnifiedHunk(
                old: start.old..<place.old, new: start.new..<place.new,
                heading: headings.heading(above: start.old), lines: lines)
        }
    }

    /// `@@ -12,7 +12,9 @@ heading`, without a line feed. Printed line numbers count from one; an
    /// empty side gives the line it follows, and a count of one is left out.
    package var header: [UInt8] {
        func side(_ lines: Range<Int>) -> String {
            let start = lines.isEmpty ? lines.lowerBound : lines.lowerBound + 1
            return lines.count == 1 ? "\(start)" : "\(start),\(lines.count)"
        }
        var result = Array("@@ -\(side(old)) +\(side(new)) @@".utf8)
        if !heading.isEmpty { result += [UInt8(ascii: " ")] + heading }
        return result
    }
}

/// Finds headings for hunks from the top down, looking at each line once.
private struct HeadingFinder {
    let text: TextLines
    private var searchedTo = 0
    private var found: [UInt8] = []

    init(text: TextLines) { self.text = text }

    mutating func heading(above line: Int) -> [UInt8] {
        for candidate in stride(from: line - 1, through: searchedTo, by: -1) {
            guard let first = text[candidate].first, startsHeading(first) else { continue }
            var heading = text[candidate].prefix(80)
            while let last = heading.last, [9, 10, 13, 32].contains(last) {
                heading.removeLast()
            }
            found = Array(heading)
            break
        }
        searchedTo = max(searchedTo, line)
        return found
    }

    private func startsHeading(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "_"), UInt8(ascii: "$"):
            true
        default: false
        }
    }
}
