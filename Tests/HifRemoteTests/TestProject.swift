import HifCore
import HifRepository
import HifStore
import HifWorkspace
import Support
import Synchronization

/// A project in memory, and short ways to write files into one over any remote.
enum TestProject {
    static let storeID = StoreID(high: 3, low: 4)
    static let author = Author(account: "ana", name: "ana")

    /// A world whose clock advances a millisecond each time it is asked.
    static func world(seed: UInt64) -> World {
        let state = Clockwork(seed: seed)
        return World(
            now: { state.now() }, random: { state.random() }, pause: { _ in await Task.yield() })
    }

    private final class Clockwork: Sendable {
        private let state: Mutex<(generator: SeededGenerator, now: Int64)>

        init(seed: UInt64) {
            state = Mutex((SeededGenerator(seed: seed), 1_700_000_000_000))
        }

        func now() -> Int64 {
            state.withLock { state in
                state.now += 1
                return state.now
            }
        }

        func random() -> UInt64 { state.withLock { $0.generator.next() } }
    }

    static func local(seed: UInt64 = 1) async throws -> LocalRemote {
        let store = MemoryStore()
        let world = world(seed: seed)
        try await Repository.create(
            in: store, id: ProjectID(high: 1, low: 2), name: "ana/app", storeID: storeID,
            world: world)
        return LocalRemote(Repository(store: store, world: world))
    }

    /// A request that writes these files; small ones in a staged pack.
    static func writing(
        _ files: [String: [UInt8]?], over base: [String: Leaf] = [:], seed: UInt64,
        at position: Position = 0, goal: String = "Write files", events: UInt64 = 0
    ) throws -> LandRequest {
        var generator = SeededGenerator(seed: seed)
        let session = SessionID(from: &generator)
        var pack = PackWriter(
            session: session.hash,
            nonce: PackNonce(high: generator.next(), low: generator.next()))
        var operations: [HifCore.Operation] = []
        for (path, content) in files.sorted(by: { $0.key < $1.key }) {
            var after: Leaf?
            if let content {
                let entry = pack.add(.blob, content)
                after = Leaf(kind: .file, size: UInt64(content.count), hash: entry.id)
            }
            operations.append(
                HifCore.Operation(path: try RepoPath(path), before: base[path], after: after))
        }
        return LandRequest(
            session: session, author: author, goal: goal, startedMillis: 1_600_000_000_000,
            createdPosition: position, eventCount: events, operations: operations,
            staged: pack.isEmpty ? nil : try PackReader(pack.finish().bytes))
    }

    /// Uploads a content of any size in packs; answers its leaf and the packs.
    static func upload(
        _ content: [UInt8], to remote: any Remote, seed: UInt64, packBytes: Int = 4 << 20
    ) async throws -> (leaf: Leaf, packs: [Hash]) {
        var generator = SeededGenerator(seed: seed)
        var writer = ContentWriter(
            packs: PackSequence(packBytesTarget: packBytes) {
                PackNonce(high: generator.next(), low: generator.next())
            })
        let stored = try writer.add(content)
        writer.packs.seal()
        var packs: [Hash] = []
        while let pack = writer.packs.takeSealed() { packs.append(try await remote.upload(pack)) }
        return (Leaf(kind: .file, size: stored.size, hash: stored.id), packs)
    }
}

/// What `work` throws, as a `WorkspaceError` code.
func refused(_ work: () async throws -> Void) async -> WorkspaceError.Code? {
    do {
        try await work()
        return nil
    } catch let error as WorkspaceError {
        return error.code
    } catch {
        return .unknown
    }
}

extension Remote {
    /// Contents whole, by id; the number of pieces each came in is not looked at.
    func all(_ ids: [Hash], at position: Position) async throws -> [Hash: [UInt8]] {
        var contents: [Hash: [UInt8]] = [:]
        var ended: Set<Hash> = []
        try await self.contents(ids, at: position) { piece in
            contents[piece.id, default: []] += piece.bytes
            if piece.isLast { ended.insert(piece.id) }
        }
        guard ended == Set(contents.keys) else {
            throw WorkspaceError(.damaged, "a content without a last piece")
        }
        return contents
    }
}

extension LandOutcome {
    /// The landing; throws what it was instead.
    func landed() throws -> Landed {
        guard case .landed(let landed) = self else {
            throw WorkspaceError(.refused, "not landed: \(self)")
        }
        return landed
    }
}
