import HifCore

/// A file of a git tree, as `git ls-tree -r` lists it.
package struct GitTreeEntry: Hashable, Sendable {
    /// As git understands it: 0o100664 is shown as 0o100644.
    package let mode: UInt32
    package let id: GitID
    package let path: [UInt8]
}

/// For verifying an import or an export: whole trees, read by git itself.
package enum GitTreeIDs {
    /// Every file, link and submodule of a commit or tree, in git's order. Empty directories do not appear.
    package static func lsTree(_ source: GitSource, commit: GitID) throws -> [GitTreeEntry] {
        let process = try GitProcess(
            source.arguments("ls-tree", "-r", "-z", "--full-tree", commit.hex))
        var entries: [GitTreeEntry] = []
        do {
            while let line = try process.output.until(0) {
                // <mode> SP <kind> SP <id> TAB <path>
                let fields = line.split(separator: 0x20, maxSplits: 2)
                guard fields.count == 3, let mode = UInt32(ascii: fields[0]),
                    let id = GitID(hex: fields[2].prefix(GitID.digitCount))
                else { throw GitError(.damaged, "Git lists a tree in an unknown way.") }
                entries.append(
                    GitTreeEntry(
                        mode: mode, id: id,
                        path: Array(fields[2].dropFirst(GitID.digitCount + 1))))
            }
        } catch {
            throw process.explain(error)
        }
        try process.finish()
        return entries
    }

    /// The tree ids of a first-parent line, oldest first: equal ids are equal trees, byte for byte.
    package static func trees(_ source: GitSource) throws -> [GitID] {
        let process = try GitProcess(
            source.arguments(
                "log", "--first-parent", "--reverse", "--format=%T", source.head.hex, "--"))
        var trees: [GitID] = []
        do {
            while let line = try process.output.until(0x0A) {
                guard let id = GitID(hex: line) else {
                    throw GitError(.damaged, "Git lists trees in an unknown way.")
                }
                trees.append(id)
            }
        } catch {
            throw process.explain(error)
        }
        try process.finish()
        return trees
    }

    /// The positions, counted from 0, at which an export does not hold what an import of `source`
    /// should have kept.
    ///
    /// Equal tree ids settle most positions; where they differ, the listed files are compared
    /// without the paths that a repository cannot hold. Odd modes and empty trees change ids and
    /// are no difference. One `git log` a side, and two `git ls-tree` for each position that
    /// differs.
    package static func unequalPositions(
        of export: GitSource, importedFrom source: GitSource
    ) throws -> [Int] {
        let theirs = try trees(source)
        let ours = try trees(export)
        var unequal = Array(min(theirs.count, ours.count)..<max(theirs.count, ours.count))
        for (index, (their, our)) in zip(theirs, ours).enumerated().reversed() where their != our {
            let kept = try lsTree(source, commit: their).filter {
                (try? RepoPath($0.path)) != nil
            }
            if try kept != lsTree(export, commit: our) { unequal.insert(index, at: 0) }
        }
        return unequal
    }
}

extension UInt32 {
    fileprivate init?(ascii digits: some Collection<UInt8>) {
        self.init(String(decoding: digits, as: UTF8.self), radix: 8)
    }
}
