extension LineDiff {
    /// Moves every run of changed lines of `side` to the place where people expect it.
    ///
    /// A run can move down by one when the line after it equals its first line, and up likewise; a
    /// run that touches another on its way swallows it. Where it comes to rest: beside a change of
    /// the other side if it can (the lowest such place), for then both print as one replacement,
    /// else as far down as it goes. These are git's rules without the indent heuristic.
    ///
    /// Every step leaves a correct diff, so the work may stop anywhere: after 64 steps a line of
    /// the text, which only a text made for the purpose needs, the remaining runs stay where they
    /// are.
    static func slide(_ side: [Int], _ isChanged: inout [Bool], other: [Bool]) {
        var run = SlidingRun(side: side, isChanged: isChanged, otherHasChange: changeGaps(other))
        run.slideAll()
        isChanged = run.isChanged
    }

    /// For every k: whether changed lines stand between kept line k - 1 and kept line k. Kept lines
    /// pair up with those of the other side in order, so k names the same place on both.
    private static func changeGaps(_ isChanged: [Bool]) -> [Bool] {
        var result = [false]
        for changed in isChanged {
            if changed {
                result[result.count - 1] = true
            } else {
                result.append(false)
            }
        }
        return result
    }
}

/// One run of changed lines on its way through a side.
private struct SlidingRun {
    let side: [Int]
    var isChanged: [Bool]
    let otherHasChange: [Bool]

    private var start = 0
    private var end = 0
    /// Kept lines before `start`.
    private var gap = 0
    private var stepsLeft: Int

    init(side: [Int], isChanged: [Bool], otherHasChange: [Bool]) {
        self.side = side
        self.isChanged = isChanged
        self.otherHasChange = otherHasChange
        stepsLeft = 64 * (side.count + 1)
    }

    mutating func slideAll() {
        while true {
            // To the next run; the line after a run is kept.
            while end < side.count, !isChanged[end] {
                end += 1
                gap += 1
            }
            guard end < side.count else { return }
            start = end
            while end < side.count, isChanged[end] { end += 1 }
            slideOne()
            guard stepsLeft > 0 else { return }
        }
    }

    private mutating func slideOne() {
        var size: Int
        var passesOther: Bool
        var highestEnd: Int
        repeat {
            size = end - start
            while stepUp() {}
            highestEnd = end
            passesOther = otherHasChange[gap]
            while stepDown() {
                if otherHasChange[gap] { passesOther = true }
            }
        } while size != end - start && stepsLeft > 0
        guard end != highestEnd, passesOther else { return }
        while !otherHasChange[gap], stepUp() {}
    }

    private mutating func stepUp() -> Bool {
        guard start > 0, stepsLeft > 0, side[start - 1] == side[end - 1] else { return false }
        stepsLeft -= 1
        start -= 1
        end -= 1
        gap -= 1
        isChanged[start] = true
        isChanged[end] = false
        while start > 0, isChanged[start - 1] { start -= 1 }
        return true
    }

    private mutating func stepDown() -> Bool {
        guard end < side.count, stepsLeft > 0, side[start] == side[end] else { return false }
        stepsLeft -= 1
        isChanged[start] = false
        isChanged[end] = true
        start += 1
        end += 1
        gap += 1
        while end < side.count, isChanged[end] { end += 1 }
        return true
    }
}
