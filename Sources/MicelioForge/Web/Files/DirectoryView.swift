import HifCore

/// What a page shows of a directory: its entries with their newest landings, and its README as markup.
/// Nothing of it changes as long as the project has the name that is in its links.
struct DirectoryView: Sendable {
    let entries: [TreeEntry]
    /// How many there are; not all may be shown.
    let count: Int
    let readme: ReadmeView?

    struct Key: Hashable, Sendable {
        /// The project's id in the store.
        let project: String
        /// What the links say: the project's name, and the position unless it is the newest.
        let name: ProjectPath
        let position: Position
        let isNewest: Bool
        /// Nil for the root.
        let directory: RepoPath?
    }

    /// As it was made before for a page, or anew.
    static func of(
        _ directory: RepoPath?, _ project: OpenProject<Reading>, at point: ReadingPoint,
        _ forge: Forge
    ) async throws -> DirectoryView {
        let key = Key(
            project: project.grant.project.storeProjectID, name: project.grant.project.path,
            position: point.position, isNewest: point.position == point.tip, directory: directory)
        if let known = forge.directories[key] { return known }
        let listing = try await project.list(directory, at: point)
        let made = DirectoryView(
            entries: listing.entries.map(TreeEntry.init), count: listing.count,
            readme: try await ReadmeView(listing, project, point))
        forge.directories.keep(made, for: key, bytes: made.bytes)
        return made
    }

    /// About what it takes in memory.
    private var bytes: Int {
        1_000 + entries.count * 600
            + (readme.map { 2 * ($0.text.utf8.count + $0.html.text.utf8.count) } ?? 0)
    }
}
