import HifCore

/// A landing that was refused for what is in it: the paths in conflict, and what to call next.
struct LandingRefused: Error {
    let error: ForgeError
    let conflicts: [ConflictView]
    let next: Refusal.Next?
}

/// A path that could not land, and with whom it conflicts.
struct ConflictView: Encodable, Hashable, Sendable {
    let path: String
    /// The landing that was first; null when it was not found.
    let landing: Position?
    /// `changed`, `deleted`, or `in_the_way` for a file where a directory is wanted.
    let theirs: String
    /// What the project has there now: its content's hash; null when nothing is there.
    let found: String?
    /// The lines in dispute in your version, from 1: first and last.
    let lines: [[Int]]
    /// Who landed it, and for which goal; null where that was not looked up.
    let by: String?
    let goal: String?
}
