/// How much a change adds and removes, as `+12 -3` in a list of files.
package struct DiffStat: Hashable, Sendable {
    package var addedLineCount: Int
    package var removedLineCount: Int

    package init(addedLineCount: Int = 0, removedLineCount: Int = 0) {
        self.addedLineCount = addedLineCount
        self.removedLineCount = removedLineCount
    }

    /// Counts the lines of a diff's hunks; a replaced line is one removed and one added.
    package init(_ diff: LineDiff) {
        addedLineCount = diff.hunks.reduce(0) { $0 + $1.new.count }
        removedLineCount = diff.hunks.reduce(0) { $0 + $1.old.count }
    }

    /// Compares two contents; an absent file counts as empty. Nil when either is binary: lines say
    /// nothing about it. Costs one `LineDiff`.
    package init?(old: [UInt8]?, new: [UInt8]?) {
        let old = old ?? []
        let new = new ?? []
        guard TextLines.isText(old), TextLines.isText(new) else { return nil }
        self.init(LineDiff(old, new))
    }

    package static func + (left: DiffStat, right: DiffStat) -> DiffStat {
        DiffStat(
            addedLineCount: left.addedLineCount + right.addedLineCount,
            removedLineCount: left.removedLineCount + right.removedLineCount)
    }
}
