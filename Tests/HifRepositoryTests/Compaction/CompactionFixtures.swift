import HifCore
import HifRepository
import HifStore
import Support
import Synchronization
import Testing

/// A project with a made-up history, and what every position of it must look like.
struct CompactedProject {
    let store: any ObjectStore
    /// Path and content of every file, by position.
    private(set) var states: [Position: [String: [UInt8]]] = [0: [:]]
    private(set) var goals: [Position: String] = [:]
    private var generator: SeededGenerator
    private var next: UInt64 = 1

    init(seed: UInt64, store: any ObjectStore = MemoryStore()) async throws {
        self.store = store
        generator = SeededGenerator(seed: seed)
        try await Repository.create(
            in: store, id: ProjectID(high: 1, low: 2), name: "ana/app",
            storeID: StoreID(high: 3, low: 4), world: TestProject.world(seed: seed))
    }

    /// Another process.
    func opened(seed: UInt64 = 2) -> Repository {
        Repository(store: store, world: TestProject.world(seed: seed))
    }

    private mutating func text() -> [UInt8] {
        let lines = Int.random(in: 3...60, using: &generator)
        return (0..<lines).flatMap { _ in
            Array("line \(UInt16.random(in: 0...900, using: &generator)) of something\n".utf8)
        }
    }

    private mutating func edited(_ content: [UInt8]) -> [UInt8] {
        var lines = content.split(separator: 10, omittingEmptySubsequences: false).map(Array.init)
        let at = Int.random(in: 0..<lines.count, using: &generator)
        lines[at] = Array("changed \(UInt32.random(in: 0...9_999, using: &generator))".utf8)
        return Array(lines.joined(separator: [10]))
    }

