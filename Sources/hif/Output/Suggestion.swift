/// "Did you mean": the nearest of a few words by edit distance.
enum Suggestion {
    /// The word of `candidates` nearest to `word`, if it is near enough to be what was meant.
    static func nearest(to word: String, in candidates: [String]) -> String? {
        var best: (word: String, distance: Int)?
        let limit = max(1, min(3, word.count / 3 + 1))
        for candidate in candidates.prefix(10_000) where abs(candidate.count - word.count) <= limit
        {
            let distance = distance(Array(word.lowercased()), Array(candidate.lowercased()))
            if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.word
    }

    /// Insertions, deletions, replacements and swaps of neighbours (Damerau, Levenshtein; the
    /// restricted form). O(m · n), for words.
    static func distance(_ left: [Character], _ right: [Character]) -> Int {
        guard !left.isEmpty else { return right.count }
        guard !right.isEmpty else { return left.count }
        var before: [Int] = []
        var previous = Array(0...right.count)
        for i in 1...left.count {
            var row = [i] + Array(repeating: 0, count: right.count)
            for j in 1...right.count {
                let cost = left[i - 1] == right[j - 1] ? 0 : 1
                row[j] = min(row[j - 1] + 1, previous[j] + 1, previous[j - 1] + cost)
                if i > 1, j > 1, left[i - 1] == right[j - 2], left[i - 2] == right[j - 1] {
                    row[j] = min(row[j], before[j - 2] + 1)
                }
            }
            before = previous
            previous = row
        }
        return previous[right.count]
    }
}
