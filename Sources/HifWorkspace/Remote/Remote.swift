package import HifCore
package import HifRepository

/// Where a project lives, as the client sees it: a directory store on this machine, or a forge.
///
/// Every question about content names a position; the other side answers for that position only.
/// Calls may be repeated after any error: reads change nothing, uploads are named by their content,
/// and a landing is recognised by its session.
package protocol Remote: Sendable {
    /// The newest landing, asked of the project's truth now.
    func newest() async throws -> ProjectTip

    /// Whether the history has slot `epoch` with this hash: how a client finds out that the project
    /// it knew was replaced.
    func hasSlot(_ epoch: Epoch, hash: Hash) async throws -> Bool

    /// The tree at `position`. Its nodes come from `nodes`.
    func tree(at position: Position) async throws -> ProllyTree

    /// Nodes of the tree at `position`, in any order. Fails when one of them is not to be had.
    func nodes(_ hashes: [Hash], at position: Position) async throws -> [TreeNode]

    /// Hands over the contents of blobs that the project has at `position`, each in one or more
    /// pieces in order, together before the next one's, in whatever order of blobs is quickest.
    /// Every content was verified against its id when its last piece comes.
    func contents(
        _ ids: [Hash], at position: Position,
        _ deliver: (ContentPiece) async throws -> Void
    ) async throws

    /// Which of `ids` the project does not have.
    func lacking(_ ids: [Hash]) async throws -> [Hash]

    /// Stores a sealed pack of new content; returns its id.
    func upload(_ pack: SealedPack) async throws -> Hash

    /// Lands a session. See `LandOutcome` for what each answer promises.
    func land(_ request: LandRequest) async throws -> LandOutcome

    /// Closes a session for good without landing it.
    func abandon(_ abandon: Abandon, createdPosition: Position) async throws -> LandingAnswer

    /// Lands intents that the caller has prepared whole, as an import does, in order.
    func submit(_ intents: [Intent]) async throws -> [LandingAnswer]

    /// How a session was closed; nil while it is open or was never started.
    func closing(of session: SessionID, createdAt: Position) async throws -> Closing?

    /// Landings before and including `query.from`, newest first.
    func landings(_ query: LandingQuery) async throws -> LandingPage

    /// The newest landings after position `after` that changed one of `paths` or something below it,
    /// newest first, at most `limit`.
    func landings(
        touching paths: [RepoPath], after: Position, limit: Int
    ) async throws -> [LandingPage.Entry]

    /// One landing with its operations and its session document.
    func landing(at position: Position) async throws -> LandingDetail

    /// Landings from `first` on, oldest first, each whole: at most `limit`, fewer when they are large
    /// or the newest one is among them; none when `first` is after the newest.
    func details(from first: Position, limit: Int) async throws -> [LandingDetail]

    /// What the landings `first...last` did, in order, without no-ops. Nil when it is more than
    /// `operationsMax`, or when this remote would do better to compare two trees.
    func operations(
        from first: Position, through last: Position, operationsMax: Int
    ) async throws -> [HifCore.Operation]?

    /// Names of positions.
    func tags() async throws -> [String: Position]

    func appendEvent(
        _ event: SessionEvent, to session: SessionID, from known: UInt64
    ) async throws -> UInt64
    func events(of session: SessionID, from first: UInt64) async throws -> [SessionEvent]
    func openSessions(limit: Int) async throws -> [SessionID]
}

extension Remote {
    /// Asks for one path after another; a remote that can do better does.
    package func landings(
        touching paths: [RepoPath], after: Position, limit: Int
    ) async throws -> [LandingPage.Entry] {
        var found: [Position: LandingPage.Entry] = [:]
        for path in paths {
            var query = LandingQuery(path: path, limit: limit)
            query.downTo = after + 1
            var isOver = false
            while !isOver {
                let page = try await landings(query)
                for entry in page.entries where entry.position > after {
                    found[entry.position] = entry
                }
                query.from = page.next
                isOver = page.next == nil || page.entries.count == limit || page.next ?? 0 <= after
            }
        }
        return Array(found.values.sorted { $0.position > $1.position }.prefix(limit))
    }

    package func operations(
        from first: Position, through last: Position, operationsMax: Int
    ) async throws -> [HifCore.Operation]? { nil }

    /// One after another; a remote that can do better does.
    package func details(from first: Position, limit: Int) async throws -> [LandingDetail] {
        let newest = try await newest().position
        guard first <= newest, limit > 0 else { return [] }
        var details: [LandingDetail] = []
        for position in max(first, 1)...min(newest, first + UInt64(limit) - 1) {
            details.append(try await landing(at: position))
        }
        return details
    }
}
