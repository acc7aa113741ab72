import Foundation
import HifCore
import HifRepository
import HifStore
import Support
import Synchronization

@testable import HifWorkspace

/// A project in a store, as one process after another opens it.
struct ImportProject {
    let store: any ObjectStore
    let project: LocalStore.Project
    let scratch: ScratchDirectory

    static func world(seed: UInt64) -> World {
        let random = Locked(SeededGenerator(seed: seed))
        return World(
            now: { 1_700_000_000_000 }, random: { random.value.withLock { $0.next() } },
            pause: { _ in await Task.yield() })
    }

    private final class Locked: Sendable {
        let value: Mutex<SeededGenerator>
        init(_ generator: SeededGenerator) { value = Mutex(generator) }
    }

    init(store: any ObjectStore = MemoryStore()) async throws {
        self.store = store
        scratch = try ScratchDirectory()
        let local = try await LocalStore(store, creating: true, world: ImportProject.world(seed: 1))
        project = try await local.createProject(named: "ana/app")
    }

    /// The remote of another process.
    func remote(seed: UInt64, store: (any ObjectStore)? = nil) async throws -> LocalRemote {
        let local = try await LocalStore(
            store ?? self.store, creating: false, world: ImportProject.world(seed: seed))
        return LocalRemote(local.repository(project.id))
    }

    func importer(
        _ source: GitSource, _ remote: any Remote, seed: UInt64, checkpointBytes: UInt64 = 100_000
    ) throws -> GitImporter {
        try GitImporter(
            source, into: remote, project: project.id, stateDirectory: scratch("state"),
            world: ImportProject.world(seed: seed), checkpointBytes: checkpointBytes)
    }

    @discardableResult
    func run(_ source: GitSource, seed: UInt64) async throws -> GitImportResult {
        try await importer(source, try await remote(seed: seed), seed: seed).run()
    }

    /// Mode, git's name of the content, and path of every file at a position, as `ls-tree` says them.
    func listing(
        _ remote: LocalRemote, at position: Position, names: [Hash: GitID]
    ) async throws -> [String] {
        let newest = try await remote.repository.newest()
        let tree = try await remote.repository.tree(at: position, newest: newest)
        let changes = try await remote.repository.trees.reading(newest: newest) {
            nodes throws(TreeError) in
            try ProllyTree.empty.diff(to: tree, in: nodes)
        }
        return changes.compactMap { change in
            guard let leaf = change.after, leaf.kind != .directory else { return nil }
            let mode = String(GitMapper.mode(of: leaf.kind), radix: 8)
            return "\(mode) \(names[leaf.hash]?.hex ?? "?") \(change.path)"
        }.sorted()
    }
}

/// A remote that breaks off: throws instead of the n-th upload or submission, or right after it.
final class BreakingRemote: Remote {
    struct Broken: Error {}

    let inner: LocalRemote
    private let left: Mutex<Int>
    private let isAfter: Bool

    /// - Parameter isAfter: the call that breaks is carried out; its answer is lost.
    init(_ inner: LocalRemote, after calls: Int, isAfter: Bool) {
        self.inner = inner
        left = Mutex(calls)
        self.isAfter = isAfter
    }

    private func breaking<Result>(_ body: () async throws -> Result) async throws -> Result {
        let isLast = left.withLock { left in
            left -= 1
            return left < 0
        }
        if isLast, !isAfter { throw Broken() }
        let result = try await body()
        if isLast { throw Broken() }
        return result
    }

    func newest() async throws -> ProjectTip { try await inner.newest() }
    func hasSlot(_ epoch: Epoch, hash: Hash) async throws -> Bool {
        try await inner.hasSlot(epoch, hash: hash)
    }
    func tree(at position: Position) async throws -> ProllyTree {
        try await inner.tree(at: position)
    }
    func nodes(_ hashes: [Hash], at position: Position) async throws -> [TreeNode] {
        try await inner.nodes(hashes, at: position)
    }
    func contents(
        _ ids: [Hash], at position: Position,
        _ deliver: (ContentPiece) async throws -> Void
    ) async throws {
        try await inner.contents(ids, at: position, deliver)
    }
    func lacking(_ ids: [Hash]) async throws -> [Hash] { try await inner.lacking(ids) }
    func upload(_ pack: SealedPack) async throws -> Hash {
        try await breaking { try await inner.upload(pack) }
    }
    func land(_ request: LandRequest) async throws -> LandOutcome { try await inner.land(request) }
    func abandon(_ abandon: Abandon, createdPosition: Position) async throws -> LandingAnswer {
        try await inner.abandon(abandon, createdPosition: createdPosition)
    }
    func submit(_ intents: [Intent]) async throws -> [LandingAnswer] {
        // A part of what was sent may have landed when the connection broke.
        try await breaking { try await inner.submit(intents) }
    }
    func closing(of session: SessionID, createdAt: Position) async throws -> Closing? {
        try await inner.closing(of: session, createdAt: createdAt)
    }
    func landings(_ query: LandingQuery) async throws -> LandingPage {
        try await inner.landings(query)
    }
    func landing(at position: Position) async throws -> LandingDetail {
        try await inner.landing(at: position)
    }
    func tags() async throws -> [String: Position] { try await inner.tags() }
    func appendEvent(
        _ event: SessionEvent, to session: SessionID, from known: UInt64
    ) async throws -> UInt64 {
        try await inner.appendEvent(event, to: session, from: known)
    }
    func events(of session: SessionID, from first: UInt64) async throws -> [SessionEvent] {
        try await inner.events(of: session, from: first)
    }
    func openSessions(limit: Int) async throws -> [SessionID] {
        try await inner.openSessions(limit: limit)
    }
}
