import HifCore
import HifRepository

/// Reads a project's log into its index, from where the last search left off, and for as long as whoever
/// searches can be made to wait.
///
/// Of a file only the content that it has at the newest landing is taken in: a landing whose content
/// another has replaced since takes the file out, and the later landing brings it. So what is in the index is
/// there at the position that the index has come to, and no content is read that is not kept.
struct SearchReader {
    let repository: Repository
    let index: SearchIndex
    let bounds: SearchBounds
    /// Milliseconds of some clock.
    let now: @Sendable () -> Int64

    /// Something that a landing did: a change of a file, or last the session that it closed.
    private enum Step {
        case file(Operation, Position)
        case session(LandingDetail)
    }

    /// How far the index has come, and the newest slot: the one that is known, unless another search knew
    /// more.
    ///
    /// - Throws: `SearchIndex.Unusable` when the log is shorter than what was read of it: it is another.
    func standing(knowing known: Slot) async throws -> (SearchIndex.Standing, newest: Slot) {
        let standing = try await index.standing()
        if standing.position <= known.lastPosition { return (standing, known) }
        let newest = try await repository.newest()
        guard standing.position <= newest.lastPosition else { throw SearchIndex.Unusable() }
        return (standing, newest)
    }

    /// Reads on. At least one step is done, and none is begun after `Limits.searchReadingMillis`.
    ///
    /// - Returns: how far the index has come.
    func read(upTo newest: Slot) async throws -> SearchIndex.Standing {
        let began = now()
        var standing = try await index.standing()
        while standing.position < newest.lastPosition {
            let page = try await repository.details(
                from: standing.position + 1, limit: Limits.detailsAtOnce)
            guard !page.isEmpty else { break }
            for batch in batches(of: page, from: standing) {
                let changes = try await changes(batch.steps, newest)
                guard try await index.take(changes, from: standing, to: batch.end) else {
                    return try await index.standing()
                }
                standing = batch.end
                guard now() - began < Limits.searchReadingMillis else { return standing }
            }
        }
        return standing
    }

    /// Cuts landings into batches that are taken in at a time, each with where the index stands after it.
    private func batches(
        of page: [LandingDetail], from standing: SearchIndex.Standing
    ) -> [(steps: [Step], end: SearchIndex.Standing)] {
        var batches: [(steps: [Step], end: SearchIndex.Standing)] = []
        var steps: [Step] = []
        var bytes = 0
        var end = standing
        func close() {
            if !steps.isEmpty { batches.append((steps, end)) }
            steps = []
            bytes = 0
        }
        for detail in page {
            // Backwards, as what is taken in last is found first.
            let operations = detail.operations.filter { !$0.isNoOp }.map(\.operation).reversed()
            let done = detail.position == standing.position + 1 ? standing.done : 0
            for operation in operations.dropFirst(done) {
                let size = operation.after.map { isRead($0) ? Int($0.size) : 0 } ?? 0
                if steps.count >= bounds.stepChanges || bytes + size > bounds.stepBytesMax {
                    close()
                }
                steps.append(.file(operation, detail.position))
                bytes += size
                end.done += 1
            }
            if steps.count >= bounds.stepChanges { close() }
            steps.append(.session(detail))
            end = SearchIndex.Standing(position: detail.position, done: 0)
        }
        close()
        return batches
    }

    private func changes(
        _ steps: [Step], _ newest: Slot
    ) async throws -> [SearchIndex.Change] {
        let operations = steps.compactMap { step -> Operation? in
            if case .file(let operation, _) = step { operation } else { nil }
        }
        let texts = try await texts(operations, newest)
        return steps.map { step -> SearchIndex.Change in
            switch step {
            case .session(let detail): return .put(session(detail))
            case .file(let operation, let position):
                guard let content = texts[operation.path], operation.after == content.leaf else {
                    return .drop(.file, key: operation.path.bytes)
                }
                return .put(
                    SearchDocument(
                        path: operation.path, content: content.bytes, position: position))
            }
        }
    }

    private func session(_ detail: LandingDetail) -> SearchDocument {
        SearchDocument(
            detail.landing.session, goal: detail.document?.goal ?? detail.landing.goalLine,
            SessionStory(detail.document?.events ?? []), position: detail.position,
            bytesMax: bounds.sessionBytesMax)
    }

    /// What each file is at the newest landing: no entry for what is no file there, no bytes for what is
    /// found by its name only.
    private func texts(
        _ operations: [Operation], _ newest: Slot
    ) async throws -> [RepoPath: (leaf: Leaf, bytes: [UInt8]?)] {
        let paths = operations.map(\.path)
        let tree = try await repository.tree(at: newest.lastPosition, newest: newest)
        let leaves = try await repository.trees.reading(newest: newest) { nodes throws(TreeError) in
            try tree.get(paths, in: nodes)
        }
        var files: [RepoPath: (leaf: Leaf, bytes: [UInt8]?)] = [:]
        var wanted: Set<Hash> = []
        for (operation, leaf) in zip(operations, leaves) {
            guard let leaf, leaf == operation.after, leaf.kind != .directory else { continue }
            files[operation.path] = (leaf, nil)
            if isRead(leaf) { wanted.insert(leaf.hash) }
        }
        let contents = try await contents(Array(wanted), newest)
        for (path, file) in files where isRead(file.leaf) {
            files[path] = (file.leaf, contents[file.leaf.hash])
        }
        return files
    }

    private func isRead(_ leaf: Leaf) -> Bool {
        leaf.isFile && leaf.size <= UInt64(bounds.fileBytesMax)
    }

    private func contents(_ ids: [Hash], _ newest: Slot) async throws -> [Hash: [UInt8]] {
        let places = try await repository.index.locations(of: ids, upTo: newest.epoch)
        var contents: [Hash: [UInt8]] = [:]
        try await repository.contents(ids, at: places) { contents[$0.id, default: []] += $0.bytes }
        return contents
    }

    // MARK: Open sessions

    /// Takes in what was said in open sessions since they were looked at last: one request for the list, one
    /// for each session, and its events for one that has new ones.
    func readOpenSessions() async throws {
        let listed = try await repository.sessions.openSessions(limit: bounds.openSessionsMax)
        let known = try await index.openSessions()
        var documents: [SearchDocument] = []
        for id in listed {
            let count = known[id] ?? 0
            guard
                count < bounds.eventsMax,
                try await repository.sessions.event(UInt64(count), of: id) != nil
            else { continue }
            var story = SessionStory([])
            while story.eventCount < bounds.eventsMax,
                let event = try await repository.sessions.event(UInt64(story.eventCount), of: id)
            {
                story.tell(event)
            }
            documents.append(
                SearchDocument(
                    id, goal: story.goal, story, position: 0, bytesMax: bounds.sessionBytesMax))
        }
        // Of a list that was cut nobody knows what else is on it.
        let isWhole = listed.count < bounds.openSessionsMax
        let open = Set(listed)
        try await index.takeOpen(
            documents, closed: isWhole ? known.keys.filter { !open.contains($0) } : [])
    }
}
