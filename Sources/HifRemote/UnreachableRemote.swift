import HifCore
import HifRepository
import HifWorkspace

/// A project whose forge could not even be found out about: every question has the same answer.
///
/// Stands behind a cache, so that a workspace can be opened, and looked at, without a network.
struct UnreachableRemote: Remote {
    let error: WorkspaceError

    func newest() async throws -> ProjectTip { throw error }

    func hasSlot(_ epoch: Epoch, hash: Hash) async throws -> Bool { throw error }

    func tree(at position: Position) async throws -> ProllyTree { throw error }

    func nodes(_ hashes: [Hash], at position: Position) async throws -> [TreeNode] { throw error }

    func contents(
        _ ids: [Hash], at position: Position, _ deliver: (ContentPiece) async throws -> Void
    ) async throws { throw error }

    func lacking(_ ids: [Hash]) async throws -> [Hash] { throw error }

    func upload(_ pack: SealedPack) async throws -> Hash { throw error }

    func land(_ request: LandRequest) async throws -> LandOutcome { throw error }

    func abandon(_ abandon: Abandon, createdPosition: Position) async throws -> LandingAnswer {
        throw error
    }

    func submit(_ intents: [Intent]) async throws -> [LandingAnswer] { throw error }

    func closing(of session: SessionID, createdAt position: Position) async throws -> Closing? {
        throw error
    }

    func landings(_ query: LandingQuery) async throws -> LandingPage { throw error }

    func landing(at position: Position) async throws -> LandingDetail { throw error }

    func tags() async throws -> [String: Position] { throw error }

    func appendEvent(
        _ event: SessionEvent, to session: SessionID, from known: UInt64
    ) async throws -> UInt64 { throw error }

    func events(of session: SessionID, from first: UInt64) async throws -> [SessionEvent] {
        throw error
    }

    func openSessions(limit: Int) async throws -> [SessionID] { throw error }
}
