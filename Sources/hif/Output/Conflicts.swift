import HifCore
import HifRepository

/// Conflicts as data and as lines.
enum Conflicts {
    /// Conflicts that a person is shown one by one.
    static let shownMax = 20

    static func json(_ conflict: LandOutcome.Conflict) -> JSON {
        .object(
            JSON.path(conflict.operation.path.bytes) + [
                "position": conflict.landing.map { .int($0) } ?? .null,
                "hunks": .array(conflict.hunks.map(json)),
                "reason": .string(
                    conflict.reason == .fileAndDirectory ? "file_and_directory" : "changed"),
                "change": .string(
                    Changes.word(before: conflict.operation.before, after: conflict.operation.after)
                ),
                "theirs": .string(conflict.found == nil ? "deleted" : "changed"),
            ])
    }

    static func line(_ conflict: LandOutcome.Conflict) -> String {
        let winner = conflict.landing.map { "@\($0)" } ?? "an earlier landing"
        if conflict.reason == .fileAndDirectory {
            return
                "'\(conflict.operation.path)': a file and a directory of that name, against \(winner)"
        }
        if conflict.found == nil { return "'\(conflict.operation.path)': deleted by \(winner)" }
        if conflict.operation.after == nil {
            return "'\(conflict.operation.path)': deleted here, changed by \(winner)"
        }
        guard !conflict.hunks.isEmpty else {
            return
                "'\(conflict.operation.path)': changed by \(winner) too, and cannot be merged by line"
        }
        let places = conflict.hunks.prefix(5).map { lines($0.ours) }.joined(separator: ", ")
        let more = conflict.hunks.count > 5 ? " and \(conflict.hunks.count - 5) more places" : ""
        return "'\(conflict.operation.path)': \(places)\(more), against \(winner)"
    }

    static func json(_ hunk: LandOutcome.Hunk) -> JSON {
        func range(_ range: Range<Int>) -> JSON {
            .object(["start": .int(range.lowerBound + 1), "count": .int(range.count)])
        }
        return .object([
            "base": range(hunk.base), "ours": range(hunk.ours), "theirs": range(hunk.theirs),
        ])
    }

    private static func lines(_ range: Range<Int>) -> String {
        switch range.count {
        case 0: "before line \(range.lowerBound + 1)"
        case 1: "line \(range.lowerBound + 1)"
        default: "lines \(range.lowerBound + 1)-\(range.upperBound)"
        }
    }
}
