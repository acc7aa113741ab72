package import HifCore
package import HifRepository

extension FileBlame {
    /// Walks back from `position` over the landings of a project that changed `path`.
    package init(_ path: RepoPath, at position: Position, remote: any Remote) async throws {
        do {
            let found = try await FileBlame(path, at: position) { query in
                try await remote.landings(query)
            } operations: { position in
                try await remote.landing(at: position).operations
            } content: { leaf in
                var bytes: [UInt8] = []
                try await remote.contents([leaf.hash], at: position) { bytes += $0.bytes }
                return bytes
            }
            guard let found else {
                throw WorkspaceError(.notFound, "there is no file '\(path)' at @\(position)")
            }
            self = found
        } catch is TooLarge {
            throw WorkspaceError(.refused, "'\(path)' is too large to blame")
        }
    }
}
