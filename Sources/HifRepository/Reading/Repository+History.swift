package import HifCore

/// Which landings are asked for.
package struct LandingQuery: Hashable, Sendable {
    /// Newest position to consider; nil for the tip.
    package var from: Position?
    /// Oldest position to consider.
    package var downTo: Position = 1
    /// Only landings that changed one of these paths or something below it; empty for all.
    package var paths: [RepoPath]
    /// Only landings whose author's account, agent, name or address is this.
    package var author: String?
    package var limit: Int

    /// The only path, for whoever asks about one.
    package var path: RepoPath? {
        get { paths.first }
        set { paths = newValue.map { [$0] } ?? [] }
    }

    package init(from: Position? = nil, path: RepoPath? = nil, author: String? = nil, limit: Int) {
        self.from = from
        paths = path.map { [$0] } ?? []
        self.author = author
        self.limit = limit
    }
}

/// Landings, newest first.
package struct LandingPage: Sendable {
    package struct Entry: Sendable {
        package let position: Position
        package let landing: Landing

        package init(position: Position, landing: Landing) {
            self.position = position
            self.landing = landing
        }
    }

    package let entries: [Entry]
    /// Where to go on, as `LandingQuery.from`; nil when nothing older is left.
    package let next: Position?

    package init(entries: [Entry], next: Position?) {
        self.entries = entries
        self.next = next
    }
}

/// Everything of one landing.
package struct LandingDetail: Sendable {
    package let position: Position
    package let landing: Landing
    package let operations: [LandedOperation]
    package let document: SessionDocument?

    package init(
        position: Position, landing: Landing, operations: [LandedOperation],
        document: SessionDocument?
    ) {
        self.position = position
        self.landing = landing
        self.operations = operations
        self.document = document
    }
}

extension Repository {
    /// A page of the history, newest first.
    ///
    /// Without a filter: one request for each slot on the way. With one, what `PathIndex.matches`
    /// says, and a request for each slot that holds something. A page that ends early because runs
    /// are missing says where to go on.
    package func landings(_ query: LandingQuery) async throws -> LandingPage {
        let newest = try await newest()
        if !query.filterKeys.isEmpty { return try await found(query, newest: newest) }
        var entries: [LandingPage.Entry] = []
        var next: Position?
        try await landingsBackwards(
            from: query.from, newest: newest, wantsOperations: false
        ) { position, landing, _ in
            guard position >= query.downTo else { return false }
            if entries.count >= query.limit {
                next = position
                return false
            }
            entries.append(LandingPage.Entry(position: position, landing: landing))
            return true
        }
        return LandingPage(entries: entries, next: next)
    }

    /// Everything of the landing at `position`.
    package func detail(at position: Position) async throws -> LandingDetail {
        let (landing, operations) = try await landing(at: position, newest: try await newest())
        return LandingDetail(
            position: position, landing: landing, operations: operations,
            document: try await document(of: landing))
    }
}
