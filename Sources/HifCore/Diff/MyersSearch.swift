/// Finds a short edit script between two rows of numbers: Myers' search from both ends, which needs
/// memory only for the frontier of either search.
///
/// A box (a range of each row) is cut where the two searches meet, and both parts are searched
/// again. When a search has spent `editsMax` steps without meeting, the box is cut at the point
/// that got furthest instead (the idea is GNU diff's): as the work done is within `editsMax` times
/// the ground gained, the total stays O(n · editsMax), and the script may be longer than need be.
/// Boxes wait on a list, not on the stack, so no input makes the recursion deep.
struct MyersSearch {
    private let old: [Int]
    private let new: [Int]
    /// For every entry: it has no partner in the other row.
    private(set) var oldChanged: [Bool]
    private(set) var newChanged: [Bool]

    /// On diagonal `x - y`, the largest x reached from the box's start (`forward`), the smallest
    /// from its end (`backward`). Indexed by diagonal + `origin`.
    private var forward: [Int]
    private var backward: [Int]
    private let origin: Int
    private let editsMax: Int

    init(old: [Int], new: [Int]) {
        self.old = old
        self.new = new
        oldChanged = [Bool](repeating: false, count: old.count)
        newChanged = [Bool](repeating: false, count: new.count)
        let diagonals = old.count + new.count + 3
        forward = [Int](repeating: 0, count: diagonals)
        backward = [Int](repeating: 0, count: diagonals)
        origin = new.count + 1
        editsMax = max(256, LineDiff.roughSquareRoot(diagonals))
    }

    private struct Point {
        var x: Int
        var y: Int
    }

    private struct Box {
        var start: Point
        var end: Point
    }

    mutating func run() {
        var waiting = [Box(start: Point(x: 0, y: 0), end: Point(x: old.count, y: new.count))]
        while var box = waiting.popLast() {
            while box.start.x < box.end.x, box.start.y < box.end.y,
                old[box.start.x] == new[box.start.y]
            {
                box.start.x += 1
                box.start.y += 1
            }
            while box.start.x < box.end.x, box.start.y < box.end.y,
                old[box.end.x - 1] == new[box.end.y - 1]
            {
                box.end.x -= 1
                box.end.y -= 1
            }
            if box.start.x == box.end.x || box.start.y == box.end.y {
                markChanged(box)
                continue
            }
            let cut = middle(of: box)
            let low = Box(start: box.start, end: cut)
            let high = Box(start: cut, end: box.end)
            // A cut at a corner would leave the same box to be searched for ever.
            if isSame(low, box) || isSame(high, box) {
                markChanged(box)
            } else {
                waiting.append(high)
                waiting.append(low)
            }
        }
    }

    private func isSame(_ left: Box, _ right: Box) -> Bool {
        left.start.x == right.start.x && left.start.y == right.start.y
            && left.end.x == right.end.x && left.end.y == right.end.y
    }

    private mutating func markChanged(_ box: Box) {
        for x in box.start.x..<box.end.x { oldChanged[x] = true }
        for y in box.start.y..<box.end.y { newChanged[y] = true }
    }

    /// Where to cut the box; always a point inside it, so that any cut is a correct one.
    private mutating func middle(of box: Box) -> Point {
        let lowest = box.start.x - box.end.y
        let highest = box.end.x - box.start.y
        let first = box.start.x - box.start.y
        let last = box.end.x - box.end.y
        let meetsGoingForward = (first - last) & 1 != 0
        var ahead = first...first
        var behind = last...last
        forward[origin + first] = box.start.x
        backward[origin + last] = box.end.x
        for edits in 1... {
            let reached = ahead
            ahead = widen(ahead, within: lowest...highest)
            // Fresh diagonals have a neighbour that nobody reached: a value that never wins.
            if ahead.lowerBound < reached.lowerBound { forward[origin + ahead.lowerBound - 1] = -1 }
            if ahead.upperBound > reached.upperBound { forward[origin + ahead.upperBound + 1] = -1 }
            var diagonal = ahead.upperBound
            while diagonal >= ahead.lowerBound {
                let x = advance(diagonal, to: box.end)
                if meetsGoingForward, behind.contains(diagonal), backward[origin + diagonal] <= x {
                    return clamp(x, diagonal, box)
                }
                diagonal -= 2
            }
            let left = behind
            behind = widen(behind, within: lowest...highest)
            if behind.lowerBound < left.lowerBound {
                backward[origin + behind.lowerBound - 1] = .max
            }
            if behind.upperBound > left.upperBound {
                backward[origin + behind.upperBound + 1] = .max
            }
            diagonal = behind.upperBound
            while diagonal >= behind.lowerBound {
                let x = retreat(diagonal, to: box.start)
                if !meetsGoingForward, ahead.contains(diagonal), x <= forward[origin + diagonal] {
                    return clamp(x, diagonal, box)
                }
                diagonal -= 2
            }
            if edits >= editsMax { return furthest(box, ahead, behind) }
        }
        return box.start
    }

    /// One diagonal more on either side, or one less where the box ends.
    private func widen(_ range: ClosedRange<Int>, within box: ClosedRange<Int>) -> ClosedRange<Int>
    {
        let low = range.lowerBound + (range.lowerBound > box.lowerBound ? -1 : 1)
        let high = range.upperBound + (range.upperBound < box.upperBound ? 1 : -1)
        return low...high
    }

    private mutating func advance(_ diagonal: Int, to end: Point) -> Int {
        let below = forward[origin + diagonal - 1]
        let above = forward[origin + diagonal + 1]
        var x = below >= above ? below + 1 : above
        var y = x - diagonal
        while x < end.x, y < end.y, old[x] == new[y] {
            x += 1
            y += 1
        }
        forward[origin + diagonal] = x
        return x
    }

    private mutating func retreat(_ diagonal: Int, to start: Point) -> Int {
        let below = backward[origin + diagonal - 1]
        let above = backward[origin + diagonal + 1]
        var x = below < above ? below : above - 1
        var y = x - diagonal
        while x > start.x, y > start.y, old[x - 1] == new[y - 1] {
            x -= 1
            y -= 1
        }
        backward[origin + diagonal] = x
        return x
    }

    /// The point that gained most ground from its end of the box.
    private func furthest(
        _ box: Box, _ ahead: ClosedRange<Int>, _ behind: ClosedRange<Int>
    ) -> Point {
        var low = box.start
        for diagonal in stride(from: ahead.upperBound, through: ahead.lowerBound, by: -2) {
            let point = clamp(forward[origin + diagonal], diagonal, box)
            if point.x + point.y > low.x + low.y { low = point }
        }
        var high = box.end
        for diagonal in stride(from: behind.upperBound, through: behind.lowerBound, by: -2) {
            let point = clamp(backward[origin + diagonal], diagonal, box)
            if point.x + point.y < high.x + high.y { high = point }
        }
        let gainedLow = low.x + low.y - box.start.x - box.start.y
        let gainedHigh = box.end.x + box.end.y - high.x - high.y
        return gainedHigh < gainedLow ? low : high
    }

    /// The point at `x` of the diagonal, or the nearest to it on the diagonal inside the box.
    private func clamp(_ x: Int, _ diagonal: Int, _ box: Box) -> Point {
        let low = max(box.start.x, box.start.y + diagonal)
        let high = min(box.end.x, box.end.y + diagonal)
        let inside = max(low, min(x, high))
        return Point(x: inside, y: inside - diagonal)
    }
}
