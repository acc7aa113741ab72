package import HifCore
package import HifRepository
import HifStore

/// A project in a store that this process opens itself: the same repository code as a forge runs,
/// without the network between.
package final class LocalRemote: Remote {
    package let repository: Repository
    private let lander: Lander

    package init(_ repository: Repository) {
        self.repository = repository
        lander = Lander(repository)
    }

    package func newest() async throws -> ProjectTip {
        try await repository.tip()
    }

    package func hasSlot(_ epoch: Epoch, hash: Hash) async throws -> Bool {
        try await repository.slotHash(epoch) == hash
    }

    package func tree(at position: Position) async throws -> ProllyTree {
        try await repository.tree(at: position, newest: try await repository.newest())
    }

    package func nodes(_ hashes: [Hash], at position: Position) async throws -> [TreeNode] {
        let newest = try await repository.newest()
        _ = try await repository.tree(at: position, newest: newest)
        return try await repository.trees.nodes(hashes, of: newest.epoch)
    }

    package func contents(
        _ ids: [Hash], at position: Position,
        _ deliver: (ContentPiece) async throws -> Void
    ) async throws {
        let newest = try await repository.newest()
        let locations = try await repository.locations(of: ids, at: position, newest: newest)
        if let missing = ids.first(where: { locations[$0] == nil }) {
            throw ReadError.noContent(missing)
        }
        try await repository.contents(ids, at: locations, deliver)
    }

    package func lacking(_ ids: [Hash]) async throws -> [Hash] {
        let newest = try await repository.newest()
        let known = try await repository.index.locations(of: ids, upTo: newest.epoch)
        return ids.filter { known[$0] == nil }
    }

    package func upload(_ pack: SealedPack) async throws -> Hash {
        try await lander.upload(pack.bytes, isTrusted: true)
    }

    package func land(_ request: LandRequest) async throws -> LandOutcome {
        let outcome = try await lander.land(request)
        await keepUp()
        return outcome
    }

    /// Builds what has become due: this process may be the only one, and end in a moment.
    private func keepUp() async {
        await repository.upkeep.catchUp()
    }

    package func abandon(
        _ abandon: Abandon, createdPosition: Position
    ) async throws -> LandingAnswer {
        let answer = try await repository.submit(
            .abandon(abandon, createdPosition: createdPosition))
        await keepUp()
        if case .abandoned = answer { try? await repository.sessions.unmarkOpen(abandon.session) }
        return answer
    }

    package func submit(_ intents: [Intent]) async throws -> [LandingAnswer] {
        let answers = try await repository.submit(intents)
        await keepUp()
        return answers
    }

    package func closing(
        of session: SessionID, createdAt position: Position
    ) async throws -> Closing? {
        try await repository.closing(
            of: session, createdAt: position, newest: try await repository.newest())
    }

    package func landings(_ query: LandingQuery) async throws -> LandingPage {
        try await repository.landings(query)
    }

    package func landings(
        touching paths: [RepoPath], after: Position, limit: Int
    ) async throws -> [LandingPage.Entry] {
        guard !paths.isEmpty else { return [] }
        var query = LandingQuery(limit: limit)
        query.paths = paths
        query.downTo = after + 1
        var entries: [LandingPage.Entry] = []
        while true {
            let page = try await repository.landings(query)
            entries += page.entries
            guard let next = page.next, entries.count < limit else { return entries }
            query.from = next
            query.limit = limit - entries.count
        }
    }

    package func landing(at position: Position) async throws -> LandingDetail {
        try await repository.detail(at: position)
    }

    package func details(from first: Position, limit: Int) async throws -> [LandingDetail] {
        try await repository.details(from: first, limit: limit)
    }

    package func operations(
        from first: Position, through last: Position, operationsMax: Int
    ) async throws -> [HifCore.Operation]? {
        try await repository.operations(from: first, through: last, operationsMax: operationsMax)
    }

    package func tags() async throws -> [String: Position] {
        try await repository.control(at: try await repository.newest()).tags
    }

    package func appendEvent(
        _ event: SessionEvent, to session: SessionID, from known: UInt64
    ) async throws -> UInt64 {
        try await repository.append(event, to: session, from: known).number
    }

    package func events(
        of session: SessionID, from first: UInt64
    ) async throws -> [SessionEvent] {
        try await repository.sessions.events(of: session, from: first)
    }

    package func openSessions(limit: Int) async throws -> [SessionID] {
        try await repository.sessions.openSessions(limit: limit)
    }
}
