import HifCore
import HifRepository
import HifWorkspace

/// What became of local edits when the files moved, as talk and as data.
enum Moves {
    /// Tells of merges, conflicts and backups.
    static func tell(_ move: MoveReport, _ console: Console, _ outcome: inout Outcome) {
        for path in move.merged.prefix(50) {
            console.note("Kept your edits in '\(path)', merged with the project's.")
        }
        if let label = move.backupLabel {
            console.note("What was replaced is kept in .hif/backup/\(label).")
        }
        if !move.conflicts.isEmpty {
            outcome.warnings.append(
                "\(Changes.count(move.conflicts.count, "path")) in conflict: "
                    + move.conflicts.prefix(10).map { "'\($0)'" }.joined(separator: ", "))
            outcome.next = ["edit them, then: hif session resolve"]
        }
    }

    static func json(_ move: MoveReport) -> [String: JSON] {
        func list(_ paths: [RepoPath]) -> JSON {
            .array(paths.map { .object(JSON.path($0.bytes)) })
        }
        return [
            "from": .int(move.from), "position": .int(move.to), "written": .int(move.writtenCount),
            "removed": .int(move.removedCount), "merged": list(move.merged),
            "backup": .optional(move.backupLabel.map { ".hif/backup/" + $0 }),
        ]
    }

    static let shape: [String: Shape] = [
        "from": .int, "position": .int, "written": .int, "removed": .int, "merged": .paths,
        "backup": .maybe(.string),
    ]

    /// Conflicts that a move left in files end the command with the exit code of a conflict: the
    /// move itself is done.
    static func check(_ move: MoveReport, _ workspace: Workspace, did: String) async throws {
        guard !move.conflicts.isEmpty else { return }
        var conflicts: [JSON] = []
        var lines: [String] = []
        let deleted = Set(move.deletedThere)
        for path in move.conflicts {
            let landing = try? await workspace.lastLanding(
                of: path, after: move.from, upTo: move.to)
            let hunks = move.hunks[path] ?? []
            conflicts.append(
                .object(
                    JSON.path(path.bytes) + [
                        "position": .int(landing ?? move.to),
                        "hunks": .array(hunks.map { Conflicts.json($0) }),
                        "theirs": .string(deleted.contains(path) ? "deleted" : "changed"),
                    ]))
            guard lines.count < Conflicts.shownMax else { continue }
            let winner = "@\(landing ?? move.to)"
            if deleted.contains(path) {
                lines.append(
                    "'\(path)': deleted by \(winner), edited here: your version was kept; to delete it too: rm \(Shell.quote(path))"
                )
                continue
            }
            lines.append(
                hunks.isEmpty
                    ? "'\(path)': your version was kept; the project's: hif cat \(Shell.quote(path)) --at \(winner)"
                    : "'\(path)': \(Changes.count(hunks.count, "place")) marked, against \(winner)")
        }
        if move.conflicts.count > Conflicts.shownMax {
            lines.append("and \(move.conflicts.count - Conflicts.shownMax) more")
        }
        throw Failure(
            "path_conflict", .conflict,
            "\(did), and \(Changes.count(move.conflicts.count, "path is", "paths are")) in conflict with your edits",
            hint: "edit them, then: hif session resolve",
            details: ["conflicts": .array(conflicts), "move": .object(json(move))], lines: lines)
    }
}

/// Words for a shell.
enum Shell {
    /// The path as a word that can be pasted into a command, where it is plain text.
    static func quote(_ path: RepoPath) -> String { quote(path.description) }

    /// The bytes as a word; nil where they are no text that shows as it is.
    static func word(_ bytes: [UInt8]) -> String? {
        let text = SafeText.escape(bytes)
        return Array(text.utf8) == bytes ? quote(text) : nil
    }

    /// The word, escaped for a terminal too.
    static func quote(_ word: String) -> String {
        let text = SafeText.escape(word)
        let isPlain = text.utf8.allSatisfy {
            $0 >= 0x80
                || "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+=@%,"
                    .utf8.contains($0)
        }
        return isPlain
            ? text
            : "'"
                + text.split(separator: "'", omittingEmptySubsequences: false).joined(
                    separator: "'\\''") + "'"
    }
}
