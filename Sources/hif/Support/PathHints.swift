import HifCore
import HifWorkspace

/// "Did you mean" for paths.
enum PathHints {
    /// Refuses paths that are nowhere: neither a file here nor something of the project.
    static func check(
        _ paths: [RepoPath], _ workspace: Workspace, at position: Position? = nil
    ) async throws {
        let position = position ?? workspace.base.position
        for (path, leaf) in zip(paths, try await workspace.leaves(paths, at: position))
        where leaf == nil {
            if try workspace.isThere(path) { continue }
            throw try await notFound(path, workspace, at: position)
        }
    }

    /// The error for a path that is not there, with the nearest name beside it.
    static func notFound(
        _ path: RepoPath, _ workspace: Workspace, at position: Position
    ) async throws -> Failure {
        let near = try? await nearest(path, workspace, at: position)
        return Failure(
            "not_found", .notFound, "there is no '\(path)' at @\(position)",
            hint: near.map { "did you mean '\($0)'?" } ?? "hif ls --at @\(position)")
    }

    private static func nearest(
        _ path: RepoPath, _ workspace: Workspace, at position: Position
    ) async throws -> RepoPath? {
        let entries = try await workspace.list(path.parent, at: position)
        let name = String(decoding: path.name, as: UTF8.self)
        let names = entries.map { String(decoding: $0.name, as: UTF8.self) }
        guard let near = Suggestion.nearest(to: name, in: names),
            let entry = entries.first(where: { String(decoding: $0.name, as: UTF8.self) == near })
        else { return nil }
        return try path.parent.map { try $0.appending(entry.name) } ?? RepoPath(entry.name)
    }
}
