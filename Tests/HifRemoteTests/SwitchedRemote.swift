import HifCore
import HifRepository
import HifWorkspace
import Synchronization

/// A remote that can be cut off, and counts what it is asked for.
final class SwitchedRemote: Remote {
    struct Counts: Hashable {
        var nodes = 0
        var contents = 0
    }

    private struct State {
        var isOffline = false
        var counts = Counts()
    }

    private let remote: any Remote
    private let state = Mutex(State())

    init(_ remote: any Remote) {
        self.remote = remote
    }

    var isOffline: Bool {
        get { state.withLock { $0.isOffline } }
        set { state.withLock { $0.isOffline = newValue } }
    }

    /// What was asked for since the last look.
    func takeCounts() -> Counts {
        state.withLock { state in
            defer { state.counts = Counts() }
            return state.counts
        }
    }

    private func reach(_ count: (inout Counts) -> Void = { _ in }) throws {
        try state.withLock { state in
            guard !state.isOffline else { throw WorkspaceError(.network, "switched off") }
            count(&state.counts)
        }
    }

    func newest() async throws -> ProjectTip {
        try reach()
        return try await remote.newest()
    }

    func hasSlot(_ epoch: Epoch, hash: Hash) async throws -> Bool {
        try reach()
        return try await remote.hasSlot(epoch, hash: hash)
    }

    func tree(at position: Position) async throws -> ProllyTree {
        try reach()
        return try await remote.tree(at: position)
    }

    func nodes(_ hashes: [Hash], at position: Position) async throws -> [TreeNode] {
        try reach { $0.nodes += hashes.count }
        return try await remote.nodes(hashes, at: position)
    }

    func contents(
        _ ids: [Hash], at position: Position, _ deliver: (ContentPiece) async throws -> Void
    ) async throws {
        try reach { $0.contents += ids.count }
        try await remote.contents(ids, at: position, deliver)
    }

    func lacking(_ ids: [Hash]) async throws -> [Hash] {
        try reach()
        return try await remote.lacking(ids)
    }

    func upload(_ pack: SealedPack) async throws -> Hash {
        try reach()
        return try await remote.upload(pack)
    }

    func land(_ request: LandRequest) async throws -> LandOutcome {
        try reach()
        return try await remote.land(request)
    }

    func abandon(_ abandon: Abandon, createdPosition: Position) async throws -> LandingAnswer {
        try reach()
        return try await remote.abandon(abandon, createdPosition: createdPosition)
    }

    func submit(_ intents: [Intent]) async throws -> [LandingAnswer] {
        try reach()
        return try await remote.submit(intents)
    }

    func closing(of session: SessionID, createdAt position: Position) async throws -> Closing? {
        try reach()
        return try await remote.closing(of: session, createdAt: position)
    }

    func landings(_ query: LandingQuery) async throws -> LandingPage {
        try reach()
        return try await remote.landings(query)
    }

    func landing(at position: Position) async throws -> LandingDetail {
        try reach()
        return try await remote.landing(at: position)
    }

    func tags() async throws -> [String: Position] {
        try reach()
        return try await remote.tags()
    }

    func appendEvent(
        _ event: SessionEvent, to session: SessionID, from known: UInt64
    ) async throws -> UInt64 {
        try reach()
        return try await remote.appendEvent(event, to: session, from: known)
    }

    func events(of session: SessionID, from first: UInt64) async throws -> [SessionEvent] {
        try reach()
        return try await remote.events(of: session, from: first)
    }

    func openSessions(limit: Int) async throws -> [SessionID] {
        try reach()
        return try await remote.openSessions(limit: limit)
    }
}
