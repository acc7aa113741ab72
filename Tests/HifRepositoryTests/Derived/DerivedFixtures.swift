import HifCore
import HifRepository
import HifStore
import Support

/// A project with several checkpoints and object runs, and its objects one by one.
struct DerivedProject {
    let store: MemoryStore
    let landingCount: Int

    /// - Parameters:
    ///   - landings: how many.
    ///   - paths: how many paths each touches; 1,024 make a checkpoint.
    ///   - hasContent: whether the blobs are there too.
    init(landings: Int, paths: Int, hasContent: Bool) async throws {
        store = MemoryStore()
        landingCount = landings
        let project = try await TestProject(store: store)
        let lander = Lander(project.repository)
        for number in 0..<landings {
            let base = Position(number)
            if hasContent {
                let changes = (0..<paths).map {
                    ("d\(number % 5)/f\(number)-\($0)", String?.none, String?("t\(number) \($0)"))
                }
                let request = try TestProject.request(
                    UInt64(number), changes, createdPosition: base)
                guard try await lander.land(request).position == base + 1 else {
                    throw Broken("landing \(number)")
                }
            } else {
                let operations = try (0..<paths).map {
                    try TestIntent.operation(
                        "d\(number % 5)/f\(number)-\($0)", nil, TestProject.leaf("\(number) \($0)"))
                }
                let answer = try await project.repository.submit(
                    TestIntent.land(UInt64(number), operations, createdPosition: base))
                guard answer.position == base + 1 else { throw Broken("\(answer)") }
            }
            await project.repository.upkeep.catchUp()
        }
    }

    /// A copy of the store in which every object went through `change`: nil leaves it out.
    func copy(_ change: (_ key: String, _ bytes: [UInt8]) -> [UInt8]?) async throws -> MemoryStore {
        let copy = MemoryStore()
        for entry in try await store.listAll(prefix: "") {
            let bytes = try await store.get(entry.key).bytes
            if let bytes = change(entry.key.string, bytes) {
                _ = try await copy.put(entry.key, bytes, .ifAbsent)
            }
        }
        return copy
    }

    func keys(_ prefix: String) async throws -> [String] {
        try await store.listAll(prefix: prefix).map(\.key.string)
    }

    /// Every file of every `step`th position, as an opener of this store sees it.
    static func trees(
        in store: any ObjectStore, step: UInt64 = 1
    ) async throws -> [Position: [TreeChange]] {
        let repository = Repository(store: store, world: TestProject.world(seed: 77))
        let newest = try await repository.newest()
        var trees: [Position: [TreeChange]] = [:]
        for position in stride(from: newest.lastPosition, through: 1, by: -Int(step)) {
            let tree = try await repository.tree(at: position, newest: newest)
            trees[position] = try await repository.trees.reading(newest: newest) {
                nodes throws(TreeError) in
                try ProllyTree.empty.diff(to: tree, in: nodes)
            }
        }
        return trees
    }

    /// Every content at the tip.
    static func contents(in store: any ObjectStore) async throws -> [String: [UInt8]] {
        let repository = Repository(store: store, world: TestProject.world(seed: 78))
        let newest = try await repository.newest()
        let tree = try await repository.tree(at: newest.lastPosition, newest: newest)
        let entries = try await repository.trees.reading(newest: newest) {
            nodes throws(TreeError) in
            try ProllyTree.empty.diff(to: tree, in: nodes)
        }
        var contents: [String: [UInt8]] = [:]
        for entry in entries {
            guard let leaf = entry.after, leaf.kind != .directory else { continue }
            contents[entry.path.description] = try await repository.blob(
                leaf.hash, newest: newest, bytesMax: 1 << 20)
        }
        return contents
    }
}
