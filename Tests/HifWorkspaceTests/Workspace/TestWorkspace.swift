import Foundation
import HifCore
import HifRepository
import HifStore
import HifWorkspace
import Support
import Synchronization

/// A store in memory with one project, and workspaces of it in temporary directories.
final class TestStore: Sendable {
    let local: LocalStore
    let project: LocalStore.Project

    init() async throws {
        local = try await LocalStore(MemoryStore(), creating: true, world: TestStore.world(seed: 1))
        project = try await local.createProject(named: "ana/app")
    }

    static func world(seed: UInt64) -> World {
        let state = SeededWorld(seed: seed)
        return World(now: { state.now() }, random: { state.random() }, pause: { _ in })
    }

    /// A new workspace, standing at the newest landing.
    func workspace(
        _ directory: TemporaryDirectory, name: String = "w", seed: UInt64 = 7,
        remote: (any Remote)? = nil
    ) async throws -> Workspace {
        let root = directory.path + "/" + name
        try FileManager.default.createDirectory(
            atPath: root, withIntermediateDirectories: true)
        let config = WorkspaceConfig(
            place: .store(path: "/nowhere"), project: project.name, projectID: project.id,
            storeID: local.id)
        try Workspace.create(at: Array(root.utf8), config: config)
        let workspace = try await open(root, seed: seed, remote: remote)
        _ = try await workspace.changing { try await workspace.update() }
        return workspace
    }

    /// Opens a workspace again, as the next command does.
    func open(
        _ root: String, seed: UInt64 = 8, remote: (any Remote)? = nil
    ) async throws -> Workspace {
        try await Workspace(
            root: Array(root.utf8), author: Author(account: "ana", name: "Ana"),
            world: TestStore.world(seed: seed)
        ) { _ in remote ?? LocalRemote(self.local.repository(self.project.id)) }
    }
}

private final class SeededWorld: Sendable {
    private let state: Mutex<(generator: SeededGenerator, millis: Int64)>

    init(seed: UInt64) {
        state = Mutex((SeededGenerator(seed: seed), 1_700_000_000_000))
    }

    func now() -> Int64 {
        state.withLock { state in
            state.millis += 1
            return state.millis
        }
    }

    func random() -> UInt64 { state.withLock { $0.generator.next() } }
}

extension Workspace {
    var rootPath: String { String(decoding: root, as: UTF8.self) }

    func put(_ path: String, _ text: String) throws {
        try writeFile(try RepoPath(path), Array(text.utf8))
    }

    func text(_ path: String) throws -> String? {
        try fileContent(try RepoPath(path), bytesMax: 1 << 20).map {
            String(decoding: $0.bytes, as: UTF8.self)
        }
    }

    func landAll(_ goal: String) async throws -> Position? {
        try await changing { try await land(goal: goal)?.landed.position }
    }

    /// Paths that differ from what was checked out, with a sign each.
    func changes() throws -> [String] {
        try status().changes.map { "\($0.kind.rawValue) \($0.path)" }.sorted()
    }
}

/// A remote that does what it is asked and loses the answer of the landings it is told to, or the
/// request.
final class ForgetfulRemote: Remote {
    private let base: any Remote
    private let lost: Mutex<Int>
    private let losesRequests: Bool

    init(_ base: any Remote, losing count: Int, losesRequests: Bool = false) {
        self.base = base
        lost = Mutex(count)
        self.losesRequests = losesRequests
    }

    func land(_ request: LandRequest) async throws -> LandOutcome {
        let loses = lost.withLock { left in
            left -= 1
            return left >= 0
        }
        if loses, losesRequests { throw WorkspaceError(.network, "the request was lost") }
        let outcome = try await base.land(request)
        if loses { throw WorkspaceError(.network, "the answer was lost") }
        return outcome
    }

    func newest() async throws -> ProjectTip { try await base.newest() }
    func hasSlot(_ epoch: Epoch, hash: Hash) async throws -> Bool {
        try await base.hasSlot(epoch, hash: hash)
    }
    func tree(at position: Position) async throws -> ProllyTree {
        try await base.tree(at: position)
    }
    func nodes(_ hashes: [Hash], at position: Position) async throws -> [TreeNode] {
        try await base.nodes(hashes, at: position)
    }
    func contents(
        _ ids: [Hash], at position: Position, _ deliver: (ContentPiece) async throws -> Void
    ) async throws {
        try await base.contents(ids, at: position, deliver)
    }
    func lacking(_ ids: [Hash]) async throws -> [Hash] { try await base.lacking(ids) }
    func upload(_ pack: SealedPack) async throws -> Hash { try await base.upload(pack) }
    func submit(_ intents: [Intent]) async throws -> [LandingAnswer] {
        try await base.submit(intents)
    }
    func abandon(
        _ abandon: Abandon, createdPosition: Position
    ) async throws -> LandingAnswer {
        try await base.abandon(abandon, createdPosition: createdPosition)
    }
    func closing(of session: SessionID, createdAt: Position) async throws -> Closing? {
        try await base.closing(of: session, createdAt: createdAt)
    }
    func landings(_ query: LandingQuery) async throws -> LandingPage {
        try await base.landings(query)
    }
    func landing(at position: Position) async throws -> LandingDetail {
        try await base.landing(at: position)
    }
    func tags() async throws -> [String: Position] { try await base.tags() }
    func appendEvent(
        _ event: SessionEvent, to session: SessionID, from known: UInt64
    ) async throws -> UInt64 {
        try await base.appendEvent(event, to: session, from: known)
    }
    func events(of session: SessionID, from first: UInt64) async throws -> [SessionEvent] {
        try await base.events(of: session, from: first)
    }
    func openSessions(limit: Int) async throws -> [SessionID] {
        try await base.openSessions(limit: limit)
    }
}
