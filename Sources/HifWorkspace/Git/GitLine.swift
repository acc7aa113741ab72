/// The first-parent line of a branch, oldest commit first, and for each merge on it the commits
/// that came in with it.
///
/// Made from one listing of the graph, not from one `git rev-list` a merge: what the first parent
/// reaches is what the line has reached before, so a walk along the line that marks commits finds
/// each side commit once. O(commits) time and about 60 bytes a commit while it is being made.
package struct GitLine: Sendable {
    /// Side commits kept for one merge; the rest are counted.
    package static let mergedMax = 1000

    /// The commits of the line.
    package let commits: [GitID]
    /// For each, where its side commits end in `sideCommits`.
    private let sideEnds: [Int]
    private let sideCommits: [GitID]
    private let sideCounts: [Int: Int]

    package var count: Int { commits.count }

    /// Commits reachable from the other parents of commit `index` and not from its first, newest
    /// first, at most `mergedMax`; and how many there are.
    package func merged(at index: Int) -> (commits: ArraySlice<GitID>, count: Int) {
        let start = index == 0 ? 0 : sideEnds[index - 1]
        let slice = sideCommits[start..<sideEnds[index]]
        return (slice, sideCounts[index] ?? slice.count)
    }

    package init(of source: GitSource) throws {
        let graph = try GitGraph(of: source)
        var line: [Int32] = []
        var next: Int32? = 0
        while let commit = next, line.count <= graph.ids.count {
            line.append(commit)
            next = graph.parents(of: commit).first
        }
        line.reverse()
        var isReached = [Bool](repeating: false, count: graph.ids.count)
        var ends: [Int] = []
        var sides: [GitID] = []
        var counts: [Int: Int] = [:]
        for (index, commit) in line.enumerated() {
            isReached[Int(commit)] = true
            var found: [Int32] = []
            var waiting = Array(graph.parents(of: commit).dropFirst())
            while let side = waiting.popLast() {
                if isReached[Int(side)] { continue }
                isReached[Int(side)] = true
                found.append(side)
                waiting.append(contentsOf: graph.parents(of: side))
            }
            // The listing's order: children before parents, newest first.
            found.sort()
            if found.count > GitLine.mergedMax { counts[index] = found.count }
            sides.append(contentsOf: found.prefix(GitLine.mergedMax).map { graph.ids[Int($0)] })
            ends.append(sides.count)
        }
        commits = line.map { graph.ids[Int($0)] }
        sideEnds = ends
        sideCommits = sides
        sideCounts = counts
    }
}

/// Every commit that a branch reaches, with its parents by index, in the order of `git rev-list
/// --topo-order`: a child always before its parents, the head first.
private struct GitGraph {
    private(set) var ids: [GitID] = []
    private var parentEnds: [Int32] = []
    private var parentIndexes: [Int32] = []

    func parents(of commit: Int32) -> ArraySlice<Int32> {
        let start = commit == 0 ? 0 : parentEnds[Int(commit) - 1]
        return parentIndexes[Int(start)..<Int(parentEnds[Int(commit)])]
    }

    init(of source: GitSource) throws {
        let process = try GitProcess(
            source.arguments("rev-list", "--topo-order", "--parents", source.head.hex, "--"))
        var parentIDs: [GitID] = []
        do {
            while let line = try process.output.until(0x0A) {
                var rest = line[...]
                while !rest.isEmpty {
                    guard let id = GitID(hex: rest.prefix(GitID.digitCount)) else {
                        throw GitError(.damaged, "Git lists a commit in an unknown way.")
                    }
                    if rest.startIndex == 0 { ids.append(id) } else { parentIDs.append(id) }
                    rest = rest.dropFirst(GitID.digitCount + 1)
                }
                parentEnds.append(Int32(parentIDs.count))
            }
        } catch {
            throw process.explain(error)
        }
        try process.finish()
        var indexes: [GitID: Int32] = [:]
        indexes.reserveCapacity(ids.count)
        for (index, id) in ids.enumerated() { indexes[id] = Int32(index) }
        parentIndexes.reserveCapacity(parentIDs.count)
        for id in parentIDs {
            guard let index = indexes[id] else {
                throw GitError(.missingObject, "Commit \(id) is missing from the repository.")
            }
            parentIndexes.append(index)
        }
    }
}
