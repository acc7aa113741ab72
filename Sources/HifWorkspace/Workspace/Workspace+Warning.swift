package import HifCore
package import HifRepository

/// What others did since, to paths that are changed here too.
package struct RemoteWarning: Sendable {
    /// The newest position of the project.
    package let position: Position
    /// Landings since the base that touched a path changed here, newest first.
    package let landings: [LandingPage.Entry]
    /// Changed paths that were not asked about, because there are too many.
    package let uncheckedCount: Int
}

extension Workspace {
    /// Changed paths that are asked about.
    package static let warnedPathsMax = 500

    /// Looks, before anybody lands, whether others landed changes of the same paths since the base.
    /// Not every one of these is a conflict: different lines merge.
    ///
    /// - Parameter limit: landings to name.
    package func remoteWarning(
        of changes: [WorkingChange], limit: Int
    ) async throws -> RemoteWarning {
        let newest = try await remote.newest().position
        let paths = changes.prefix(Workspace.warnedPathsMax).map(\.path)
        let landings =
            newest > base.position
            ? try await remote.landings(touching: paths, after: base.position, limit: limit) : []
        return RemoteWarning(
            position: newest, landings: landings, uncheckedCount: changes.count - paths.count)
    }
}
