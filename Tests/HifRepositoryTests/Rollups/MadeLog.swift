import HifCore
import HifRepository
import HifStore
import Support

/// A log of made-up slots, chained and encoded as real ones but with no tree behind them, and what is
/// in it, to compare answers with.
struct MadeLog {
    private(set) var store: any ObjectStore
    private(set) var tip = Slot(
        epoch: 0, firstPosition: 1, previous: .zero, root: ProllyTree.empty.root,
        batch: BatchID(high: 1, low: 2), clock: 0, controlEpoch: 0, checkpointEpoch: 0, writer: "",
        records: [],
        control: ControlState(
            originStore: StoreID(high: 3, low: 4), project: ProjectID(high: 1, low: 2),
            name: "ana/app"))
    private(set) var tipHash: Hash
    /// Every landing, oldest first, with its slot.
    private(set) var landings: [(position: Position, epoch: Epoch, landing: Landing)] = []
    private(set) var closings: [SessionID: Epoch] = [:]
    private var sessionCount: UInt64 = 0

    static let authors = ["ana", "ben", "cleo", "dora"]

    init(store: any ObjectStore = MemoryStore()) async throws {
        self.store = store
        let bytes = tip.encode()
        tipHash = Slot.hash(ofBytes: bytes)
        _ = try await store.put(StoreKey.slot(0), bytes, .ifAbsent)
    }

    /// The log of that seed, in a store of the caller's own. Made once: a thousand slots take a while.
    static func made(slots: Int, seed: UInt64) async throws -> MadeLog {
        try await MadeLogs.shared.log(slots: slots, seed: seed)
    }

    fileprivate func copied() async throws -> MadeLog {
        let copy = MemoryStore()
        for entry in try await store.listAll(prefix: "") {
            _ = try await copy.put(entry.key, try await store.get(entry.key).bytes, .ifAbsent)
        }
        return MadeLog(self, store: copy)
    }

    private init(_ log: MadeLog, store: any ObjectStore) {
        self = log
        self.store = store
    }

    /// Appends a slot of random landings and abandons: none, some, or many of each.
    mutating func append(using random: inout SeededGenerator) async throws {
        var records: [ClosingRecord] = []
        let count = [0, 1, 1, 1, 2, 5].pick(using: &random)
        for _ in 0..<count {
            sessionCount += 1
            let session = TestProject.session(sessionCount)
            let author = Author(
                account: MadeLog.authors.pick(using: &random),
                agent: Bool.random(using: &random) ? "bot" : "", name: "Name")
            if Int.random(in: 0..<6, using: &random) == 0 {
                records.append(
                    .abandon(Abandon(session: session, author: author, reason: "", atMillis: 1)))
            } else {
                records.append(
                    .landing(
                        try MadeLog.landing(
                            session, author, at: tip.lastPosition, using: &random)))
            }
        }
        try await append(records)
    }

    mutating func append(_ records: [ClosingRecord]) async throws {
        let slot = Slot(
            epoch: tip.epoch + 1, firstPosition: tip.lastPosition + 1, previous: tipHash,
            root: tip.root, batch: BatchID(high: tip.epoch, low: 9), clock: 0, controlEpoch: 0,
            checkpointEpoch: 0, writer: "", records: records, control: nil)
        let bytes = slot.encode()
        _ = try await store.put(StoreKey.slot(slot.epoch), bytes, .ifAbsent)
        tip = slot
        tipHash = Slot.hash(ofBytes: bytes)
        for (position, landing) in slot.landings {
            landings.append((position, slot.epoch, landing))
        }
        for record in records { closings[record.session] = slot.epoch }
    }

    static func landing(
        _ session: SessionID, _ author: Author, at position: Position,
        using random: inout SeededGenerator
    ) throws -> Landing {
        var paths: Set<RepoPath> = []
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            paths.insert(try path(using: &random))
        }
        let operations = paths.sorted().map { path in
            LandedOperation(
                HifCore.Operation(
                    path: path, before: nil, after: TestProject.leaf("\(position)")),
                location: nil, isNoOp: Int.random(in: 0..<8, using: &random) == 0)
        }
        return Landing(
            session: session, author: author, goalLine: "", startedMillis: 0, landedMillis: 0,
            sourceDigest: .zero, landedDigest: .zero, createdPosition: 0, eventCount: 0, packs: [],
            document: nil, mergedPaths: [], operations: .inline(operations))
    }

    /// Few directories that are touched often, many files that are not; sometimes a file stands where
    /// others have a directory.
    static func path(using random: inout SeededGenerator) throws -> RepoPath {
        let directory = "d\(min(Int.random(in: 0..<6, using: &random), 3))"
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return try RepoPath(directory)
        case 1: return try RepoPath("\(directory)/e")
        default:
            let file = Int.random(in: 0..<Int.random(in: 1...300, using: &random), using: &random)
            return try RepoPath("\(directory)/e/f\(file)")
        }
    }

    /// The positions that match, newest first, by looking at all of them.
    func positions(matching query: LandingQuery) -> [Position] {
        landings.reversed().filter { entry in
            guard entry.position <= query.from ?? .max, entry.position >= query.downTo else {
                return false
            }
            if let author = query.author, !entry.landing.author.searchNames.contains(author) {
                return false
            }
            guard !query.paths.isEmpty else { return true }
            guard case .inline(let operations) = entry.landing.operations else { return false }
            return operations.contains { landed in
                !landed.isNoOp && query.paths.contains { landed.operation.touches($0) }
            }
        }.map(\.position)
    }

    func repository() -> Repository {
        Repository(store: store, world: TestProject.world(seed: 5))
    }

    /// Every page of a query, as somebody who reads all of them sees it.
    static func allPages(
        _ query: LandingQuery, _ repository: Repository
    ) async throws -> [Position] {
        var query = query
        var positions: [Position] = []
        while true {
            let page = try await repository.landings(query)
            positions += page.entries.map(\.position)
            guard let next = page.next else { return positions }
            if let from = query.from, next >= from, page.entries.isEmpty {
                throw Broken("a page that goes nowhere at @\(next)")
            }
            query.from = next
        }
    }
}

extension Array {
    func pick(using random: inout SeededGenerator) -> Element {
        self[Int.random(in: 0..<count, using: &random)]
    }
}

/// Logs that several tests begin with.
private actor MadeLogs {
    static let shared = MadeLogs()

    private struct Name: Hashable {
        let slots: Int
        let seed: UInt64
    }

    private var logs: [Name: MadeLog] = [:]

    func log(slots: Int, seed: UInt64) async throws -> MadeLog {
        let name = Name(slots: slots, seed: seed)
        if let log = logs[name] { return try await log.copied() }
        var random = SeededGenerator(seed: seed)
        var log = try await MadeLog()
        for _ in 0..<slots { try await log.append(using: &random) }
        logs[name] = log
        return try await log.copied()
    }
}
