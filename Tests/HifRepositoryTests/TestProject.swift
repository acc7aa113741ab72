import HifCore
import HifRepository
import HifStore
import Support
import Synchronization

/// A project in memory and short ways to do things to it.
struct TestProject {
    let store: any ObjectStore
    let repository: Repository

    /// A world whose clock advances a millisecond each time it is asked.
    static func world(seed: UInt64) -> World {
        let state = Mutex((generator: SeededGenerator(seed: seed), now: Int64(1_700_000_000_000)))
        let box = Box(state)
        return World(
            now: {
                box.state.withLock { state in
                    state.now += 1
                    return state.now
                }
            },
            random: { box.state.withLock { $0.generator.next() } },
            pause: { _ in await Task.yield() })
    }

    private final class Box: Sendable {
        let state: Mutex<(generator: SeededGenerator, now: Int64)>
        init(_ state: consuming sending Mutex<(generator: SeededGenerator, now: Int64)>) {
            self.state = state
        }
    }

    init(store: any ObjectStore = MemoryStore(), seed: UInt64 = 1) async throws {
        self.store = store
        let world = TestProject.world(seed: seed)
        try await Repository.create(
            in: store, id: ProjectID(high: 1, low: 2), name: "ana/app",
            storeID: StoreID(high: 3, low: 4), world: world)
        repository = Repository(store: store, world: world)
    }

    /// Another process on the same store.
    func reopened(seed: UInt64 = 2) -> Repository {
        Repository(store: store, world: TestProject.world(seed: seed))
    }

    static let ana = Author(account: "ana", name: "Ana")

    static func leaf(_ text: String, kind: Leaf.Kind = .file) -> Leaf {
        let bytes = Array(text.utf8)
        return Leaf(kind: kind, size: UInt64(bytes.count), hash: Blake3.hash(bytes))
    }

    static func session(_ number: UInt64) -> SessionID {
        SessionID(Blake3.hash(Array("session \(number)".utf8)))
    }

    /// A request whose operations give each path a new text (nil: delete), with `before` as given.
    static func request(
        _ session: UInt64, _ changes: [(path: String, before: String?, after: String?)],
        createdPosition: Position = 0, goal: String = "Change things"
    ) throws -> LandRequest {
        var writer = PackWriter(nonce: PackNonce(high: session, low: 7))
        var operations: [HifCore.Operation] = []
        for change in changes {
            if let after = change.after { _ = writer.add(.blob, Array(after.utf8)) }
            operations.append(
                HifCore.Operation(
                    path: try RepoPath(change.path), before: change.before.map { leaf($0) },
                    after: change.after.map { leaf($0) }))
        }
        return LandRequest(
            session: self.session(session), author: ana, goal: goal, startedMillis: 5,
            createdPosition: createdPosition, operations: operations.sorted { $0.path < $1.path },
            staged: try PackReader(writer.finish().bytes))
    }

    func land(
        _ session: UInt64, _ changes: [(path: String, before: String?, after: String?)],
        createdPosition: Position = 0
    ) async throws -> LandOutcome {
        try await Lander(repository).land(
            try TestProject.request(session, changes, createdPosition: createdPosition))
    }

    /// The texts of all files at a position.
    func texts(at position: Position? = nil) async throws -> [String: String] {
        try await TestProject.texts(reopened(), at: position)
    }

    /// The texts of all files that a repository has at a position.
    static func texts(
        _ repository: Repository, at position: Position? = nil
    ) async throws -> [String: String] {
        let newest = try await repository.newest()
        let tree = try await repository.tree(
            at: position ?? newest.lastPosition, newest: newest)
        let entries = try await repository.trees.reading(newest: newest) {
            nodes throws(TreeError) in
            try ProllyTree.empty.diff(to: tree, in: nodes)
        }
        var texts: [String: String] = [:]
        for entry in entries {
            guard let leaf = entry.after, leaf.kind != .directory else { continue }
            let bytes = try await repository.blob(leaf.hash, newest: newest, bytesMax: 1 << 20)
            texts[entry.path.description] = String(decoding: bytes, as: UTF8.self)
        }
        return texts
    }
}

extension LandOutcome {
    /// The position, when it landed.
    var position: Position? {
        if case .landed(let landed) = self { landed.position } else { nil }
    }
}
