package import HifCore

/// One path and what stands there before and after, in the order in which they can be applied.
package struct GitOperation: Hashable, Sendable {
    package let path: RepoPath
    /// Nil when the path appears.
    package let before: Leaf?
    /// Nil when the path goes.
    package let after: Leaf?

    package init(path: RepoPath, before: Leaf?, after: Leaf?) {
        self.path = path
        self.before = before
        self.after = after
    }
}

/// What an import could not keep as it was.
package struct GitReport: Sendable {
    package enum Kind: Hashable, Sendable {
        /// A path that no repository holds is left out, through its whole life.
        case pathLeftOut(PathError.Rule)
        /// A mode git does not write any more became the nearest one.
        case modeChanged(UInt32)
    }

    package struct Entry: Hashable, Sendable, CustomStringConvertible {
        package let commit: GitID
        package let path: [UInt8]
        package let kind: Kind

        package var description: String {
            let shown = SafeText.escape(Array(path.prefix(200)))
            switch kind {
            case .pathLeftOut(let rule):
                return "Commit \(commit): '\(shown)' is left out: \(rule.rawValue)."
            case .modeChanged(let mode):
                return "Commit \(commit): '\(shown)' has mode \(String(mode, radix: 8)); taken as"
                    + " \(GitMapper.kind(ofMode: mode))."
            }
        }
    }

    /// Entries kept; the rest are counted.
    package static let entriesMax = 1000

    /// The first entries, each path once a commit.
    package private(set) var entries: [Entry] = []
    package private(set) var count = 0

    package init() {}

    mutating func add(_ commit: GitID, _ path: [UInt8], _ kind: Kind) {
        count += 1
        if entries.count < GitReport.entriesMax {
            entries.append(Entry(commit: commit, path: path, kind: kind))
        }
    }
}

/// Turns git's changes into operations on paths and leaves.
package struct GitMapper: Sendable {
    private let map: GitBlobMap
    package private(set) var report = GitReport()

    /// - Parameter map: complete for the line whose steps will be given.
    package init(_ map: GitBlobMap) {
        self.map = map
    }

    /// The operations of one commit: first what goes, then what comes or changes, each by rising
    /// path. So a file that becomes a directory is gone before anything is put below it, and the
    /// other way round.
    ///
    /// - Throws: `damaged` for a commit that brings one path twice, or a file and something below
    ///   it, which no git writes; `missingObject` for contents that are not in the map. A commit
    ///   that puts a directory beside a file of an earlier one passes here: the tree refuses it.
    package mutating func operations(of step: GitStep) throws -> [GitOperation] {
        var gone: [GitOperation] = []
        var kept: [GitOperation] = []
        for change in step.changes {
            let path: RepoPath
            do {
                path = try RepoPath(change.path)
            } catch {
                if change.after != nil {
                    report.add(step.commit.id, change.path, .pathLeftOut(error.rule))
                }
                continue
            }
            let before = try change.before.map { try leaf($0, step, change.path, isNew: false) }
            let after = try change.after.map { try leaf($0, step, change.path, isNew: true) }
            guard before != after else { continue }
            let operation = GitOperation(path: path, before: before, after: after)
            if after == nil { gone.append(operation) } else { kept.append(operation) }
        }
        gone.sort { $0.path < $1.path }
        kept.sort { $0.path < $1.path }
        let files = Set(kept.map(\.path))
        guard files.count == kept.count, Set(gone.map(\.path)).count == gone.count,
            kept.allSatisfy({ files.isDisjoint(with: $0.path.ancestors) })
        else {
            throw GitError(
                .damaged, "Commit \(step.commit.id) names a path twice.",
                hint: "The repository is damaged: git fsck shows where.")
        }
        return gone + kept
    }

    private mutating func leaf(
        _ side: GitChange.Side, _ step: GitStep, _ path: [UInt8], isNew: Bool
    ) throws -> Leaf {
        guard let blob = map[side] else {
            throw GitError(
                .missingObject, "Content \(side.id) of commit \(step.commit.id) was not read.")
        }
        if isNew, !GitMapper.modes.contains(side.mode) {
            report.add(step.commit.id, path, .modeChanged(side.mode))
        }
        return Leaf(kind: GitMapper.kind(ofMode: side.mode), size: blob.size, hash: blob.hash)
    }

    private static let modes: Set<UInt32> = [0o100644, 0o100755, 0o120000, 0o160000]

    /// The kind nearest to a git mode, by git's own rule: the type bits, then the owner's
    /// executable bit.
    package static func kind(ofMode mode: UInt32) -> Leaf.Kind {
        switch mode & 0o170000 {
        case 0o120000: .symlink
        case 0o160000: .external
        case 0o040000: .directory
        default: mode & 0o100 != 0 ? .executable : .file
        }
    }

    /// The mode git writes for a kind.
    package static func mode(of kind: Leaf.Kind) -> UInt32 {
        switch kind {
        case .file: 0o100644
        case .executable: 0o100755
        case .symlink: 0o120000
        case .directory: 0o040000
        case .external: 0o160000
        }
    }
}
