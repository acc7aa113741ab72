extension LineDiff {
    /// The lines of one side that enter the search, and marks on those that do not.
    struct Candidates {
        /// Ascending line numbers.
        var lines: [Int] = []
        /// For every line of the side: no partner on the other.
        var isChanged: [Bool]
    }

    /// How a line's prospects look before the search.
    private enum Prospect {
        /// It does not occur on the other side.
        case none
        /// It occurs there so often (a blank line, a brace) that a partner says little.
        case vague
        case good
    }

    /// A line occurring at least this often on the other side is vague, whatever the size.
    private static let vagueCountMax = 1024
    /// How far around a vague line one looks, in lines.
    private static let neighbourhood = 100

    /// Sorts out the lines of `side` within `range`.
    ///
    /// A line that does not occur on the other side is a change without a search. A vague line is
    /// one too if it stands in a run of such changes: pairing the braces of a rewritten function
    /// with somebody else's braces is what makes a diff unreadable. The measure, three changes to
    /// each vague line with changes on both sides of it, is that of GNU diff and git.
    /// O(lines · 200) at worst.
    static func candidates(
        _ side: [Int], in range: Range<Int>, against other: [Int], classCount: Int
    ) -> Candidates {
        var occurrences = [Int](repeating: 0, count: classCount)
        for line in other { occurrences[line] += 1 }
        let vagueCount = min(roughSquareRoot(side.count), vagueCountMax)
        let prospects = range.map { line -> Prospect in
            let count = occurrences[side[line]]
            return count == 0 ? .none : count >= vagueCount ? .vague : .good
        }
        var result = Candidates(isChanged: [Bool](repeating: false, count: side.count))
        for (index, prospect) in prospects.enumerated() {
            let enters =
                switch prospect {
                case .none: false
                case .good: true
                case .vague: !standsAmongChanges(prospects, index)
                }
            if enters {
                result.lines.append(range.lowerBound + index)
            } else {
                result.isChanged[range.lowerBound + index] = true
            }
        }
        return result
    }

    private static func standsAmongChanges(_ prospects: [Prospect], _ index: Int) -> Bool {
        // The line itself counts once for either direction.
        var changes = 0
        var vague = 2
        for direction in [-1, 1] {
            var found = 0
            var place = index + direction
            while prospects.indices.contains(place), abs(place - index) <= neighbourhood {
                if prospects[place] == .good { break }
                if prospects[place] == .none { found += 1 } else { vague += 1 }
                place += direction
            }
            guard found > 0 else { return false }
            changes += found
        }
        return vague * 4 < vague + changes
    }

    /// The power of two from √n up to 2√n.
    static func roughSquareRoot(_ count: Int) -> Int {
        var root = 1
        var rest = count
        while rest > 0 {
            root <<= 1
            rest >>= 2
        }
        return root
    }
}
