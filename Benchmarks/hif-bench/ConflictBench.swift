import HifCore
import HifRepository

/// `hif-bench conflict BEHIND [FILES] [LANDINGS]`: judges one landing against the tip's tree, of a
/// session that began so many landings ago, and says how many tree nodes were read for it. Run it under
/// `valgrind --tool=callgrind --toggle-collect='*judgeMeasured*'` for instructions.
enum ConflictBench {
    static func run(_ words: [String]) async throws {
        let numbers = words.compactMap { UInt64($0) }
        guard let behind = numbers.first else {
            throw Child.Failed(description: "hif-bench conflict BEHIND [FILES] [LANDINGS]")
        }
        let files = Int(numbers.dropFirst().first ?? 500_000)
        let landings = numbers.dropFirst(2).first ?? 1_000_000
        guard behind <= landings else {
            throw Child.Failed(description: "there are \(landings) landings")
        }
        let history = MadeHistory(files: files)
        func leaf(_ number: Int) -> Leaf {
            Leaf(
                kind: .file, size: 1,
                hash: Hash(word0: UInt64(number), word1: 1, word2: 2, word3: 3))
        }
        let edits = (0..<files).map { (path: history.path($0), leaf: leaf($0) as Leaf?) }
            .sorted { $0.path < $1.path }
        let tree = try ProllyTree.empty.applying(edits, in: NodeCache())
        let nodes = NodeCache(tree.newNodes)

        let tip = LogTip(
            at: Slot(
                epoch: landings, firstPosition: landings, previous: .zero, root: tree.tree.root,
                batch: BatchID(high: 1, low: 1), clock: 0, controlEpoch: 0, checkpointEpoch: 0,
                writer: "", records: [.landing(history.landing(landings))], control: nil),
            hash: Hash(word0: 1, word1: 2, word2: 3, word3: 4),
            control: ControlState(
                originStore: StoreID(high: 1, low: 1), project: ProjectID(high: 2, low: 2),
                name: "ana/bench"),
            packs: CondemnedPacks(), checkpoints: CheckpointSchedule(lastDue: 0, operationsSince: 0)
        )
        var machine = LandingMachine(
            tip: tip, nodes: NodeCache(), writer: "",
            nonce: Hash(word0: 5, word1: 6, word2: 7, word3: 8))
        var operations: [LandedOperation] = []
        for number in stride(from: 7, to: files, by: files / 10) {
            operations.append(
                LandedOperation(
                    HifCore.Operation(
                        path: history.path(number), before: leaf(number), after: leaf(number + 1)),
                    location: nil))
        }
        operations.sort { $0.operation.path < $1.operation.path }
        let intent = LandIntent(
            session: SessionID(Hash(word0: 9, word1: 9, word2: 9, word3: 9)),
            author: history.author(1), goalLine: "Judge me", startedMillis: 0, landedMillis: 0,
            sourceDigest: .zero, createdPosition: landings - behind, operations: operations)
        let (nodesRead, isWritten) = judgeMeasured(&machine, intent, nodes)
        print(
            "\(behind) landings behind, \(operations.count) operations, \(files) files:",
            "\(nodesRead) tree nodes read, \(isWritten ? "accepted" : "NOT ACCEPTED")")
    }

    /// From the request to the slot that would be written. The search for a session that was closed
    /// before is answered at once: `hif-bench rollups` measures it.
    @inline(never)
    private static func judgeMeasured(
        _ machine: inout LandingMachine, _ intent: LandIntent, _ nodes: NodeCache
    ) -> (nodesRead: Int, isWritten: Bool) {
        var nodesRead = 0
        var effects = machine.step(.submitted(1, .land(intent)), now: 0)
        while let effect = effects.first {
            effects.removeFirst()
            switch effect {
            case .readNodes(let hashes):
                nodesRead += hashes.count
                effects += machine.step(.nodesRead(hashes.compactMap { nodes.node($0) }), now: 0)
            case .readHistory(let sessions, _):
                effects += machine.step(.historyRead([:], of: sessions), now: 0)
            case .writeSlot:
                return (nodesRead, true)
            default:
                return (nodesRead, false)
            }
        }
        return (nodesRead, false)
    }
}