    /// One landing of one to four random changes; now and then of a large file, of one under another
    /// name, or of content that was there before.
    mutating func land(in repository: Repository, isLarge: Bool = false) async throws {
        let base = try await repository.newest().lastPosition
        var files = states[base]!
        var changes: [String: [UInt8]?] = [:]
        if isLarge {
            // Beginnings of equal bytes, so that versions share chunks.
            var same = SeededGenerator(seed: 99)
            let large = same.bytes(1_200_000) + generator.bytes(200_000)
            changes["large/file"] = large
        }
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let known = files.keys.filter { !$0.hasPrefix("large") }.sorted()
            let path = known.randomElement(using: &generator)
            switch (Int.random(in: 0..<10, using: &generator), path) {
            case (0..<5, let path?): changes[path] = edited(files[path]!)
            case (5, let path?): changes[path] = .some(nil)
            case (6, let path?):
                changes[path] = .some(nil)
                changes["moved/\(next)"] = files[path]!
            default:
                changes["d\(Int.random(in: 0..<5, using: &generator))/f\(next)-\(changes.count)"] =
                    text()
            }
        }
        changes = changes.filter { files[$0.key] != $0.value }
        if changes.isEmpty { changes["d/always\(next)"] = text() }
        try await land(changes, in: repository, &files)
        states[base + 1] = files
    }

    private mutating func land(
        _ changes: [String: [UInt8]?], in repository: Repository, _ files: inout [String: [UInt8]]
    ) async throws {
        let base = try await repository.newest().lastPosition
        var writer = ContentWriter(
            packs: PackSequence(nonce: { [next] in PackNonce(high: next, low: 5) }))
        var operations: [HifCore.Operation] = []
        func leaf(_ content: [UInt8]) -> Leaf {
            Leaf(kind: .file, size: UInt64(content.count), hash: Blake3.hash(content))
        }
        var isLarge = false
        for (path, after) in changes {
            if let after {
                _ = try writer.add(after)
                isLarge = isLarge || after.count > PackRecordKind.blobBytesMax
            }
            operations.append(
                HifCore.Operation(
                    path: try RepoPath(path), before: files[path].map(leaf), after: after.map(leaf))
            )
            files[path] = after
        }
        writer.packs.seal()
        let lander = Lander(repository)
        var staged: PackReader?
        var uploaded: [Hash] = []
        while let pack = writer.packs.takeSealed() {
            if isLarge {
                uploaded.append(try await lander.upload(pack.bytes, isTrusted: true))
            } else {
                staged = try PackReader(pack.bytes)
            }
        }
        let goal = "Landing \(next): " + String(repeating: "why ", count: Int(next % 40))
        let outcome = try await lander.land(
            LandRequest(
                session: TestProject.session(next), author: TestProject.ana, goal: goal,
                startedMillis: 5, createdPosition: base,
                operations: operations.sorted { $0.path < $1.path }, staged: staged,
                uploadedPacks: uploaded))
        guard let position = outcome.position, position == base + 1 else {
            throw Broken("\(outcome)")
        }
        goals[position] = goal
        next += 1
    }

    mutating func land(_ count: Int, largeEvery: Int = 0) async throws {
        let repository = opened()
        for number in 0..<count {
            try await land(in: repository, isLarge: largeEvery > 0 && number % largeEvery == 3)
        }
        await repository.upkeep.catchUp()
    }

    /// Reads every file of every position there is, and every document.
    ///
    /// - Returns: what is not as it was landed, in words; empty when nothing is.
    func differences(in repository: Repository) async throws -> [String] {
        var wrong: [String] = []
        let newest = try await repository.newest()
        for (position, files) in states.sorted(by: { $0.key < $1.key })
        where position <= newest.lastPosition {
            let tree = try await repository.tree(at: position, newest: newest)
            let entries = try await repository.trees.reading(newest: newest) {
                nodes throws(TreeError) in
                try ProllyTree.empty.diff(to: tree, in: nodes)
            }
            let leaves = entries.compactMap { entry -> (String, Hash)? in
                guard let leaf = entry.after, leaf.kind != .directory else { return nil }
                return (entry.path.description, leaf.hash)
            }
            let locations = try await repository.locations(
                of: leaves.map(\.1), at: position, newest: newest)
            var contents: [Hash: [UInt8]] = [:]
            try await repository.contents(leaves.map(\.1), at: locations) { piece in
                contents[piece.id, default: []] += piece.bytes
            }
            let found = Dictionary(
                uniqueKeysWithValues: leaves.map { ($0.0, contents[$0.1] ?? []) })
            if found != files { wrong.append("the files of @\(position)") }
            guard position > 0 else { continue }
            let landing = try await repository.landing(at: position, newest: newest).landing
            if try await repository.document(of: landing)?.goal != goals[position] {
                wrong.append("the document of @\(position)")
            }
        }
        return wrong
    }

    /// Damage and derived findings of a deep check.
    func findings() async throws -> [FsckFinding] {
        try await FsckTests.check(store, deep: true).findings.filter { $0.severity != .note }
    }
}

/// A store that a process loses after some writes, as if it had been killed.
final class MortalStore: ObjectStore {
    private let base: any ObjectStore
    private let left: Mutex<Int>

    init(_ base: any ObjectStore, writes: Int) {
        self.base = base
        left = Mutex(writes)
    }

    var isDead: Bool { left.withLock { $0 < 0 } }

    private func live(_ isWrite: Bool) throws(StoreError) {
        let isDead = left.withLock { left in
            if isWrite || left < 0 { left -= 1 }
            return left < 0
        }
        if isDead { throw StoreError(.refused, "the process is gone") }
    }

    func get(_ key: ObjectKey, _ range: ByteRange) async throws(StoreError) -> StoredObject {
        try live(false)
        return try await base.get(key, range)
    }

    func put(
        _ key: ObjectKey, _ bytes: [UInt8], _ condition: WriteCondition
    ) async throws(StoreError) -> ETag {
        try live(true)
        return try await base.put(key, bytes, condition)
    }

    func list(
        prefix: String, after: ObjectKey?, limit: Int
    ) async throws(StoreError) -> ListPage {
        try live(false)
        return try await base.list(prefix: prefix, after: after, limit: limit)
    }

    func delete(_ key: ObjectKey) async throws(StoreError) {
        try live(true)
        try await base.delete(key)
    }
}
