/// Two edits of one text brought together, line by line.
///
/// What only one side changed is taken; what both changed alike is taken once; where they changed
/// the same or touching lines differently, both versions are kept between conflict markers and the
/// place is reported. The result is what `git merge-file` writes by default, byte for byte
/// wherever `LineDiff` finds the hunks git finds: conflicts are narrowed to the lines in which the
/// two sides differ, and narrowed conflicts with little between them are joined again
/// (`MergeRegions`). No line that either side added is ever lost.
///
/// Works on any bytes, but lines mean nothing in a binary file: ask `TextLines.isText` of all three
/// first. Deterministic; costs two `LineDiff`s and, for what conflicts, one more.
package struct ThreeWayMerge: Hashable, Sendable {
    /// What stands after the conflict markers.
    package struct Labels: Hashable, Sendable {
        package let ours: [UInt8]
        package let theirs: [UInt8]

        /// Labels are written as they are; a line feed in one would break its marker's line, so it
        /// becomes a space.
        package init(ours: String, theirs: String) {
            self.ours = ours.utf8.map { $0 == TextLines.lineFeed ? UInt8(ascii: " ") : $0 }
            self.theirs = theirs.utf8.map { $0 == TextLines.lineFeed ? UInt8(ascii: " ") : $0 }
        }
    }

    /// One place where the two sides disagree, as line ranges counted from zero.
    package struct Conflict: Hashable, Sendable {
        /// The base's lines that the two sides changed. Conflicts narrowed out of one overlap all
        /// name the whole overlap.
        package let base: Range<Int>
        package let ours: Range<Int>
        package let theirs: Range<Int>
        /// Where it stands in the merged text, markers included.
        package let merged: Range<Int>
    }

    /// The merged text, with conflict markers if there are conflicts.
    package let bytes: [UInt8]
    /// In order of place.
    package let conflicts: [Conflict]

    package var isClean: Bool { conflicts.isEmpty }

    package init(base: [UInt8], ours: [UInt8], theirs: [UInt8], labels: Labels) {
        let base = TextLines(base)
        let ours = TextLines(ours)
        let theirs = TextLines(theirs)
        let regions = MergeRegions(base: base, ours: ours, theirs: theirs).regions
        var writer = MergeWriter(base: base, ours: ours, theirs: theirs, labels: labels)
        for region in regions { writer.append(region) }
        writer.finish()
        bytes = writer.bytes
        conflicts = writer.conflicts
    }
}

/// Puts the merged text together from our side's lines and the regions that differ from it.
private struct MergeWriter {
    let base: TextLines
    let ours: TextLines
    let theirs: TextLines
    let labels: ThreeWayMerge.Labels

    private(set) var bytes: [UInt8] = []
    private(set) var conflicts: [ThreeWayMerge.Conflict] = []
    /// Our lines written so far, and all lines.
    private var oursWritten = 0
    private var lineCount = 0

    init(base: TextLines, ours: TextLines, theirs: TextLines, labels: ThreeWayMerge.Labels) {
        self.base = base
        self.ours = ours
        self.theirs = theirs
        self.labels = labels
        bytes.reserveCapacity(max(ours.bytes.count, theirs.bytes.count))
    }

    mutating func append(_ region: MergeRegions.Region) {
        switch region.kind {
        case .ours, .same: return
        case .theirs:
            copy(ours, oursWritten..<region.ours.lowerBound)
            copy(theirs, region.theirs)
        case .conflict:
            copy(ours, oursWritten..<region.ours.lowerBound)
            appendConflict(region)
        }
        oursWritten = region.ours.upperBound
    }

    mutating func finish() {
        copy(ours, oursWritten..<ours.count)
    }

    private mutating func copy(_ text: TextLines, _ lines: Range<Int>) {
        bytes.append(contentsOf: text[lines])
        lineCount += lines.count
    }

    private mutating func appendConflict(_ region: MergeRegions.Region) {
        let start = lineCount
        let ending: [UInt8] = usesCarriageReturns(region) ? [13, 10] : [10]
        mark(UInt8(ascii: "<"), labels.ours, ending)
        copyWhole(ours, region.ours, ending)
        mark(UInt8(ascii: "="), nil, ending)
        copyWhole(theirs, region.theirs, ending)
        mark(UInt8(ascii: ">"), labels.theirs, ending)
        conflicts.append(
            ThreeWayMerge.Conflict(
                base: region.base, ours: region.ours, theirs: region.theirs,
                merged: start..<lineCount))
    }

    private mutating func mark(_ character: UInt8, _ label: [UInt8]?, _ ending: [UInt8]) {
        bytes.append(contentsOf: repeatElement(character, count: 7))
        if let label {
            bytes.append(UInt8(ascii: " "))
            bytes.append(contentsOf: label)
        }
        bytes.append(contentsOf: ending)
        lineCount += 1
    }

    /// Copies lines and ends the last one if it is the file's unfinished last line, so that a
    /// marker never continues it.
    private mutating func copyWhole(_ text: TextLines, _ lines: Range<Int>, _ ending: [UInt8]) {
        copy(text, lines)
        if !lines.isEmpty, lines.upperBound == text.count, !text.endsWithLineFeed {
            bytes.append(contentsOf: ending)
        }
    }

    /// Markers end like the lines around them: with a carriage return if the line before the
    /// conflict has one on both sides and so does the base's first. A side that has no ended line
    /// to look at has no say; without any say it is a bare line feed.
    private func usesCarriageReturns(_ region: MergeRegions.Region) -> Bool {
        let votes = [
            hasCarriageReturn(ours, max(0, region.ours.lowerBound - 1)),
            hasCarriageReturn(theirs, max(0, region.theirs.lowerBound - 1)),
            hasCarriageReturn(base, 0),
        ]
        // The last vote alone may settle that nobody knows, as in git.
        return !votes.contains(false) && votes[2] != nil
    }

    private func hasCarriageReturn(_ text: TextLines, _ line: Int) -> Bool? {
        guard line < text.count else { return nil }
        let bytes = text[line]
        if bytes.last == TextLines.lineFeed {
            return bytes.count > 1 && bytes[bytes.endIndex - 2] == UInt8(ascii: "\r")
        }
        return line == 0 ? nil : hasCarriageReturn(text, line - 1)
    }
}
