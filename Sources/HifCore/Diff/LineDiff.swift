/// What changed between two texts, by lines: the runs of lines that were replaced, deleted or
/// inserted. Whatever lies between two hunks is equal on both sides.
///
/// The search is Myers' O(ND) in linear space ("An O(ND) Difference Algorithm and Its Variations",
/// 1986), on numbered lines, with three measures known from GNU diff and git: equal ends are cut
/// off first, lines without a partner never enter the search (`LineDiff+Candidates.swift`), and a
/// search that has become dear is cut short (`MyersSearch`). Then every hunk that could stand in
/// several places is moved to one (`LineDiff+Slide.swift`). The places chosen are those of git
/// without its indent heuristic, for all but very large differences.
///
/// Deterministic. With n lines in all, O(bytes + n · max(256, √n)) time in the worst case, whatever
/// the input, and O(n) memory; texts that differ in d lines cost O(bytes + n · d) at most and
/// usually far less. Past the limit the result is correct and merely longer than need be. On one
/// core: two texts of 100,000 lines with a hundred edits 55 ms, with nothing in common but chance
/// about a second; whoever takes texts from strangers bounds their size with that in mind.
package struct LineDiff: Hashable, Sendable {
    /// Lines `old` were replaced by lines `new`. Counted from zero; at most one of the two is
    /// empty, and an empty one says where the others went.
    package struct Hunk: Hashable, Sendable {
        package let old: Range<Int>
        package let new: Range<Int>

        package init(old: Range<Int>, new: Range<Int>) {
            self.old = old
            self.new = new
        }
    }

    /// In order, on both sides; between two of them lies at least one equal line.
    package let hunks: [Hunk]
    package let oldLineCount: Int
    package let newLineCount: Int

    package init(_ old: [UInt8], _ new: [UInt8]) {
        self.init(TextLines(old), TextLines(new))
    }

    package init(_ old: TextLines, _ new: TextLines) {
        if old.bytes == new.bytes {
            self.init(hunks: [], oldLineCount: old.count, newLineCount: new.count)
            return
        }
        var classes = LineClasses()
        let oldClasses = classes.classes(of: old)
        let newClasses = classes.classes(of: new)
        self.init(oldClasses, newClasses, classCount: classes.count)
    }

    /// Compares numbered lines.
    ///
    /// - Precondition: every number is below `classCount`.
    init(_ old: [Int], _ new: [Int], classCount: Int) {
        var head = 0
        let shorter = min(old.count, new.count)
        while head < shorter, old[head] == new[head] { head += 1 }
        var tail = 0
        while tail < shorter - head, old[old.count - 1 - tail] == new[new.count - 1 - tail] {
            tail += 1
        }
        let oldMiddle = head..<old.count - tail
        let newMiddle = head..<new.count - tail
        var oldCandidates = LineDiff.candidates(
            old, in: oldMiddle, against: new, classCount: classCount)
        var newCandidates = LineDiff.candidates(
            new, in: newMiddle, against: old, classCount: classCount)
        var search = MyersSearch(
            old: oldCandidates.lines.map { old[$0] }, new: newCandidates.lines.map { new[$0] })
        search.run()
        for (index, line) in oldCandidates.lines.enumerated() where search.oldChanged[index] {
            oldCandidates.isChanged[line] = true
        }
        for (index, line) in newCandidates.lines.enumerated() where search.newChanged[index] {
            newCandidates.isChanged[line] = true
        }
        LineDiff.slide(old, &oldCandidates.isChanged, other: newCandidates.isChanged)
        LineDiff.slide(new, &newCandidates.isChanged, other: oldCandidates.isChanged)
        self.init(oldCandidates.isChanged, newCandidates.isChanged)
    }

    /// Reads the hunks off the marks.
    private init(_ oldChanged: [Bool], _ newChanged: [Bool]) {
        var hunks: [Hunk] = []
        var old = 0
        var new = 0
        while old < oldChanged.count || new < newChanged.count {
            let oldStart = old
            let newStart = new
            while old < oldChanged.count, oldChanged[old] { old += 1 }
            while new < newChanged.count, newChanged[new] { new += 1 }
            if old > oldStart || new > newStart {
                hunks.append(Hunk(old: oldStart..<old, new: newStart..<new))
            }
            old += 1
            new += 1
        }
        self.init(hunks: hunks, oldLineCount: oldChanged.count, newLineCount: newChanged.count)
    }

    private init(hunks: [Hunk], oldLineCount: Int, newLineCount: Int) {
        self.hunks = hunks
        self.oldLineCount = oldLineCount
        self.newLineCount = newLineCount
    }
}

extension LineDiff {
    /// Whether no line differs.
    package var isEmpty: Bool { hunks.isEmpty }

    /// Hunks that a reader sees together: neighbours with at most `2 * context` equal lines between
    /// them, as `context` lines are shown on either side of each.
    ///
    /// - Precondition: `context` is not negative.
    package func groups(context: Int) -> [ArraySlice<Hunk>] {
        precondition(context >= 0, "context counts lines")
        let joinedMax = context.multipliedReportingOverflow(by: 2)
        let gapMax = joinedMax.overflow ? Int.max : joinedMax.partialValue
        var result: [ArraySlice<Hunk>] = []
        var start = 0
        for index in hunks.indices {
            let next = index + 1
            let isLast =
                next == hunks.count
                || hunks[next].old.lowerBound - hunks[index].old.upperBound > gapMax
            if isLast {
                result.append(hunks[start..<next])
                start = next
            }
        }
        return result
    }
}
