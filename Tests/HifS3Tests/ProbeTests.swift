import HifStore
import Support
import Synchronization
import Testing

@testable import HifS3

@Suite struct ProbeTests {
    /// Runs the probe, and answers what it found wrong.
    private func failures(
        _ stores: [any ObjectStore], _ extent: StoreProbe.Extent = .full
    ) async -> [String] {
        var failed: [String] = []
        let isFit = await StoreProbe(stores, prefix: ObjectKey("x"), nonce: 5).run(extent) {
            if $0.verdict == .failed { failed.append($0.letter) }
        }
        #expect(isFit == failed.isEmpty)
        return failed
    }

    @Test(arguments: [StoreProbe.Extent.quick, .full])
    func `a store that keeps the contract passes, and is left as it was`(
        extent: StoreProbe.Extent
    ) async throws {
        let store = MemoryStore()
        #expect(await failures([store], extent) == [])
        #expect(try await store.listAll(prefix: "").isEmpty)
        let directory = TemporaryDirectory()
        #expect(
            await failures([try DirectoryStore(path: directory.path, fsync: false)], extent) == [])
    }

    @Test(arguments: Defect.allCases) func `a defect is found`(defect: Defect) async {
        let store = DefectiveStore(defect)
        #expect(await failures([store]).contains(defect.rawValue))
        #expect(await failures([store], .quick).contains(defect.rawValue))
    }

    @Test func `endpoints that do not know of each other are found`() async {
        // Both say yes, each to its own.
        #expect(!(await failures([MemoryStore(), MemoryStore()])).isEmpty)
    }
}

/// What stores were found to do; the letter is the part of the probe that sees it.
enum Defect: String, CaseIterable, Sendable {
    /// Looks, and writes later: what several do at once goes wrong.
    case checksThenActs = "a"
    /// Overlooks the condition, or says that it failed after all has been overwritten.
    case overwrites = "e"
    /// Shows a write later than it says.
    case listsLate = "f"
    /// Remembers what was deleted.
    case remembersDeleted = "g"
}

/// A store with one defect.
private final class DefectiveStore: ObjectStore {
    private let base = MemoryStore()
    private let defect: Defect
    private let deleted = Mutex<Set<ObjectKey>>([])

    init(_ defect: Defect) {
        self.defect = defect
    }

    func get(_ key: ObjectKey, _ range: ByteRange) async throws(StoreError) -> StoredObject {
        try await base.get(key, range)
    }

    func put(
        _ key: ObjectKey, _ bytes: [UInt8], _ condition: WriteCondition
    ) async throws(StoreError) -> ETag {
        guard case .ifAbsent = condition else { return try await base.put(key, bytes, condition) }
        switch defect {
        case .checksThenActs:
            if try await base.getIfPresent(key) != nil {
                throw StoreError(.preconditionFailed, key: key, "it exists")
            }
            for _ in 0..<20 { await Task.yield() }
            return try await base.put(key, bytes, .none)
        case .overwrites:
            let isThere = try await base.getIfPresent(key) != nil
            let tag = try await base.put(key, bytes, .none)
            if isThere { throw StoreError(.preconditionFailed, key: key, "it exists") }
            return tag
        case .remembersDeleted:
            if deleted.withLock({ $0.contains(key) }) {
                throw StoreError(.preconditionFailed, key: key, "it existed")
            }
            return try await base.put(key, bytes, condition)
        case .listsLate: return try await base.put(key, bytes, condition)
        }
    }

    func list(
        prefix: String, after: ObjectKey?, limit: Int
    ) async throws(StoreError) -> ListPage {
        let page = try await base.list(prefix: prefix, after: after, limit: limit)
        guard defect == .listsLate else { return page }
        return ListPage(objects: page.objects.dropLast(), next: page.next)
    }

    func delete(_ key: ObjectKey) async throws(StoreError) {
        deleted.withLock { _ = $0.insert(key) }
        try await base.delete(key)
    }
}
