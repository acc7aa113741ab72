package import HifCore

/// Which landings are asked for.
package struct LandingQuery: Hashable, Sendable {
    /// Newest position to consider; nil for the tip.
    package var from: Position?
    /// Oldest position to consider.
    package var downTo: Position = 1
    /// Only landings that changed this path or something below it.
    package var path: RepoPath?
    /// Only landings whose author's account, agent, name or address is this.
    package var author: String?
    package var limit: Int

    package init(from: Position? = nil, path: RepoPath? = nil, author: String? = nil, limit: Int) {
        self.from = from
        self.path = path
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
    /// Landings visited for one page of a filtered history before it is cut short.
    package static let landingsPerPageMax = 20_000

    /// A page of the history, newest first.
    ///
    /// A plain walk: one request for each slot on the way, whether or not it matches. A page that
    /// ends early because too many did not match says where to go on.
    package func landings(_ query: LandingQuery) async throws -> LandingPage {
        let newest = try await newest()
        var entries: [LandingPage.Entry] = []
        var next: Position?
        var visited = 0
        try await landingsBackwards(
            from: query.from, newest: newest, wantsOperations: query.path != nil
        ) { position, landing, operations in
            guard position >= query.downTo else { return false }
            if entries.count >= query.limit || visited >= Repository.landingsPerPageMax {
                next = position
                return false
            }
            visited += 1
            if query.matches(landing, operations) {
                entries.append(LandingPage.Entry(position: position, landing: landing))
            }
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

extension LandingQuery {
    fileprivate func matches(_ landing: Landing, _ operations: [LandedOperation]) -> Bool {
        if let author {
            let names = [
                landing.author.account, landing.author.agent, landing.author.name,
                landing.author.email,
            ]
            guard names.contains(author) else { return false }
        }
        guard let path else { return true }
        return operations.contains { landed in
            !landed.isNoOp
                && (landed.operation.path == path || landed.operation.path.isBelow(path)
                    || path.isBelow(landed.operation.path))
        }
    }
}
