package import HifCore

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

    /// A version of the file is longer than `bytesMax`.
    package struct TooLarge: Error {}

    /// Walks back from `position` over the landings that changed `path`. Requests: the pages of the
    /// path's log, and one content for each landing on it until every line has its landing.
    ///
    /// - Parameters:
    ///   - landings: a page of the history.
    ///   - operations: what the landing at a position did.
    ///   - content: the bytes of a leaf, which is at most `bytesMax` long.
    /// - Returns: nil when there is no file of that name at the position.
    package init?(
        _ path: RepoPath, at position: Position, landingsMax: Int = FileBlame.landingsMax,
        landings page: (LandingQuery) async throws -> LandingPage,
        operations: (Position) async throws -> [LandedOperation],
        content read: (Leaf) async throws -> [UInt8]
    ) async throws {
        var query = LandingQuery(from: position, path: path, limit: 200)
        var blame: Blame<Position>?
        var lines: [[UInt8]] = []
        var landings: [Position: Landing] = [:]
        func content(_ leaf: Leaf?) async throws -> [UInt8]? {
            guard let leaf, leaf.isFile || leaf.kind == .symlink else { return nil }
            guard leaf.size <= FileBlame.bytesMax else { throw TooLarge() }
            return try await read(leaf)
        }
        walk: while true {
            let found = try await page(query)
            for entry in found.entries {
                guard
                    let change = try await operations(entry.position).first(where: {
                        !$0.isNoOp && $0.operation.path == path
                    })?.operation
                else { continue }
                if blame == nil {
                    guard let leaf = change.after, let bytes = try await content(leaf) else {
                        return nil
                    }
                    let text = TextLines(bytes)
                    lines = (0..<text.count).map { Array(text[$0]) }
                    blame = Blame(newest: bytes)
                }
                landings[entry.position] = entry.landing
                // Everything since the landing before was the same: this one made `current`.
                blame?.step(older: try await content(change.before), changedAt: entry.position)
                if blame?.isComplete == true || change.before == nil
                    || landings.count >= landingsMax
                {
                    break walk
                }
            }
            guard let next = found.next else { break }
            query.from = next
        }
        guard let blame else { return nil }
        self.lines = lines
        positions = blame.lines
        self.landings = landings
    }
}
