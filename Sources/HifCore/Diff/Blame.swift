/// Finds for every line of a text the change that brought it in, by walking back through older
/// versions.
///
/// Start with the newest version and call `step` once for each change to the file, newest first.
/// A line is attributed to the first change whose older version does not have it. The lines still
/// unattributed shrink with each step, and once `isComplete`, older history need not be read.
///
///     var blame = Blame<UInt64>(newest: content)
///     while !blame.isComplete, let change = changes.next() {
///         blame.step(older: change.contentBefore, changedAt: change.position)
///     }
///
/// Each step costs one `LineDiff` of neighbouring versions. Moved and copied lines belong to the
/// change that moved them.
package struct Blame<Position> {
    /// For every line of the newest version: where it came in, nil while unknown.
    package private(set) var lines: [Position?]

    /// The oldest version seen so far.
    private var current: TextLines
    /// Lines of `current` whose origin is unknown, and what they are called in the newest version.
    /// Ascending in both.
    private var waiting: [(current: Int, newest: Int)]

    package init(newest: [UInt8]) {
        current = TextLines(newest)
        lines = Array(repeating: nil, count: current.count)
        waiting = (0..<current.count).map { (current: $0, newest: $0) }
    }

    /// Whether every line is attributed. True from the start for an empty text.
    package var isComplete: Bool { waiting.isEmpty }

    /// Goes one change back: `older` is the content before the change at `changedAt`, nil if the
    /// file was not there, to which all that is left is then attributed.
    package mutating func step(older: [UInt8]?, changedAt position: Position) {
        let older = TextLines(older ?? [])
        let hunks = isComplete ? [] : LineDiff(older, current).hunks
        var index = 0
        var shift = 0
        var left: [(current: Int, newest: Int)] = []
        for line in waiting {
            while index < hunks.count, hunks[index].new.upperBound <= line.current {
                shift += hunks[index].old.count - hunks[index].new.count
                index += 1
            }
            if index < hunks.count, hunks[index].new.contains(line.current) {
                lines[line.newest] = position
            } else {
                left.append((current: line.current + shift, newest: line.newest))
            }
        }
        waiting = left
        current = older
    }
}

extension Blame: Sendable where Position: Sendable {}
