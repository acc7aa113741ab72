package import HifCore
package import HifRepository

/// Who wrote each line of a file: the landing, and with it the session and its goal.
package struct FileBlame: Sendable {
    /// The file's lines, with their ends.
    package let lines: [[UInt8]]
    /// For each line, the landing that brought it; nil where the walk was cut short.
    package let positions: [Position?]
    package let landings: [Position: Landing]

    /// Landings that changed the file which are looked at before the walk is cut short.
    package static let landingsMax = 100_000
    package static let bytesMax: UInt64 = 16 << 20

    /// Walks back from `position` over the landings that changed `path`. Requests: the pages of the
    /// path's log, and one content for each landing on it until every line has its landing.
    package init(_ path: RepoPath, at position: Position, remote: any Remote) async throws {
        var query = LandingQuery(from: position, path: path, limit: 200)
        var blame: Blame<Position>?
        var lines: [[UInt8]] = []
        var landings: [Position: Landing] = [:]
        var visited = 0
        func content(_ leaf: Leaf?) async throws -> [UInt8]? {
            guard let leaf, leaf.isFile || leaf.kind == .symlink else { return nil }
            guard leaf.size <= FileBlame.bytesMax else {
                throw WorkspaceError(.refused, "'\(path)' is too large to blame")
            }
            var bytes: [UInt8] = []
            try await remote.contents([leaf.hash], at: position) { bytes += $0.bytes }
            return bytes
        }
        walk: while true {
            let page = try await remote.landings(query)
            for entry in page.entries {
                let detail = try await remote.landing(at: entry.position)
                guard
                    let change = detail.operations.first(where: {
                        !$0.isNoOp && $0.operation.path == path
                    })?.operation
                else { continue }
                if blame == nil {
                    guard let leaf = change.after, let bytes = try await content(leaf) else {
                        throw WorkspaceError(
                            .notFound, "there is no file '\(path)' at @\(position)")
                    }
                    let text = TextLines(bytes)
                    lines = (0..<text.count).map { Array(text[$0]) }
                    blame = Blame(newest: bytes)
                }
                landings[entry.position] = entry.landing
                // Everything since the landing before was the same: this one made `current`.
                blame?.step(older: try await content(change.before), changedAt: entry.position)
                visited += 1
                if blame?.isComplete == true || change.before == nil
                    || visited >= FileBlame.landingsMax
                {
                    break walk
                }
            }
            guard let next = page.next else { break }
            query.from = next
        }
        guard let blame else {
            throw WorkspaceError(.notFound, "there is no file '\(path)' at @\(position)")
        }
        self.lines = lines
        positions = blame.lines
        self.landings = landings
    }
}
