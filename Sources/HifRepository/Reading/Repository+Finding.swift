package import HifCore

extension Repository {
    /// Slots read at once for a page.
    private static let slotsAtOnceMax = 32

    /// A page of a filtered history. The rollups say which slots matter; what is in them is compared
    /// with the filter.
    func found(_ query: LandingQuery, newest: Slot) async throws(ReadError) -> LandingPage {
        let from = min(query.from ?? newest.lastPosition, newest.lastPosition)
        var entries: [LandingPage.Entry] = []
        guard from >= max(1, query.downTo), query.limit > 0 else {
            return LandingPage(entries: [], next: nil)
        }
        var search = RollupQuery(all: query.filterKeys, downTo: query.downTo, limit: 0)
        if from < newest.lastPosition {
            search.before = try await log.slot(holding: from, newest: newest).epoch + 1
        }
        repeat {
            // One more than the page has room for says whether another page follows.
            search.limit = min(query.limit - entries.count, Repository.slotsAtOnceMax - 1) + 1
            let matches = try await rollups.matches(
                search, upTo: newest.epoch, position: newest.lastPosition)
            for slot in try await slots(matches.epochs) {
                for (position, landing) in slot.landings.reversed() where position <= from {
                    guard position >= query.downTo else {
                        return LandingPage(entries: entries, next: nil)
                    }
                    guard try await holds(query, landing) else { continue }
                    guard entries.count < query.limit else {
                        return LandingPage(entries: entries, next: position)
                    }
                    entries.append(LandingPage.Entry(position: position, landing: landing))
                }
            }
            if let unsearched = matches.unsearched {
                let isLeft = unsearched >= max(1, query.downTo)
                return LandingPage(entries: entries, next: isLeft ? unsearched : nil)
            }
            search.before = matches.before
        } while search.before != nil
        return LandingPage(entries: entries, next: nil)
    }

    private func slots(_ epochs: [Epoch]) async throws(ReadError) -> [Slot] {
        let log = log
        return try await parallel(epochs) { epoch throws(ReadError) -> Slot in
            guard let (slot, _, _) = try await log.slot(epoch) else {
                throw .log(.inconsistent(epoch: epoch, "is missing although later slots exist"))
            }
            return slot
        }
    }

    private func holds(
        _ query: LandingQuery, _ landing: Landing
    ) async throws(ReadError) -> Bool {
        if let author = query.author, !landing.author.searchNames.contains(author) { return false }
        guard !query.paths.isEmpty else { return true }
        return try await log.operations(of: landing).contains { landed in
            !landed.isNoOp && query.paths.contains { landed.operation.touches($0) }
        }
    }
}

extension LandingQuery {
    /// What a slot has to hold to be of interest; empty when every slot is.
    var filterKeys: [[RollupKey]] {
        var groups: [[RollupKey]] = []
        if !paths.isEmpty {
            var seen: Set<RollupKey> = []
            groups.append(
                paths.flatMap(RollupKey.touching).filter { seen.insert($0).inserted })
        }
        if let author { groups.append([.author(author)]) }
        return groups
    }
}

extension Operation {
    /// Whether it changes `path`, something below it, or a file where `path` has a directory.
    package func touches(_ path: RepoPath) -> Bool {
        self.path == path || self.path.isBelow(path) || path.isBelow(self.path)
    }
}

extension PathIndex {
    /// How those of `sessions` were closed that were, in slots up to `tip` that begin after position
    /// `since`; older slots may be searched too. `position` is the newest one at slot `tip`.
    ///
    /// Complete however many runs are missing: no landing of a session is overlooked. Requests: those
    /// of `matches`, and one for each slot found.
    package func closings(
        of sessions: [SessionID], since: Position, upTo tip: Epoch, position: Position
    ) async throws(ReadError) -> [SessionID: Closing] {
        let wanted = Set(sessions)
        var found: [SessionID: Closing] = [:]
        var query = RollupQuery(
            all: [sessions.map { .session($0) }], downTo: since, limit: sessions.count)
        repeat {
            let matches = try await matches(query, upTo: tip, position: position)
            for epoch in matches.epochs {
                guard let (slot, hash, byteCount) = try await log.slot(epoch) else {
                    throw .log(
                        .inconsistent(epoch: epoch, "is missing although later slots exist"))
                }
                let resolved = ResolvedSlot(
                    slot: slot, hash: hash, byteCount: byteCount,
                    operations: slot.records.map { _ in [] })
                for (session, closing) in resolved.closings where wanted.contains(session) {
                    found[session] = closing
                }
            }
            query.before = matches.before
        } while query.before != nil && found.count < wanted.count
        return found
    }
}
