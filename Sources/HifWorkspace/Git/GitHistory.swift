/// A commit that came in with a merge: what history keeps of it.
package struct GitSideCommit: Hashable, Sendable {
    package let id: GitID
    package let author: GitPerson
    /// First line of the message.
    package let subject: [UInt8]
}

/// One commit of the first-parent line with everything an importer needs to know of it.
package struct GitStep: Sendable {
    /// From 0; the position it lands at is one more.
    package let index: Int
    package let commit: GitCommit
    /// For a merge: the commits it brought in, newest first, at most `GitLine.mergedMax`.
    package let merged: [GitSideCommit]
    /// How many it brought in.
    package let mergedCount: Int
    /// Against the first parent, in git's order; all of the tree for the first commit.
    package let changes: [GitChange]
}

/// Walks the first-parent line, oldest first, holding one commit's changes at a time.
///
/// Two git processes run beside it (`cat-file` for commits, `diff-tree` for changes) and wait when
/// nobody pulls. To resume, begin at a later index: nothing before it is read again.
package final class GitHistory {
    private let line: GitLine
    private let changes: GitChanges
    private let objects: GitObjects
    private var index: Int

    /// - Parameter first: index on the line of the first commit given; up to `line.count`.
    package init(_ source: GitSource, line: GitLine, from first: Int = 0) throws {
        precondition(first >= 0 && first <= line.count, "beginning beyond the line")
        self.line = line
        index = first
        let list = try GitScratchFile()
        for index in first..<line.count {
            try list.line(line.commits[index])
            for side in line.merged(at: index).commits { try list.line(side) }
        }
        objects = try GitObjects(source, list: list)
        changes = try GitChanges(source, line: line, from: first)
    }

    /// The next commit; nil after the last.
    package func next() throws -> GitStep? {
        guard index < line.count else {
            try changes.finish()
            return nil
        }
        let commit = try readCommit(line.commits[index])
        let (sides, count) = line.merged(at: index)
        var merged: [GitSideCommit] = []
        merged.reserveCapacity(sides.count)
        for id in sides {
            let side = try readCommit(id)
            merged.append(GitSideCommit(id: id, author: side.author, subject: side.subject))
        }
        var found: [GitChange] = []
        try changes.each(of: commit.id) { found.append($0) }
        defer { index += 1 }
        return GitStep(
            index: index, commit: commit, merged: merged, mergedCount: count, changes: found)
    }

    private func readCommit(_ id: GitID) throws -> GitCommit {
        guard let header = try objects.next(), header.id == id,
            header.kind.elementsEqual("commit".utf8)
        else {
            throw GitError(.damaged, "Commit \(id) could not be read.")
        }
        return try GitCommit(id: id, content: objects.content(header))
    }
}
