/// The places in which a three-way merge is not simply our text, in order.
///
/// Hunks of base→ours and base→theirs that overlap or touch form one region (the chunks of diff3:
/// Khanna, Kunal and Pierce, "A Formal Investigation of Diff3", 2007). Narrowing and joining of
/// conflicts follow git, so that people see the conflicts they know.
struct MergeRegions {
    struct Region: Hashable {
        enum Kind {
            /// Only we changed it.
            case ours
            /// Only they changed it.
            case theirs
            /// Within a conflict both sides came to the same lines.
            case same
            case conflict
        }

        var kind: Kind
        var base: Range<Int>
        var ours: Range<Int>
        var theirs: Range<Int>
    }

    private(set) var regions: [Region] = []

    private let ours: TextLines
    private let oursClasses: [Int]
    private let theirsClasses: [Int]

    init(base: TextLines, ours: TextLines, theirs: TextLines) {
        var classes = LineClasses()
        let baseClasses = classes.classes(of: base)
        self.ours = ours
        oursClasses = classes.classes(of: ours)
        theirsClasses = classes.classes(of: theirs)
        let oursDiff = LineDiff(baseClasses, oursClasses, classCount: classes.count)
        let theirsDiff = LineDiff(baseClasses, theirsClasses, classCount: classes.count)
        overlay(oursDiff.hunks, theirsDiff.hunks)
        narrow()
        join()
    }

    /// Walks both lists of hunks in step and forms regions.
    private mutating func overlay(_ oursHunks: [LineDiff.Hunk], _ theirsHunks: [LineDiff.Hunk]) {
        var ours = HunkCursor(oursHunks)
        var theirs = HunkCursor(theirsHunks)
        while let start = [ours.next, theirs.next].compactMap({ $0?.old.lowerBound }).min() {
            let oursBefore = ours
            let theirsBefore = theirs
            var end = start
            var grew = true
            while grew {
                grew = false
                while let hunk = ours.next, hunk.old.lowerBound <= end {
                    // Touching is enough: two insertions at one place have no order.
                    end = max(end, hunk.old.upperBound)
                    ours.take()
                    grew = true
                }
                while let hunk = theirs.next, hunk.old.lowerBound <= end {
                    end = max(end, hunk.old.upperBound)
                    theirs.take()
                    grew = true
                }
            }
            let oursTaken = ours.taken - oursBefore.taken
            let theirsTaken = theirs.taken - theirsBefore.taken
            let region = Region(
                kind: theirsTaken == 0 ? .ours : oursTaken == 0 ? .theirs : .conflict,
                base: start..<end,
                ours: start + oursBefore.shift..<end + ours.shift,
                theirs: start + theirsBefore.shift..<end + theirs.shift)
            let isAgreed =
                region.kind == .conflict && oursTaken == 1 && theirsTaken == 1
                && oursHunks[oursBefore.taken].old == theirsHunks[theirsBefore.taken].old
                && oursClasses[region.ours] == theirsClasses[region.theirs]
            // Both made the very same change: our text has it already.
            if !isAgreed { regions.append(region) }
        }
    }

    /// Replaces each conflict by the places in which the two sides differ from one another.
    private mutating func narrow() {
        regions = regions.flatMap { region -> [Region] in
            guard region.kind == .conflict, !region.ours.isEmpty, !region.theirs.isEmpty else {
                return [region]
            }
            let hunks = compare(region.ours, region.theirs)
            if hunks.isEmpty {
                var agreed = region
                agreed.kind = .same
                return [agreed]
            }
            return hunks.map { hunk in
                Region(
                    kind: .conflict, base: region.base,
                    ours: moved(hunk.old, by: region.ours.lowerBound),
                    theirs: moved(hunk.new, by: region.theirs.lowerBound))
            }
        }
    }

    private func moved(_ lines: Range<Int>, by distance: Int) -> Range<Int> {
        lines.lowerBound + distance..<lines.upperBound + distance
    }

    /// Numbers the lines anew, so that the cost depends on this conflict's size alone.
    private func compare(_ ours: Range<Int>, _ theirs: Range<Int>) -> [LineDiff.Hunk] {
        var numbers: [Int: Int] = [:]
        func number(_ line: Int) -> Int {
            if let known = numbers[line] { return known }
            let fresh = numbers.count
            numbers[line] = fresh
            return fresh
        }
        let left = oursClasses[ours].map(number)
        let right = theirsClasses[theirs].map(number)
        return LineDiff(left, right, classCount: numbers.count).hunks
    }

    /// Joins neighbouring conflicts when at most three lines lie between them, or none with a
    /// letter or digit: reading one conflict is easier than reading five with a brace between.
    private mutating func join() {
        var result: [Region] = []
        for region in regions {
            if let last = result.last, last.kind == .conflict, region.kind == .conflict {
                let between = last.ours.upperBound..<region.ours.lowerBound
                if between.count <= 3 || !hasLetterOrDigit(between) {
                    result[result.count - 1] = Region(
                        kind: .conflict,
                        base: last.base.lowerBound..<region.base.upperBound,
                        ours: last.ours.lowerBound..<region.ours.upperBound,
                        theirs: last.theirs.lowerBound..<region.theirs.upperBound)
                    continue
                }
            }
            result.append(region)
        }
        regions = result
    }

    /// ASCII only, so that no locale has a say.
    private func hasLetterOrDigit(_ lines: Range<Int>) -> Bool {
        ours[lines].contains { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"):
                true
            default: false
            }
        }
    }
}

/// A place in a list of hunks, and how far the new text's line numbers run ahead of the old's there.
private struct HunkCursor {
    private let hunks: [LineDiff.Hunk]
    private(set) var taken = 0
    private(set) var shift = 0

    init(_ hunks: [LineDiff.Hunk]) { self.hunks = hunks }

    var next: LineDiff.Hunk? { taken < hunks.count ? hunks[taken] : nil }

    mutating func take() {
        shift += hunks[taken].new.count - hunks[taken].old.count
        taken += 1
    }
}
