import HifCore
import HifRepository
import HifStore
import Synchronization

/// A project that is not new when a simulation begins: slots enough that the run crosses the borders
/// at which runs of the index, checkpoints and segments come to be built.
///
/// The same for every seed, so made once for each length. The first two landings bring all content;
/// the machine that decides the others is the production code, without its shell.
///
/// `@unchecked Sendable`: nothing of it changes once it is made.
final class History: @unchecked Sendable {
    /// Lengths that are drawn: a little before the end of a rollup run (32), of a hint's validity
    /// (64), of a run of the second level (1,024), of a segment (4,096).
    /// Each with the share of seeds, in a thousand, that begin with it or one before it.
    static let lengths = [
        (slots: 28, perThousand: 100), (slots: 60, perThousand: 170),
        (slots: 1_016, perThousand: 185), (slots: 4_086, perThousand: 189),
    ]

    private static let made = Mutex<[Int: History]>([:])
    private static let fileCount = 8

    let objects: [ObjectKey: [UInt8]]
    private let witness: Witness

    static func of(_ slots: Int) async throws -> History {
        if let known = made.withLock({ $0[slots] }) { return known }
        let history = try await History(slots: slots)
        made.withLock { $0[slots] = history }
        return history
    }

    /// A witness who saw it all, of one's own.
    func seen() -> Witness { Witness(after: witness) }

    private init(slots: Int) async throws {
        let bucket = Bucket()
        let watching = Watching(bucket)
        let dice = Mutex(Dice(seed: 1, "history"))
        let world = World(
            now: { 1_600_000_000_000 }, random: { dice.withLock { $0.next() } }, pause: { _ in })
        try await Repository.create(
            in: bucket, id: ProjectID(high: 1, low: 1), name: "ana/app",
            storeID: StoreID(high: 2, low: 1), world: world)
        let repository = Repository(store: bucket, world: world)
        for round in 0..<2 {
            let request = try watching.request(round)
            guard case .landed = try await Lander(repository).land(request) else {
                throw FormatError("history", at: round, "did not land")
            }
        }
        try watching.append(upTo: slots, try await repository.foldedTip())
        try await Repository(store: bucket, world: world).keepUp()
        if let wrong = watching.wrong { throw FormatError("history", at: slots, wrong) }
        objects = Dictionary(
            uniqueKeysWithValues: bucket.keys.map { ($0, bucket.peek($0) ?? []) })
        witness = watching.witness
    }

    /// The bucket in which it is made, under the witness's eyes.
    private final class Watching {
        let bucket: Bucket
        let witness = Witness()
        private(set) var wrong: String?

        init(_ bucket: Bucket) {
            self.bucket = bucket
            bucket.onWrite = { [unowned self] key, bytes, before in
                guard before == nil, let epoch = StoreKey.epoch(of: key) else { return }
                wrong = wrong ?? witness.slotAppeared(epoch, bytes, in: self.bucket)
            }
        }

        private static func path(_ number: Int) throws -> RepoPath {
            try RepoPath("old/\(number % 2)/\(number)")
        }

        private func leaf(_ number: Int, _ round: Int) -> Leaf {
            witness.remember(Array("\(number) in state \(round % 2)\n".utf8))
        }

        private static var author: Author { Author(account: "elder", name: "Elder") }

        /// Makes all files, or brings all to their other state.
        func request(_ round: Int) throws -> LandRequest {
            var pack = PackWriter(nonce: PackNonce(high: 3, low: UInt64(round)))
            var operations: [HifCore.Operation] = []
            for number in 0..<History.fileCount {
                let after = leaf(number, round)
                if let content = witness.contents[after.hash] {
                    _ = pack.add(.blob, id: after.hash, content)
                }
                operations.append(
                    HifCore.Operation(
                        path: try Watching.path(number),
                        before: round == 0 ? nil : leaf(number, round - 1), after: after))
            }
            let request = LandRequest(
                session: History.session(round), author: Watching.author, goal: "Begin",
                startedMillis: 1, createdPosition: Position(round),
                operations: operations.sorted { $0.path < $1.path },
                staged: try? PackReader(pack.finish().bytes))
            witness.sent(request)
            return request
        }

        /// Lands one change of a file in each slot.
        func append(upTo slots: Int, _ folded: (tip: LogTip, nodes: NodeCache)) throws {
            var machine = LandingMachine(
                tip: folded.tip, nodes: folded.nodes, writer: "", nonce: Blake3.hash([1]))
            var states = Array(repeating: 1, count: History.fileCount)
            var number = 2
            while machine.tip.epoch + 1 < UInt64(slots) {
                let file = number * 5 % History.fileCount
                let operation = HifCore.Operation(
                    path: try Watching.path(file), before: leaf(file, states[file]),
                    after: leaf(file, states[file] + 1))
                states[file] += 1
                let request = LandRequest(
                    session: History.session(number), author: Watching.author, goal: "Go on",
                    startedMillis: 1, createdPosition: machine.tip.position,
                    operations: [operation])
                witness.sent(request)
                var effects = machine.step(
                    .submitted(UInt64(number), .land(History.intent(request))), now: 1)
                while !effects.isEmpty {
                    switch effects.removeFirst() {
                    case .readHistory(let sessions, _):
                        effects += machine.step(.historyRead([:], of: sessions), now: 1)
                    case .writeSlot(let epoch, let bytes):
                        bucket.place(StoreKey.slot(epoch), bytes)
                        effects += machine.step(.slotWritten(.created), now: 1)
                    default: break
                    }
                }
                number += 1
                guard machine.tip.position == Position(number) else {
                    throw FormatError("history", at: number, "does not grow")
                }
            }
        }
    }

    private static func session(_ number: Int) -> SessionID {
        SessionID(Hash(word0: UInt64(number), word1: 7, word2: 7, word3: 7))
    }

    private static func intent(_ request: LandRequest) -> LandIntent {
        LandIntent(
            session: request.session, author: request.author, goalLine: request.goal,
            startedMillis: 1, landedMillis: 1, sourceDigest: request.sourceDigest,
            createdPosition: request.createdPosition,
            operations: request.operations.map { LandedOperation($0, location: nil) })
    }
}
